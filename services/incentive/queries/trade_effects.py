"""Which postings a trade took part in: from what its register says of it to the facts that postings name."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from sqlalchemy import Connection, Row, select, text

from services.incentive.domain.facts import (
    FactRef,
    FirstListing,
    FirstPurchase,
    Listed,
    Purchased,
    parse_fact,
)
from services.incentive.queries.serializers import Json
from services.incentive.queries.view import LedgerView, of_whole_awards
from services.incentive.store.tables import award_current, ledger_transaction
from shared.events.fact_topics import FIRST_PURCHASE
from shared.postgres.query import BIGINT_MAX
from shared.values.money import format_yuan
from shared.values.times import format_time

# Which of its facts the trade was evidence of. One that no part of the trade is about is none.
_NAMES_ONE = text("""
    EXISTS (
        SELECT FROM jsonb_to_recordset(ledger_transaction.cause -> 'facts')
            AS f(fact text, generation bigint, seq bigint)
        JOIN unnest(CAST(:facts AS text[]), CAST(:froms AS bigint[]), CAST(:untils AS bigint[]))
            AS p(fact, from_seq, until_seq) ON p.fact = f.fact AND f.seq BETWEEN p.from_seq AND p.until_seq
        WHERE f.generation = :generation
    )
""")
_VALUES = text("""
    SELECT f.topic, f.key, f.generation, f.seq, f.value
    FROM unnest(CAST(:keys AS text[]), CAST(:generations AS bigint[]), CAST(:seqs AS bigint[]))
        AS n(key, generation, seq)
    JOIN fact f ON f.topic = :topic AND f.key = n.key AND f.generation = n.generation AND f.seq = n.seq
""")
_NEWEST = text("""
    SELECT f.topic, f.key, f.generation, f.seq, f.value FROM fact_current c JOIN fact f ON f.id = c.fact_id
    WHERE c.topic = :topic AND c.key = ANY(:keys)
""")


class TradeRevision(msgspec.Struct, frozen=True):
    """A revision of the trade, and its record in Kafka."""

    revision: int
    seq: int
    topic: str
    partition: int
    offset: int


class TradeFact(msgspec.Struct, frozen=True):
    """A fact at each seq from `start` to `end` (both included; None: on)."""

    fact: str
    start: Annotated[int, msgspec.Meta(ge=0)] = msgspec.field(name="from")
    end: int | None = msgspec.field(name="until")
    counted: Literal[True] | str
    document: TradeRevision

    def holds(self, fact: str, seq: int) -> bool:
        return self.fact == fact and self.start <= seq and (self.end is None or seq <= self.end)


class TradeFacts(msgspec.Struct, frozen=True):
    """What a trade was evidence of, as its register tells it."""

    generation: int
    facts: tuple[TradeFact, ...]


class RegisteredTrade(msgspec.Struct, frozen=True):
    exchange: str
    number: str
    known: TradeFacts


def list_effects(
    connection: Connection, view: LedgerView, trade: RegisteredTrade, after: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Transactions of wholly visible awards that name a fact that the trade was evidence of, in order of `seq`."""
    columns, parts = ledger_transaction.c, trade.known.facts
    # Whatever names a fact is of an award that is about the same.
    abouts = sorted({_about(part.fact) for part in parts})
    awards = select(award_current.c.award_id).where(award_current.c.about.in_(abouts))
    statement = select(ledger_transaction).where(columns.award_id.in_(awards), _NAMES_ONE)
    if after is not None:
        statement = statement.where(columns.seq > after)
    return connection.execute(
        of_whole_awards(statement.order_by(columns.seq).limit(limit), view),
        {
            "facts": [part.fact for part in parts],
            "froms": [part.start for part in parts],
            "untils": [BIGINT_MAX if part.end is None else part.end for part in parts],
            "generation": trade.known.generation,
        },
    ).all()


def _about(fact: str) -> str:
    """Whose awards follow from it, by its name `<topic>/<register>/<key>`."""
    of_whom = fact.split("/")[2:]
    return f"exchange/{of_whom[1]}" if of_whom[0] == "exchange" else next(one for one in of_whom if ":" in one)


def render_effects(
    connection: Connection, view: LedgerView, trade: RegisteredTrade, rows: Iterable[Row[Any]]
) -> dict[int, Json]:
    """Each transaction by its `seq`, with the facts that make it one of the trade's, and whether the trade counted."""
    named = {
        row.seq: [
            (FactRef(one["fact"], one["generation"], one["seq"]), part)
            for one in row.cause["facts"]
            if one["generation"] == trade.known.generation
            for part in trade.known.facts
            if part.holds(one["fact"], one["seq"])
        ]
        for row in rows
    }
    firsts = _firsts(connection, {ref for pairs in named.values() for ref, _ in pairs})
    return {
        row.seq: {
            "seq": row.seq,
            "posted_at": format_time(row.posted_at),
            "award_id": row.award_id,
            "amount": format_yuan(row.amount_fen),
            "facts": [
                {
                    "fact": ref.fact,
                    "generation": ref.generation,
                    "seq": ref.seq,
                    "counted": _counted(part, trade, firsts.get(ref), view.viewer),
                    "document": msgspec.structs.asdict(part.document),
                }
                for ref, part in named[row.seq]
            ],
        }
        for row in rows
    }


def current_counting(connection: Connection, view: LedgerView, trade: RegisteredTrade) -> list[Json]:
    """How the trade stands now in each fact that it is evidence of."""
    parts = [part for part in trade.known.facts if part.end is None]
    keys = [part.fact.partition("/")[2] for part in parts if part.fact.startswith(f"{FIRST_PURCHASE}/")]
    rows = connection.execute(_NEWEST, {"topic": FIRST_PURCHASE, "keys": keys})
    firsts = {ref.fact: first for ref, first in _read(rows).items()}
    return [{"fact": part.fact, "counted": _counted(part, trade, firsts.get(part.fact), view.viewer)} for part in parts]


def _counted(part: TradeFact, trade: RegisteredTrade, first: Purchased | None, viewer: str | None) -> bool | str | None:
    """Of the trades that may be a party's first purchase, the fact says which one is.

    None where that is a trade of an exchange that the viewer does not see: that it exists is not told.
    """
    if part.counted is not True or not part.fact.startswith(f"{FIRST_PURCHASE}/"):
        return part.counted
    if viewer is not None and (first is None or first.exchange != viewer):
        return None
    is_first = first is not None and (first.exchange, first.trade_no) == (trade.exchange, trade.number)
    return True if is_first else "later"


def first_document_of(connection: Connection, ref: FactRef) -> Listed | Purchased | None:
    """The document that a fact of that generation and seq names as the first; None for facts that name none."""
    topic, _, key = ref.fact.partition("/")
    named = {"topic": topic, "keys": [key], "generations": [ref.generation], "seqs": [ref.seq]}
    for row in connection.execute(_VALUES, named):
        fact = parse_fact(row.topic, row.key, row.value)
        if isinstance(fact, FirstListing | FirstPurchase):
            return fact.first
    return None


def _firsts(connection: Connection, refs: Iterable[FactRef]) -> Mapping[FactRef, Purchased]:
    """The first purchase of each of these facts that has one."""
    wanted = sorted(ref for ref in refs if ref.fact.startswith(f"{FIRST_PURCHASE}/"))
    parameters = {
        "topic": FIRST_PURCHASE,
        "keys": [ref.fact.partition("/")[2] for ref in wanted],
        "generations": [ref.generation for ref in wanted],
        "seqs": [ref.seq for ref in wanted],
    }
    return _read(connection.execute(_VALUES, parameters))


def _read(rows: Iterable[Row[Any]]) -> dict[FactRef, Purchased]:
    found = {}
    for row in rows:
        fact = parse_fact(row.topic, row.key, row.value)
        if isinstance(fact, FirstPurchase) and fact.first is not None:
            found[fact.ref] = fact.first
    return found
