from enum import StrEnum

class ListBalancesSort(StrEnum):
    ACCOUNT = "account"

    def __str__(self) -> str:
        return str(self.value)
