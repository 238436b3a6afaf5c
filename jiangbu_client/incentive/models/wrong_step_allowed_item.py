from enum import StrEnum

class WrongStepAllowedItem(StrEnum):
    APPLY = "apply"
    APPROVE = "approve"
    JOINT_REVIEW = "joint_review"
    LIST = "list"
    NOTIFY_RETURN = "notify_return"
    PAY = "pay"
    PUBLISH = "publish"
    RECOVER = "recover"
    REJECT = "reject"
    REOPEN = "reopen"
    RETURN = "return"
    REVIEW = "review"
    REVOKE = "revoke"
    WITHDRAW = "withdraw"

    def __str__(self) -> str:
        return str(self.value)
