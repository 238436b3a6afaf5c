"""The postings that a trade took part in: from what its register says of it to the facts that postings name."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final, Literal

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.facts import (
    FactRef,
    FirstListing,
    FirstPurchase,
    Listed,
    Purchased,
    parse_fact,
)
from services.incentive.queries.view import LedgerView
from services.incentive.store.rows import TransactionRow, columns
from shared.events.fact_topics import FIRST_PURCHASE
from shared.postgres.query import BIGINT_MAX, fetch, where
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time

# Condition: the transaction `t` names a fact that the trade was evidence of.
_NAMES_FACT: Final = """
    EXISTS (
        SELECT FROM jsonb_to_recordset(t.cause -> 'facts') AS f(fact text, generation bigint, seq bigint)
        JOIN unnest(CAST(%(facts)s AS text[]), CAST(%(froms)s AS bigint[]), CAST(%(untils)s AS bigint[]))
            AS p(fact, from_seq, until_seq) ON p.fact = f.fact AND f.seq BETWEEN p.from_seq AND p.until_seq
        WHERE f.generation = %(generation)s)
"""
_VALUES: Final = """
    SELECT f.key, f.value
    FROM unnest(CAST(%(keys)s AS text[]), CAST(%(generations)s AS bigint[]), CAST(%(seqs)s AS bigint[]))
        AS n(key, generation, seq)
    JOIN fact f ON f.topic = %(topic)s AND f.key = n.key AND f.generation = n.generation AND f.seq = n.seq
"""
_NEWEST: Final = """
    SELECT c.key, f.value FROM fact_current c JOIN fact f ON f.id = c.fact_id
    WHERE c.topic = %(topic)s AND c.key = ANY(%(keys)s)
"""


class TradeRevision(msgspec.Struct, frozen=True):
    """A revision of the trade, and its record in Kafka."""

    revision: int
    seq: int
    topic: str
    partition: int
    offset: int


class TradeFact(msgspec.Struct, frozen=True):
    """A fact at each seq from `start` to `end`, both included (None: until now)."""

    fact: str
    start: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="from")
    end: int | None = msgspec.field(name="until")
    counted: Literal[True] | str
    document: TradeRevision

    def includes(self, fact: str, seq: int) -> bool:
        return self.fact == fact and self.start <= seq and (self.end is None or seq <= self.end)


class TradeFacts(msgspec.Struct, frozen=True):
    """The facts that a trade was evidence of, by its register."""

    generation: int
    facts: tuple[TradeFact, ...]


class RegisteredTrade(msgspec.Struct, frozen=True):
    exchange: str
    number: str
    known: TradeFacts


def list_effects(
    connection: Connection, view: LedgerView, trade: RegisteredTrade, after: int | None, limit: int
) -> Sequence[TransactionRow]:
    """Transactions of wholly visible awards that name a fact that the trade was evidence of, in order of `seq`."""
    facts = trade.known.facts
    conditions = where(
        # A posting that names a fact belongs to an award about the same subject or exchange.
        "t.award_id IN (SELECT award_id FROM award_current WHERE about = ANY(%(abouts)s))",
        _NAMES_FACT,
        None if after is None else "t.seq > %(after)s",
        view.is_of_whole_award,
    )
    statement = f"""
        SELECT {columns(TransactionRow, "t")} FROM ledger_transaction t {conditions} ORDER BY t.seq LIMIT %(limit)s
    """
    return fetch(
        connection,
        statement,
        TransactionRow,
        abouts=sorted({_about(one.fact) for one in facts}),
        facts=[one.fact for one in facts],
        froms=[one.start for one in facts],
        untils=[BIGINT_MAX if one.end is None else one.end for one in facts],
        generation=trade.known.generation,
        after=after,
        limit=limit,
        **view.parameters,
    )


def _about(fact: str) -> str:
    """The subject or exchange of a fact named `<topic>/<register>/<key>`."""
    key = fact.split("/")[2:]
    return f"exchange/{key[1]}" if key[0] == "exchange" else next(part for part in key if ":" in part)


def render_effects(
    connection: Connection, view: LedgerView, trade: RegisteredTrade, rows: Iterable[TransactionRow]
) -> dict[int, Json]:
    """Each transaction by its `seq`, with the trade's facts that it names, and whether the trade counted."""
    named = [
        (
            row,
            [
                (FactRef(one["fact"], one["generation"], one["seq"]), fact)
                for one in row.cause["facts"]
                if one["generation"] == trade.known.generation
                for fact in trade.known.facts
                if fact.includes(one["fact"], one["seq"])
            ],
        )
        for row in rows
    ]
    firsts = _firsts(connection, {ref for _, pairs in named for ref, _ in pairs})
    return {
        row.seq: {
            "seq": row.seq,
            "posted_at": format_time(row.posted_at),
            "award_id": row.award_id,
            "amount": format_yuan(row.amount_fen),
            "facts": [
                {
                    **msgspec.structs.asdict(ref),
                    "counted": _counted(fact, trade, firsts.get(ref), view.viewer),
                    "document": msgspec.structs.asdict(fact.document),
                }
                for ref, fact in pairs
            ],
        }
        for row, pairs in named
    }


def current_counting(connection: Connection, view: LedgerView, trade: RegisteredTrade) -> list[Json]:
    """Tell for each fact whether the trade counts in it now."""
    facts = [one for one in trade.known.facts if one.end is None]
    keys = [one.fact.partition("/")[2] for one in facts if one.fact.startswith(f"{FIRST_PURCHASE}/")]
    rows = fetch(connection, _NEWEST, tuple[str, bytes], topic=FIRST_PURCHASE, keys=keys)
    firsts = {ref.fact: first for ref, first in _parse_firsts(rows).items()}
    return [{"fact": one.fact, "counted": _counted(one, trade, firsts.get(one.fact), view.viewer)} for one in facts]


def _counted(fact: TradeFact, trade: RegisteredTrade, first: Purchased | None, viewer: str | None) -> bool | str | None:
    """Decide which of a party's trades is its first purchase, by the fact.

    None if that is a trade of an exchange that the viewer may not see: its existence stays hidden.
    """
    if fact.counted is not True or not fact.fact.startswith(f"{FIRST_PURCHASE}/"):
        return fact.counted
    if viewer is not None and (first is None or first.exchange != viewer):
        return None
    is_first = first is not None and (first.exchange, first.trade_no) == (trade.exchange, trade.number)
    return True if is_first else "later"


def first_document_of(connection: Connection, ref: FactRef) -> Listed | Purchased | None:
    """The document that a fact names as the first at that generation and seq; None for other facts."""
    topic, _, key = ref.fact.partition("/")
    asked = {"topic": topic, "keys": [key], "generations": [ref.generation], "seqs": [ref.seq]}
    for found, value in fetch(connection, _VALUES, tuple[str, bytes], **asked):
        fact = parse_fact(topic, found, value)
        if isinstance(fact, FirstListing | FirstPurchase):
            return fact.first
    return None


def _firsts(connection: Connection, refs: Iterable[FactRef]) -> dict[FactRef, Purchased]:
    """The first purchase of each of these facts that has one."""
    wanted = sorted(ref for ref in refs if ref.fact.startswith(f"{FIRST_PURCHASE}/"))
    rows = fetch(
        connection,
        _VALUES,
        tuple[str, bytes],
        topic=FIRST_PURCHASE,
        keys=[ref.fact.partition("/")[2] for ref in wanted],
        generations=[ref.generation for ref in wanted],
        seqs=[ref.seq for ref in wanted],
    )
    return _parse_firsts(rows)


def _parse_firsts(rows: Iterable[tuple[str, bytes]]) -> dict[FactRef, Purchased]:
    found = {}
    for key, value in rows:
        fact = parse_fact(FIRST_PURCHASE, key, value)
        if isinstance(fact, FirstPurchase) and fact.first is not None:
            found[fact.ref] = fact.first
    return found
