"""Refunds in totals: facts, rebuild, upgrade."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from shared.events.fact_topics import ANNUAL_TOTAL, LISTING
from tests.support.registers import worlds
from tests.support.registers.bench import put, trade

if TYPE_CHECKING:
    from tests.support.registers.damageable import Damageable

EXCHANGE_TOTAL = (ANNUAL_TOTAL, "exchange/kmdex/2026")
OTHER_TOTAL = (ANNUAL_TOTAL, "exchange/dcdex/2026")
FITTING = {
    "generation": 1,
    "seq": 2,
    "exchange": "kmdex",
    "listing_no": "L1",
    "provider": {"id_scheme": "uscc", "id": worlds.uscc(1), "name": "虚构甲"},
    "status": "listed",
    "listed_at": "2026-01-05T10:00:00+08:00",
    "mirrored": False,
    "counted": True,
}
PROVIDER_TOTAL = (ANNUAL_TOTAL, f"provider/uscc:{worlds.uscc(1)}/2026")


def sums_in(fact: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(bucket["amount"], bucket["trades"], bucket.get("refunded")) for bucket in fact["buckets"]]


def test_a_bucket_names_its_refunds_and_no_others(trades: Damageable) -> None:
    put(trades, "kmdex", trade(), trade(trade_no="T2", amount="7.00", refunded="2.50"))
    put(trades, "kmdex", trade(trade_no="T3", amount="9.00", refunded="9.00", status="cancelled"))
    assert sums_in(trades.publish()[EXCHANGE_TOTAL]) == [("14.50", 2, "2.50")]
    put(trades, "kmdex", trade(trade_no="T2", revision=2, amount="7.00"))
    assert sums_in(trades.publish()[EXCHANGE_TOTAL]) == [("17.00", 2, None)]
    assert trades.verify() == []


def test_refunds_move_with_their_trades_when_a_listing_fits(trades: Damageable) -> None:
    put(trades, "kmdex", trade(mode="listed", listing_no="L1", amount="7.00", refunded="2.50"))
    share = trades.publish()[PROVIDER_TOTAL]["by_exchange"]["kmdex"]
    assert (share["counted"], sums_in({"buckets": share["unmatched"]})) == ([], [("4.50", 1, "2.50")])
    trades.apply([worlds.raw_record(LISTING, json.dumps(FITTING).encode(), 0, key=b"r1/kmdex/L1")])
    share = trades.publish()[PROVIDER_TOTAL]["by_exchange"]["kmdex"]
    assert (sums_in({"buckets": share["counted"]}), share["unmatched"]) == ([("4.50", 1, "2.50")], [])
    assert trades.verify() == []


def test_a_changed_sum_of_refunds_is_found_and_repaired(trades: Damageable) -> None:
    put(trades, "kmdex", trade(amount="7.00", refunded="2.50"))
    trades.publish()
    trades.damage("UPDATE exchange_total SET refunded_fen = 1")
    (line,) = trades.verify()
    assert "(1 fen refunded)" in line
    assert "(250 fen refunded)" in line
    assert trades.mend()[0]
    assert sums_in(trades.publish()[EXCHANGE_TOTAL]) == [("4.50", 1, "2.50")]
    assert trades.verify() == []


def test_an_upgraded_register_sums_up_the_refunds_it_has(trades: Damageable, whitelist: Any) -> None:
    """Before the upgrade, settings had no `refunds`, and nothing was summed up."""
    put(trades, "kmdex", trade(amount="7.00", refunded="2.50"))
    put(trades, "dcdex", trade(trade_no="T2"))
    trades.publish()
    trades.damage(
        "UPDATE exchange_total SET refunded_fen = 0",
        "UPDATE provider_total SET refunded_fen = 0",
    )
    trades.forget_setting("refunds")
    before = trades.next_seq()
    trades.worker(whitelist)
    published = trades.publish()
    assert published[EXCHANGE_TOTAL]["seq"] == before + 1
    assert sums_in(published[EXCHANGE_TOTAL]) == [("4.50", 1, "2.50")]
    # A total without refunds is not published again.
    assert OTHER_TOTAL not in published
