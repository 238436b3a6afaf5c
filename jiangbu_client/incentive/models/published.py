from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.policy_ref import PolicyRef





T = TypeVar("T", bound="Published")



@_attrs_define
class Published:
    

    payable: str
    """ 元 / yuan """
    subject: str
    rule: str
    item: None | str
    year: int
    policy: PolicyRef





    def to_dict(self) -> dict[str, Any]:
        from ..models.policy_ref import PolicyRef # noqa: PLC0415
        payable = self.payable

        subject = self.subject

        rule = self.rule

        item: None | str
        item = self.item

        year = self.year

        policy = self.policy.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "payable": payable,
            "subject": subject,
            "rule": rule,
            "item": item,
            "year": year,
            "policy": policy,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.policy_ref import PolicyRef # noqa: PLC0415
        d = dict(src_dict)
        payable = d.pop("payable")

        subject = d.pop("subject")

        rule = d.pop("rule")

        def _parse_item(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        item = _parse_item(d.pop("item"))


        year = d.pop("year")

        policy = PolicyRef.from_dict(d.pop("policy"))




        published = cls(
            payable=payable,
            subject=subject,
            rule=rule,
            item=item,
            year=year,
            policy=policy,
        )

        return published

