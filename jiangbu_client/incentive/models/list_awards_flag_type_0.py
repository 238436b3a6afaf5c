from enum import StrEnum

class ListAwardsFlagType0(StrEnum):
    FUTURE_DATED = "future_dated"
    LAST_DAY = "last_day"
    LATE_BURST = "late_burst"
    NOT_ELIGIBLE = "not_eligible"
    OFFSET = "offset"
    OVER_APPROVED = "over_approved"
    OWN_EXCHANGE = "own_exchange"
    RELATED_PARTIES = "related_parties"
    ROUND_TRIP = "round_trip"
    SAME_AMOUNT = "same_amount"
    SMALL_FIRST = "small_first"
    SPLIT_PURCHASES = "split_purchases"
    WAIVED = "waived"

    def __str__(self) -> str:
        return str(self.value)
