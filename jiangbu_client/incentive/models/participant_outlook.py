from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.pace import Pace
  from ..models.uncounted_sum import UncountedSum
  from ..models.uncounted_trade import UncountedTrade





T = TypeVar("T", bound="ParticipantOutlook")



@_attrs_define
class ParticipantOutlook:
    

    subject: str
    name: str
    measure: None | str
    """ 元 / yuan """
    threshold: None | str
    """ 元 / yuan """
    missing: None | str
    """ 元 / yuan """
    own: str
    """ 元 / yuan """
    pace: None | Pace
    not_counted: list[UncountedSum]
    trades: list[UncountedTrade]
    complete: bool





    def to_dict(self) -> dict[str, Any]:
        from ..models.pace import Pace # noqa: PLC0415
        from ..models.uncounted_sum import UncountedSum # noqa: PLC0415
        from ..models.uncounted_trade import UncountedTrade # noqa: PLC0415
        subject = self.subject

        name = self.name

        measure: None | str
        measure = self.measure

        threshold: None | str
        threshold = self.threshold

        missing: None | str
        missing = self.missing

        own = self.own

        pace: dict[str, Any] | None
        if isinstance(self.pace, Pace):
            pace = self.pace.to_dict()
        else:
            pace = self.pace

        not_counted = []
        for not_counted_item_data in self.not_counted:
            not_counted_item = not_counted_item_data.to_dict()
            not_counted.append(not_counted_item)



        trades = []
        for trades_item_data in self.trades:
            trades_item = trades_item_data.to_dict()
            trades.append(trades_item)



        complete = self.complete


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "subject": subject,
            "name": name,
            "measure": measure,
            "threshold": threshold,
            "missing": missing,
            "own": own,
            "pace": pace,
            "not_counted": not_counted,
            "trades": trades,
            "complete": complete,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.pace import Pace # noqa: PLC0415
        from ..models.uncounted_sum import UncountedSum # noqa: PLC0415
        from ..models.uncounted_trade import UncountedTrade # noqa: PLC0415
        d = dict(src_dict)
        subject = d.pop("subject")

        name = d.pop("name")

        def _parse_measure(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        measure = _parse_measure(d.pop("measure"))


        def _parse_threshold(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        threshold = _parse_threshold(d.pop("threshold"))


        def _parse_missing(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        missing = _parse_missing(d.pop("missing"))


        own = d.pop("own")

        def _parse_pace(data: object) -> None | Pace:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                pace_type_0 = Pace.from_dict(data)



                return pace_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Pace, data)

        pace = _parse_pace(d.pop("pace"))


        not_counted = []
        _not_counted = d.pop("not_counted")
        for not_counted_item_data in (_not_counted):
            not_counted_item = UncountedSum.from_dict(not_counted_item_data)



            not_counted.append(not_counted_item)


        trades = []
        _trades = d.pop("trades")
        for trades_item_data in (_trades):
            trades_item = UncountedTrade.from_dict(trades_item_data)



            trades.append(trades_item)


        complete = d.pop("complete")

        participant_outlook = cls(
            subject=subject,
            name=name,
            measure=measure,
            threshold=threshold,
            missing=missing,
            own=own,
            pace=pace,
            not_counted=not_counted,
            trades=trades,
            complete=complete,
        )

        return participant_outlook

