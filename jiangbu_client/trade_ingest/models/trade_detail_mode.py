from enum import StrEnum

class TradeDetailMode(StrEnum):
    AUCTION = "auction"
    LISTED = "listed"
    NEGOTIATED = "negotiated"

    def __str__(self) -> str:
        return str(self.value)
