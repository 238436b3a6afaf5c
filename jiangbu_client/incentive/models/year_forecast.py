from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.forecast_error import ForecastError





T = TypeVar("T", bound="YearForecast")



@_attrs_define
class YearForecast:
    

    amount: str
    """ 元 / yuan """
    low: str
    """ 元 / yuan """
    high: str
    """ 元 / yuan """
    probability: str
    per_day: str
    """ 元 / yuan """
    from_: datetime.date
    until: datetime.date
    mean_error: str
    errors: list[ForecastError]
    tried: int
    within: int





    def to_dict(self) -> dict[str, Any]:
        from ..models.forecast_error import ForecastError # noqa: PLC0415
        amount = self.amount

        low = self.low

        high = self.high

        probability = self.probability

        per_day = self.per_day

        from_ = self.from_.isoformat()

        until = self.until.isoformat()

        mean_error = self.mean_error

        errors = []
        for errors_item_data in self.errors:
            errors_item = errors_item_data.to_dict()
            errors.append(errors_item)



        tried = self.tried

        within = self.within


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "amount": amount,
            "low": low,
            "high": high,
            "probability": probability,
            "per_day": per_day,
            "from": from_,
            "until": until,
            "mean_error": mean_error,
            "errors": errors,
            "tried": tried,
            "within": within,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.forecast_error import ForecastError # noqa: PLC0415
        d = dict(src_dict)
        amount = d.pop("amount")

        low = d.pop("low")

        high = d.pop("high")

        probability = d.pop("probability")

        per_day = d.pop("per_day")

        from_ = datetime.date.fromisoformat(d.pop("from"))




        until = datetime.date.fromisoformat(d.pop("until"))




        mean_error = d.pop("mean_error")

        errors = []
        _errors = d.pop("errors")
        for errors_item_data in (_errors):
            errors_item = ForecastError.from_dict(errors_item_data)



            errors.append(errors_item)


        tried = d.pop("tried")

        within = d.pop("within")

        year_forecast = cls(
            amount=amount,
            low=low,
            high=high,
            probability=probability,
            per_day=per_day,
            from_=from_,
            until=until,
            mean_error=mean_error,
            errors=errors,
            tried=tried,
            within=within,
        )

        return year_forecast

