from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.no_forecast_code import NoForecastCode
from typing import cast

if TYPE_CHECKING:
  from ..models.texts import Texts





T = TypeVar("T", bound="NoForecast")



@_attrs_define
class NoForecast:
    

    code: NoForecastCode
    text: Texts





    def to_dict(self) -> dict[str, Any]:
        from ..models.texts import Texts # noqa: PLC0415
        code = self.code.value

        text = self.text.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "code": code,
            "text": text,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.texts import Texts # noqa: PLC0415
        d = dict(src_dict)
        code = NoForecastCode(d.pop("code"))




        text = Texts.from_dict(d.pop("text"))




        no_forecast = cls(
            code=code,
            text=text,
        )

        return no_forecast

