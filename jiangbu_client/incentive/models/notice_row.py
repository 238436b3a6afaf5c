from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
  from ..models.notice_subject import NoticeSubject





T = TypeVar("T", bound="NoticeRow")



@_attrs_define
class NoticeRow:
    

    number: int
    year: int
    award_id: str
    reward: str
    article: str
    amount: str
    """ 元 / yuan """
    standing: str
    """ 元 / yuan """
    item: None | str
    subject: NoticeSubject





    def to_dict(self) -> dict[str, Any]:
        from ..models.notice_subject import NoticeSubject # noqa: PLC0415
        number = self.number

        year = self.year

        award_id = self.award_id

        reward = self.reward

        article = self.article

        amount = self.amount

        standing = self.standing

        item: None | str
        item = self.item

        subject = self.subject.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "number": number,
            "year": year,
            "award_id": award_id,
            "reward": reward,
            "article": article,
            "amount": amount,
            "standing": standing,
            "item": item,
            "subject": subject,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.notice_subject import NoticeSubject # noqa: PLC0415
        d = dict(src_dict)
        number = d.pop("number")

        year = d.pop("year")

        award_id = d.pop("award_id")

        reward = d.pop("reward")

        article = d.pop("article")

        amount = d.pop("amount")

        standing = d.pop("standing")

        def _parse_item(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        item = _parse_item(d.pop("item"))


        subject = NoticeSubject.from_dict(d.pop("subject"))




        notice_row = cls(
            number=number,
            year=year,
            award_id=award_id,
            reward=reward,
            article=article,
            amount=amount,
            standing=standing,
            item=item,
            subject=subject,
        )

        return notice_row

