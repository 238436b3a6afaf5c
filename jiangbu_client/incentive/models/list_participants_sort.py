from enum import StrEnum

class ListParticipantsSort(StrEnum):
    MEASURE = "measure"
    MISSING = "missing"
    NAME = "name"
    OWN = "own"
    SUBJECT = "subject"

    def __str__(self) -> str:
        return str(self.value)
