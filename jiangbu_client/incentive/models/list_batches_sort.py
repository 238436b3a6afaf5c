from enum import StrEnum

class ListBatchesSort(StrEnum):
    ACTION = "action"
    AMOUNT = "amount"
    AT = "at"
    BY = "by"
    COUNT = "count"

    def __str__(self) -> str:
        return str(self.value)
