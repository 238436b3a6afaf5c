from enum import StrEnum

class ObjectionState(StrEnum):
    ANSWERED = "answered"
    HELD = "held"
    RECEIVED = "received"

    def __str__(self) -> str:
        return str(self.value)
