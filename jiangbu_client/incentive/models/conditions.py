from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
  from ..models.condition import Condition





T = TypeVar("T", bound="Conditions")



@_attrs_define
class Conditions:
    

    civil_liability: Condition | Unset = UNSET
    sound_accounts: Condition | Unset = UNSET
    good_credit: Condition | Unset = UNSET
    no_safety_accident: Condition | Unset = UNSET
    no_environmental_accident: Condition | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.condition import Condition # noqa: PLC0415
        civil_liability: dict[str, Any] | Unset = UNSET
        if not isinstance(self.civil_liability, Unset):
            civil_liability = self.civil_liability.to_dict()

        sound_accounts: dict[str, Any] | Unset = UNSET
        if not isinstance(self.sound_accounts, Unset):
            sound_accounts = self.sound_accounts.to_dict()

        good_credit: dict[str, Any] | Unset = UNSET
        if not isinstance(self.good_credit, Unset):
            good_credit = self.good_credit.to_dict()

        no_safety_accident: dict[str, Any] | Unset = UNSET
        if not isinstance(self.no_safety_accident, Unset):
            no_safety_accident = self.no_safety_accident.to_dict()

        no_environmental_accident: dict[str, Any] | Unset = UNSET
        if not isinstance(self.no_environmental_accident, Unset):
            no_environmental_accident = self.no_environmental_accident.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
        })
        if civil_liability is not UNSET:
            field_dict["civil_liability"] = civil_liability
        if sound_accounts is not UNSET:
            field_dict["sound_accounts"] = sound_accounts
        if good_credit is not UNSET:
            field_dict["good_credit"] = good_credit
        if no_safety_accident is not UNSET:
            field_dict["no_safety_accident"] = no_safety_accident
        if no_environmental_accident is not UNSET:
            field_dict["no_environmental_accident"] = no_environmental_accident

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.condition import Condition # noqa: PLC0415
        d = dict(src_dict)
        _civil_liability = d.pop("civil_liability", UNSET)
        civil_liability: Condition | Unset
        if isinstance(_civil_liability,  Unset):
            civil_liability = UNSET
        else:
            civil_liability = Condition.from_dict(_civil_liability)




        _sound_accounts = d.pop("sound_accounts", UNSET)
        sound_accounts: Condition | Unset
        if isinstance(_sound_accounts,  Unset):
            sound_accounts = UNSET
        else:
            sound_accounts = Condition.from_dict(_sound_accounts)




        _good_credit = d.pop("good_credit", UNSET)
        good_credit: Condition | Unset
        if isinstance(_good_credit,  Unset):
            good_credit = UNSET
        else:
            good_credit = Condition.from_dict(_good_credit)




        _no_safety_accident = d.pop("no_safety_accident", UNSET)
        no_safety_accident: Condition | Unset
        if isinstance(_no_safety_accident,  Unset):
            no_safety_accident = UNSET
        else:
            no_safety_accident = Condition.from_dict(_no_safety_accident)




        _no_environmental_accident = d.pop("no_environmental_accident", UNSET)
        no_environmental_accident: Condition | Unset
        if isinstance(_no_environmental_accident,  Unset):
            no_environmental_accident = UNSET
        else:
            no_environmental_accident = Condition.from_dict(_no_environmental_accident)




        conditions = cls(
            civil_liability=civil_liability,
            sound_accounts=sound_accounts,
            good_credit=good_credit,
            no_safety_accident=no_safety_accident,
            no_environmental_accident=no_environmental_accident,
        )

        return conditions

