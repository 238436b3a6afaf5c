from enum import StrEnum

class ReleaseRequestOutcomeType2Type1(StrEnum):
    DISMISSED = "dismissed"
    PARTLY = "partly"
    UPHELD = "upheld"

    def __str__(self) -> str:
        return str(self.value)
