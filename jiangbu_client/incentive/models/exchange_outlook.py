from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.ahead import Ahead
  from ..models.last_year import LastYear
  from ..models.no_forecast import NoForecast
  from ..models.outlook_month import OutlookMonth
  from ..models.outlook_tier import OutlookTier
  from ..models.year_forecast import YearForecast





T = TypeVar("T", bound="ExchangeOutlook")



@_attrs_define
class ExchangeOutlook:
    

    exchange: str
    name: str
    year: int
    on: datetime.date
    days_left: int
    total: str
    """ 元 / yuan """
    by_today: str
    """ 元 / yuan """
    last_year: LastYear | None
    months: list[OutlookMonth]
    tiers: list[OutlookTier]
    forecast: None | YearForecast
    why_not: NoForecast | None
    ahead: Ahead | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.ahead import Ahead # noqa: PLC0415
        from ..models.last_year import LastYear # noqa: PLC0415
        from ..models.no_forecast import NoForecast # noqa: PLC0415
        from ..models.outlook_month import OutlookMonth # noqa: PLC0415
        from ..models.outlook_tier import OutlookTier # noqa: PLC0415
        from ..models.year_forecast import YearForecast # noqa: PLC0415
        exchange = self.exchange

        name = self.name

        year = self.year

        on = self.on.isoformat()

        days_left = self.days_left

        total = self.total

        by_today = self.by_today

        last_year: dict[str, Any] | None
        if isinstance(self.last_year, LastYear):
            last_year = self.last_year.to_dict()
        else:
            last_year = self.last_year

        months = []
        for months_item_data in self.months:
            months_item = months_item_data.to_dict()
            months.append(months_item)



        tiers = []
        for tiers_item_data in self.tiers:
            tiers_item = tiers_item_data.to_dict()
            tiers.append(tiers_item)



        forecast: dict[str, Any] | None
        if isinstance(self.forecast, YearForecast):
            forecast = self.forecast.to_dict()
        else:
            forecast = self.forecast

        why_not: dict[str, Any] | None
        if isinstance(self.why_not, NoForecast):
            why_not = self.why_not.to_dict()
        else:
            why_not = self.why_not

        ahead: dict[str, Any] | Unset = UNSET
        if not isinstance(self.ahead, Unset):
            ahead = self.ahead.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "exchange": exchange,
            "name": name,
            "year": year,
            "on": on,
            "days_left": days_left,
            "total": total,
            "by_today": by_today,
            "last_year": last_year,
            "months": months,
            "tiers": tiers,
            "forecast": forecast,
            "why_not": why_not,
        })
        if ahead is not UNSET:
            field_dict["ahead"] = ahead

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ahead import Ahead # noqa: PLC0415
        from ..models.last_year import LastYear # noqa: PLC0415
        from ..models.no_forecast import NoForecast # noqa: PLC0415
        from ..models.outlook_month import OutlookMonth # noqa: PLC0415
        from ..models.outlook_tier import OutlookTier # noqa: PLC0415
        from ..models.year_forecast import YearForecast # noqa: PLC0415
        d = dict(src_dict)
        exchange = d.pop("exchange")

        name = d.pop("name")

        year = d.pop("year")

        on = datetime.date.fromisoformat(d.pop("on"))




        days_left = d.pop("days_left")

        total = d.pop("total")

        by_today = d.pop("by_today")

        def _parse_last_year(data: object) -> LastYear | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                last_year_type_0 = LastYear.from_dict(data)



                return last_year_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(LastYear | None, data)

        last_year = _parse_last_year(d.pop("last_year"))


        months = []
        _months = d.pop("months")
        for months_item_data in (_months):
            months_item = OutlookMonth.from_dict(months_item_data)



            months.append(months_item)


        tiers = []
        _tiers = d.pop("tiers")
        for tiers_item_data in (_tiers):
            tiers_item = OutlookTier.from_dict(tiers_item_data)



            tiers.append(tiers_item)


        def _parse_forecast(data: object) -> None | YearForecast:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                forecast_type_0 = YearForecast.from_dict(data)



                return forecast_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | YearForecast, data)

        forecast = _parse_forecast(d.pop("forecast"))


        def _parse_why_not(data: object) -> NoForecast | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                why_not_type_0 = NoForecast.from_dict(data)



                return why_not_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NoForecast | None, data)

        why_not = _parse_why_not(d.pop("why_not"))


        _ahead = d.pop("ahead", UNSET)
        ahead: Ahead | Unset
        if isinstance(_ahead,  Unset):
            ahead = UNSET
        else:
            ahead = Ahead.from_dict(_ahead)




        exchange_outlook = cls(
            exchange=exchange,
            name=name,
            year=year,
            on=on,
            days_left=days_left,
            total=total,
            by_today=by_today,
            last_year=last_year,
            months=months,
            tiers=tiers,
            forecast=forecast,
            why_not=why_not,
            ahead=ahead,
        )

        return exchange_outlook

