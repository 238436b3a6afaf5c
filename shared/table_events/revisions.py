"""Compare rows of a table with what is known of their documents: which are new, corrections, or known already. Pure.

A table rarely has revisions. A document that is known with other content is then corrected by the next revision, so
that the same table sent again sends nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from shared.events.documents import Document, Listing, Trade
from shared.events.records import event_of
from shared.events.validate import digest, place_of
from shared.table_events.convert import Converted, RowError, RowEvent

# `known`: registered with this content. `sent`: sent with it, and not handled yet. `repeated`: equal to a row above.
# `superseded`: equal to a revision that a newer one has replaced, or older than the newest.
RowOutcome = Literal["new", "correction", "known", "sent", "superseded", "repeated", "refused", "total"]
SENT_OUTCOMES: Final = ("new", "correction")


class KnownRevision(NamedTuple):
    """A revision of a document that was sent or is registered; `document` is its content where that is at hand."""

    revision: int
    content: bytes
    is_registered: bool
    document: Document | None = None


class JudgedRow(msgspec.Struct, frozen=True):
    """The verdict on a row: its document, the revision that is sent, and the event's bytes if one is.

    `changed`: the fields in which a correction differs from `former`, the revision before, as far as known.
    """

    row: int
    outcome: RowOutcome
    number: str = ""
    revision: int = 0
    amount_fen: int = 0
    former: int | None = None
    changed: list[str] = []
    value: bytes | None = None
    content: bytes = b""
    errors: list[RowError] = []


def content_of(document: Document) -> bytes:
    """Return a hash of a document's content, which its revision is no part of."""
    return digest(replace(document, revision=1))


def numbers_in(converted: Iterable[Converted]) -> list[str]:
    """Return the numbers of the documents of rows, each once, in order."""
    return list(dict.fromkeys(place_of(one.document)[1] for one in converted if isinstance(one, RowEvent)))


def judge_rows(
    converted: Iterable[Converted], known: Mapping[str, list[KnownRevision]], exchange: str, *, has_revisions: bool
) -> list[JudgedRow]:
    """Judge all rows of a table, in order. `known` by number; `has_revisions`: the table says the revisions itself."""
    judged: list[JudgedRow] = []
    seen = {number: list(revisions) for number, revisions in known.items()}
    for one in converted:
        if isinstance(one, RowError):
            if judged and judged[-1].row == one.row:
                judged[-1] = replace(judged[-1], errors=[*judged[-1].errors, one])
            else:
                judged.append(JudgedRow(one.row, "refused", errors=[one]))
        elif not isinstance(one, RowEvent):
            judged.append(JudgedRow(one.row, "total"))
        else:
            before = seen.setdefault(place_of(one.document)[1], [])
            found = _judge(one, before, exchange, has_revisions=has_revisions)
            judged.append(found)
            if found.value is not None:
                before.append(KnownRevision(found.revision, found.content, is_registered=False, document=one.document))
    return judged


def _judge(one: RowEvent, before: list[KnownRevision], exchange: str, *, has_revisions: bool) -> JudgedRow:
    kind, number = place_of(one.document)
    content = content_of(one.document)
    latest = max(before, key=_order, default=None)
    own = one.document.revision
    row = JudgedRow(
        one.row, "new", number, own if has_revisions or latest is None else latest.revision + 1, _amount(one.document)
    )
    row = replace(row, content=content)
    if one.is_repeated:
        return replace(row, outcome="repeated", revision=own if latest is None else latest.revision)
    if latest is not None:
        same = [each for each in before if each.content == content and (not has_revisions or each.revision == own)]
        if same:
            return _known(row, max(same, key=_order), latest)
        if has_revisions and own == latest.revision:
            said = "revision: 该修订号已登记了不同的内容 / this revision is registered with other content"
            return replace(row, outcome="refused", errors=[RowError(one.row, [], said)])
        if has_revisions and own < latest.revision:
            return replace(row, outcome="superseded", former=latest.revision)
        changed = [] if latest.document is None else _changed(latest.document, one.document)
        row = replace(row, outcome="correction", former=latest.revision, changed=changed)
    return replace(row, value=event_of(kind, exchange, {**one.values, "revision": row.revision}))


def _order(known: KnownRevision) -> tuple[int, bool]:
    """The newest revision is the greatest, as registered before as sent."""
    return known.revision, known.is_registered


def _known(row: JudgedRow, same: KnownRevision, latest: KnownRevision) -> JudgedRow:
    if same.revision < latest.revision:
        return replace(row, outcome="superseded", revision=same.revision, former=latest.revision)
    return replace(row, outcome="known" if same.is_registered else "sent", revision=same.revision)


def _amount(document: Document) -> int:
    return document.amount_fen if isinstance(document, Trade) else 0


def _changed(former: Document, document: Document) -> list[str]:
    """Return the names of the fields that differ, as events name them."""
    names = Listing.__struct_fields__ if isinstance(document, Listing) else Trade.__struct_fields__
    differing = [name for name in names if name != "revision" and getattr(former, name) != getattr(document, name)]
    return [name.removesuffix("_fen") for name in differing]
