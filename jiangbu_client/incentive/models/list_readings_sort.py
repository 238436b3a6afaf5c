from enum import StrEnum

class ListReadingsSort(StrEnum):
    ARTICLE = "article"
    ID = "id"
    MARK = "mark"

    def __str__(self) -> str:
        return str(self.value)
