from enum import StrEnum

class ListYearsSort(StrEnum):
    YEAR = "year"

    def __str__(self) -> str:
        return str(self.value)
