from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.step_step import StepStep
from typing import cast

if TYPE_CHECKING:
  from ..models.texts import Texts





T = TypeVar("T", bound="Step")



@_attrs_define
class Step:
    

    step: StepStep
    value: str
    text: Texts





    def to_dict(self) -> dict[str, Any]:
        from ..models.texts import Texts # noqa: PLC0415
        step = self.step.value

        value = self.value

        text = self.text.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "step": step,
            "value": value,
            "text": text,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.texts import Texts # noqa: PLC0415
        d = dict(src_dict)
        step = StepStep(d.pop("step"))




        value = d.pop("value")

        text = Texts.from_dict(d.pop("text"))




        step = cls(
            step=step,
            value=value,
            text=text,
        )

        return step

