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





T = TypeVar("T", bound="RuleStatus")



@_attrs_define
class RuleStatus:
    

    rule: str
    article: str
    measure: None | str
    """ 元 / yuan """
    threshold: None | str
    """ 元 / yuan """
    missing: None | str
    """ 元 / yuan """
    award: None | str
    ahead: Ahead | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.ahead import Ahead # noqa: PLC0415
        rule = self.rule

        article = self.article

        measure: None | str
        measure = self.measure

        threshold: None | str
        threshold = self.threshold

        missing: None | str
        missing = self.missing

        award: None | str
        award = self.award

        ahead: dict[str, Any] | Unset = UNSET
        if not isinstance(self.ahead, Unset):
            ahead = self.ahead.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "rule": rule,
            "article": article,
            "measure": measure,
            "threshold": threshold,
            "missing": missing,
            "award": award,
        })
        if ahead is not UNSET:
            field_dict["ahead"] = ahead

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.ahead import Ahead # noqa: PLC0415
        d = dict(src_dict)
        rule = d.pop("rule")

        article = d.pop("article")

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


        def _parse_award(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        award = _parse_award(d.pop("award"))


        _ahead = d.pop("ahead", UNSET)
        ahead: Ahead | Unset
        if isinstance(_ahead,  Unset):
            ahead = UNSET
        else:
            ahead = Ahead.from_dict(_ahead)




        rule_status = cls(
            rule=rule,
            article=article,
            measure=measure,
            threshold=threshold,
            missing=missing,
            award=award,
            ahead=ahead,
        )

        return rule_status

