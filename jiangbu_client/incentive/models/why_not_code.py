from enum import StrEnum

class WhyNotCode(StrEnum):
    AFTER_POLICY = "after_policy"
    ANNULLED = "annulled"
    BEFORE_POLICY = "before_policy"
    BELOW_THRESHOLD = "below_threshold"
    ITEM_USED_UP = "item_used_up"
    LIMIT_USED_UP = "limit_used_up"
    MIRRORED = "mirrored"
    NOT_AN_ENTERPRISE = "not_an_enterprise"
    NOT_COUNTED = "not_counted"
    NOT_DECLARED = "not_declared"
    NOT_FIRST = "not_first"
    NOT_MEASURED = "not_measured"
    NOT_OPERATOR = "not_operator"
    NO_DOCUMENT = "no_document"
    OVER_AT_MOST = "over_at_most"
    OVER_YEARS = "over_years"
    PASSED_BEFORE = "passed_before"
    RECORDED = "recorded"
    REFUNDED = "refunded"
    TOO_SMALL = "too_small"
    WITHDRAWN = "withdrawn"

    def __str__(self) -> str:
        return str(self.value)
