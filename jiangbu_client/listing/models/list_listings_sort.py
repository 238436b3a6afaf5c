from enum import StrEnum

class ListListingsSort(StrEnum):
    EXCHANGE = "exchange"
    LISTED_AT = "listed_at"
    LISTING_NO = "listing_no"
    SEQ = "seq"

    def __str__(self) -> str:
        return str(self.value)
