from enum import StrEnum

class GetBatchSort(StrEnum):
    AMOUNT = "amount"
    AWARD_ID = "award_id"
    TRANSACTION = "transaction"

    def __str__(self) -> str:
        return str(self.value)
