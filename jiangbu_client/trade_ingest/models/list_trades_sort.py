from enum import StrEnum

class ListTradesSort(StrEnum):
    COMPLETED_AT = "completed_at"
    EXCHANGE = "exchange"
    SEQ = "seq"
    TRADE_NO = "trade_no"

    def __str__(self) -> str:
        return str(self.value)
