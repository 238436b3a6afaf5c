from enum import StrEnum

class ListAwardsSort(StrEnum):
    AWARD_ID = "award_id"
    CEILING = "ceiling"
    PAYABLE = "payable"
    RULE = "rule"
    SUBJECT_NAME = "subject.name"
    YEAR = "year"

    def __str__(self) -> str:
        return str(self.value)
