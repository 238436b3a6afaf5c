from enum import StrEnum

class TransactionKind(StrEnum):
    APPROVAL = "approval"
    DECISION = "decision"
    ENTITLEMENT = "entitlement"
    PAYMENT = "payment"
    RECOVERY = "recovery"
    RETURN = "return"
    REVOCATION = "revocation"
    SETTINGS = "settings"

    def __str__(self) -> str:
        return str(self.value)
