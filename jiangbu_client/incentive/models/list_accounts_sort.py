from enum import StrEnum

class ListAccountsSort(StrEnum):
    AT = "at"
    TRANSACTION = "transaction"

    def __str__(self) -> str:
        return str(self.value)
