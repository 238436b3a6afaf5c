from enum import StrEnum

class NoForecastCode(StrEnum):
    NOT_BEGUN = "not_begun"
    NO_PAST_YEAR = "no_past_year"
    TOO_FEW_MONTHS = "too_few_months"
    YEAR_OVER = "year_over"

    def __str__(self) -> str:
        return str(self.value)
