from enum import StrEnum

class TradeDetailStatus(StrEnum):
    CANCELLED = "cancelled"
    COMPLETED = "completed"

    def __str__(self) -> str:
        return str(self.value)
