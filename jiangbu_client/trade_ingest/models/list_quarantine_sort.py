from enum import StrEnum

class ListQuarantineSort(StrEnum):
    ID = "id"
    RECEIVED_AT = "received_at"

    def __str__(self) -> str:
        return str(self.value)
