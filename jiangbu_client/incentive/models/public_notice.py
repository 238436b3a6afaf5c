from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.notice_period import NoticePeriod
  from ..models.notice_policy import NoticePolicy
  from ..models.notice_row import NoticeRow





T = TypeVar("T", bound="PublicNotice")



@_attrs_define
class PublicNotice:
    

    sha256: str
    kind: str
    template: str
    total: str
    """ 元 / yuan """
    authority: None | str
    contact: None | str
    policy: NoticePolicy
    notice: NoticePeriod
    at: datetime.datetime
    count: int
    rows: list[NoticeRow]





    def to_dict(self) -> dict[str, Any]:
        from ..models.notice_period import NoticePeriod # noqa: PLC0415
        from ..models.notice_policy import NoticePolicy # noqa: PLC0415
        from ..models.notice_row import NoticeRow # noqa: PLC0415
        sha256 = self.sha256

        kind = self.kind

        template = self.template

        total = self.total

        authority: None | str
        authority = self.authority

        contact: None | str
        contact = self.contact

        policy = self.policy.to_dict()

        notice = self.notice.to_dict()

        at = self.at.isoformat()

        count = self.count

        rows = []
        for rows_item_data in self.rows:
            rows_item = rows_item_data.to_dict()
            rows.append(rows_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "sha256": sha256,
            "kind": kind,
            "template": template,
            "total": total,
            "authority": authority,
            "contact": contact,
            "policy": policy,
            "notice": notice,
            "at": at,
            "count": count,
            "rows": rows,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.notice_period import NoticePeriod # noqa: PLC0415
        from ..models.notice_policy import NoticePolicy # noqa: PLC0415
        from ..models.notice_row import NoticeRow # noqa: PLC0415
        d = dict(src_dict)
        sha256 = d.pop("sha256")

        kind = d.pop("kind")

        template = d.pop("template")

        total = d.pop("total")

        def _parse_authority(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        authority = _parse_authority(d.pop("authority"))


        def _parse_contact(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        contact = _parse_contact(d.pop("contact"))


        policy = NoticePolicy.from_dict(d.pop("policy"))




        notice = NoticePeriod.from_dict(d.pop("notice"))




        at = datetime.datetime.fromisoformat(d.pop("at"))




        count = d.pop("count")

        rows = []
        _rows = d.pop("rows")
        for rows_item_data in (_rows):
            rows_item = NoticeRow.from_dict(rows_item_data)



            rows.append(rows_item)


        public_notice = cls(
            sha256=sha256,
            kind=kind,
            template=template,
            total=total,
            authority=authority,
            contact=contact,
            policy=policy,
            notice=notice,
            at=at,
            count=count,
            rows=rows,
        )

        return public_notice

