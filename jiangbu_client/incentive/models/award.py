from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.award_state import AwardState
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.evidence import Evidence
  from ..models.policy_ref import PolicyRef
  from ..models.subject import Subject





T = TypeVar("T", bound="Award")



@_attrs_define
class Award:
    

    award_id: str
    rule: str
    article: str
    policy: PolicyRef
    subject: Subject
    exchange: None | str
    year: int
    period_closed: bool
    base: None | str
    """ 元 / yuan """
    rate: None | str
    cap: None | str
    """ 元 / yuan """
    ceiling: None | str
    """ 元 / yuan """
    payable: None | str
    """ 元 / yuan """
    suppressed_by: None | str
    approved: None | str
    """ 元 / yuan """
    paid: None | str
    """ 元 / yuan """
    returned: None | str
    """ 元 / yuan """
    recovered: None | str
    """ 元 / yuan """
    state: AwardState
    kind: str
    readings: list[str] | None
    eligibility: str
    holds: list[str]
    flags: list[str]
    partial: bool
    updated_at: datetime.datetime
    evidence: list[Evidence]





    def to_dict(self) -> dict[str, Any]:
        from ..models.evidence import Evidence # noqa: PLC0415
        from ..models.policy_ref import PolicyRef # noqa: PLC0415
        from ..models.subject import Subject # noqa: PLC0415
        award_id = self.award_id

        rule = self.rule

        article = self.article

        policy = self.policy.to_dict()

        subject = self.subject.to_dict()

        exchange: None | str
        exchange = self.exchange

        year = self.year

        period_closed = self.period_closed

        base: None | str
        base = self.base

        rate: None | str
        rate = self.rate

        cap: None | str
        cap = self.cap

        ceiling: None | str
        ceiling = self.ceiling

        payable: None | str
        payable = self.payable

        suppressed_by: None | str
        suppressed_by = self.suppressed_by

        approved: None | str
        approved = self.approved

        paid: None | str
        paid = self.paid

        returned: None | str
        returned = self.returned

        recovered: None | str
        recovered = self.recovered

        state = self.state.value

        kind = self.kind

        readings: list[str] | None
        if isinstance(self.readings, list):
            readings = self.readings


        else:
            readings = self.readings

        eligibility = self.eligibility

        holds = self.holds



        flags = self.flags



        partial = self.partial

        updated_at = self.updated_at.isoformat()

        evidence = []
        for evidence_item_data in self.evidence:
            evidence_item = evidence_item_data.to_dict()
            evidence.append(evidence_item)




        field_dict: dict[str, Any] = {}

        field_dict.update({
            "award_id": award_id,
            "rule": rule,
            "article": article,
            "policy": policy,
            "subject": subject,
            "exchange": exchange,
            "year": year,
            "period_closed": period_closed,
            "base": base,
            "rate": rate,
            "cap": cap,
            "ceiling": ceiling,
            "payable": payable,
            "suppressed_by": suppressed_by,
            "approved": approved,
            "paid": paid,
            "returned": returned,
            "recovered": recovered,
            "state": state,
            "kind": kind,
            "readings": readings,
            "eligibility": eligibility,
            "holds": holds,
            "flags": flags,
            "partial": partial,
            "updated_at": updated_at,
            "evidence": evidence,
        })

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.evidence import Evidence # noqa: PLC0415
        from ..models.policy_ref import PolicyRef # noqa: PLC0415
        from ..models.subject import Subject # noqa: PLC0415
        d = dict(src_dict)
        award_id = d.pop("award_id")

        rule = d.pop("rule")

        article = d.pop("article")

        policy = PolicyRef.from_dict(d.pop("policy"))




        subject = Subject.from_dict(d.pop("subject"))




        def _parse_exchange(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        exchange = _parse_exchange(d.pop("exchange"))


        year = d.pop("year")

        period_closed = d.pop("period_closed")

        def _parse_base(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        base = _parse_base(d.pop("base"))


        def _parse_rate(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        rate = _parse_rate(d.pop("rate"))


        def _parse_cap(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        cap = _parse_cap(d.pop("cap"))


        def _parse_ceiling(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        ceiling = _parse_ceiling(d.pop("ceiling"))


        def _parse_payable(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        payable = _parse_payable(d.pop("payable"))


        def _parse_suppressed_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        suppressed_by = _parse_suppressed_by(d.pop("suppressed_by"))


        def _parse_approved(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        approved = _parse_approved(d.pop("approved"))


        def _parse_paid(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        paid = _parse_paid(d.pop("paid"))


        def _parse_returned(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        returned = _parse_returned(d.pop("returned"))


        def _parse_recovered(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        recovered = _parse_recovered(d.pop("recovered"))


        state = AwardState(d.pop("state"))




        kind = d.pop("kind")

        def _parse_readings(data: object) -> list[str] | None:
            if data is None:
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                readings_type_0 = cast(list[str], data)

                return readings_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None, data)

        readings = _parse_readings(d.pop("readings"))


        eligibility = d.pop("eligibility")

        holds = cast(list[str], d.pop("holds"))


        flags = cast(list[str], d.pop("flags"))


        partial = d.pop("partial")

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))




        evidence = []
        _evidence = d.pop("evidence")
        for evidence_item_data in (_evidence):
            evidence_item = Evidence.from_dict(evidence_item_data)



            evidence.append(evidence_item)


        award = cls(
            award_id=award_id,
            rule=rule,
            article=article,
            policy=policy,
            subject=subject,
            exchange=exchange,
            year=year,
            period_closed=period_closed,
            base=base,
            rate=rate,
            cap=cap,
            ceiling=ceiling,
            payable=payable,
            suppressed_by=suppressed_by,
            approved=approved,
            paid=paid,
            returned=returned,
            recovered=recovered,
            state=state,
            kind=kind,
            readings=readings,
            eligibility=eligibility,
            holds=holds,
            flags=flags,
            partial=partial,
            updated_at=updated_at,
            evidence=evidence,
        )

        return award

