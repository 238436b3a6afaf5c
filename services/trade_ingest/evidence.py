"""Scopes of evidence: the trades of a fact, and which of them count."""

import re
from collections.abc import Sequence

from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE, SIGN
from shared.register.evidence import Scope
from shared.values.json_types import Json
from shared.values.parties import parse_subject
from shared.values.times import year_start

_YEAR = re.compile(r"[0-9]{4}")
_CANCELLED = ("NOT d.completed", "cancelled")
_MIRRORED = ("d.mirrored", "mirrored")
# As in the view trade_category, with the listing fact that was current at %(seq)s.
_UNMATCHED = "NOT coalesce(l.proves AND l.provider = d.provider AND l.listed_at <= d.completed_at, false)"
_PROOF = """
    LEFT JOIN (
        SELECT exchange, listing_no, provider, listed_at, proves FROM listing_fact WHERE seq < %(seq)s
        UNION ALL
        SELECT exchange, listing_no, provider, listed_at, proves FROM listing_fact_past
        WHERE seq < %(seq)s AND replaced_by >= %(seq)s
    ) l ON d.listed AND l.exchange = d.exchange AND l.listing_no = d.listing_no
"""
_IN_YEAR = "d.completed_at >= %(from_at)s AND d.completed_at < %(until_at)s"
_PARTY = "(SELECT id FROM party WHERE scheme = %(scheme)s AND code = %(code)s)"


def scope_of(topic: str, key: Sequence[str]) -> Scope | None:
    """Return the scope of a fact by its key without register, split at slashes; None if there is no such fact.

    Raises ValueError for an impossible key.
    """
    if topic == FIRST_PURCHASE and len(key) == 1:
        where = f"d.buyer = {_PARTY}"
        return Scope("trade", where, _party(key[0]), (_CANCELLED, _MIRRORED), takes_least=True)
    if topic == SIGN:
        return _scope_of_measures(key)
    if topic != ANNUAL_TOTAL or len(key) != 3:  # noqa: PLR2004 - of whom, its id, the year
        return None
    of_whom, name, year = key
    if of_whom == "exchange":
        where, whose = f"d.exchange = %(exchange)s AND {_IN_YEAR}", {"exchange": name}
        return Scope("trade", where, whose | _year(year), (_CANCELLED, _MIRRORED))
    if of_whom == "provider":
        where = f"d.provider = {_PARTY} AND {_IN_YEAR}"
        reasons = (_CANCELLED, _MIRRORED, ("NOT d.listed", "mode"), (_UNMATCHED, "unmatched"))
        return Scope("trade", where, _party(name) | _year(year), reasons, joins=_PROOF)
    return None


def _scope_of_measures(key: Sequence[str]) -> Scope | None:
    """Return all trades of the party or exchange; the fact itself names those of a measure."""
    where = {
        ("provider", 3): f"(d.provider = {_PARTY} OR d.buyer = {_PARTY}) AND {_IN_YEAR}",
        ("buyer", 2): f"d.buyer = {_PARTY}",
        ("exchange", 3): f"d.exchange = %(exchange)s AND {_IN_YEAR}",
    }.get((key[0], len(key)))
    if where is None:
        return None
    of_whom, name, *year = key
    whose = {"exchange": name} if of_whom == "exchange" else _party(name)
    span = _year(year[0]) if year else {}
    return Scope("trade", where, whose | span, (_CANCELLED, _MIRRORED))


def _party(subject: str) -> Json:
    scheme, code = parse_subject(subject)
    return {"scheme": scheme, "code": code}


def _year(year: str) -> Json:
    number = int(year) if _YEAR.fullmatch(year) else 0
    return {"from_at": year_start(number), "until_at": year_start(number + 1)}
