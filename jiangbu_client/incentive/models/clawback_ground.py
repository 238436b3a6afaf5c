from enum import StrEnum

class ClawbackGround(StrEnum):
    CORRECTION = "correction"
    ELIGIBILITY = "eligibility"

    def __str__(self) -> str:
        return str(self.value)
