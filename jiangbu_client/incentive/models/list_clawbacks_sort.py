from enum import StrEnum

class ListClawbacksSort(StrEnum):
    AMOUNT = "amount"
    AWARD_ID = "award_id"
    OPENED_AT = "opened_at"
    STATE = "state"
    SUBJECT = "subject"
    YEAR = "year"

    def __str__(self) -> str:
        return str(self.value)
