from enum import StrEnum

class WhyCode(StrEnum):
    BASIS_CHANGED = "basis_changed"
    CLAWBACK = "clawback"
    DOCUMENT = "document"
    HOLD = "hold"
    NOTICE = "notice"
    PERSON = "person"
    ROOM = "room"
    STATE = "state"

    def __str__(self) -> str:
        return str(self.value)
