from enum import StrEnum

class ListDecisionsSort(StrEnum):
    ACTION = "action"
    AMOUNT = "amount"
    AT = "at"
    TRANSACTION = "transaction"

    def __str__(self) -> str:
        return str(self.value)
