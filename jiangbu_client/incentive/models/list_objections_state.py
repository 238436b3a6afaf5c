from enum import StrEnum

class ListObjectionsState(StrEnum):
    ANSWERED = "answered"
    HELD = "held"
    RECEIVED = "received"

    def __str__(self) -> str:
        return str(self.value)
