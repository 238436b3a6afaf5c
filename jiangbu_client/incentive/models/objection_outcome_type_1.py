from enum import StrEnum

class ObjectionOutcomeType1(StrEnum):
    DISMISSED = "dismissed"
    PARTLY = "partly"
    UPHELD = "upheld"

    def __str__(self) -> str:
        return str(self.value)
