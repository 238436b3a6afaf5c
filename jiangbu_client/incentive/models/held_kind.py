from enum import StrEnum

class HeldKind(StrEnum):
    MANUAL = "manual"
    OBJECTION = "objection"

    def __str__(self) -> str:
        return str(self.value)
