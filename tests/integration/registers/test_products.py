"""Totals of exchanges by kind and industry of product: facts, corrections, rebuild, upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shared.events.fact_topics import ANNUAL_TOTAL
from shared.values.money import parse_yuan
from tests.support.registers.bench import put, trade

if TYPE_CHECKING:
    from tests.support.registers.damageable import Damageable

TOTAL = (ANNUAL_TOTAL, "exchange/kmdex/2026")


def product(kind: str, **industry: Any) -> dict[str, Any]:
    return {"no": "D1", "name": "虚构产品", "kind": kind} | industry


def parts_of(fact: dict[str, Any]) -> tuple[dict[str, tuple[str, int]], dict[str, tuple[str, int]]]:
    """The sums by kind and by industry, each of which adds up to that of the buckets."""
    whole = sum(parse_yuan(one["amount"]) for one in fact["buckets"]), sum(one["trades"] for one in fact["buckets"])
    found = []
    for name in ("by_kind", "by_industry"):
        parts = fact[name].values()
        assert (sum(parse_yuan(one["amount"]) for one in parts), sum(one["trades"] for one in parts)) == whole
        found.append({value: (one["amount"], one["trades"]) for value, one in fact[name].items()})
    return found[0], found[1]


def test_each_trade_that_counts_is_in_one_kind_and_one_industry(trades: Damageable) -> None:
    put(
        trades,
        "kmdex",
        trade(),
        trade(trade_no="T2", product=product("api", industry="I"), completed_at="2026-05-01T00:00:00+08:00"),
        trade(trade_no="T3", product=product("api"), amount="7.00", refunded="2.50"),
        trade(trade_no="T4", product=product("model", industry="A"), status="cancelled"),
        trade(trade_no="T5", product=product("model", industry="A"), origin_exchange="虚构外地"),
        trade(trade_no="T6", product=product("model", industry="A"), completed_at="2025-12-31T23:59:59+08:00"),
    )
    published = trades.publish()
    assert parts_of(published[TOTAL]) == (
        {"unknown": ("10.00", 1), "api": ("14.50", 2)},
        {"unknown": ("14.50", 2), "I": ("10.00", 1)},
    )
    assert parts_of(published[ANNUAL_TOTAL, "exchange/kmdex/2025"]) == ({"model": ("10.00", 1)}, {"A": ("10.00", 1)})
    assert trades.verify() == []


def test_a_revision_moves_its_trade(trades: Damageable) -> None:
    put(trades, "kmdex", trade(product=product("api", industry="I")))
    # Equal but for the industry: a duplicate without effect.
    put(trades, "kmdex", trade(product=product("api", industry="J")), trade(product=product("api")))
    assert parts_of(trades.publish()[TOTAL]) == ({"api": ("10.00", 1)}, {"I": ("10.00", 1)})
    counts = {row.outcome: row.records for row in trades.rows("SELECT outcome, records FROM intake_day")}
    assert counts == {"accepted": 1, "duplicate": 2}
    put(trades, "kmdex", trade(revision=2, product=product("api", industry="J")))
    assert parts_of(trades.publish()[TOTAL]) == ({"api": ("10.00", 1)}, {"J": ("10.00", 1)})
    put(trades, "kmdex", trade(revision=3, product=product("report"), completed_at="2027-01-01T00:00:00+08:00"))
    published = trades.publish()
    assert parts_of(published[TOTAL]) == ({}, {})
    assert parts_of(published[ANNUAL_TOTAL, "exchange/kmdex/2027"])[0] == {"report": ("10.00", 1)}
    assert trades.verify() == []


def test_a_wrong_sum_is_found_and_repaired(trades: Damageable) -> None:
    put(trades, "kmdex", trade(product=product("api", industry="I")))
    trades.publish()
    trades.damage(
        "UPDATE exchange_product_total SET amount_fen = 1 WHERE member = 'kind'",
        "DELETE FROM exchange_product_total WHERE member = 'industry'",
        "UPDATE trade SET product_kind = 'model'",
    )
    lines = trades.verify()
    assert [line.partition(":")[0] for line in lines if line.startswith("exchange_product_total")] == [
        "exchange_product_total kmdex 2026 industry I",
        "exchange_product_total kmdex 2026 kind api",
    ]
    assert trades.mend()[0]
    assert parts_of(trades.publish()[TOTAL]) == ({"api": ("10.00", 1)}, {"I": ("10.00", 1)})
    assert trades.verify() == []


def test_an_upgraded_register_reads_the_products_it_has(trades: Damageable, whitelist: Any) -> None:
    """Before the upgrade there were no columns and no sums, and an industry could be any text."""
    put(trades, "kmdex", trade(product=product("api", industry="I")), trade(trade_no="T2", product=product("report")))
    put(trades, "kmdex", trade(revision=2, product=product("api", industry="K")), trade(trade_no="T3"))
    trades.publish()
    free = "convert_to(replace(convert_from(value, 'UTF8'), '\"K\"', '\"软件业\"'), 'UTF8')"
    trades.damage(
        f"UPDATE trade SET product_kind = NULL, industry = NULL, value = {free}",
        "UPDATE trade_past SET product_kind = NULL, industry = NULL",
        "DELETE FROM exchange_product_total",
    )
    trades.forget_setting("products")
    trades.worker(whitelist)
    assert parts_of(trades.publish()[TOTAL]) == (
        {"api": ("10.00", 1), "report": ("10.00", 1), "unknown": ("10.00", 1)},
        {"unknown": ("30.00", 3)},
    )
    assert trades.rows("SELECT 1 FROM trade_past WHERE industry = 'I'")
    assert [line for line in trades.verify() if line.startswith(("trade", "exchange"))] == []
