from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.fact_ref import FactRef
  from ..models.texts import Texts
  from ..models.trade_no import TradeNo





T = TypeVar("T", bound="RiskFlag")



@_attrs_define
class RiskFlag:
    

    sign: str
    name: Texts
    text: Texts
    evidence: list[FactRef]
    trades: list[TradeNo]





    def to_dict(self) -> dict[str, Any]:
        from ..models.fact_ref import FactRef # noqa: PLC0415
        from ..models.texts import Texts # noqa: PLC0415
        from ..models.trade_no import TradeNo # noqa: PLC0415
        sign = self.sign

        name = self.name.to_dict()

        text = self.text.to_dict()

        evidence = []
        for evidence_item_data in self.evidence:
            evidence_item = evidence_item_data.to_dict()
            evidence.append(evidence_item)



        trades = []
        for trades_item_data in self.trades:
            trades_item = trades_item_data.to_dict()
            trades.append(trades_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "sign": sign,
            "name": name,
            "text": text,
            "evidence": evidence,
            "trades": trades,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.fact_ref import FactRef # noqa: PLC0415
        from ..models.texts import Texts # noqa: PLC0415
        from ..models.trade_no import TradeNo # noqa: PLC0415
        d = dict(src_dict)
        sign = d.pop("sign")

        name = Texts.from_dict(d.pop("name"))




        text = Texts.from_dict(d.pop("text"))




        evidence = []
        _evidence = d.pop("evidence")
        for evidence_item_data in (_evidence):
            evidence_item = FactRef.from_dict(evidence_item_data)



            evidence.append(evidence_item)


        trades = []
        _trades = d.pop("trades")
        for trades_item_data in (_trades):
            trades_item = TradeNo.from_dict(trades_item_data)



            trades.append(trades_item)


        risk_flag = cls(
            sign=sign,
            name=name,
            text=text,
            evidence=evidence,
            trades=trades,
        )

        return risk_flag

