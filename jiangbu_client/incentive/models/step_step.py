from enum import StrEnum

class StepStep(StrEnum):
    BASE = "base"
    CAP = "cap"
    DIFFERENCE = "difference"
    GRANT = "grant"
    ITEM = "item"
    LIMIT = "limit"
    RATE = "rate"
    REFUND = "refund"
    ROUNDING = "rounding"
    SUPPRESSION = "suppression"

    def __str__(self) -> str:
        return str(self.value)
