from enum import StrEnum

class ListObjectionsSort(StrEnum):
    AWARD_ID = "award_id"
    OBJECTION_ID = "objection_id"
    RECEIVED_AT = "received_at"

    def __str__(self) -> str:
        return str(self.value)
