from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.listed_access_link_state import ListedAccessLinkState
from typing import cast
import datetime






T = TypeVar("T", bound="ListedAccessLink")



@_attrs_define
class ListedAccessLink:
    

    id: str
    access_link_id: str
    subject: str
    code_sha256: str
    expires_at: datetime.datetime
    state: ListedAccessLinkState
    used_at: datetime.datetime | None
    revoked_at: datetime.datetime | None
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

        state = self.state.value

        used_at: None | str
        if isinstance(self.used_at, datetime.datetime):
            used_at = self.used_at.isoformat()
        else:
            used_at = self.used_at

        revoked_at: None | str
        if isinstance(self.revoked_at, datetime.datetime):
            revoked_at = self.revoked_at.isoformat()
        else:
            revoked_at = self.revoked_at

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
            "state": state,
            "used_at": used_at,
            "revoked_at": revoked_at,
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




        state = ListedAccessLinkState(d.pop("state"))




        def _parse_used_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                used_at_type_0 = datetime.datetime.fromisoformat(data)



                return used_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        used_at = _parse_used_at(d.pop("used_at"))


        def _parse_revoked_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                revoked_at_type_0 = datetime.datetime.fromisoformat(data)



                return revoked_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        revoked_at = _parse_revoked_at(d.pop("revoked_at"))


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        listed_access_link = cls(
            id=id,
            access_link_id=access_link_id,
            subject=subject,
            code_sha256=code_sha256,
            expires_at=expires_at,
            state=state,
            used_at=used_at,
            revoked_at=revoked_at,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
        )

        return listed_access_link

