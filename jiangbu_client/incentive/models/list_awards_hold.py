from enum import StrEnum

class ListAwardsHold(StrEnum):
    ASSESSMENT = "assessment"
    BUDGET = "budget"
    ELIGIBILITY = "eligibility"
    MANUAL = "manual"
    OBJECTION = "objection"
    PERIOD_OPEN = "period_open"
    RULE_SUSPENDED = "rule_suspended"

    def __str__(self) -> str:
        return str(self.value)
