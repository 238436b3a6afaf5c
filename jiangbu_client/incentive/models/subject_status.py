from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.risk_flag import RiskFlag
  from ..models.rule_status import RuleStatus





T = TypeVar("T", bound="SubjectStatus")



@_attrs_define
class SubjectStatus:
    

    subject: str
    year: int
    rules: list[RuleStatus]
    signs: list[RiskFlag]





    def to_dict(self) -> dict[str, Any]:
        from ..models.risk_flag import RiskFlag # noqa: PLC0415
        from ..models.rule_status import RuleStatus # noqa: PLC0415
        subject = self.subject

        year = self.year

        rules = []
        for rules_item_data in self.rules:
            rules_item = rules_item_data.to_dict()
            rules.append(rules_item)



        signs = []
        for signs_item_data in self.signs:
            signs_item = signs_item_data.to_dict()
            signs.append(signs_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "subject": subject,
            "year": year,
            "rules": rules,
            "signs": signs,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.risk_flag import RiskFlag # noqa: PLC0415
        from ..models.rule_status import RuleStatus # noqa: PLC0415
        d = dict(src_dict)
        subject = d.pop("subject")

        year = d.pop("year")

        rules = []
        _rules = d.pop("rules")
        for rules_item_data in (_rules):
            rules_item = RuleStatus.from_dict(rules_item_data)



            rules.append(rules_item)


        signs = []
        _signs = d.pop("signs")
        for signs_item_data in (_signs):
            signs_item = RiskFlag.from_dict(signs_item_data)



            signs.append(signs_item)


        subject_status = cls(
            subject=subject,
            year=year,
            rules=rules,
            signs=signs,
        )

        return subject_status

