"""Acts of the bureau: their records, and the form that the API shows and the ledger hashes. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, NamedTuple

import msgspec

from services.incentive.domain.subjects.accounts import masked
from services.incentive.domain.workflow import Actor, Decision, PublishedBasis, to_published_basis
from shared.values.canonical_json import canonical_around, canonical_json, fill_in
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

ActKind = Literal[
    "decision",
    "hold",
    "release",
    "eligibility",
    "suspension",
    "other_grant",
    "grant_withdrawal",
    "related_party",
    "year_closing",
    "service",
    "account",
    "account_confirmation",
    "declared_table",
    "declared_table_confirmation",
    "declared_table_discard",
    "access_link",
    "access_link_revocation",
]
Documents = list[Json]

RELATED, UNRELATED = "related", "unrelated"
YEAR_CLOSED, YEAR_OPEN = "closed", "open"


class Act(NamedTuple):
    """The columns that all acts record: a row of the table `act`. `seq` is that of its transaction.

    `name` is None in acts of versions that kept no person; `person` is that name then.
    """

    id: str
    kind: ActKind
    seq: int
    recorded_at: datetime
    person: str
    name: str | None
    request_key: str | None
    request_sha256: str

    @property
    def actor(self) -> Actor:
        return Actor(self.person, None) if self.name is None else Actor(self.name, self.person)


class DecisionPart(NamedTuple):
    """A step with an award: the fields of a Decision, with `published` as JSON."""

    award_id: str
    number: int
    action: str
    from_state: str
    to_state: str
    amount_fen: int
    rule: str
    subject: str
    year: int
    reason: str | None
    documents: Documents
    until: datetime | None
    voucher_no: str | None
    paid_on: date | None
    decided_on: date | None
    ground: str | None
    notice_from: date | None
    notice_until: date | None
    notice_where: str | None
    received_on: date | None
    published: Json | None
    statement: str | None
    batch_id: str | None
    calendar: Json | None = None
    notice_list: str | None = None
    account: str | None = None


class HoldPart(NamedTuple):
    """A hold on an award. `objected_by` and `received_on` are those of an objection (异议).

    `objection_id` names one that was received publicly. Holds of an earlier version have no `documents` (None).
    """

    award_id: str
    kind: str
    reason: str
    objected_by: str | None
    received_on: date | None
    documents: Documents | None
    objection_id: str | None


class ReleasePart(NamedTuple):
    """The release of a hold, or the end of a suspension; of an objection with the outcome.

    Releases of an earlier version have no `documents` (None).
    """

    hold_id: str
    reason: str | None
    outcome: str | None
    documents: Documents | None


class EligibilityPart(NamedTuple):
    """A record of a subject's eligibility. Those of an earlier version have `criteria` and no `conditions`."""

    subject: str
    status: str
    from_at: datetime | None
    until_at: datetime | None
    kind_of_entity: str | None
    criteria: Json
    documents: Documents
    reason: str | None = None
    conditions: Json | None = None


class SuspensionPart(NamedTuple):
    """A suspension of a rule."""

    rule: str
    from_at: datetime
    until_at: datetime | None
    reason: str


class OtherGrantPart(NamedTuple):
    """A grant under another municipal policy, and the rules or awards for the same matter (G6).

    Those of an earlier version have neither department, document number, day, rules nor awards.
    """

    subject: str
    name: str
    department: str | None
    document_no: str | None
    year: int
    amount_fen: int
    granted_on: date | None
    rules: list[str] | None
    awards: list[str] | None
    documents: Documents


class GrantWithdrawalPart(NamedTuple):
    """The withdrawal of the record of another grant."""

    other_grant_id: str
    reason: str


class RelatedPartyPart(NamedTuple):
    """A pair of related parties, the smaller subject first; the last record of a pair counts."""

    subject: str
    other: str
    status: str
    reason: str
    documents: Documents


class AccountPart(NamedTuple):
    """A bank account of a subject. The act has the number masked, and the hash of salt and number."""

    subject: str
    bank: str
    number: str
    salt: str
    account_sha256: str
    name: str
    documents: Documents


class AccountConfirmationPart(NamedTuple):
    """The confirmation of an account by another person: it counts from then on."""

    account_id: str


class YearClosingPart(NamedTuple):
    """The closing of a year or its reopening: the last of the two, or the closing day after it, counts (G14)."""

    year: int
    status: str
    reason: str
    documents: Documents


class ServicePart(NamedTuple):
    """The service (送达) of a statement: how, on which day, to whom."""

    statement: str
    award_id: str
    way: str
    served_on: date
    to: str
    documents: Documents


class DeclaredTablePart(NamedTuple):
    """A table of declarations that waits for another person: the SHA-256 of its file, and the preview at that time.

    `added_fen` is by how much it raises the ceilings of its rows in total, more than `above_fen` of the policy file.
    """

    sha256: str
    rows: int
    added_fen: int
    above_fen: int
    previewed: Json


class DeclaredTableConfirmationPart(NamedTuple):
    """The confirmation of a table of declarations by another person, upon which its rows are declared."""

    declared_table_id: str


class DeclaredTableDiscardPart(NamedTuple):
    """The end of a table of declarations of which no row is declared."""

    declared_table_id: str
    reason: str


class AccessLinkPart(NamedTuple):
    """A one-time link by which a subject reads what is its own; its code is kept as a hash alone."""

    subject: str
    code_sha256: str
    expires_at: datetime


class AccessLinkRevocationPart(NamedTuple):
    """The revocation of a link, which ends the session that it began too."""

    access_link_id: str
    reason: str


ActPart = (
    DecisionPart
    | HoldPart
    | ReleasePart
    | EligibilityPart
    | SuspensionPart
    | OtherGrantPart
    | GrantWithdrawalPart
    | RelatedPartyPart
    | YearClosingPart
    | ServicePart
    | AccountPart
    | AccountConfirmationPart
    | DeclaredTablePart
    | DeclaredTableConfirmationPart
    | DeclaredTableDiscardPart
    | AccessLinkPart
    | AccessLinkRevocationPart
)
PARTS: Final[Mapping[ActKind, type[ActPart]]] = {
    "decision": DecisionPart,
    "hold": HoldPart,
    "release": ReleasePart,
    "eligibility": EligibilityPart,
    "suspension": SuspensionPart,
    "other_grant": OtherGrantPart,
    "grant_withdrawal": GrantWithdrawalPart,
    "related_party": RelatedPartyPart,
    "year_closing": YearClosingPart,
    "service": ServicePart,
    "account": AccountPart,
    "account_confirmation": AccountConfirmationPart,
    "declared_table": DeclaredTablePart,
    "declared_table_confirmation": DeclaredTableConfirmationPart,
    "declared_table_discard": DeclaredTableDiscardPart,
    "access_link": AccessLinkPart,
    "access_link_revocation": AccessLinkRevocationPart,
}


def act_sha256(act: Json) -> str:
    """The SHA-256, in hex, by which a transaction names its act: of the act's canonical JSON."""
    return hashlib.sha256(canonical_json(act)).hexdigest()


def decision_json(decision: Decision) -> Json:
    """A decision as the contract shows it, with its subject and year; those of an earlier version in its form."""
    shown: Json = {
        "decision_id": decision.decision_id,
        "award_id": decision.award_id,
        "action": decision.action,
        "from": decision.from_state,
        "to": decision.to_state,
        "amount": format_yuan(decision.amount_fen),
        "subject": decision.subject,
        "year": decision.year,
        **_by(decision.actor),
        "at": format_time(decision.at),
        "reason": decision.reason,
        "documents": [dict(one) for one in decision.documents],
        "voucher_no": decision.voucher_no,
        "paid_on": _day(decision.paid_on),
        "transaction": decision.transaction,
    }
    if decision.is_earlier:
        return shown | {"until": _time(decision.until)}
    notice = None
    if decision.notice_until is not None:
        days = {"from": _day(decision.notice_from), "until": _day(decision.notice_until)}
        notice = {**days, "where": decision.notice_where}
    return shown | {
        "decided_on": _day(decision.decided_on),
        "ground": decision.ground,
        "notice": notice,
        "received_on": _day(decision.received_on),
        "published": None if decision.published is None else published_json(decision.published),
        "statement": decision.statement,
        "batch_id": decision.batch_id,
        "calendar": None if decision.calendar is None else dict(decision.calendar),
        "notice_list": decision.notice_list,
        "account": decision.account,
    }


def published_json(basis: PublishedBasis) -> Json:
    """The published payable and its basis, as JSON."""
    found = msgspec.to_builtins(basis)
    return {"payable": format_yuan(found.pop("payable_fen")), **found}


def act_json(act: Act, part: ActPart) -> Json:
    if isinstance(part, DecisionPart):
        fields = part._asdict()
        fields["published"] = None if part.published is None else to_published_basis(part.published)
        step = Decision(decision_id=act.id, actor=act.actor, at=act.recorded_at, transaction=act.seq, **fields)
        return decision_json(step)
    recorded = {**_by(act.actor), "at": format_time(act.recorded_at), "transaction": act.seq}
    return {f"{act.kind}_id": act.id, **_fields(part), **recorded}


def decision_around(act: Act, part: DecisionPart) -> tuple[bytes, ...]:
    """The canonical JSON of a decision around the fields known only when it is recorded (`decision_sha256`)."""
    return canonical_around(act_json(act, part), "at", "calendar", "notice_list", "statement", "transaction")


def decision_sha256(pieces: Sequence[bytes], act: Act, part: DecisionPart) -> str:
    """The SHA-256, in hex, by which a transaction names a decision that was prepared."""
    later = (format_time(act.recorded_at), part.calendar, part.notice_list, part.statement, act.seq)
    return hashlib.sha256(fill_in(pieces, *later)).hexdigest()


def _by(actor: Actor) -> Json:
    """The actor of an act. Acts without a person keep the form, and so the hash, of the versions that had none."""
    return {"by": actor.name} if actor.person is None else {"by": actor.name, "person": actor.person}


def _fields(part: ActPart) -> Json:
    if isinstance(part, EligibilityPart):
        return _eligibility_fields(part)
    if isinstance(part, SuspensionPart):
        return {"rule": part.rule, **_period(part), "reason": part.reason}
    if isinstance(part, AccountPart):
        shown = {name: value for name, value in part._asdict().items() if name not in ("number", "salt")}
        return {**shown, "account": masked(part.number)}
    return _flat_fields(part)


def _flat_fields(part: ActPart) -> Json:
    fields = part._asdict()
    if isinstance(part, HoldPart | ReleasePart) and part.documents is None:  # the form of an earlier version
        for name in ("objected_by", "received_on", "objection_id", "outcome", "documents"):
            fields.pop(name, None)
    elif isinstance(part, OtherGrantPart):
        fields["amount"] = format_yuan(fields.pop("amount_fen"))
        if part.granted_on is None:  # the form, and so the hash, of an earlier version
            for name in ("department", "document_no", "granted_on", "rules", "awards"):
                del fields[name]
    elif isinstance(part, DeclaredTablePart):
        fields |= {"added": format_yuan(fields.pop("added_fen")), "above": format_yuan(fields.pop("above_fen"))}
    elif isinstance(part, AccessLinkPart):
        fields["expires_at"] = format_time(part.expires_at)
    elif isinstance(part, RelatedPartyPart):
        del fields["subject"], fields["other"]
        fields["subjects"] = [part.subject, part.other]
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}


def _eligibility_fields(part: EligibilityPart) -> Json:
    """The fields of a record of eligibility; those of an earlier version keep their form, and so their hash."""
    found = {
        "subject": part.subject,
        "status": part.status,
        **_period(part),
        "kind_of_entity": part.kind_of_entity,
        "documents": part.documents,
    }
    if part.conditions is None:
        return {**found, "criteria": part.criteria}
    return {**found, "criteria": part.conditions, "reason": part.reason}


def _period(part: EligibilityPart | SuspensionPart) -> Json:
    return {"from": _time(part.from_at), "until": _time(part.until_at)}


def _time(instant: datetime | None) -> str | None:
    return None if instant is None else format_time(instant)


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
