from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.wrong_step_allowed_item import WrongStepAllowedItem
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.field_fault import FieldFault
  from ..models.why import Why





T = TypeVar("T", bound="WrongStep")



@_attrs_define
class WrongStep:
    

    type_: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldFault]
    allowed: list[WrongStepAllowedItem] | Unset = UNSET
    why: list[Why] | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.field_fault import FieldFault # noqa: PLC0415
        from ..models.why import Why # noqa: PLC0415
        type_ = self.type_

        title = self.title

        status = self.status

        detail = self.detail

        instance = self.instance

        errors = []
        for errors_item_data in self.errors:
            errors_item = errors_item_data.to_dict()
            errors.append(errors_item)



        allowed: list[str] | Unset = UNSET
        if not isinstance(self.allowed, Unset):
            allowed = []
            for allowed_item_data in self.allowed:
                allowed_item = allowed_item_data.value
                allowed.append(allowed_item)



        why: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.why, Unset):
            why = []
            for why_item_data in self.why:
                why_item = why_item_data.to_dict()
                why.append(why_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "type": type_,
            "title": title,
            "status": status,
            "detail": detail,
            "instance": instance,
            "errors": errors,
        })
        if allowed is not UNSET:
            field_dict["allowed"] = allowed
        if why is not UNSET:
            field_dict["why"] = why

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.field_fault import FieldFault # noqa: PLC0415
        from ..models.why import Why # noqa: PLC0415
        d = dict(src_dict)
        type_ = d.pop("type")

        title = d.pop("title")

        status = d.pop("status")

        detail = d.pop("detail")

        instance = d.pop("instance")

        errors = []
        _errors = d.pop("errors")
        for errors_item_data in (_errors):
            errors_item = FieldFault.from_dict(errors_item_data)



            errors.append(errors_item)


        _allowed = d.pop("allowed", UNSET)
        allowed: list[WrongStepAllowedItem] | Unset = UNSET
        if _allowed is not UNSET:
            allowed = []
            for allowed_item_data in _allowed:
                allowed_item = WrongStepAllowedItem(allowed_item_data)



                allowed.append(allowed_item)


        _why = d.pop("why", UNSET)
        why: list[Why] | Unset = UNSET
        if _why is not UNSET:
            why = []
            for why_item_data in _why:
                why_item = Why.from_dict(why_item_data)



                why.append(why_item)


        wrong_step = cls(
            type_=type_,
            title=title,
            status=status,
            detail=detail,
            instance=instance,
            errors=errors,
            allowed=allowed,
            why=why,
        )

        return wrong_step

