from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.transaction_kind import TransactionKind
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
  from ..models.cause import Cause
  from ..models.decision_ref import DecisionRef
  from ..models.entry import Entry
  from ..models.policy_ref import PolicyRef
  from ..models.settled import Settled





T = TypeVar("T", bound="Transaction")



@_attrs_define
class Transaction:
    

    seq: int
    posted_at: datetime.datetime
    kind: TransactionKind
    award_id: None | str
    article: None | str
    amount: str
    """ 元 / yuan """
    entries: list[Entry]
    policy: PolicyRef
    cause: Cause
    decision: DecisionRef | None
    settings: Settled | Unset = UNSET





    def to_dict(self) -> dict[str, Any]:
        from ..models.cause import Cause # noqa: PLC0415
        from ..models.decision_ref import DecisionRef # noqa: PLC0415
        from ..models.entry import Entry # noqa: PLC0415
        from ..models.policy_ref import PolicyRef # noqa: PLC0415
        from ..models.settled import Settled # noqa: PLC0415
        seq = self.seq

        posted_at = self.posted_at.isoformat()

        kind = self.kind.value

        award_id: None | str
        award_id = self.award_id

        article: None | str
        article = self.article

        amount = self.amount

        entries = []
        for entries_item_data in self.entries:
            entries_item = entries_item_data.to_dict()
            entries.append(entries_item)



        policy = self.policy.to_dict()

        cause = self.cause.to_dict()

        decision: dict[str, Any] | None
        if isinstance(self.decision, DecisionRef):
            decision = self.decision.to_dict()
        else:
            decision = self.decision

        settings: dict[str, Any] | Unset = UNSET
        if not isinstance(self.settings, Unset):
            settings = self.settings.to_dict()


        field_dict: dict[str, Any] = {}

        field_dict.update({
            "seq": seq,
            "posted_at": posted_at,
            "kind": kind,
            "award_id": award_id,
            "article": article,
            "amount": amount,
            "entries": entries,
            "policy": policy,
            "cause": cause,
            "decision": decision,
        })
        if settings is not UNSET:
            field_dict["settings"] = settings

        return field_dict



    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.cause import Cause # noqa: PLC0415
        from ..models.decision_ref import DecisionRef # noqa: PLC0415
        from ..models.entry import Entry # noqa: PLC0415
        from ..models.policy_ref import PolicyRef # noqa: PLC0415
        from ..models.settled import Settled # noqa: PLC0415
        d = dict(src_dict)
        seq = d.pop("seq")

        posted_at = datetime.datetime.fromisoformat(d.pop("posted_at"))




        kind = TransactionKind(d.pop("kind"))




        def _parse_award_id(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        award_id = _parse_award_id(d.pop("award_id"))


        def _parse_article(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        article = _parse_article(d.pop("article"))


        amount = d.pop("amount")

        entries = []
        _entries = d.pop("entries")
        for entries_item_data in (_entries):
            entries_item = Entry.from_dict(entries_item_data)



            entries.append(entries_item)


        policy = PolicyRef.from_dict(d.pop("policy"))




        cause = Cause.from_dict(d.pop("cause"))




        def _parse_decision(data: object) -> DecisionRef | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                decision_type_0 = DecisionRef.from_dict(data)



                return decision_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DecisionRef | None, data)

        decision = _parse_decision(d.pop("decision"))


        _settings = d.pop("settings", UNSET)
        settings: Settled | Unset
        if isinstance(_settings,  Unset):
            settings = UNSET
        else:
            settings = Settled.from_dict(_settings)




        transaction = cls(
            seq=seq,
            posted_at=posted_at,
            kind=kind,
            award_id=award_id,
            article=article,
            amount=amount,
            entries=entries,
            policy=policy,
            cause=cause,
            decision=decision,
            settings=settings,
        )

        return transaction

