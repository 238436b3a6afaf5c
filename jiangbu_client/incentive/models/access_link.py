from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime






T = TypeVar("T", bound="AccessLink")



@_attrs_define
class AccessLink:
    

    id: str
    access_link_id: str
    subject: str
    code_sha256: str
    expires_at: datetime.datetime
    code: None | str
    path: None | str
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int





    def to_dict(self) -> dict[str, Any]:
        id = self.id

        access_link_id = self.access_link_id

        subject = self.subject

        code_sha256 = self.code_sha256

        expires_at = self.expires_at.isoformat()

        code: None | str
        code = self.code

        path: None | str
        path = self.path

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "id": id,
            "access_link_id": access_link_id,
            "subject": subject,
            "code_sha256": code_sha256,
            "expires_at": expires_at,
            "code": code,
            "path": path,
            "by": by,
            "person": person,
            "at": at,
            "transaction": transaction,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        access_link_id = d.pop("access_link_id")

        subject = d.pop("subject")

        code_sha256 = d.pop("code_sha256")

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))




        def _parse_code(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        code = _parse_code(d.pop("code"))


        def _parse_path(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        path = _parse_path(d.pop("path"))


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        access_link = cls(
            id=id,
            access_link_id=access_link_id,
            subject=subject,
            code_sha256=code_sha256,
            expires_at=expires_at,
            code=code,
            path=path,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return access_link

