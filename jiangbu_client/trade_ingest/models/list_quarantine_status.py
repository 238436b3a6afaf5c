from enum import StrEnum

class ListQuarantineStatus(StrEnum):
    CORRECTED = "corrected"
    OPEN = "open"
    UNIDENTIFIED = "unidentified"

    def __str__(self) -> str:
        return str(self.value)
