"""Facts as listing and trade-ingest publish them, for tests of incentive. All exchanges and entities are fictional."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from services.incentive.policy.loader import load_policy, read_policy
from services.incentive.store.facts import read_record
from services.incentive.store.intake import apply_facts
from services.incentive.store.ledger import lock_ledger
from services.incentive.store.log_entries import ledger_log
from services.incentive.store.recompute import put_in_force
from services.incentive.store.rulebook import Rulebook
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.settings import POLICY_FILE
from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import complete_uscc
from shared.values.times import SHANGHAI, format_time
from shared.whitelist import load_whitelist, parse_whitelist
from tests.support.paths import ROOT
from tests.support.policy.revisions import later_policy
from tests.support.records import FakeRecord
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from random import Random

    from sqlalchemy import Connection, Engine


CUT_AT = ("2025-10-15", "2028-10-15", "2028-10-16")
START = datetime(2026, 6, 1, tzinfo=UTC)
LOG = ledger_log(LOG_KEY, LOG_ORIGIN)
OPERATOR_OF_KMDEX = "uscc:91530100MAXKMDEX0C"


def uscc(number: int) -> str:
    """Return the subject, with a USCC, of the fictional entity of that number."""
    return complete_uscc(f"91530100MA6{number:06d}")


def subject(number: int) -> str:
    return f"uscc:{uscc(number)}"


def rulebook(policy: Path = POLICY_FILE, exchanges: Path = ROOT / "exchanges.yaml") -> Rulebook:
    return Rulebook(load_policy(policy), policy.read_text("utf-8"), load_whitelist(exchanges))


def record(topic: str, key: str, value: dict[str, Any], offset: int = 0) -> FakeRecord:
    return FakeRecord(topic, 0, offset, 1_780_000_000_000, key.encode(), json.dumps(value, ensure_ascii=False).encode())


def party(number: int, name: str | None = None) -> dict[str, str]:
    return {"id_scheme": "uscc", "id": uscc(number), "name": name or f"虚构实体{number}"}


def instant(text: str) -> str:
    """Return the RFC 3339 form of a day (10:00 in Shanghai) or of a full time."""
    whole = f"{text}T10:00:00+08:00" if len(text) == 10 else text
    return format_time(datetime.fromisoformat(whole))


def first_listing(
    number: int, at: str | None, *, seq: int, exchange: str = "kmdex", register: str = "r1", generation: int = 1
) -> FakeRecord:
    first = None
    if at is not None:
        first = {"exchange": exchange, "listing_no": "L1", "revision": 1, "listed_at": instant(at)}
    value = {"generation": generation, "seq": seq, "party": party(number), "first": first}
    return record(FIRST_LISTING, f"{register}/{subject(number)}", value)


def first_purchase(  # noqa: PLR0913 - the fields of a fact
    number: int,
    at: str | None,
    amount: str = "1000000.00",
    *,
    seq: int,
    exchange: str = "kmdex",
    register: str = "r1",
    generation: int = 1,
    refunded: str = "0.00",
) -> FakeRecord:
    first = None
    if at is not None:
        first = {
            "exchange": exchange,
            "trade_no": "T1",
            "revision": 1,
            "completed_at": instant(at),
            "amount": amount,
            "refunded": refunded,
            "provider": party(999),
        }
    value = {"generation": generation, "seq": seq, "party": party(number), "first": first}
    return record(FIRST_PURCHASE, f"{register}/{subject(number)}", value)


def buckets(amounts: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """Return the buckets of trades given as (day, yuan): one per month, or per part of a month with a cut date."""
    sums: dict[tuple[date, date], dict[str, Any]] = {}
    for day_text, amount in amounts:
        day = date.fromisoformat(day_text)
        month_end = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        limits = sorted({day.replace(day=1), month_end, *(date.fromisoformat(cut) for cut in CUT_AT)})
        start = max(limit for limit in limits if limit <= day)
        end = min(limit for limit in limits if limit > day)
        bucket = sums.setdefault(
            (start, end),
            {
                "from": format_time(datetime(start.year, start.month, start.day, tzinfo=SHANGHAI)),
                "until": format_time(datetime(end.year, end.month, end.day, tzinfo=SHANGHAI)),
                "amount": "0.00",
                "trades": 0,
                "last_completed_at": instant(day_text),
            },
        )
        bucket["amount"] = format_yuan(parse_yuan(bucket["amount"]) + parse_yuan(amount))
        bucket["trades"] += 1
        bucket["last_completed_at"] = max(bucket["last_completed_at"], instant(day_text))
    return [sums[span] for span in sorted(sums)]


def exchange_total(
    exchange: str,
    year: int,
    amounts: Iterable[tuple[str, str]],
    *,
    seq: int,
    register: str = "r1",
    cut_at: Sequence[str] = CUT_AT,
    **products: dict[str, dict[str, Any]],
) -> FakeRecord:
    """`products`: `by_kind` and `by_industry`; a register of an earlier version has none."""
    value = {
        **products,
        "generation": 1,
        "seq": seq,
        "exchange": exchange,
        "year": year,
        "cut_at": list(cut_at),
        "buckets": buckets(amounts),
    }
    return record(ANNUAL_TOTAL, f"{register}/exchange/{exchange}/{year}", value)


def provider_total(
    number: int,
    year: int,
    counted: dict[str, list[tuple[str, str]]],
    *,
    seq: int,
    register: str = "r1",
    unmatched: dict[str, list[tuple[str, str]]] | None = None,
    cut_at: Sequence[str] = CUT_AT,
) -> FakeRecord:
    by_exchange: dict[str, Any] = {}
    for exchange, amounts in counted.items():
        by_exchange[exchange] = {"counted": buckets(amounts), "unmatched": [], "other": []}
    for exchange, amounts in (unmatched or {}).items():
        share = by_exchange.setdefault(exchange, {"counted": [], "unmatched": [], "other": []})
        share["unmatched"] = buckets(amounts)
    value = {
        "generation": 1,
        "seq": seq,
        "party": party(number),
        "year": year,
        "cut_at": list(cut_at),
        "by_exchange": by_exchange,
    }
    return record(ANNUAL_TOTAL, f"{register}/provider/{subject(number)}/{year}", value)


AMOUNTS = ["1.00", "333333.33", "4000000.00", "60000000.00", "400000000.00"]
DAYS = ["2025-10-14", "2025-10-15", "2026-03-01", "2026-12-31", "2027-01-01", "2028-10-15"]


def random_facts(rng: Random, first_seq: int, until_seq: int) -> list[FakeRecord]:
    """Return one fact for each `seq`, of few entities, so that each key has several versions."""
    found = []
    for seq in range(first_seq, until_seq):
        number = rng.randint(1, 3)
        day = rng.choice(DAYS)
        amount = rng.choice(AMOUNTS)
        exchange = rng.choice(["kmdex", "dcdex"])
        register = rng.choice(["r1", "r2"])
        kind = rng.randint(0, 4)
        year = int(day[:4])
        if kind == 0:
            found.append(first_listing(number, rng.choice([None, day]), seq=seq, exchange=exchange))
        elif kind == 1:
            at = rng.choice([None, day])
            found.append(first_purchase(number, at, amount, seq=seq, exchange=exchange, register=register))
        elif kind == 2:
            counted = {one: [(day, amount)] for one in (exchange, rng.choice(["kmdex", "dcdex"]))}
            found.append(provider_total(number, year, counted, seq=seq, register=register))
        else:
            found.append(exchange_total(exchange, year, [(day, amount)], seq=seq, register=register))
    return found


@st.composite
def histories(draw: st.DrawFn) -> list[FakeRecord]:
    """Facts of few entities, each key in several versions."""
    return random_facts(draw(st.randoms()), 1, draw(st.integers(2, 14)))


@dataclass
class Ledger:
    """Intake on an open connection, with a clock that advances by a second at every call."""

    connection: Connection
    rulebook: Rulebook
    now: datetime = START
    wait: Callable[[], timedelta] = field(default=lambda: timedelta(seconds=1))

    def clock(self) -> datetime:
        self.now += self.wait()
        return self.now

    def put_in_force(self) -> bool:
        edge = LOG.begin(self.connection, self.now)
        is_new = put_in_force(self.connection, self.rulebook, self.clock)
        LOG.extend(self.connection, edge, self.now)
        return is_new

    def take(self, *records: FakeRecord) -> None:
        """Take in one batch."""
        lock_ledger(self.connection)
        edge = LOG.edge(self.connection)
        apply_facts(self.connection, [read_record(found) for found in records], self.rulebook, self.clock)
        LOG.extend(self.connection, edge, self.now)


WHITELIST = (ROOT / "exchanges.yaml").read_text("utf-8")


def changed(later_by: int, whitelist: str, **values: str) -> Rulebook:
    """Return the rulebook of the policy file so many revisions later (0: the same), with some values replaced."""
    source = later_policy(later_by, **values)
    return Rulebook(read_policy(source.encode(), "test"), source, parse_whitelist(whitelist))


@dataclass
class LedgerDatabase:
    """A migrated database of incentive, with engines of its service and its owner."""

    owner_url: str
    service_url: str

    @cached_property
    def service(self) -> Engine:
        return make_engine(self.service_url)

    @cached_property
    def owner(self) -> Engine:
        return make_engine(self.owner_url)

    def fill(self, *batches: Sequence[FakeRecord]) -> None:
        """Put the project's policy in force and take in batches of facts."""
        with self.service.begin() as connection:
            ledger = Ledger(connection, rulebook())
            ledger.put_in_force()
            for batch in batches:
                ledger.take(*batch)


@contextmanager
def ledger_database(
    postgres: Callable[[str], tuple[str, str]], *batches: Sequence[FakeRecord]
) -> Iterator[LedgerDatabase]:
    """A ledger with these batches of facts; without any, a migrated empty database."""
    database = LedgerDatabase(*postgres("incentive"))
    migrate("services.incentive", database.owner_url, database.service_url)
    if batches:
        database.fill(*batches)
    try:
        yield database
    finally:
        for name in ("service", "owner"):
            if name in database.__dict__:
                getattr(database, name).dispose()
