"""Acts of the bureau as the API shows them; the ledger has the hash of this form. Pure.

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


def act_sha256(act: Json) -> str:
    """The SHA-256, in hex, by which a transaction names its act: of the act's canonical JSON."""
    return hashlib.sha256(canonical_json(act)).hexdigest()


def decision_of(act: Any, part: Any) -> Decision:
    """The decision of a pair of rows."""
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


def decision_json(decision: Decision) -> Json:
    """A decision as the contract shows it, with its subject, year, public notice and payment."""
    return {
        "decision_id": decision.decision_id,
        "award_id": decision.award_id,
        "action": decision.action,
        "from": decision.from_state,
        "to": decision.to_state,
        "amount": format_yuan(decision.amount_fen),
        "subject": decision.subject,
        "year": decision.year,
        "by": decision.by,
        "at": format_time(decision.at),
        "reason": decision.reason,
        "documents": [dict(one) for one in decision.documents],
        "until": _time(decision.until),
        "voucher_no": decision.voucher_no,
        "paid_on": _day(decision.paid_on),
        "transaction": decision.transaction,
    }


def act_json(act: Any, part: Any) -> Json:
    """Any act as the API shows it."""
    if act.kind == "decision":
        return decision_json(decision_of(act, part))
    recorded = {"by": act.person, "at": format_time(act.recorded_at), "transaction": act.seq}
    return {f"{act.kind}_id": act.id, **_FIELDS[act.kind](part), **recorded}


def _copied(*names: str) -> Callable[[Any], Json]:
    return lambda part: {name: getattr(part, name) for name in names}


def _eligibility(part: Any) -> Json:
    period = {"from": _time(part.from_at), "until": _time(part.until_at)}
    return {**_copied("subject", "status", "kind_of_entity", "criteria", "documents")(part), **period}


def _suspension(part: Any) -> Json:
    return {
        "rule": part.rule,
        "from": _time(part.from_at),
        "until": _time(part.until_at),
        "reason": part.reason,
    }


def _other_grant(part: Any) -> Json:
    return {**_copied("subject", "name", "year", "documents")(part), "amount": format_yuan(part.amount_fen)}


def _related_party(part: Any) -> Json:
    return {"subjects": [part.subject, part.other], **_copied("status", "reason", "documents")(part)}


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else format_time(instant)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


_FIELDS: Final[Mapping[str, Callable[[Any], Json]]] = {
    "hold": _copied("award_id", "kind", "reason"),
    "release": _copied("hold_id", "reason"),
    "eligibility": _eligibility,
    "suspension": _suspension,
    "other_grant": _other_grant,
    "related_party": _related_party,
}
