from enum import StrEnum

class ListDeclarationsSort(StrEnum):
    EARNED_ON = "earned_on"
    FACT = "fact"
    RULE = "rule"
    SEQ = "seq"

    def __str__(self) -> str:
        return str(self.value)
