from enum import StrEnum

class ListTradesProductKind(StrEnum):
    API = "api"
    DATASET = "dataset"
    MODEL = "model"
    OTHER = "other"
    REPORT = "report"
    SERVICE = "service"
    UNKNOWN = "unknown"

    def __str__(self) -> str:
        return str(self.value)
