from enum import StrEnum

class RelatedPartiesRequestStatus(StrEnum):
    RELATED = "related"
    UNRELATED = "unrelated"

    def __str__(self) -> str:
        return str(self.value)
