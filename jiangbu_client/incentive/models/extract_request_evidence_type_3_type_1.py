from enum import StrEnum

class ExtractRequestEvidenceType3Type1(StrEnum):
    AWARDS = "awards"
    OWN = "own"
    REGISTERS = "registers"

    def __str__(self) -> str:
        return str(self.value)
