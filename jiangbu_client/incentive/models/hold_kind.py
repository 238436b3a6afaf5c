from enum import StrEnum

class HoldKind(StrEnum):
    MANUAL = "manual"
    OBJECTION = "objection"

    def __str__(self) -> str:
        return str(self.value)
