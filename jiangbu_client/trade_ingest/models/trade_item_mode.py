from enum import StrEnum

class TradeItemMode(StrEnum):
    AUCTION = "auction"
    LISTED = "listed"
    NEGOTIATED = "negotiated"

    def __str__(self) -> str:
        return str(self.value)
