"""Trades dated more than a day after the first record of their revision: totals, firsts, evidence, upgrade."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from services.trade_ingest.evidence import scope_of
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_PURCHASE
from shared.register.evidence import documents_as_of
from shared.register.head import read_head
from tests.support.registers import worlds
from tests.support.registers.bench import put, trade

if TYPE_CHECKING:
    from tests.support.registers.damageable import Damageable

SELLER, BUYER = worlds.uscc(1), worlds.uscc(2)
EXCHANGE_TOTAL = (ANNUAL_TOTAL, "exchange/kmdex/2026")
PROVIDER_TOTAL = (ANNUAL_TOTAL, f"provider/uscc:{SELLER}/2026")
FIRST = (FIRST_PURCHASE, f"uscc:{BUYER}")
# worlds.RECORD_MS is 2026-06-30T08:00 in Shanghai.
ON_THE_LIMIT, AHEAD = "2026-07-01T08:00:00+08:00", "2026-07-01T08:00:00.000001+08:00"


def ahead_in(fact: dict[str, Any]) -> list[Any]:
    return [bucket.get("ahead") for bucket in fact["buckets"]]


def test_totals_say_how_much_of_a_bucket_is_future_dated(trades: Damageable) -> None:
    put(trades, "kmdex", trade(), trade(trade_no="T2", completed_at=ON_THE_LIMIT))
    assert ahead_in(trades.publish()[EXCHANGE_TOTAL]) == [None, None]
    put(trades, "kmdex", trade(trade_no="T3", amount="7.00", refunded="2.50", completed_at=AHEAD))
    published = trades.publish()
    assert ahead_in(published[EXCHANGE_TOTAL]) == [None, {"amount": "4.50", "trades": 1}]
    assert published[EXCHANGE_TOTAL]["buckets"][1]["trades"] == 2
    assert published[PROVIDER_TOTAL]["by_exchange"]["kmdex"]["other"] == [
        {"reason": "mode", "amount": "24.50", "trades": 3}
    ]
    assert trades.verify() == []


def test_a_revision_is_ahead_by_its_own_first_record(trades: Damageable) -> None:
    put(trades, "kmdex", trade(completed_at=AHEAD))
    published = trades.publish()
    assert published[FIRST]["first"]["ahead"] is True
    # The same revision again, later: its first record stays the one that counts.
    again = worlds.record("trade", "kmdex", trade(completed_at=AHEAD), trades.offset("exchange.kmdex.trades.v1"))
    trades.apply([again._replace(timestamp=worlds.RECORD_MS + 1)])
    assert trades.publish() == {}
    corrected = trade(completed_at=AHEAD, revision=2)
    later = worlds.record("trade", "kmdex", corrected, trades.offset("exchange.kmdex.trades.v1"))
    trades.apply([later._replace(timestamp=worlds.RECORD_MS + 1)])
    published = trades.publish()
    assert ahead_in(published[EXCHANGE_TOTAL]) == [None]
    assert "ahead" not in published[FIRST]["first"]
    assert trades.verify() == []


def test_evidence_has_the_timestamps_of_records(trades: Damageable) -> None:
    put(trades, "kmdex", trade(completed_at=AHEAD))
    scope = scope_of(*(EXCHANGE_TOTAL[0], EXCHANGE_TOTAL[1].split("/")))
    assert scope is not None
    with trades.engine.begin() as connection:
        (document,) = documents_as_of(connection, scope, read_head(connection).next_seq)
    assert document.record_at == datetime(2026, 6, 30, 0, 0, tzinfo=UTC)


def test_a_changed_sum_of_future_dated_trades_is_found_and_repaired(trades: Damageable) -> None:
    put(trades, "kmdex", trade(completed_at=AHEAD))
    trades.publish()
    trades.damage("UPDATE exchange_total SET ahead_fen = 0, ahead_trades = 0")
    (line,) = trades.verify()
    assert line.startswith(
        "exchange_total kmdex 2026-07-01T00:00:00.000000+08:00: stored 1000 fen, 1 trades, 2026-07-01"
    )
    assert "(1000 fen, 1 trades future-dated)" in line
    assert trades.mend()[0]
    assert ahead_in(trades.publish()[EXCHANGE_TOTAL]) == [{"amount": "10.00", "trades": 1}]
    assert trades.verify() == []


def test_an_upgraded_register_sums_up_the_future_dated_trades_it_has(trades: Damageable, whitelist: Any) -> None:
    """Before the upgrade, settings had no `ahead_hours`, and nothing was summed up."""
    put(
        trades,
        "kmdex",
        trade(),
        trade(trade_no="T2", buyer={"id": worlds.uscc(3), "name": "虚构丙"}, completed_at=AHEAD),
    )
    trades.publish()
    trades.damage(
        "UPDATE exchange_total SET ahead_fen = 0, ahead_trades = 0",
        "UPDATE provider_total SET ahead_fen = 0, ahead_trades = 0",
    )
    trades.forget_setting("ahead_hours")
    before = trades.next_seq()
    trades.worker(whitelist)
    published = trades.publish()
    assert published[EXCHANGE_TOTAL]["seq"] == before + 1
    assert ahead_in(published[EXCHANGE_TOTAL]) == [None, {"amount": "10.00", "trades": 1}]
    assert published[FIRST_PURCHASE, f"uscc:{worlds.uscc(3)}"]["first"]["ahead"] is True
    # A total without a future-dated trade is not published again.
    assert FIRST not in published
