from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.settled_policy import SettledPolicy
  from ..models.settled_whitelist import SettledWhitelist





T = TypeVar("T", bound="Settled")



@_attrs_define
class Settled:
    

    policy: SettledPolicy
    whitelist: SettledWhitelist
    registers: list[str] | None





    def to_dict(self) -> dict[str, Any]:
        from ..models.settled_policy import SettledPolicy # noqa: PLC0415
        from ..models.settled_whitelist import SettledWhitelist # noqa: PLC0415
        policy = self.policy.to_dict()

        whitelist = self.whitelist.to_dict()

        registers: list[str] | None
        if isinstance(self.registers, list):
            registers = self.registers


        else:
            registers = self.registers


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "policy": policy,
            "whitelist": whitelist,
            "registers": registers,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.settled_policy import SettledPolicy # noqa: PLC0415
        from ..models.settled_whitelist import SettledWhitelist # noqa: PLC0415
        d = dict(src_dict)
        policy = SettledPolicy.from_dict(d.pop("policy"))




        whitelist = SettledWhitelist.from_dict(d.pop("whitelist"))




        def _parse_registers(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                registers_type_0 = cast(list[str], data)

                return registers_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        registers = _parse_registers(d.pop("registers"))


        settled = cls(
            policy=policy,
            whitelist=whitelist,
            registers=registers,
        )

        return settled

