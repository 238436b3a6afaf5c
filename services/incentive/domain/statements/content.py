"""The content of statements (决定书): the basis of a decision and of its award, as JSON. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from services.incentive.domain.awards import item_of
from services.incentive.domain.statements.amount_words import amount_in_words
from services.incentive.policy.statement_terms import Remedy, StatementTerms
from shared.values.canonical_json import canonical_around, fill_in
from shared.values.json_types import Json
from shared.values.money import parse_yuan
from shared.values.parties import parse_subject

TEMPLATE: Final = "decision/2"
# Kinds that decide nothing yet: they name a contact in place of remedies.
NOTICES: Final = ("publish", "notify_return")
_AMOUNTS: Final = ("base", "rate", "cap", "ceiling", "payable", "approved", "paid", "returned", "recovered")


class StatementBasis(NamedTuple):
    """The basis of a statement beside the decision, as the API shows it at that instant.

    `facts` are the versions that the award's evidence names, with their values; `eligibility` is the record that counts
    (None: there is none); `notices` are those of the last decision of each action, that of a return with its ground and
    reason; `objections` are holds as the API shows them, with the `release` that answers each (None: it is open).
    """

    award: Json
    facts: list[Json]
    explanation: Json
    eligibility: Json | None
    notices: Mapping[str, Json | None]
    objections: list[Json]
    names: Mapping[str, str]


class Rules(NamedTuple):
    """The policy file and whitelist that a decision follows, by their SHA-256 in hex."""

    policy: Json
    whitelist_sha256: str


def statement_number(prefix: str, year: int, number: int) -> str:
    """The number of a statement, as official documents have it: 昆数奖补〔2026〕1."""
    return f"{prefix}〔{year}〕{number}"


def statement_json(basis: StatementBasis, decision: Json, number: str, terms: StatementTerms, rules: Rules) -> Json:
    """The statement of a decision, as the API shows the latter. `amounts` are the award's before the decision.

    `amounts.amount` is what was decided: of a public notice the payable that is published.
    """
    award, kind = basis.award, decision["action"]
    amount = award["payable"] if kind == "publish" else decision["amount"]
    statement = {
        "number": number,
        "kind": kind,
        "authority": terms.authority,
        "decided_by": {
            "person": decision.get("person", decision["by"]),
            "name": decision["by"],
            "post": terms.posts[kind],
        },
        "at": decision["at"],
        "award_id": award["award_id"],
        "subject": _subject(basis, decision["subject"]),
        "article": award["article"],
        "year": decision["year"],
        "item": item_of(award["award_id"]),
        "amounts": {name: award.get(name) for name in _AMOUNTS} | {"amount": amount},
        "amount_in_words": amount_in_words(parse_yuan(amount)),
        "policy": rules.policy,
        "whitelist_sha256": rules.whitelist_sha256,
        "facts": basis.facts,
        "explanation": basis.explanation,
        "holds": award["holds"],
        "eligibility": {"status": award["eligibility"], "record": basis.eligibility},
        "notice": decision.get("notice") or basis.notices.get("notify_return" if kind == "return" else "publish"),
        "objections": [_objection_json(one) for one in basis.objections],
        "ground": decision.get("ground"),
        "reason": decision["reason"],
        "documents": decision["documents"],
        "template": TEMPLATE,
    }
    if kind in NOTICES:
        return statement | {"contact": terms.contact}
    return statement | {"remedies": [_remedy_json(one) for one in terms.remedies]}


def prepare(statement: Json) -> tuple[bytes, ...]:
    """The bytes (RFC 8785) of a statement around its instant and its number, which are known when it is recorded."""
    return canonical_around(statement, "at", "number")


def freeze(pieces: Sequence[bytes], at: str, number: str) -> tuple[str, bytes]:
    """The SHA-256 in hex of a prepared statement, and its bytes."""
    content = fill_in(pieces, at, number)
    return hashlib.sha256(content).hexdigest(), content


def _subject(basis: StatementBasis, subject: str) -> Json:
    """The subject that the decision is about: what was approved for an earlier one is returned by that one."""
    scheme, code = parse_subject(subject)
    return {"id_scheme": scheme, "id": code, "name": basis.names.get(subject, basis.award["subject"]["name"])}


def _objection_json(hold: Json) -> Json:
    """An objection and its answer (None: it is open), without the ids and the officials of the acts."""
    release = hold["release"]
    return {
        "by": hold.get("objected_by"),
        "received_on": hold.get("received_on"),
        "registered_on": hold["at"][:10],
        "reason": hold["reason"],
        "documents": hold.get("documents") or [],
        "answer": None
        if release is None
        else {
            "outcome": release.get("outcome"),
            "reason": release["reason"],
            "documents": release.get("documents") or [],
            "answered_on": release["at"][:10],
        },
    }


def _remedy_json(one: Remedy) -> Json:
    return {
        "remedy": one.remedy,
        "name": one.name,
        "to": one.to,
        "days": one.days,
        "months": one.months,
        "basis": one.basis,
    }
