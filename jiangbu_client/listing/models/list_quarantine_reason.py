from enum import StrEnum

class ListQuarantineReason(StrEnum):
    INVALID_DATA = "invalid_data"
    NOT_CLOUDEVENT = "not_cloudevent"
    NOT_JSON = "not_json"
    REVISION_CONFLICT = "revision_conflict"
    SAME_PARTY = "same_party"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    UNREADABLE = "unreadable"
    WRONG_SOURCE = "wrong_source"

    def __str__(self) -> str:
        return str(self.value)
