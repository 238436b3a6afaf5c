from enum import StrEnum

class ListingDetailStatus(StrEnum):
    ANNULLED = "annulled"
    LISTED = "listed"
    WITHDRAWN = "withdrawn"

    def __str__(self) -> str:
        return str(self.value)
