from enum import StrEnum

class ReadingMark(StrEnum):
    J = "J"
    L = "L"
    T = "T"

    def __str__(self) -> str:
        return str(self.value)
