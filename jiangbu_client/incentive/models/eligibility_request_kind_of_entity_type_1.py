from enum import StrEnum

class EligibilityRequestKindOfEntityType1(StrEnum):
    ENTERPRISE = "enterprise"
    OTHER = "other"
    PARK_OPERATOR = "park_operator"
    PUBLIC_PLATFORM = "public_platform"
    RESEARCH_INSTITUTE = "research_institute"
    UNIVERSITY = "university"

    def __str__(self) -> str:
        return str(self.value)
