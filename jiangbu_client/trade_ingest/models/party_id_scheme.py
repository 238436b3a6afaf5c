from enum import StrEnum

class PartyIdScheme(StrEnum):
    NATURAL_PERSON = "natural_person"
    OVERSEAS = "overseas"
    USCC = "uscc"

    def __str__(self) -> str:
        return str(self.value)
