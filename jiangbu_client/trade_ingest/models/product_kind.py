from enum import StrEnum

class ProductKind(StrEnum):
    API = "api"
    DATASET = "dataset"
    MODEL = "model"
    OTHER = "other"
    REPORT = "report"
    SERVICE = "service"

    def __str__(self) -> str:
        return str(self.value)
