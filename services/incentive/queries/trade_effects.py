"""The postings that name a fact which a trade was evidence of, by the trade's register."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final, Literal

import msgspec
from sqlalchemy import Connection

from services.incentive.domain.facts import Fact, FactRef, FirstPurchase, parse_fact
from services.incentive.queries.ledger import TransactionRow, select_transactions
from services.incentive.queries.view import LedgerView
from services.incentive.store.facts import facts_at
from shared.events.fact_topics import FIRST_PURCHASE
from shared.postgres.query import BIGINT_MAX, fetch, where
from shared.postgres.sorted_rows import SqlRows
from shared.values.json_types import Json

# Condition: the transaction `t` names a fact that the trade was evidence of.
_NAMES_FACT: Final = """
    EXISTS (
        SELECT FROM jsonb_to_recordset(t.cause -> 'facts') AS f(fact text, generation bigint, seq bigint)
        JOIN unnest(CAST(%(facts)s AS text[]), CAST(%(froms)s AS bigint[]), CAST(%(untils)s AS bigint[]))
            AS p(fact, from_seq, until_seq) ON p.fact = f.fact AND f.seq BETWEEN p.from_seq AND p.until_seq
        WHERE f.generation = %(generation)s)
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


def find_effects(connection: Connection, view: LedgerView, trade: RegisteredTrade) -> SqlRows[TransactionRow]:
    """Open the transactions of wholly visible awards that name a fact that the trade was evidence of.

    Each has the trade's facts that it names, and whether the trade counted.
    """
    known = trade.known
    conditions = where(
        # A posting that names a fact belongs to an award about the same subject or exchange.
        "t.award_id IN (SELECT award_id FROM award_current WHERE about = ANY(%(abouts)s))",
        _NAMES_FACT,
        view.is_of_whole_award,
    )
    parameters = {
        "abouts": sorted({_about(one.fact) for one in known.facts}),
        "facts": [one.fact for one in known.facts],
        "froms": [one.start for one in known.facts],
        "untils": [BIGINT_MAX if one.end is None else one.end for one in known.facts],
        "generation": known.generation,
        **view.parameters,
    }
    return select_transactions(
        connection, conditions, parameters, lambda transactions: _effects(connection, view, trade, transactions)
    )


def _effects(
    connection: Connection, view: LedgerView, trade: RegisteredTrade, transactions: Sequence[Json]
) -> Iterator[Json]:
    """Yield the effects of the trade in these transactions."""
    named = [(one, _named_facts(one, trade.known)) for one in transactions]
    recorded = facts_at(connection, {ref for _, pairs in named for ref, _ in pairs})
    for one, pairs in named:
        facts = [
            {
                **msgspec.structs.asdict(ref),
                "counted": _counted(fact, trade, recorded.get(ref), view.viewer),
                "document": msgspec.structs.asdict(fact.document),
            }
            for ref, fact in pairs
        ]
        yield {**{name: one[name] for name in ("seq", "posted_at", "award_id", "amount")}, "facts": facts}


def _about(fact: str) -> str:
    """The subject or exchange of a fact named `<topic>/<register>/<key>`."""
    key = fact.split("/")[2:]
    return f"exchange/{key[1]}" if key[0] == "exchange" else next(part for part in key if ":" in part)


def _named_facts(transaction: Json, known: TradeFacts) -> list[tuple[FactRef, TradeFact]]:
    """The facts that a transaction names and the trade was evidence of."""
    return [
        (FactRef(**one), fact)
        for one in transaction["cause"]["facts"]
        if one["generation"] == known.generation
        for fact in known.facts
        if fact.includes(one["fact"], one["seq"])
    ]


def current_counting(connection: Connection, view: LedgerView, trade: RegisteredTrade) -> list[Json]:
    """Return for each fact whether the trade counts in it now."""
    facts = [one for one in trade.known.facts if one.end is None]
    keys = [one.fact.partition("/")[2] for one in facts if one.fact.startswith(f"{FIRST_PURCHASE}/")]
    rows = fetch(connection, _NEWEST, tuple[str, bytes], topic=FIRST_PURCHASE, keys=keys)
    newest = {f"{FIRST_PURCHASE}/{key}": parse_fact(FIRST_PURCHASE, key, value) for key, value in rows}
    return [{"fact": one.fact, "counted": _counted(one, trade, newest.get(one.fact), view.viewer)} for one in facts]


def _counted(fact: TradeFact, trade: RegisteredTrade, recorded: Fact | None, viewer: str | None) -> bool | str | None:
    """Decide which of a party's trades is its first purchase, by the recorded fact.

    None if that is a trade of an exchange that the viewer may not see: its existence stays hidden.
    """
    if fact.counted is not True or not fact.fact.startswith(f"{FIRST_PURCHASE}/"):
        return fact.counted
    first = recorded.first if isinstance(recorded, FirstPurchase) else None
    if viewer is not None and (first is None or first.exchange != viewer):
        return None
    is_first = first is not None and (first.exchange, first.trade_no) == (trade.exchange, trade.number)
    return True if is_first else "later"
