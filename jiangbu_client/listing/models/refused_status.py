from enum import StrEnum

class RefusedStatus(StrEnum):
    CORRECTED = "corrected"
    OPEN = "open"
    UNIDENTIFIED = "unidentified"

    def __str__(self) -> str:
        return str(self.value)
