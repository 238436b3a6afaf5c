"""`rebuild` of registers: a sound one shows no difference, each kind of damage is named and repaired if possible."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest
import rfc8785
from sqlalchemy import text

from services.trade_ingest.rebuild import TRADES_REBUILD
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, LISTING, SIGN
from shared.register.head import SettingsDifferError
from shared.register.publish.restored_backup import DatabaseBehindError
from shared.register.rebuild.command import repair_register
from shared.register.rebuild.report import RebuildReport
from shared.service_log.store import LOG_TABLES
from tests.support.registers import worlds
from tests.support.registers.bench import NOW, cut, facts_as_records, put, trade
from tests.support.registers.damageable import Damageable, damageable, move_to_past
from tests.support.registers.verification import verify_register


@pytest.fixture(scope="module")
def filled(postgres, whitelist):
    """Both registers filled with random documents; each test repairs its damage."""
    with (
        damageable(postgres, whitelist, "listing") as listings,
        damageable(postgres, whitelist, "trade-ingest") as trades,
    ):
        fill(listings, trades, 3)
        yield {"listing": listings, "trade-ingest": trades}


@pytest.fixture
def listings(postgres, whitelist):
    with damageable(postgres, whitelist, "listing") as bench:
        yield bench


@pytest.fixture
def trades(postgres, whitelist):
    with damageable(postgres, whitelist, "trade-ingest") as bench:
        yield bench


def fill(listings, trades, seed: int, documents: int = 150) -> None:
    """Fill registers with random documents, duplicates, conflicts and rubbish in random order; listing facts late."""
    world = worlds.random_world(seed, documents)
    rng = random.Random(seed)
    todo = [("listing", *document) for document in world.listings] + [("trade", *document) for document in world.trades]
    todo = todo + rng.sample(todo, len(todo) // 2)
    # Conflicts: the same revision with another certificate.
    todo += [
        (kind, exchange, data | {"certificate_no": "other"})
        for kind, exchange, data in rng.sample(todo, len(todo) // 8)
    ]
    rng.shuffle(todo)
    facts: dict = {}
    for batch in cut(rng, todo):
        records: dict[str, list] = {"listing": [], "trade": []}
        for kind, exchange, data in batch:
            bench = listings if kind == "listing" else trades
            topic = f"exchange.{exchange}.{kind}s.v1"
            records[kind].append(worlds.record(kind, exchange, data, bench.offset(topic)))
            if rng.random() < 0.05:
                records[kind].append(worlds.raw_record(topic, rng.choice([None, b"", b"{}"]), bench.offset(topic)))
        if records["listing"]:
            listings.apply(records["listing"])
        if rng.random() < 0.6:
            records["trade"] += facts_as_records(trades, listings.publish(), facts)
        if records["trade"]:
            trades.apply(records["trade"])
    trades.publish()


@pytest.mark.parametrize("seed", range(3))
def test_a_sound_register_shows_no_difference_and_is_left_alone(listings, trades, seed) -> None:
    fill(listings, trades, seed)
    for bench in (listings, trades):
        before = bench.everything()
        assert bench.verify() == []
        well, lines = bench.mend()
        assert well
        assert len(lines) == 1
        assert bench.everything() == before


def test_entries_of_the_log_are_canonical_and_say_where_each_record_stands(filled) -> None:
    for service, bench in filled.items():
        kind = bench.spec.kind.document
        expected: dict[int, dict] = {}
        for table in (kind, f"{kind}_past"):
            for row in bench.rows(f"SELECT * FROM {table}"):
                expected[row.seq] = entry_of(row, kind, row.number, f"exchange.{row.exchange}.{kind}s.v1") | {
                    "revision": row.revision,
                    "content_mode": "binary" if row.binary_mode else "structured",
                }
        if service == "trade-ingest":
            for table in ("listing_fact", "listing_fact_past"):
                for row in bench.rows(f"SELECT * FROM {table}"):
                    expected[row.seq] = entry_of(row, "fact", row.listing_no, row.topic)
        for row in bench.rows("SELECT * FROM settings_entry"):
            names = dict.fromkeys(next(iter(expected.values())))
            expected[row.seq] = names | {"kind": "settings", "seq": row.seq, "value_sha256": row.digest}
        with bench.engine.connect() as connection:
            entries = list(bench.kind.stored(connection, 0, bench.next_seq()))
        assert entries == [(seq, rfc8785.dumps(expected[seq])) for seq in range(bench.next_seq())]


def entry_of(row, kind: str, number: str, topic: str) -> dict:
    """Return the fields that entries of documents and facts share; no record here has headers."""
    return {
        "content_mode": None,
        "exchange": row.exchange,
        "headers_sha256": None,
        "kind": kind,
        "number": number,
        "offset": row.offset,
        "partition": row.partition,
        "revision": None,
        "seq": row.seq,
        "topic": topic,
        "value_sha256": hashlib.sha256(row.value).hexdigest(),
    }


# Damage by the owner to a register filled by `fill`, and the beginning of the one line that must be reported.
TRADE_DAMAGES = {
    "a total off by one fen": (
        (
            "UPDATE exchange_total SET amount_fen = amount_fen + 1 WHERE (exchange, bucket_at) ="
            " (SELECT exchange, bucket_at FROM exchange_total ORDER BY 1, 2 LIMIT 1)"
        ),
        "exchange_total dcdex 20",
    ),
    "the last instant of a total": (
        (
            "UPDATE provider_total SET last_completed_at = last_completed_at - interval '1 us'"
            " WHERE (provider, bucket_at, exchange, category) ="
            " (SELECT provider, bucket_at, exchange, category FROM provider_total LIMIT 1)"
        ),
        "provider_total uscc:",
    ),
    "a category that is not": (
        (
            "INSERT INTO provider_total SELECT provider, exchange, 'none', bucket_at, 1, 1, bucket_at"
            " FROM provider_total LIMIT 1"
        ),
        "provider_total uscc:",
    ),
    "a total that is gone": (
        (
            "DELETE FROM exchange_total WHERE (exchange, bucket_at) = (SELECT exchange, bucket_at FROM exchange_total"
            " LIMIT 1)"
        ),
        "exchange_total ",
    ),
    "a first pointing elsewhere": (
        "UPDATE first_purchase SET number = number || 'x' WHERE party = (SELECT min(party) FROM first_purchase)",
        "first_purchase uscc:",
    ),
    "a first that is gone": (
        "DELETE FROM first_purchase WHERE party = (SELECT min(party) FROM first_purchase)",
        "first_purchase uscc:",
    ),
    "an amount": (
        (
            "UPDATE trade SET amount_fen = amount_fen + 1 WHERE seq = (SELECT min(seq) FROM trade WHERE counted AND"
            " completed)"
        ),
        "trade ",
    ),
    "an amount of the past": (
        "UPDATE trade_past SET amount_fen = amount_fen + 1 WHERE seq = (SELECT min(seq) FROM trade_past)",
        "trade_past ",
    ),
    "an instant": (
        "UPDATE trade SET completed_at = completed_at + interval '40 days' WHERE seq = (SELECT min(seq) FROM trade)",
        "trade ",
    ),
    "counted flipped": (
        "UPDATE trade SET counted = NOT counted WHERE seq = (SELECT min(seq) FROM trade)",
        "trade ",
    ),
    "the mode": ("UPDATE trade SET listed = NOT listed WHERE seq = (SELECT max(seq) FROM trade)", "trade "),
    "the listing": (
        "UPDATE trade SET listing_no = 'other' WHERE seq = (SELECT max(seq) FROM trade WHERE listed)",
        "trade ",
    ),
    "a provider that is nobody": (
        "UPDATE trade SET provider = 9999 WHERE seq = (SELECT max(seq) FROM trade)",
        "trade ",
    ),
    "a buyer": (
        (
            "UPDATE trade SET buyer = (SELECT max(id) FROM party WHERE id <> buyer) WHERE seq = (SELECT min(seq) FROM"
            " trade)"
        ),
        "trade ",
    ),
    "replaced by another": (
        (
            "UPDATE trade_past SET replaced_by = replaced_by + 1 WHERE seq = (SELECT min(seq) FROM trade_past WHERE"
            " replaced_by IS NOT NULL)"
        ),
        "trade ",
    ),
    "a listing fact that proves nothing": (
        "UPDATE listing_fact SET proves = NOT proves WHERE seq = (SELECT max(seq) FROM listing_fact)",
        "listing_fact ",
    ),
    "a day's count": (
        "UPDATE intake_day SET records = records + 1 WHERE outcome = 'accepted' AND exchange = 'kmdex'",
        "intake_day kmdex/",
    ),
    "a day's refusals, too few": (
        "UPDATE intake_day SET records = records - 1 WHERE outcome = 'revision_conflict' AND exchange = 'kmdex'",
        "intake_day kmdex/",
    ),
}


@pytest.mark.parametrize("damage", TRADE_DAMAGES)
def test_each_damage_of_trades_is_named_and_repaired(filled, damage) -> None:
    trades = filled["trade-ingest"]
    sound = trades.everything()
    statement, line = TRADE_DAMAGES[damage]
    trades.damage(statement)
    check_named_and_mended(trades, line, sound)


LISTING_DAMAGES = {
    "a status": (
        (
            "UPDATE listing SET status = CASE status WHEN 'annulled' THEN 'listed' ELSE 'annulled' END"
            " WHERE seq = (SELECT min(seq) FROM listing)"
        ),
        "listing ",
    ),
    "counted flipped": (
        "UPDATE listing SET counted = NOT counted WHERE number = 'L1' AND exchange = 'kmdex'",
        "listing ",
    ),
    "mirrored flipped": (
        "UPDATE listing_past SET mirrored = NOT mirrored WHERE seq = (SELECT min(seq) FROM listing_past)",
        "listing_past ",
    ),
    "a first pointing elsewhere": (
        (
            "UPDATE first_listing SET listed_at = listed_at + interval '1 s' WHERE party = (SELECT min(party) FROM"
            " first_listing)"
        ),
        "first_listing uscc:",
    ),
}


@pytest.mark.parametrize("damage", LISTING_DAMAGES)
def test_each_damage_of_listings_is_named_and_repaired(filled, damage) -> None:
    listings = filled["listing"]
    sound = listings.everything()
    statement, line = LISTING_DAMAGES[damage]
    listings.damage(statement)
    check_named_and_mended(listings, line, sound)


def check_named_and_mended(bench: Damageable, line: str, sound: dict, *, as_owner: bool = False) -> None:
    """Check that one line reports the damage, and that a repair restores the register and adds one settings entry."""
    damaged = bench.everything()
    found = bench.verify()
    assert len(found) == 1, found
    (told,) = found
    assert told.startswith(line)
    assert bench.everything() == damaged
    entry = bench.next_seq()
    well, lines = bench.mend(as_owner=as_owner)
    assert well
    assert lines[0] == told
    assert lines[-1] == f"repaired: 1, recorded as entry {entry}"
    assert bench.verify() == []
    mended = bench.everything()
    for table in sound.keys() - {"register_head", "settings_entry", "outbox", *LOG_TABLES}:
        assert mended[table] == sound[table], table
    assert bench.next_seq() == entry + 1
    for value in bench.publish().values():
        assert value["seq"] == entry + 1


@pytest.mark.parametrize("table", ["trade", "listing", "listing_fact"])
def test_a_state_among_the_past_is_put_back_by_the_owner(filled, table) -> None:
    bench = filled["listing" if table == "listing" else "trade-ingest"]
    sound = bench.everything()
    bench.damage(*move_to_past(table, f"seq = (SELECT max(seq) FROM {table})"))
    damaged = bench.everything()
    # The service's role may not delete from the `_past` table.
    with pytest.raises(Exception, match=f"permission denied for table {table}_past"):
        bench.mend()
    assert bench.everything() == damaged
    check_named_and_mended(bench, f"{table} ", sound, as_owner=True)


def test_an_older_revision_that_stands_is_replaced_again(trades) -> None:
    put(trades, "kmdex", trade(), trade(revision=3, amount="7.00"), trade(revision=2, amount="8.00"))
    trades.publish()
    sound = trades.everything()
    trades.damage(
        "INSERT INTO trade_past SELECT *, NULL FROM trade",
        "DELETE FROM trade",
        'INSERT INTO trade SELECT seq, "offset", amount_fen, refunded_fen, completed_at, record_at, received_at,'
        " revision, partition, provider, buyer, completed, listed, mirrored, counted, binary_mode, exchange, number,"
        " value, listing_no, headers, product_kind, industry FROM trade_past WHERE revision = 2",
        "DELETE FROM trade_past WHERE revision = 2",
    )
    told = trades.verify()
    assert [line.partition(":")[0] for line in told] == [
        "trade kmdex/T1 (entry 2)",
        "trade kmdex/T1 (entry 3)",
    ]
    assert trades.mend(as_owner=True)[0]
    assert trades.everything()["trade"] == sound["trade"]
    assert trades.everything()["trade_past"] == sound["trade_past"]
    assert trades.verify() == []


def test_a_repaired_amount_reaches_the_fact_that_reports_it(trades) -> None:
    """The total was right all along, but the first-purchase fact is rendered from the trade's columns."""
    put(trades, "kmdex", trade())
    trades.publish()
    trades.damage("UPDATE trade SET amount_fen = 100")
    assert trades.mend()[0]
    facts = trades.publish()
    assert {key for key in facts if key[0] != SIGN} == {(FIRST_PURCHASE, f"uscc:{worlds.uscc(2)}")}
    assert facts[SIGN, f"provider/uscc:{worlds.uscc(1)}/2026"]["sold"]["amount"] == "10.00"
    assert facts[FIRST_PURCHASE, f"uscc:{worlds.uscc(2)}"]["first"]["amount"] == "10.00"


def test_what_a_damaged_document_became_part_of_is_repaired_with_it(trades) -> None:
    """The trade was replaced while its amount was wrong, so too much was subtracted from the totals."""
    put(trades, "kmdex", trade(), trade(trade_no="T2", amount="5.00"))
    trades.damage("UPDATE trade SET amount_fen = 1500 WHERE number = 'T1'")
    put(trades, "kmdex", trade(revision=2, amount="11.00"))
    trades.publish()
    told = trades.verify()
    assert [line.partition(" ")[0] for line in told] == [
        "trade_past",
        "exchange_total",
        "provider_total",
        *2 * ["exchange_product_total"],
    ]
    assert told[1].endswith("expected 1600 fen, 2 trades, 2026-03-01T10:00:00.000000+08:00")
    assert trades.mend()[0]
    assert trades.verify() == []
    facts = trades.publish()
    assert {topic for topic, _ in facts} == {ANNUAL_TOTAL, SIGN}
    assert facts[ANNUAL_TOTAL, "exchange/kmdex/2026"]["buckets"][0]["amount"] == "16.00"


def test_a_repaired_listing_publishes_its_facts_again(listings) -> None:
    data = worlds.random_world(1, 60).listings[0][1] | {"listing_no": "L9", "status": "listed", "origin_exchange": None}
    data |= {"provider": {"id_scheme": "uscc", "id": worlds.uscc(1), "name": "虚构甲"}}
    listings.apply([worlds.record("listing", "kmdex", data, listings.offset("exchange.kmdex.listings.v1"))])
    listings.publish()
    listings.damage("UPDATE listing SET status = 'annulled'")
    assert listings.mend()[0]
    assert listings.publish().keys() == {(LISTING, "kmdex/L9"), (FIRST_LISTING, f"uscc:{worlds.uscc(1)}")}


def test_a_missing_entry_is_named_and_nothing_is_counted_without_it(trades) -> None:
    put(trades, "kmdex", trade(), trade(trade_no="T2", amount="5.00"), trade(trade_no="T3", amount="6.00"))
    trades.damage("DELETE FROM trade WHERE number IN ('T1', 'T2')")
    before = trades.everything()
    told = trades.verify()
    assert told[0] == "entry 1 .. 2: stored none; expected stored"
    well, lines = trades.mend()
    assert not well
    assert lines[-2].startswith("entries are missing")
    assert lines[-1] == f"not repaired, an operator must look at it: {len(told)}"
    assert trades.everything() == before


def test_what_cannot_be_repaired_is_reported_next_to_what_can(trades) -> None:
    put(trades, "kmdex", trade(), trade(revision=2), trade(trade_no="T2"), trade(trade_no="T3"))
    trades.damage(
        # A second T1 of revision 2, beyond the head; bytes that are no record; a total that can be repaired.
        "INSERT INTO trade_past SELECT *, NULL FROM trade WHERE number = 'T1'",
        "UPDATE trade_past SET seq = 99 WHERE revision = 2",
        "UPDATE trade SET value = 'x' WHERE number = 'T3'",
        "UPDATE exchange_total SET amount_fen = 1",
    )
    told = trades.verify()
    assert [line.partition(":")[0] for line in told] == [
        "entry 99",
        "trade kmdex/T3 (entry 4)",
        "trade kmdex/T1 (entry 2)",
        "trade kmdex/T1 (entry 99)",
        "log entry 4",
        "exchange_total kmdex 2026-03-01T00",
        "intake_day kmdex/2026-06-30/accepted",
    ]
    well, lines = trades.mend()
    assert not well
    assert lines[-2] == "repaired: 2, recorded as entry 5"
    assert lines[-1] == "not repaired, an operator must look at it: 5"
    assert trades.verify()[1:] == told[1:5]


def test_a_lost_row_of_the_quarantine_is_not_explained_away(trades) -> None:
    topic = "exchange.kmdex.trades.v1"
    trades.apply([worlds.raw_record(topic, b"{}", trades.offset(topic)) for _ in range(2)])
    trades.damage("DELETE FROM quarantine WHERE id = (SELECT max(id) FROM quarantine)")
    before = trades.everything()
    (told,) = trades.verify()
    assert told.startswith("intake_day kmdex/2026-06-30/not_cloudevent: stored 2 ")
    well, lines = trades.mend()
    assert not well
    assert lines[-1].startswith("not repaired")
    assert trades.everything() == before


def test_settings_that_are_not_those_of_the_register_are_reported(trades) -> None:
    put(trades, "kmdex", trade())
    trades.damage("UPDATE settings_entry SET digest = 'x'")
    told = trades.verify()
    assert [line.partition(":")[0] for line in told] == [
        "settings_entry 0 digest",
        "register_head settings_digest",
        "log entry 0",
    ]
    trades.damage("UPDATE register_head SET settings_digest = 'other'")
    with pytest.raises(SettingsDifferError):
        trades.verify()
    with pytest.raises(SettingsDifferError):
        trades.mend()


def test_a_database_behind_what_it_published_is_not_repaired(trades) -> None:
    put(trades, "kmdex", trade())
    trades.damage("UPDATE exchange_total SET amount_fen = 1")
    report = RebuildReport(lambda _: None)
    with pytest.raises(DatabaseBehindError):
        repair_register(
            trades.engine, trades.spec, trades.register, report, None, log=trades.log, published=(1, 9), now=NOW
        )
    assert trades.rows("SELECT amount_fen FROM exchange_total")[0].amount_fen == 1


def test_one_snapshot_while_intake_goes_on(trades) -> None:
    """Rows committed between two of its statements are not seen, and intake does not wait for it."""
    put(trades, "kmdex", trade())

    class Intruding(RebuildReport):
        def compared(self, what: str, count: int) -> None:
            super().compared(what, count)
            put(trades, "kmdex", trade(trade_no=f"T{trades.next_seq()}"))

    lines: list[str] = []
    assert verify_register(trades.engine, trades.spec, trades.register, Intruding(lines.append), None), lines
    assert "entries 2," in lines[-1]
    assert "states 1," in lines[-1]
    assert trades.next_seq() > 5
    assert trades.verify() == []


def test_mending_takes_as_long_as_it_takes(trades) -> None:
    """The transaction timeout of batches, two minutes, does not apply to a repair of all documents."""
    put(trades, "kmdex", trade())
    shown: list[str] = []

    def derive(connection, register, report) -> None:
        shown.append(connection.execute(text("SHOW transaction_timeout")).scalar())
        TRADES_REBUILD.compare_totals(connection, register, report)

    trades.spec = replace(TRADES_REBUILD, compare_totals=derive)
    assert trades.mend()[0]
    assert trades.verify() == []
    assert shown == ["0", "0"]
