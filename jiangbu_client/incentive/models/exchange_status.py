from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.ahead import Ahead
  from ..models.industry_sum import IndustrySum
  from ..models.kind_sum import KindSum
  from ..models.month import Month
  from ..models.tier import Tier





T = TypeVar("T", bound="ExchangeStatus")



@_attrs_define
class ExchangeStatus:
    

    exchange: str
    name: str
    total: str
    """ 元 / yuan """
    operator: None | str
    year: int
    trades: int
    months: list[Month]
    by_kind: list[KindSum]
    by_industry: list[IndustrySum]
    tiers: list[Tier]
    awards: list[str]
    ahead: Ahead | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.ahead import Ahead # noqa: PLC0415
        from ..models.industry_sum import IndustrySum # noqa: PLC0415
        from ..models.kind_sum import KindSum # noqa: PLC0415
        from ..models.month import Month # noqa: PLC0415
        from ..models.tier import Tier # noqa: PLC0415
        exchange = self.exchange

        name = self.name

        total = self.total

        operator: None | str
        operator = self.operator

        year = self.year

        trades = self.trades

        months = []
        for months_item_data in self.months:
            months_item = months_item_data.to_dict()
            months.append(months_item)



        by_kind = []
        for by_kind_item_data in self.by_kind:
            by_kind_item = by_kind_item_data.to_dict()
            by_kind.append(by_kind_item)



        by_industry = []
        for by_industry_item_data in self.by_industry:
            by_industry_item = by_industry_item_data.to_dict()
            by_industry.append(by_industry_item)



        tiers = []
        for tiers_item_data in self.tiers:
            tiers_item = tiers_item_data.to_dict()
            tiers.append(tiers_item)



        awards = self.awards



        ahead: dict[str, Any] | Unset = UNSET
        if not isinstance(self.ahead, Unset):
            ahead = self.ahead.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "exchange": exchange,
            "name": name,
            "total": total,
            "operator": operator,
            "year": year,
            "trades": trades,
            "months": months,
            "by_kind": by_kind,
            "by_industry": by_industry,
            "tiers": tiers,
            "awards": awards,
        })
        if ahead is not UNSET:
            field_dict["ahead"] = ahead

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ahead import Ahead # noqa: PLC0415
        from ..models.industry_sum import IndustrySum # noqa: PLC0415
        from ..models.kind_sum import KindSum # noqa: PLC0415
        from ..models.month import Month # noqa: PLC0415
        from ..models.tier import Tier # noqa: PLC0415
        d = dict(src_dict)
        exchange = d.pop("exchange")

        name = d.pop("name")

        total = d.pop("total")

        def _parse_operator(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        operator = _parse_operator(d.pop("operator"))


        year = d.pop("year")

        trades = d.pop("trades")

        months = []
        _months = d.pop("months")
        for months_item_data in (_months):
            months_item = Month.from_dict(months_item_data)



            months.append(months_item)


        by_kind = []
        _by_kind = d.pop("by_kind")
        for by_kind_item_data in (_by_kind):
            by_kind_item = KindSum.from_dict(by_kind_item_data)



            by_kind.append(by_kind_item)


        by_industry = []
        _by_industry = d.pop("by_industry")
        for by_industry_item_data in (_by_industry):
            by_industry_item = IndustrySum.from_dict(by_industry_item_data)



            by_industry.append(by_industry_item)


        tiers = []
        _tiers = d.pop("tiers")
        for tiers_item_data in (_tiers):
            tiers_item = Tier.from_dict(tiers_item_data)



            tiers.append(tiers_item)


        awards = cast(list[str], d.pop("awards"))


        _ahead = d.pop("ahead", UNSET)
        ahead: Ahead | Unset
        if isinstance(_ahead,  Unset):
            ahead = UNSET
        else:
            ahead = Ahead.from_dict(_ahead)




        exchange_status = cls(
            exchange=exchange,
            name=name,
            total=total,
            operator=operator,
            year=year,
            trades=trades,
            months=months,
            by_kind=by_kind,
            by_industry=by_industry,
            tiers=tiers,
            awards=awards,
            ahead=ahead,
        )

        return exchange_status

