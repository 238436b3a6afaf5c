from enum import StrEnum

class ListSentTablesSort(StrEnum):
    ADDED = "added"
    AT = "at"
    ROWS = "rows"
    TRANSACTION = "transaction"

    def __str__(self) -> str:
        return str(self.value)
