"""What persons of the bureau did, as it is told and as its hash in the ledger is made of. Pure.

`act` is a row of the table of that name, `part` the row with the same id in the table of its kind.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from services.incentive.domain.workflow import Decision
from shared.values.canonical_json import canonical_json
from shared.values.money import format_yuan
from shared.values.times import format_time

Json = dict[str, Any]


def act_sha256(told: Json) -> str:
    """The SHA-256, in hex, by which a transaction names its act: of the act as told, in canonical JSON."""
    return hashlib.sha256(canonical_json(told)).hexdigest()


def decision_of(act: Any, part: Any) -> Decision:
    """A step with an award of its rows."""
    return Decision(
        decision_id=act.id,
        award_id=part.award_id,
        number=part.number,
        action=part.action,
        from_state=part.from_state,
        to_state=part.to_state,
        amount_fen=part.amount_fen,
        subject=part.subject,
        year=part.year,
        by=act.person,
        at=act.recorded_at,
        reason=part.reason,
        documents=tuple(part.documents),
        until=part.until,
        voucher_no=part.voucher_no,
        paid_on=part.paid_on,
        transaction=act.seq,
    )


def decision_json(step: Decision) -> Json:
    """A step with an award, as the contract shows it, with whose it was, and what publicity and payment were given."""
    return {
        "decision_id": step.decision_id,
        "award_id": step.award_id,
        "action": step.action,
        "from": step.from_state,
        "to": step.to_state,
        "amount": format_yuan(step.amount_fen),
        "subject": step.subject,
        "year": step.year,
        "by": step.by,
        "at": format_time(step.at),
        "reason": step.reason,
        "documents": [dict(one) for one in step.documents],
        "until": _time(step.until),
        "voucher_no": step.voucher_no,
        "paid_on": _day(step.paid_on),
        "transaction": step.transaction,
    }


def act_json(act: Any, part: Any) -> Json:
    """Any act as it is told."""
    return _RENDERERS[act.kind](act, part)


def _decision(act: Any, part: Any) -> Json:
    return decision_json(decision_of(act, part))


def _hold(act: Any, part: Any) -> Json:
    return {"hold_id": act.id, "award_id": part.award_id, "kind": part.kind, "reason": part.reason, **_who(act)}


def _release(act: Any, part: Any) -> Json:
    return {"release_id": act.id, "hold_id": part.hold_id, "reason": part.reason, **_who(act)}


def _eligibility(act: Any, part: Any) -> Json:
    return {
        "eligibility_id": act.id,
        "subject": part.subject,
        "status": part.status,
        "from": _time(part.from_at),
        "until": _time(part.until_at),
        "kind_of_entity": part.kind_of_entity,
        "criteria": part.criteria,
        "documents": part.documents,
        **_who(act),
    }


def _suspension(act: Any, part: Any) -> Json:
    return {
        "suspension_id": act.id,
        "rule": part.rule,
        "from": _time(part.from_at),
        "until": _time(part.until_at),
        "reason": part.reason,
        **_who(act),
    }


def _other_grant(act: Any, part: Any) -> Json:
    return {
        "other_grant_id": act.id,
        "subject": part.subject,
        "name": part.name,
        "year": part.year,
        "amount": format_yuan(part.amount_fen),
        "documents": part.documents,
        **_who(act),
    }


def _related_party(act: Any, part: Any) -> Json:
    return {
        "related_party_id": act.id,
        "subjects": [part.subject, part.other],
        "status": part.status,
        "reason": part.reason,
        "documents": part.documents,
        **_who(act),
    }


def _who(act: Any) -> Json:
    return {"by": act.person, "at": format_time(act.recorded_at), "transaction": act.seq}


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else format_time(instant)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


_RENDERERS: Final[Mapping[str, Callable[[Any, Any], Json]]] = {
    "decision": _decision,
    "hold": _hold,
    "release": _release,
    "eligibility": _eligibility,
    "suspension": _suspension,
    "other_grant": _other_grant,
    "related_party": _related_party,
}
