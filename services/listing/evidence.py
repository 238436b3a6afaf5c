"""Which listings a fact is about, and which of them count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.register.evidence import Scope
from shared.values.parties import parse_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANNULLED = ("d.status = 'annulled'", "annulled")
_MIRRORED = ("d.mirrored", "mirrored")
_PROVIDER = "d.provider = (SELECT id FROM party WHERE scheme = :scheme AND code = :code)"


def scope_of(topic: str, key: Sequence[str]) -> Scope | None:
    """The scope of a fact by its key, of which the register is no part, in pieces; None if there is no such fact.

    Raises ValueError for a key that none can have.
    """
    if topic == LISTING and len(key) == 2:  # noqa: PLR2004 - exchange and number
        where = {"exchange": key[0], "number": key[1]}
        return Scope("listing", "listed_at", "d.exchange = :exchange AND d.number = :number", where, (_ANNULLED,))
    if topic == FIRST_LISTING and len(key) == 1:
        scheme, code = parse_subject(key[0])
        return Scope(
            "listing",
            "listed_at",
            _PROVIDER,
            {"scheme": scheme, "code": code},
            (_ANNULLED, _MIRRORED),
            takes_least=True,
        )
    return None
