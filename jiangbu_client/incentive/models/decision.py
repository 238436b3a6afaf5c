from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.decision_action import DecisionAction
from ..models.decision_from import DecisionFrom
from ..models.decision_to import DecisionTo
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.calendar import Calendar
  from ..models.document import Document
  from ..models.notice import Notice
  from ..models.published import Published





T = TypeVar("T", bound="Decision")



@_attrs_define
class Decision:
    

    decision_id: str
    award_id: str
    amount: str
    """ 元 / yuan """
    subject: str
    action: DecisionAction
    from_: DecisionFrom
    to: DecisionTo
    year: int
    reason: None | str
    voucher_no: None | str
    documents: list[Document]
    paid_on: datetime.date | None
    decided_on: None | str
    ground: None | str
    received_on: None | str
    statement: None | str
    batch_id: None | str
    notice_list: None | str
    account: None | str
    notice: None | Notice
    calendar: Calendar | None
    published: None | Published
    by: str
    person: None | str
    at: datetime.datetime
    transaction: int
    until: datetime.datetime | None | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.calendar import Calendar # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        from ..models.notice import Notice # noqa: PLC0415
        from ..models.published import Published # noqa: PLC0415
        decision_id = self.decision_id

        award_id = self.award_id

        amount = self.amount

        subject = self.subject

        action = self.action.value

        from_ = self.from_.value

        to = self.to.value

        year = self.year

        reason: None | str
        reason = self.reason

        voucher_no: None | str
        voucher_no = self.voucher_no

        documents = []
        for documents_item_data in self.documents:
            documents_item = documents_item_data.to_dict()
            documents.append(documents_item)



        paid_on: None | str
        if isinstance(self.paid_on, datetime.date):
            paid_on = self.paid_on.isoformat()
        else:
            paid_on = self.paid_on

        decided_on: None | str
        decided_on = self.decided_on

        ground: None | str
        ground = self.ground

        received_on: None | str
        received_on = self.received_on

        statement: None | str
        statement = self.statement

        batch_id: None | str
        batch_id = self.batch_id

        notice_list: None | str
        notice_list = self.notice_list

        account: None | str
        account = self.account

        notice: dict[str, Any] | None
        if isinstance(self.notice, Notice):
            notice = self.notice.to_dict()
        else:
            notice = self.notice

        calendar: dict[str, Any] | None
        if isinstance(self.calendar, Calendar):
            calendar = self.calendar.to_dict()
        else:
            calendar = self.calendar

        published: dict[str, Any] | None
        if isinstance(self.published, Published):
            published = self.published.to_dict()
        else:
            published = self.published

        by = self.by

        person: None | str
        person = self.person

        at = self.at.isoformat()

        transaction = self.transaction

        until: None | str | Unset
        if isinstance(self.until, Unset):
            until = UNSET
        elif isinstance(self.until, datetime.datetime):
            until = self.until.isoformat()
        else:
            until = self.until


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "decision_id": decision_id,
            "award_id": award_id,
            "amount": amount,
            "subject": subject,
            "action": action,
            "from": from_,
            "to": to,
            "year": year,
            "reason": reason,
            "voucher_no": voucher_no,
            "documents": documents,
            "paid_on": paid_on,
            "decided_on": decided_on,
            "ground": ground,
            "received_on": received_on,
            "statement": statement,
            "batch_id": batch_id,
            "notice_list": notice_list,
            "account": account,
            "notice": notice,
            "calendar": calendar,
            "published": published,
            "by": by,
            "person": person,
            "at": at,
            "transaction": transaction,
        })
        if until is not UNSET:
            field_dict["until"] = until

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.calendar import Calendar # noqa: PLC0415
        from ..models.document import Document # noqa: PLC0415
        from ..models.notice import Notice # noqa: PLC0415
        from ..models.published import Published # noqa: PLC0415
        d = dict(src_dict)
        decision_id = d.pop("decision_id")

        award_id = d.pop("award_id")

        amount = d.pop("amount")

        subject = d.pop("subject")

        action = DecisionAction(d.pop("action"))




        from_ = DecisionFrom(d.pop("from"))




        to = DecisionTo(d.pop("to"))




        year = d.pop("year")

        def _parse_reason(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        reason = _parse_reason(d.pop("reason"))


        def _parse_voucher_no(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        voucher_no = _parse_voucher_no(d.pop("voucher_no"))


        documents = []
        _documents = d.pop("documents")
        for documents_item_data in (_documents):
            documents_item = Document.from_dict(documents_item_data)



            documents.append(documents_item)


        def _parse_paid_on(data: object) -> datetime.date | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                paid_on_type_0 = datetime.date.fromisoformat(data)



                return paid_on_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.date | None, data)

        paid_on = _parse_paid_on(d.pop("paid_on"))


        def _parse_decided_on(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        decided_on = _parse_decided_on(d.pop("decided_on"))


        def _parse_ground(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ground = _parse_ground(d.pop("ground"))


        def _parse_received_on(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        received_on = _parse_received_on(d.pop("received_on"))


        def _parse_statement(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        statement = _parse_statement(d.pop("statement"))


        def _parse_batch_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        batch_id = _parse_batch_id(d.pop("batch_id"))


        def _parse_notice_list(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        notice_list = _parse_notice_list(d.pop("notice_list"))


        def _parse_account(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        account = _parse_account(d.pop("account"))


        def _parse_notice(data: object) -> None | Notice:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                notice_type_0 = Notice.from_dict(data)



                return notice_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Notice, data)

        notice = _parse_notice(d.pop("notice"))


        def _parse_calendar(data: object) -> Calendar | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                calendar_type_0 = Calendar.from_dict(data)



                return calendar_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Calendar | None, data)

        calendar = _parse_calendar(d.pop("calendar"))


        def _parse_published(data: object) -> None | Published:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                published_type_0 = Published.from_dict(data)



                return published_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Published, data)

        published = _parse_published(d.pop("published"))


        by = d.pop("by")

        def _parse_person(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        person = _parse_person(d.pop("person"))


        at = datetime.datetime.fromisoformat(d.pop("at"))




        transaction = d.pop("transaction")

        def _parse_until(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_type_0 = datetime.datetime.fromisoformat(data)



                return until_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        until = _parse_until(d.pop("until", UNSET))


        decision = cls(
            decision_id=decision_id,
            award_id=award_id,
            amount=amount,
            subject=subject,
            action=action,
            from_=from_,
            to=to,
            year=year,
            reason=reason,
            voucher_no=voucher_no,
            documents=documents,
            paid_on=paid_on,
            decided_on=decided_on,
            ground=ground,
            received_on=received_on,
            statement=statement,
            batch_id=batch_id,
            notice_list=notice_list,
            account=account,
            notice=notice,
            calendar=calendar,
            published=published,
            by=by,
            person=person,
            at=at,
            transaction=transaction,
            until=until,
        )

        return decision

