from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast






T = TypeVar("T", bound="Participant")



@_attrs_define
class Participant:
    

    subject: str
    name: str
    measure: None | str
    """ 元 / yuan """
    threshold: None | str
    """ 元 / yuan """
    missing: None | str
    """ 元 / yuan """
    own: str
    """ 元 / yuan """





    def to_dict(self) -> dict[str, Any]:
        subject = self.subject

        name = self.name

        measure: None | str
        measure = self.measure

        threshold: None | str
        threshold = self.threshold

        missing: None | str
        missing = self.missing

        own = self.own


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "subject": subject,
            "name": name,
            "measure": measure,
            "threshold": threshold,
            "missing": missing,
            "own": own,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        subject = d.pop("subject")

        name = d.pop("name")

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


        own = d.pop("own")

        participant = cls(
            subject=subject,
            name=name,
            measure=measure,
            threshold=threshold,
            missing=missing,
            own=own,
        )

        return participant

