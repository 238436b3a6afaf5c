from enum import StrEnum

class AwardState(StrEnum):
    APPLIED = "applied"
    APPROVED = "approved"
    ESTIMATED = "estimated"
    JOINT_REVIEWED = "joint_reviewed"
    PAID = "paid"
    PUBLISHED = "published"
    REJECTED = "rejected"
    RETURNED = "returned"
    REVIEWED = "reviewed"

    def __str__(self) -> str:
        return str(self.value)
