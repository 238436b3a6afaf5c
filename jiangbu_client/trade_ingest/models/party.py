from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.party_id_scheme import PartyIdScheme
from ..types import UNSET, Unset






T = TypeVar("T", bound="Party")



@_attrs_define
class Party:
    

    id: str
    name: str
    id_scheme: PartyIdScheme | Unset = PartyIdScheme.USCC
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        name = self.name

        id_scheme: str | Unset = UNSET
        if not isinstance(self.id_scheme, Unset):
            id_scheme = self.id_scheme.value



        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({
            "id": id,
            "name": name,
        })
        if id_scheme is not UNSET:
            field_dict["id_scheme"] = id_scheme

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        name = d.pop("name")

        _id_scheme = d.pop("id_scheme", UNSET)
        id_scheme: PartyIdScheme | Unset
        if isinstance(_id_scheme,  Unset):
            id_scheme = UNSET
        else:
            id_scheme = PartyIdScheme(_id_scheme)




        party = cls(
            id=id,
            name=name,
            id_scheme=id_scheme,
        )


        party.additional_properties = d
        return party

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
