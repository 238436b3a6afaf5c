from enum import StrEnum

class ListTradeEffectsSort(StrEnum):
    POSTED_AT = "posted_at"
    SEQ = "seq"

    def __str__(self) -> str:
        return str(self.value)
