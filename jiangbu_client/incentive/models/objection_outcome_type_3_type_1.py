from enum import StrEnum

class ObjectionOutcomeType3Type1(StrEnum):
    DISMISSED = "dismissed"
    PARTLY = "partly"
    UPHELD = "upheld"

    def __str__(self) -> str:
        return str(self.value)
