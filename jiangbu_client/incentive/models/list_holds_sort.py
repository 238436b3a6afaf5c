from enum import StrEnum

class ListHoldsSort(StrEnum):
    AT = "at"
    TRANSACTION = "transaction"

    def __str__(self) -> str:
        return str(self.value)
