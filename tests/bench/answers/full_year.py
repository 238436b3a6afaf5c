"""A ledger with many awards and decisions, and a register with many trades, filled within minutes.

Awards and decisions come as facts and batches do. PostgreSQL itself makes trades and participants, so no fact follows
from the trades. All entities are fictional.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import psycopg

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.batches import BatchRequest, record_whole_batch
from services.incentive.domain.workflow import Actor
from tests.bench.answers.finding import ADD_PARTICIPANTS, PARTICIPANTS
from tests.bench.bed import say
from tests.support.incentive.bureau import DOCUMENTS, Bureau
from tests.support.incentive.ledger import LOG, first_listing, first_purchase, subject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.records import FakeRecord

LARGE: Final = "kmdex"
SMALL: Final = "dcdex"
SMALL_EVERY: Final = 10  # awards for each of the small exchange
LISTING_EVERY: Final = 4  # awards for each that is a first listing
PRICE: Final = "800000.00"
FACTS: Final = 1_000  # taken in at once
# The share of all awards that gets so far. What is approved fits the budget of a year, what is listed does not.
SHARES: Final = {"list": 1.0, "review": 0.5, "joint_review": 0.5, "publish": 0.4, "approve": 0.1}
INPUTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "joint_review": {"documents": DOCUMENTS},
    "publish": {"from_": date(2026, 1, 12), "until": date(2026, 1, 31), "where": "公告栏", "documents": DOCUMENTS},
    "approve": {"documents": DOCUMENTS},
}
WHO: Final = {"joint_review": "second", "approve": "third"}
AT_ONCE: Final = 5_000  # decisions of a batch

_PARTIES: Final = """
    INSERT INTO party (scheme, code, name)
    SELECT 'uscc', '91530100P' || upper(lpad(to_hex(n), 9, '0')), '虚构' || n || '号公司'
    FROM generate_series(1, %(parties)s) AS n
"""
_TRADES: Final = """
    INSERT INTO trade (seq, "offset", amount_fen, refunded_fen, completed_at, record_at, received_at, revision,
                       partition, provider, buyer, completed, listed, mirrored, counted, binary_mode, exchange, number,
                       value)
    SELECT n, n, 100 * (10000 + n * 7919 %% 900000), 0, at, at, at, 1, 0,
           n %% %(parties)s + 1, n * 7 %% %(parties)s + 1, true, false, false, true, false, exchange, number,
           convert_to(replace(replace(%(value)s, 'NUMBER', number), 'EXCHANGE', exchange), 'UTF8')
    FROM (SELECT n, timestamptz '2026-01-01T02:00:00Z' + n %% 300 * interval '1 day' + n %% 997 * interval '1 s' AS at,
                 CASE WHEN n %% 10 = 0 THEN 'dcdex' ELSE 'kmdex' END AS exchange,
                 'T2026-' || lpad(n :: text, 8, '0') AS number
          FROM generate_series(%(first)s :: bigint, %(last)s :: bigint - 1) AS n) made
"""
TRADES_AT_ONCE: Final = 100_000
PARTIES: Final = 2_000


def fact(number: int) -> FakeRecord:
    """The fact from which the award of that number follows."""
    exchange = SMALL if number % SMALL_EVERY == 0 else LARGE
    if number % LISTING_EVERY == 1:
        return first_listing(number, "2026-02-01", seq=1, exchange=exchange)
    return first_purchase(number, "2026-03-01", PRICE, seq=1, exchange=exchange)


def award_id(number: int) -> str:
    rule = "first_listing" if number % LISTING_EVERY == 1 else "first_purchase"
    return f"{rule}/{subject(number)}"


def fill_ledger(bureau: Bureau, owner_url: str, awards: int) -> int:
    """Record so many awards and decisions on them, and PARTICIPANTS; return the number of decisions."""
    for start in range(0, awards, FACTS):
        bureau.take(*map(fact, range(start, min(start + FACTS, awards))))
    bureau.verify_many([subject(number) for number in range(awards)])
    say(f"{awards:,} awards")
    decisions = 0
    for action, share in SHARES.items():
        wanted = [award_id(number) for number in range(round(awards * share))]
        for start in range(0, len(wanted), AT_ONCE):
            decide(bureau, action, wanted[start : start + AT_ONCE])
        decisions += len(wanted)
        say(f"{decisions:,} decisions")
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(ADD_PARTICIPANTS, {"begins": "uscc:91530100P", "count": PARTICIPANTS})
        owner.execute("VACUUM ANALYZE")
    return decisions


def decide(bureau: Bureau, action: str, award_ids: Sequence[str]) -> None:
    """Take the same step on these awards in one batch."""
    bureau.later()
    who = WHO.get(action, "first")
    given = dict(INPUTS.get(action, {}))
    wanted = dict.fromkeys(award_ids, given)
    request = BatchRequest(Actor(who, who), f"{action} {award_ids[0]}", action, wanted, {"action": action})
    context = BureauContext(bureau.rulebook, LOG, lambda: bureau.now)
    record_whole_batch(bureau.engine, bureau.engine.begin, context, request)


def fill_trades(owner_url: str, value: bytes, trades: int) -> None:
    """Store so many trades: `value` is the event of each, with NUMBER and EXCHANGE in place of its own."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        owner.execute(_PARTIES, {"parties": PARTIES})
        for first in range(0, trades, TRADES_AT_ONCE):
            last = min(first + TRADES_AT_ONCE, trades)
            given = {"value": value.decode(), "first": first, "last": last, "parties": PARTIES}
            owner.execute(_TRADES, given)
            say(f"{last:,} trades")
        owner.execute("VACUUM ANALYZE trade")
