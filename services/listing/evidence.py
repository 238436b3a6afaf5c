"""Scopes of evidence: the listings of a fact, and which of them count."""

from collections.abc import Sequence

from shared.events.fact_topics import FIRST_LISTING, LISTING
from shared.register.evidence import Scope
from shared.values.parties import parse_subject

_ANNULLED = ("d.status = 'annulled'", "annulled")
_MIRRORED = ("d.mirrored", "mirrored")
_PROVIDER = "d.provider = (SELECT id FROM party WHERE scheme = %(scheme)s AND code = %(code)s)"


def scope_of(topic: str, key: Sequence[str]) -> Scope | None:
    """Return the scope of a fact by its key without register, split at slashes; None if there is no such fact.

    Raises ValueError for an impossible key.
    """
    if topic == LISTING and len(key) == 2:  # noqa: PLR2004 - exchange and number
        parameters = {"exchange": key[0], "number": key[1]}
        return Scope("listing", "d.exchange = %(exchange)s AND d.number = %(number)s", parameters, (_ANNULLED,))
    if topic == FIRST_LISTING and len(key) == 1:
        scheme, code = parse_subject(key[0])
        parameters = {"scheme": scheme, "code": code}
        return Scope("listing", _PROVIDER, parameters, (_ANNULLED, _MIRRORED), takes_least=True)
    return None
