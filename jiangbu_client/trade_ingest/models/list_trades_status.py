from enum import StrEnum

class ListTradesStatus(StrEnum):
    CANCELLED = "cancelled"
    COMPLETED = "completed"

    def __str__(self) -> str:
        return str(self.value)
