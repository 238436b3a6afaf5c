"""Search in the ledger's database: subjects and exchanges by name or code, awards by id, payments by voucher."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import quote

from sqlalchemy import Connection

from services.incentive.queries.status import is_known, load_known
from services.incentive.queries.view import LedgerView
from shared.postgres.query import fetch, fetch_value, fetch_values
from shared.values.json_types import Json
from shared.values.parties import ID_SCHEMES

SUBJECT, EXCHANGE, AWARD, VOUCHER, TRADE, LISTING = TYPES = (
    "subject",
    "exchange",
    "award",
    "voucher",
    "trade",
    "listing",
)
# The length of an entry of the index (migration 0030).
_ENTRY_LENGTH: Final = 16
_CANDIDATES: Final = 1_000  # names that are read for a query longer than an entry

_FOLD: Final = "SELECT folded_name(%(text)s)"
# The exchanges that have entries, by a skip scan of the index, and the empty reader.
_READERS: Final = """
    WITH RECURSIVE one (reader) AS (
        SELECT min(reader) FROM search_entry
        UNION ALL
        SELECT (SELECT min(s.reader) FROM search_entry s WHERE s.reader > one.reader) FROM one
        WHERE one.reader IS NOT NULL
    ) SELECT reader FROM one WHERE reader IS NOT NULL
"""
# Two ranges of the index for each reader, `limit` rows of each at most; who sees all reads those of each exchange.
_SUBJECTS: Final = """
    SELECT DISTINCT n.subject, n.name, folded_name(n.name), folded_name(substr(n.subject, strpos(n.subject, ':') + 1))
    FROM unnest(CAST(%(readers)s AS text[])) AS named(reader)
    CROSS JOIN unnest(ARRAY[false, true]) AS inside(is_inner)
    CROSS JOIN LATERAL (
        SELECT s.number FROM search_entry s
        WHERE s.reader = named.reader AND s.is_inner = inside.is_inner
          AND s.entry >= %(least)s AND s.entry < %(least)s || U&'\\+10FFFF'
        ORDER BY s.entry, s.number LIMIT %(limit)s
    ) AS found
    JOIN subject_name n USING (number)
"""
_LISTED: Final = """
    SELECT id, name, folded_name(name), folded_name(code)
    FROM unnest(CAST(%(ids)s AS text[]), CAST(%(codes)s AS text[]), CAST(%(names)s AS text[])) AS n(id, code, name)
"""
_VOUCHERS: Final = """
    SELECT DISTINCT award_id, voucher_no FROM decision
    WHERE voucher_no IS NOT NULL AND voucher_no = ANY(%(spelled)s) ORDER BY award_id LIMIT %(limit)s
"""


class Hit(NamedTuple):
    """Something that was found; `path` is the path of its page. `is_exact`: by its whole name, code or number."""

    type: str
    id: str
    name: str | None
    exchange: str | None
    path: str
    is_exact: bool

    def json(self) -> Json:
        """The contract's item."""
        return {name: value for name, value in self._asdict().items() if name != "is_exact"}


class _Named(NamedTuple):
    """A subject or exchange, with its name and code as they are compared."""

    id: str
    name: str
    folded: str
    folded_code: str

    def is_exact(self, folded: str) -> bool:
        return folded in (self.folded, self.folded_code)


class Found(NamedTuple):
    """The hits in order of types, exact ones first; the types of which there are more; those that did not answer."""

    hits: list[Hit]
    more: list[str]
    unavailable: list[str]

    @property
    def only_exact(self) -> Hit | None:
        """The one exact hit; None if there are several or none."""
        exact = [hit for hit in self.hits if hit.is_exact]
        return exact[0] if len(exact) == 1 and not self.unavailable else None


def search_ledger(connection: Connection, view: LedgerView, text: str, limit: int) -> dict[str, list[Hit]]:
    """Hits by type, exact ones first, at most `limit` + 1 of each type: one more shows that there are more."""
    scheme, _, code = text.partition(":")
    folded = fetch_value(connection, _FOLD, str, text=code if scheme.lower() in ID_SCHEMES else text)
    found = {
        AWARD: _awards(connection, view, text),
        VOUCHER: _vouchers(connection, view, text, limit + 1),
    }
    if folded:
        found[SUBJECT] = _subjects(connection, view, folded, limit + 1)
        found[EXCHANGE] = _exchanges(connection, view, folded)
    return found


def page_path(kind: str, *names: str) -> str:
    """The path of the page of a subject, exchange, award, trade or listing."""
    return "/".join(("", f"{kind}s", *(quote(name, safe=":/") for name in names)))


def _subjects(connection: Connection, view: LedgerView, folded: str, limit: int) -> list[Hit]:
    """Subjects by code or name, then by its beginning, then by a part of it."""
    readers = [view.viewer] if view.viewer is not None else fetch_values(connection, _READERS, str)
    least = folded[:_ENTRY_LENGTH]
    most = limit if least == folded else _CANDIDATES
    rows = fetch(connection, _SUBJECTS, _Named, readers=readers, least=least, limit=most)
    known = {row.id: row for row in (*_listed(connection, _operators(view)), *rows)}
    ranked = _ranked(known.values(), folded)[:limit]
    seen = seen_subjects(connection, view, [row.id for row in ranked])
    return [
        Hit(SUBJECT, row.id, row.name, None, page_path(SUBJECT, row.id), row.is_exact(folded))
        for row in ranked
        if row.id in seen
    ]


def seen_subjects(connection: Connection, view: LedgerView, subjects: Collection[str]) -> set[str]:
    """Those of the subjects of which the reader may see something: a fact names them with the reader, or they operate.

    Entries of search stay where a fact no longer names the exchange.
    """
    operators = {subject for subject, _, _ in _operators(view)}
    known = load_known(connection, view, subjects)
    return {one for one in subjects if one in operators or is_known(view, one, known[one].of, ())}


def _operators(view: LedgerView) -> list[tuple[str, str, str]]:
    """The operators of the exchanges that the reader sees, by subject, code and name: no fact need name them."""
    return [
        (f"uscc:{operator.uscc}", operator.uscc, operator.name)
        for exchange in view.rulebook.exchanges.listed
        if view.viewer in (None, exchange.id)
        for operator in exchange.operators
    ]


def _exchanges(connection: Connection, view: LedgerView, folded: str) -> list[Hit]:
    seen = [one for one in view.rulebook.exchanges.listed if view.viewer in (None, one.id)]
    rows = _listed(connection, [(one.id, one.id, one.name) for one in seen])
    return [
        Hit(EXCHANGE, row.id, row.name, row.id, page_path(EXCHANGE, row.id), row.is_exact(folded))
        for row in _ranked(rows, folded)
    ]


def _listed(connection: Connection, listed: Sequence[tuple[str, str, str]]) -> list[_Named]:
    """Exchanges and operators of the whitelist, given as id, code and name, in the form in which they are compared."""
    columns = {"ids": [row[0] for row in listed], "codes": [row[1] for row in listed]}
    return fetch(connection, _LISTED, _Named, **columns, names=[row[2] for row in listed])


def _ranked(rows: Iterable[_Named], folded: str) -> list[_Named]:
    """Those whose name has the text or whose code begins with it: exact ones, then by the beginning of the name."""
    matching = (row for row in rows if folded in row.folded or row.folded_code.startswith(folded))
    return sorted(
        matching, key=lambda row: (not row.is_exact(folded), not row.folded.startswith(folded), row.folded, row.id)
    )


def _awards(connection: Connection, view: LedgerView, text: str) -> list[Hit]:
    """The award with that id, in any case: an id has one code in capital letters, that of its subject."""
    scheme, colon, rest = text.partition(":")
    code, slash, item = rest.partition("/")
    spelled = {text, text.lower(), f"{scheme.lower()}{colon}{code.upper()}{slash}{item}"}
    return list(_award_hits(connection, view, sorted(spelled)).values())


def _vouchers(connection: Connection, view: LedgerView, text: str, limit: int) -> list[Hit]:
    """The awards that were paid or recovered under a voucher, as written or in one case; an exchange's whole ones."""
    spelled = sorted({text, text.upper(), text.lower()})
    named = dict(fetch(connection, _VOUCHERS, tuple[str, str], spelled=spelled, limit=limit))
    awards = _award_hits(connection, view, sorted(named), whole=True)
    return [hit._replace(type=VOUCHER, id=named[award_id]) for award_id, hit in awards.items()]


def _award_hits(
    connection: Connection, view: LedgerView, award_ids: Sequence[str], *, whole: bool = False
) -> Mapping[str, Hit]:
    """The awards of these ids that the reader sees, in code point order."""
    statement = f"""
        SELECT award_id, subject_name, exchange FROM ({view.select_awards} AND award.award_id = ANY(%(ids)s)) AS seen
        WHERE whole OR NOT %(only_whole)s ORDER BY award_id
    """
    rows = fetch(connection, statement, tuple[str, str, str | None], ids=award_ids, only_whole=whole, **view.parameters)
    return {
        award_id: Hit(AWARD, award_id, name, _seen(view, exchange), page_path(AWARD, award_id), is_exact=True)
        for award_id, name, exchange in rows
    }


def _seen(view: LedgerView, exchange: str | None) -> str | None:
    return exchange if view.viewer in (None, exchange) else None
