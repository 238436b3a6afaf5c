from enum import StrEnum

class DecisionRequestGroundType3Type1(StrEnum):
    CORRECTION = "correction"
    COURT = "court"
    ELIGIBILITY = "eligibility"
    ERROR = "error"
    FRAUD = "fraud"
    POLICY_CHANGE = "policy_change"
    REVIEW = "review"

    def __str__(self) -> str:
        return str(self.value)
