from enum import StrEnum

class ActKind(StrEnum):
    ACCESS_LINK = "access_link"
    ACCESS_LINK_REVOCATION = "access_link_revocation"
    ACCOUNT = "account"
    ACCOUNT_CONFIRMATION = "account_confirmation"
    DECISION = "decision"
    DECLARATION = "declaration"
    DECLARED_TABLE = "declared_table"
    DECLARED_TABLE_CONFIRMATION = "declared_table_confirmation"
    DECLARED_TABLE_DISCARD = "declared_table_discard"
    ELIGIBILITY = "eligibility"
    GRANT_WITHDRAWAL = "grant_withdrawal"
    HOLD = "hold"
    OTHER_GRANT = "other_grant"
    RELATED_PARTY = "related_party"
    RELEASE = "release"
    SERVICE = "service"
    SUSPENSION = "suspension"
    YEAR_CLOSING = "year_closing"

    def __str__(self) -> str:
        return str(self.value)
