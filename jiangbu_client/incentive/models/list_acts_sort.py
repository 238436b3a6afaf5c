from enum import StrEnum

class ListActsSort(StrEnum):
    AMOUNT = "amount"
    AT = "at"
    BY = "by"
    KIND = "kind"
    TRANSACTION = "transaction"

    def __str__(self) -> str:
        return str(self.value)
