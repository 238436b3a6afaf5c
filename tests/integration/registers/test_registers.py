"""One set of documents gives one state in any order, batching and repetition. No broker."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from services.incentive.verifier.values import fen
from services.listing.facts import FIRST_LISTINGS
from services.trade_ingest.fact_keys import all_risk_flag_keys
from services.trade_ingest.facts import FIRST_PURCHASES
from services.trade_ingest.rebuild import TRADES_REBUILD
from services.trade_ingest.totals_store import buckets_of, rebuild_totals
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, LISTING, SIGN
from shared.kafka.positions import Move, PartitionLostError
from shared.register.consumer import RegisterHandler
from shared.register.firsts import rebuild_firsts
from shared.register.head import SettingsDifferError, lock_head, read_head
from shared.register.publish.outbox import mark_dirty
from shared.register.rebuild.report import RebuildReport
from shared.values.times import format_time
from tests.support.expected_facts import with_content
from tests.support.registers import worlds
from tests.support.registers.bench import (
    FACT_SCHEMAS,
    NOW,
    WHITELIST,
    Bench,
    cut,
    facts_as_records,
    keep_newest,
    put,
    trade,
)
from tests.support.registers.verification import verify_register


@pytest.mark.parametrize("seed", range(6))
def test_any_order_and_batches_give_one_state(listings, trades, seed) -> None:
    world = worlds.random_world(seed, 150)
    rng = random.Random(seed)
    todo = [("listing", *document) for document in world.listings] + [("trade", *document) for document in world.trades]
    todo = todo + rng.sample(todo, len(todo) // 2)
    rng.shuffle(todo)
    facts: dict = {}
    for batch in cut(rng, todo):
        records: dict[str, list] = {"listing": [], "trade": []}
        for kind, exchange, data in batch:
            bench = listings if kind == "listing" else trades
            records[kind].append(worlds.record(kind, exchange, data, bench.offset(f"exchange.{exchange}.{kind}s.v1")))
        if records["listing"]:
            listings.apply(records["listing"])
        if rng.random() < 0.6:
            records["trade"] += facts_as_records(trades, listings.publish(), facts)
        if records["trade"]:
            trades.apply(records["trade"])
        if rng.random() < 0.3:
            keep_newest(facts, trades.publish())
    if left := facts_as_records(trades, listings.publish(), facts):
        trades.apply(left)
    keep_newest(facts, trades.publish())
    expected = worlds.facts_of(world, trades.register.settings.content)
    check_facts(expected, facts)
    check_totals(expected, trades)
    check_signs(trades, facts)
    check_states(world, listings, trades)
    check_counting_anew(listings, trades)


def check_facts(expected: dict, facts: dict) -> None:
    """Check that the last published facts are those that the verifier computes, except versions and names."""
    for topic in (FIRST_LISTING, FIRST_PURCHASE, ANNUAL_TOTAL):
        wanted = {key: value for key, value in expected.items() if key[0] == topic}
        assert with_content({key: value for key, value in facts.items() if key[0] == topic}) == with_content(wanted)


def check_totals(expected: dict, trades: Bench) -> None:
    """Check that the stored totals of exchanges and providers are those of the expected facts."""
    totals = {key: value for (topic, key), value in expected.items() if topic == ANNUAL_TOTAL}
    stored = {
        (row.exchange, format_time(row.bucket_at)): (row.amount_fen, row.trades, format_time(row.last_completed_at))
        for row in trades.rows("SELECT * FROM exchange_total")
    }
    assert stored == {
        (value["exchange"], bucket["from"]): (fen(bucket["amount"]), bucket["trades"], bucket["last_completed_at"])
        for key, value in totals.items()
        if key.startswith("exchange/")
        for bucket in value["buckets"]
    }
    sums: Counter[tuple] = Counter()
    for row in trades.rows("SELECT * FROM provider_total t JOIN party p ON p.id = t.provider"):
        bucket = format_time(row.bucket_at)
        when = bucket if row.category in ("counted", "unmatched") else bucket[:4]
        for what, amount in (("fen", row.amount_fen), ("trades", row.trades)):
            sums[row.code, row.exchange, row.category, when, what] += amount
    wanted: Counter[tuple] = Counter()
    for key, value in totals.items():
        if not key.startswith("provider/"):
            continue
        code = value["party"]["id"]
        for exchange, share in value["by_exchange"].items():
            parts = [(name, one["from"], one) for name in ("counted", "unmatched") for one in share[name]]
            parts += [(one["reason"], str(value["year"]), one) for one in share["other"]]
            for category, when, one in parts:
                wanted[code, exchange, category, when, "fen"] += fen(one["amount"])
                wanted[code, exchange, category, when, "trades"] += one["trades"]
    assert sums == wanted


def check_signs(trades: Bench, facts: dict) -> None:
    """Check that the last published red flags are those of the current trades, whether a batch noted the key or not."""
    with trades.engine.begin() as connection:
        keys = {*all_risk_flag_keys(connection), *(key for key in facts if key[0] == SIGN)}
        anew = trades.kind.render(connection, read_head(connection), sorted(keys))
    for key, value in anew.items():
        expected = json.loads(value)
        if key in facts:
            assert facts[key] == expected | {"seq": facts[key]["seq"]}
        else:
            assert not any(expected.get(measure) for measure in ("first", "counterparties", "repeated", "operators"))


def check_counting_anew(listings: Bench, trades: Bench) -> None:
    """Check that incrementally updated totals equal full sums: totals.category and the view trade_category agree."""
    with trades.engine.begin() as connection:
        assert rebuild_totals(connection, buckets_of(trades.register)) == (set(), set())
        assert rebuild_firsts(connection, FIRST_PURCHASES) == set()
    with listings.engine.begin() as connection:
        assert rebuild_firsts(connection, FIRST_LISTINGS) == set()


def check_states(world: worlds.World, listings: Bench, trades: Bench) -> None:
    for bench, table, number, documents in (
        (listings, "listing", "listing_no", world.listings),
        (trades, "trade", "trade_no", world.trades),
    ):
        expected = {key: data["revision"] for key, data in worlds.states(documents, number).items()}
        assert {(r.exchange, r.number): r.revision for r in bench.rows(f"SELECT * FROM {table}")} == expected
        tables = [table, f"{table}_past", "settings_entry"]
        tables += ["listing_fact", "listing_fact_past"] if table == "trade" else []
        seqs = [row.seq for name in tables for row in bench.rows(f"SELECT seq FROM {name}")]
        # Entries are numbered from 0 without a gap, and every accepted revision has one.
        assert sorted(seqs) == list(range(bench.rows("SELECT next_seq FROM register_head")[0].next_seq))
        assert bench.rows("SELECT count(*) AS n FROM quarantine")[0].n == 0


def test_the_same_revision_again_is_a_duplicate_or_a_conflict(trades) -> None:
    put(trades, "kmdex", trade(), trade(amount="10", refunded="0.0", completed_at="2026-03-01T02:00:00Z"))
    put(trades, "kmdex", trade(), trade(amount="11.00"), trade(revision=3), trade(revision=2), trade(revision=2))
    put(trades, "kmdex", trade(revision=2, amount="12.00"), trade(revision=2))
    outcomes = {row.outcome: row.records for row in trades.rows("SELECT * FROM intake_day")}
    assert outcomes == {"accepted": 3, "duplicate": 4, "revision_conflict": 2}
    conflicts = trades.rows("SELECT * FROM quarantine ORDER BY id")
    assert [(row.reason, row.offset) for row in conflicts] == [("revision_conflict", 3), ("revision_conflict", 7)]
    assert json.loads(bytes(conflicts[0].value))["data"]["amount"] == "11.00"
    assert conflicts[0].errors[0]["field"] == "revision"
    past = trades.rows("SELECT revision, replaced_by FROM trade_past ORDER BY revision")
    assert [(row.revision, row.replaced_by) for row in past] == [(1, 2), (2, None)]


def test_rubbish_is_kept_with_its_bytes_and_the_batch_goes_on(trades) -> None:
    topic = "exchange.kmdex.trades.v1"
    rubbish = [None, b"", b"\xff", b"[" * 5000, b"x" * 300_000, b"{}", b'{"a": "\\u0000", "b": "\\ud800"}']
    records = [worlds.raw_record(topic, value, trades.offset(topic)) for value in rubbish]
    headers = (("ce_specversion", b"1.0"), ("nul\x00 and \ud800", b"\x00\xff"), ("none", None))
    records.append(worlds.raw_record(topic, b"{}", trades.offset(topic), headers=headers))
    records.append(worlds.record("trade", "kmdex", trade(), trades.offset(topic)))
    trades.apply(records)
    kept = trades.rows("SELECT * FROM quarantine ORDER BY id")
    assert [row.reason for row in kept] == ["not_json"] * 4 + ["too_large"] + ["not_cloudevent"] * 3
    assert [None if row.value is None else bytes(row.value) for row in kept[:4]] == rubbish[:4]
    assert (len(kept[4].value), kept[4].value_size) == (256 * 1024, 300_000)
    assert kept[7].headers[1:] == [["nul\ufffd and \ufffd", "AP8="], ["none", None]]
    assert trades.rows("SELECT count(*) AS n FROM trade")[0].n == 1


def test_a_batch_whose_partition_was_lost_leaves_nothing(trades) -> None:
    topic = "exchange.kmdex.trades.v1"
    put(trades, "kmdex", trade())
    prepared = trades.kind.prepare([worlds.record("trade", "kmdex", trade(trade_no="T2"), 0)])
    with pytest.raises(PartitionLostError), trades.engine.begin() as connection:
        trades.kind.apply(connection, lock_head(connection), trades.register, prepared, [Move(topic, 0, 0, 1)], NOW)
    assert trades.rows("SELECT count(*) AS n FROM trade")[0].n == 1
    assert trades.rows("SELECT next_offset FROM position")[0].next_offset == 1


def test_another_whitelist_counts_all_again_and_stops_workers_of_the_old_one(trades, tmp_path) -> None:
    later = tmp_path / "later.yaml"
    later.write_text(WHITELIST.replace("甲, from: 2019-01-01", "甲, from: 2026-04-01"))
    put(trades, "kmdex", trade(), trade(trade_no="T2", completed_at="2026-05-01T10:00:00+08:00", amount="7.00"))
    old_worker = trades.register
    trades.publish()
    trades.worker(later)
    facts = trades.publish()
    buyer = f"uscc:{worlds.uscc(2)}"
    assert facts[FIRST_PURCHASE, buyer]["first"]["trade_no"] == "T2"
    assert [b["amount"] for b in facts[ANNUAL_TOTAL, "exchange/kmdex/2026"]["buckets"]] == ["7.00"]
    provider = facts[ANNUAL_TOTAL, f"provider/uscc:{worlds.uscc(1)}/2026"]["by_exchange"]["kmdex"]
    assert {"reason": "not_on_whitelist", "amount": "10.00", "trades": 1} in provider["other"]
    assert facts[FIRST_PURCHASE, buyer]["seq"] == 4  # two settings entries and two trades
    trades.register = old_worker
    with pytest.raises(SettingsDifferError):
        put(trades, "kmdex", trade(trade_no="T3"))


def test_signs_are_measured_and_go_when_what_made_them_is_corrected(trades) -> None:
    documents = [data for _, data in worlds.telling_trades(worlds.uscc(1))]
    put(trades, "kmdex", *documents[:10])
    assert (SIGN, f"buyer/{worlds.BEGINNER}") not in trades.publish()  # a small purchase alone is no red flag
    put(trades, "kmdex", *documents[10:])
    put(trades, "dcdex", documents[-1])  # on an exchange that it does not operate
    facts = {key: told for (topic, key), told in trades.publish().items() if topic == SIGN}
    seller = facts[f"provider/{worlds.SELLER}/2026"]
    assert seller["sold"] == {"amount": "15030.00", "trades": 8}
    assert seller["counterparties"] == [
        {
            "subject": worlds.FRIEND,
            "sold": {"amount": "6000.00", "trades": 6},
            "bought": {"amount": "1200.00", "trades": 2},
        },
        {
            "subject": f"uscc:{worlds.uscc(1)}",
            "sold": {"amount": "30.00", "trades": 1},
            "bought": {"amount": "0.00", "trades": 0},
        },
    ]
    numbers = [{"exchange": "kmdex", "trade_no": number} for number in ("S0", "S5", "S9", "S10", "S11", "S12")]
    assert seller["repeated"] == [{"amount": "1000.00", "trades": 6, "buyers": 1, "examples": numbers[:2]}]
    beginner = facts[f"buyer/{worlds.BEGINNER}"]
    first, greatest = (beginner[name] for name in ("first", "greatest"))
    assert first == numbers[2] | {"completed_at": "2026-03-10T10:00:00.000000+08:00", "amount": "0.01"}
    assert greatest == numbers[3] | {"completed_at": "2026-03-11T10:00:00.000000+08:00", "amount": "4000000.00"}
    (operator,) = facts["exchange/kmdex/2026"]["operators"]
    expected = {"subject": f"uscc:{worlds.uscc(1)}", "amount": "70.00", "trades": 2, "examples": numbers[4:]}
    assert operator == expected
    assert "exchange/dcdex/2026" not in facts
    with trades.engine.begin() as connection:
        keys = all_risk_flag_keys(connection)
        mark_dirty(connection, keys, NOW)
    every = {key for _, key in keys}
    anew = {key: told for (_, key), told in trades.publish().items()}
    assert {key: anew[key] for key in facts} == facts
    assert anew.keys() == every
    corrected = {"revision": 2, "status": "cancelled"}
    put(trades, "kmdex", *(documents[n] | corrected for n in (0, 1, 7, 8, 9, 11, 12)))
    facts = {key: told for (topic, key), told in trades.publish().items() if topic == SIGN}
    assert facts[f"provider/{worlds.SELLER}/2026"]["repeated"] == []
    assert facts[f"provider/{worlds.SELLER}/2026"]["counterparties"][0]["bought"]["trades"] == 0
    assert facts[f"buyer/{worlds.BEGINNER}"]["first"] is None
    assert facts["exchange/kmdex/2026"]["operators"] == []


def test_a_new_name_reaches_the_facts_that_bear_it(trades) -> None:
    put(trades, "kmdex", trade())
    trades.publish()
    provider, buyer = ({"id": worlds.uscc(number), "name": f"虚构{number}改名"} for number in (1, 2))
    put(trades, "kmdex", trade(trade_no="T2", provider=provider, buyer=buyer, completed_at="2027-03-01T10:00:00+08:00"))
    facts = trades.publish()
    assert facts[ANNUAL_TOTAL, f"provider/uscc:{worlds.uscc(1)}/2026"]["party"]["name"] == "虚构1改名"
    first = facts[FIRST_PURCHASE, f"uscc:{worlds.uscc(2)}"]
    assert (first["first"]["trade_no"], first["party"]["name"]) == ("T1", "虚构2改名")


def listing(**changes) -> dict:
    return {
        "listing_no": "L1",
        "revision": 1,
        "status": "listed",
        "provider": {"id": worlds.uscc(1), "name": "虚构甲"},
        "product": {"no": "P1", "name": "虚构产品", "kind": "dataset"},
        "listed_at": "2026-03-01T10:00:00+08:00",
    } | changes


def put_listings(bench: Bench, *documents: dict) -> None:
    topic = "exchange.kmdex.listings.v1"
    bench.apply([worlds.record("listing", "kmdex", data, bench.offset(topic)) for data in documents])


def test_a_new_name_of_a_provider_reaches_the_fact_of_its_first_listing(listings) -> None:
    put_listings(listings, listing())
    listings.publish()
    renamed = {"id": worlds.uscc(1), "name": "虚构甲改名"}
    put_listings(listings, listing(listing_no="L2", provider=renamed, listed_at="2026-04-01T10:00:00+08:00"))
    first = listings.publish()[FIRST_LISTING, f"uscc:{worlds.uscc(1)}"]
    assert (first["first"]["listing_no"], first["party"]["name"]) == ("L1", "虚构甲改名")


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 1, 3)])
def test_of_several_first_listings_in_one_batch_the_earliest_is_the_first(listings, order) -> None:
    put_listings(
        listings, *(listing(listing_no=f"L{day}", listed_at=f"2026-03-0{day}T10:00:00+08:00") for day in order)
    )
    assert listings.publish()[FIRST_LISTING, f"uscc:{worlds.uscc(1)}"]["first"]["listing_no"] == "L1"


def test_a_listing_proves_a_trade_of_the_same_instant(trades) -> None:
    """This holds in either order of arrival until the listing is annulled; one a microsecond later proves nothing."""
    at = "2026-03-01T10:00:00+08:00"

    def categories() -> dict[str, int]:
        with trades.engine.begin() as connection:
            assert rebuild_totals(connection, buckets_of(trades.register)) == (set(), set())
        return {row.category: row.trades for row in trades.rows("SELECT * FROM provider_total")}

    put(trades, "kmdex", trade(mode="listed", listing_no="L1", completed_at=at))
    bring(trades, "L1", listed_at=at)
    put(trades, "kmdex", trade(trade_no="T2", mode="listed", listing_no="L1", completed_at=at))
    assert categories() == {"counted": 2}
    bring(trades, "L1", listed_at=at, status="annulled", seq=3)
    assert categories() == {"unmatched": 2}
    bring(trades, "L1", listed_at="2026-03-01T10:00:00.000001+08:00", seq=4)
    assert categories() == {"unmatched": 2}


def test_purchases_of_an_operator_after_its_term_raise_no_red_flag(trades) -> None:
    """The whitelist of these tests ends the operator's term at the beginning of 2026-12-31."""
    operator = {"id": worlds.uscc(1), "name": "虚构主体1"}
    seller = {"id": worlds.uscc(2), "name": "虚构乙"}
    for number, at in (("T1", "2026-12-30T23:59:59.999999+08:00"), ("T2", "2026-12-31T00:00:00+08:00")):
        put(trades, "kmdex", trade(trade_no=number, provider=seller, buyer=operator, completed_at=at))
    (found,) = trades.publish()[SIGN, "exchange/kmdex/2026"]["operators"]
    assert (found["trades"], found["examples"]) == (1, [{"exchange": "kmdex", "trade_no": "T1"}])


def bring(bench: Bench, listing_no: str, *documents: dict, **changes: object) -> None:
    """Take in one batch with the fact of a listing and trades."""
    fact = {
        "generation": 1,
        "seq": 2,
        "exchange": "kmdex",
        "listing_no": listing_no,
        "provider": {"id_scheme": "uscc", "id": worlds.uscc(1), "name": "虚构甲"},
        "status": "listed",
        "listed_at": "2026-01-05T10:00:00+08:00",
        "mirrored": False,
        "counted": True,
    } | changes
    key = f"r1/kmdex/{listing_no}".encode()
    bench.apply(
        [
            worlds.raw_record(LISTING, json.dumps(fact).encode(), bench.offset(LISTING), key=key),
            *(worlds.record("trade", "kmdex", one, bench.offset("exchange.kmdex.trades.v1")) for one in documents),
        ]
    )


def test_a_listing_that_comes_with_a_correction_of_its_only_trade(trades) -> None:
    """The fact adds the trade to a total, and the correction in the same batch removes it."""
    put(trades, "kmdex", trade(mode="listed", listing_no="L1"))
    bring(trades, "L1", trade(mode="listed", listing_no="L1", revision=2, completed_at="2026-01-02T10:00:00+08:00"))
    stored = [(row.category, row.amount_fen, row.trades) for row in trades.rows("SELECT * FROM provider_total")]
    assert stored == [("unmatched", 1000, 1)]
    published = trades.publish()[ANNUAL_TOTAL, f"provider/uscc:{worlds.uscc(1)}/2026"]
    assert published["cut_at"] == ["2025-10-15", "2028-10-15", "2028-10-16"]
    assert [bucket["from"] for bucket in published["by_exchange"]["kmdex"]["unmatched"]] == [
        "2026-01-01T00:00:00.000000+08:00"
    ]


def test_a_listing_that_comes_with_a_correction_of_its_last_trade(trades) -> None:
    """The fact adds trades to a new total, and the correction removes the last one: the one before becomes the last."""
    early, late = "2026-01-10T10:00:00+08:00", "2026-01-20T10:00:00+08:00"
    listed = {"mode": "listed", "listing_no": "L1"}
    put(trades, "kmdex", trade(completed_at=early, **listed), trade(trade_no="T2", completed_at=late, **listed))
    bring(trades, "L1", trade(trade_no="T2", revision=2, completed_at="2026-01-02T10:00:00+08:00", **listed))
    stored = {row.category: (row.trades, row.last_completed_at) for row in trades.rows("SELECT * FROM provider_total")}
    assert stored == {
        "counted": (1, datetime.fromisoformat(early)),
        "unmatched": (1, datetime(2026, 1, 2, 2, tzinfo=UTC)),
    }


def test_a_correction_of_the_last_trade_does_not_read_all_trades_of_the_seller(trades) -> None:
    times = [f"2026-01-{day:02}T{hour:02}:00:00+08:00" for day in range(1, 21) for hour in range(10)]
    put(trades, "kmdex", *(trade(trade_no=f"T{number}", completed_at=at) for number, at in enumerate(times)))
    topic, last = "exchange.kmdex.trades.v1", len(times) - 1
    cancelled = trade(trade_no=f"T{last}", revision=2, status="cancelled", completed_at=times[last])
    record = worlds.record("trade", "kmdex", cancelled, trades.offset(topic))
    read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'trade'"
    with trades.engine.begin() as connection:
        before = connection.exec_driver_sql(read).scalar_one()
        handler = RegisterHandler(trades.kind, trades.register, trades.log)
        moves = [Move(topic, 0, record.offset, record.offset + 1)]
        handler.apply(connection, trades.kind.prepare([record]), moves, NOW)
        assert connection.exec_driver_sql(read).scalar_one() - before < len(times) / 2
    (stored,) = trades.rows("SELECT last_completed_at FROM provider_total WHERE category = 'mode'")
    assert stored.last_completed_at == datetime.fromisoformat(times[last - 1])


def test_a_batch_that_was_rolled_back_comes_again_as_if_for_the_first_time(trades) -> None:
    """Ids assigned to its parties are rolled back with it."""
    put(trades, "kmdex", trade())
    records = [worlds.record("trade", "kmdex", trade(trade_no="T2", buyer={"id": worlds.uscc(9), "name": "虚构新"}), 1)]
    with trades.engine.connect() as connection:
        handler = RegisterHandler(trades.kind, trades.register, trades.log)
        handler.apply(connection, trades.kind.prepare(records), [Move(records[0].topic, 0, 1, 2)], NOW)
        connection.rollback()
    assert (FIRST_PURCHASE, f"uscc:{worlds.uscc(9)}") not in trades.publish()
    trades.apply(records)
    assert trades.publish()[FIRST_PURCHASE, f"uscc:{worlds.uscc(9)}"]["first"]["trade_no"] == "T2"


def test_a_listing_that_no_longer_exists_proves_no_trade(listings, trades) -> None:
    """A register restored from an older backup publishes that a listing it had published does not exist."""
    data = {
        "listing_no": "L1",
        "revision": 1,
        "status": "listed",
        "product": {"no": "D1", "name": "虚构数据", "kind": "dataset"},
        "provider": {"id": worlds.uscc(1), "name": "虚构甲"},
        "listed_at": "2026-01-05T10:00:00+08:00",
    }
    put(trades, "kmdex", trade(mode="listed", listing_no="L1"), trade(trade_no="T2", mode="listed", listing_no="L2"))
    with listings.engine.begin() as connection:
        gone = listings.kind.render(connection, read_head(connection), [(LISTING, "kmdex/L1"), (LISTING, "kmdex/L2")])
    for value in gone.values():
        FACT_SCHEMAS[LISTING].validate(json.loads(value))
    listings.apply([worlds.record("listing", "kmdex", data, listings.offset("exchange.kmdex.listings.v1"))])
    trades.apply(facts_as_records(trades, listings.publish(), {}))
    assert categories(trades) == {"counted": 1, "unmatched": 1}
    last = trades.rows("SELECT next_seq FROM register_head")[0].next_seq
    values = {key: json.loads(value) | {"generation": 2} for key, value in gone.items()}
    trades.publish()
    trades.apply(facts_as_records(trades, values, {}))
    assert categories(trades) == {"unmatched": 2}
    assert (ANNUAL_TOTAL, f"provider/uscc:{worlds.uscc(1)}/2026") in trades.publish()
    # L2 was never known: its fact has no effect and gets no number.
    assert trades.rows("SELECT next_seq FROM register_head")[0].next_seq == last + 1
    (kept,) = trades.rows("SELECT listing_no, generation, proves, listed_at FROM listing_fact")
    assert kept == ("L1", 2, False, datetime(2026, 1, 5, 2, tzinfo=UTC))
    # Facts of the former generation that are read again are ignored as too old.
    trades.apply(facts_as_records(trades, {(LISTING, "kmdex/L1"): values[LISTING, "kmdex/L1"] | {"generation": 1}}, {}))
    assert categories(trades) == {"unmatched": 2}
    check_counting_anew(listings, trades)
    said: list[str] = []
    assert verify_register(trades.engine, TRADES_REBUILD, trades.register, RebuildReport(said.append), None), said


def categories(trades: Bench) -> dict[str, int]:
    rows = trades.rows("SELECT category, sum(trades) AS n FROM provider_total GROUP BY category")
    return {row.category: int(row.n) for row in rows if row.n}


def test_counting_again_repairs_what_is_wrong(trades) -> None:
    put(trades, "kmdex", trade(), trade(trade_no="T2", amount="5.00", completed_at="2026-02-01T10:00:00+08:00"))
    with trades.engine.begin() as connection:
        connection.execute(text("UPDATE exchange_total SET amount_fen = 7 WHERE trades = 1 AND amount_fen = 1000"))
        connection.execute(text("DELETE FROM provider_total WHERE amount_fen = 500"))
        connection.execute(text("UPDATE first_purchase SET number = 'T1'"))
        exchanges, providers = rebuild_totals(connection, buckets_of(trades.register))
        assert (len(exchanges), len(providers)) == (1, 1)
        assert len(rebuild_firsts(connection, FIRST_PURCHASES)) == 1
        assert rebuild_totals(connection, buckets_of(trades.register)) == (set(), set())
    assert sorted(row.amount_fen for row in trades.rows("SELECT * FROM exchange_total")) == [500, 1000]
    assert trades.rows("SELECT number FROM first_purchase")[0].number == "T2"
