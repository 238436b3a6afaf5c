from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.why_action import WhyAction
from ..models.why_code import WhyCode
from typing import cast

if TYPE_CHECKING:
  from ..models.texts import Texts





T = TypeVar("T", bound="Why")



@_attrs_define
class Why:
    

    action: WhyAction
    code: WhyCode
    reason: Texts





    def to_dict(self) -> dict[str, Any]:
        from ..models.texts import Texts # noqa: PLC0415
        action = self.action.value

        code = self.code.value

        reason = self.reason.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "action": action,
            "code": code,
            "reason": reason,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.texts import Texts # noqa: PLC0415
        d = dict(src_dict)
        action = WhyAction(d.pop("action"))




        code = WhyCode(d.pop("code"))




        reason = Texts.from_dict(d.pop("reason"))




        why = cls(
            action=action,
            code=code,
            reason=reason,
        )

        return why

