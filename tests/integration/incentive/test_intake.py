"""Intake of facts: awards and postings that follow from them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from services.incentive.domain.event_rules import CutDatesError
from services.incentive.domain.facts import FactError
from services.incentive.store.facts import read_record
from services.incentive.store.intake import LedgerIntake
from services.incentive.store.log_entries import transactions_of
from services.incentive.store.rows import AWARD_COLUMNS
from services.incentive.store.rulebook import SettingsChangedError
from shared.kafka.positions import Move, PartitionLostError, StoredPosition, start_positions
from shared.service_log.store import verifier_keys
from shared.settings import POLICY_FILE, SettingsError
from shared.translog.checkpoint import Checkpoint, open_checkpoint
from shared.translog.merkle import EMPTY_ROOT, leaf_hash
from shared.translog.note import VerifierKey
from shared.values.canonical_json import canonical_json
from shared.values.json_types import Json
from shared.values.times import format_time
from tests.support.incentive.ledger import (
    LOG,
    OPERATOR_OF_KMDEX,
    START,
    Ledger,
    exchange_total,
    first_listing,
    first_purchase,
    histories,
    ledger_database,
    provider_total,
    record,
    rulebook,
    subject,
)
from tests.support.policy.revisions import REVISION
from tests.support.records import FakeRecord
from tests.support.registers.worlds import LOG_ORIGIN

FreshDatabase = Callable[[str], tuple[str, str]]


@pytest.fixture(scope="module")
def engine(postgres: FreshDatabase) -> Iterator[Engine]:
    with ledger_database(postgres) as database:
        yield database.service


@pytest.fixture
def ledger(engine: Engine) -> Iterator[Ledger]:
    """An empty ledger with the project's policy in force; changes by a test are rolled back."""
    with engine.connect() as connection, connection.begin() as transaction:
        found = Ledger(connection, rulebook())
        assert found.put_in_force()
        yield found
        transaction.rollback()


def awards(ledger: Ledger) -> dict[str, Any]:
    return {
        row.award_id: row
        for row in ledger.connection.execute(text(f"SELECT {', '.join(AWARD_COLUMNS)} FROM award_current"))
    }


def transactions(ledger: Ledger) -> list[Any]:
    """Return the transactions but those that put something in force."""
    statement = "SELECT * FROM ledger_transaction WHERE kind <> 'settings' ORDER BY seq"
    return list(ledger.connection.execute(text(statement)))


def put_in_force(ledger: Ledger) -> list[Json]:
    """Return what transactions put in force, as the log has them."""
    statement = "SELECT seq FROM ledger_transaction WHERE kind = 'settings'"
    seqs = list(ledger.connection.execute(text(statement)).scalars())
    return [json.loads(entry) for _, entry in transactions_of(ledger.connection, seqs)]


def entries(ledger: Ledger, seq: int) -> list[tuple[str, int, int]]:
    rows = ledger.connection.execute(text("SELECT * FROM ledger_entry WHERE seq = :seq ORDER BY line"), {"seq": seq})
    return [(row.account, row.debit_fen, row.credit_fen) for row in rows]


def balances(ledger: Ledger) -> dict[str, int]:
    """Return credit minus debit of every account with a balance other than zero."""
    rows = ledger.connection.execute(
        text("SELECT account, sum(credit_fen - debit_fen) AS fen FROM ledger_entry GROUP BY account")
    )
    return {row.account: int(row.fen) for row in rows if row.fen}


def test_a_first_purchase_is_posted_and_a_refund_posts_the_difference(ledger: Ledger) -> None:
    ledger.take(first_purchase(1, "2026-03-01", "5000000.00", seq=4))
    ledger.take(first_purchase(1, "2026-03-01", "5000000.00", seq=9, refunded="1500000.00"))
    award_id = f"first_purchase/{subject(1)}"
    first, second = transactions(ledger)
    account = f"entitlement:{subject(1)}:{award_id}:2026"
    assert (first.seq, first.kind, first.award_id, first.amount_fen) == (1, "entitlement", award_id, 20_000_000)
    assert entries(ledger, 1) == [("policy:first_purchase:2026", 20_000_000, 0), (account, 0, 20_000_000)]
    assert (second.seq, second.amount_fen) == (2, -2_500_000)
    assert entries(ledger, 2) == [(account, 2_500_000, 0), ("policy:first_purchase:2026", 0, 2_500_000)]
    fact = f"facts.first-purchase.v1/r1/{subject(1)}"
    assert second.cause["facts"] == [{"fact": fact, "generation": 1, "seq": 9}]
    assert "175000.00" in second.cause["text"]
    assert second.posted_at > first.posted_at
    found = awards(ledger)[award_id]
    assert (found.version, found.base_fen, found.ceiling_fen, found.exchange) == (1, 350_000_000, 17_500_000, "kmdex")
    assert found.recorded_at == second.posted_at


def test_an_award_that_is_taken_away_stays_with_amounts_of_zero(ledger: Ledger) -> None:
    ledger.take(first_listing(1, "2026-03-01", seq=4, exchange="dcdex"))
    ledger.take(first_listing(1, None, seq=5))
    found = awards(ledger)[f"first_listing/{subject(1)}"]
    assert (found.base_fen, found.ceiling_fen, found.payable_fen) == (0, 0, 0)
    assert (found.subject, found.exchange, found.year) == (subject(1), "dcdex", 2026)
    assert [row.amount_fen for row in transactions(ledger)] == [2_000_000, -2_000_000]
    assert transactions(ledger)[1].cause["facts"] == [
        {"fact": f"facts.first-listing.v1/r1/{subject(1)}", "generation": 1, "seq": 5}
    ]
    assert balances(ledger) == {}
    ledger.take(first_listing(1, "2026-04-01", seq=6))
    assert awards(ledger)[f"first_listing/{subject(1)}"].ceiling_fen == 2_000_000


def test_the_log_of_a_ledger_begins_with_what_is_in_force(ledger: Ledger) -> None:
    notes = list(ledger.connection.execute(text("SELECT note FROM log_checkpoint ORDER BY id")).scalars())
    keys = [VerifierKey.parse(key) for key in verifier_keys(ledger.connection)]
    empty, begun = (open_checkpoint(note, keys) for note in notes)
    assert empty == Checkpoint(f"{LOG_ORIGIN}/ledger", 0, EMPTY_ROOT)
    ((_, entry),) = transactions_of(ledger.connection, [0])
    assert begun == Checkpoint(f"{LOG_ORIGIN}/ledger", 1, leaf_hash(entry))
    by = ledger.rulebook
    assert entry == canonical_json(
        {
            "seq": 0,
            "posted_at": format_time(ledger.now),
            "kind": "settings",
            "award_id": None,
            "amount": "0.00",
            "entries": [],
            "policy": {"id": by.policy.id, "revision": by.policy.revision},
            "article": None,
            "cause": {
                "facts": [],
                "text": f"政策 {by.policy.id} 第 {by.policy.revision} 版施行、交易场所名录施行 / "
                f"policy {by.policy.id} revision {by.policy.revision} put in force and whitelist put in force",
            },
            "decision": None,
            "settings": {
                "policy": {
                    "id": by.policy.id,
                    "revision": by.policy.revision,
                    "sha256": hashlib.sha256(POLICY_FILE.read_bytes()).hexdigest(),
                },
                "whitelist": {"sha256": hashlib.sha256(canonical_json(by.exchanges.canonical())).hexdigest()},
                "registers": None,
            },
        }
    )


def test_registers_put_in_force_are_named_by_their_transaction(ledger: Ledger) -> None:
    ledger.rulebook = replace(ledger.rulebook, registers=("r1", "r2"))
    assert ledger.put_in_force()
    first, second = put_in_force(ledger)
    assert (first["settings"]["registers"], second["settings"]["registers"]) == (None, ["r1", "r2"])
    assert {**first["settings"], "registers": ["r1", "r2"]} == second["settings"]


def test_what_never_had_a_ceiling_is_no_award(ledger: Ledger) -> None:
    ledger.take(
        first_listing(1, "2025-10-14", seq=1),
        provider_total(1, 2026, {"kmdex": [("2026-03-01", "9999999.99")]}, seq=2),
        exchange_total("kmdex", 2026, [("2026-03-01", "100000000.00")], seq=2),
    )
    assert awards(ledger) == {}
    assert transactions(ledger) == []
    assert ledger.connection.execute(text("SELECT count(*) FROM fact")).scalar() == 3


def test_a_move_to_another_year_reverses_the_old_and_posts_the_new_in_one_transaction(ledger: Ledger) -> None:
    ledger.take(first_purchase(1, "2026-12-31", "5000000.00", seq=1))
    ledger.take(first_purchase(1, "2027-01-01", "5000000.00", seq=2))
    award_id = f"first_purchase/{subject(1)}"
    _, moved = transactions(ledger)
    assert (moved.amount_fen, moved.year, moved.year_before, moved.subject_before) == (0, 2027, 2026, None)
    assert entries(ledger, 2) == [
        (f"entitlement:{subject(1)}:{award_id}:2026", 20_000_000, 0),
        ("policy:first_purchase:2026", 0, 20_000_000),
        ("policy:first_purchase:2027", 20_000_000, 0),
        (f"entitlement:{subject(1)}:{award_id}:2027", 0, 20_000_000),
    ]
    assert balances(ledger)[f"entitlement:{subject(1)}:{award_id}:2027"] == 20_000_000


def test_another_operator_moves_the_award_when_the_whitelist_changes(ledger: Ledger) -> None:
    ledger.take(exchange_total("kmdex", 2026, [("2026-03-01", "100000000.01")], seq=1))
    kmdex = ledger.rulebook.exchanges.get("kmdex")
    operator = replace(kmdex.operators[0], uscc=subject(7).removeprefix("uscc:"), name="虚构新运营")
    others = tuple(found for found in ledger.rulebook.exchanges.listed if found.id != "kmdex")
    changed = replace(ledger.rulebook.exchanges, listed=(*others, replace(kmdex, operators=(operator,))))
    ledger.rulebook = replace(ledger.rulebook, exchanges=changed)
    with pytest.raises(SettingsChangedError):
        ledger.take(first_listing(1, "2026-03-01", seq=4))
    assert ledger.put_in_force()
    assert not ledger.put_in_force()
    first, moved = transactions(ledger)
    assert (first.subject, moved.subject, moved.subject_before) == (OPERATOR_OF_KMDEX, subject(7), OPERATOR_OF_KMDEX)
    assert moved.amount_fen == 0
    assert "重算" in moved.cause["text"]
    assert balances(ledger)[f"entitlement:{subject(7)}:exchange_tiers/kmdex/2026:2026"] == 100_000_000
    assert f"entitlement:{OPERATOR_OF_KMDEX}:exchange_tiers/kmdex/2026:2026" not in balances(ledger)
    assert [entered["seq"] for entered in put_in_force(ledger)] == [0, 2]
    assert moved.seq == 3


def test_what_an_award_suppressed_is_payable_again_when_it_moves_to_another_operator(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exchange whose award was suppressed is recomputed before the one whose award moves."""
    monkeypatch.setattr("services.incentive.store.recompute.RECOMPUTE_BATCH", 1)
    kmdex, dcdex = (ledger.rulebook.exchanges.get(name) for name in ("kmdex", "dcdex"))
    both = replace(dcdex, operators=kmdex.operators)
    another = replace(kmdex.operators[0], uscc=subject(7).removeprefix("uscc:"), name="虚构新运营")
    ledger.rulebook = replace(ledger.rulebook, exchanges=replace(ledger.rulebook.exchanges, listed=(both, kmdex)))
    assert ledger.put_in_force()
    ledger.take(
        exchange_total("dcdex", 2026, [("2026-03-01", "100000000.01")], seq=1),
        exchange_total("kmdex", 2026, [("2026-03-01", "500000000.01")], seq=1),
    )
    lower = "exchange_tiers/dcdex/2026"
    assert (awards(ledger)[lower].payable_fen, awards(ledger)[lower].suppressed_by) == (0, "exchange_tiers/kmdex/2026")
    moved = replace(ledger.rulebook.exchanges, listed=(both, replace(kmdex, operators=(another,))))
    ledger.rulebook = replace(ledger.rulebook, exchanges=moved)
    assert ledger.put_in_force()
    assert (awards(ledger)[lower].payable_fen, awards(ledger)[lower].suppressed_by) == (100_000_000, None)


def test_a_new_policy_revision_reverses_and_posts_again(ledger: Ledger) -> None:
    ledger.take(first_listing(1, "2026-03-01", seq=4), first_purchase(2, "2026-03-01", seq=4))
    policy = msgspec.structs.replace(ledger.rulebook.policy, revision=REVISION + 1, digest="0" * 64)
    ledger.rulebook = replace(ledger.rulebook, policy=policy)
    assert ledger.put_in_force()
    rows = transactions(ledger)
    assert [(row.amount_fen, row.policy_revision, row.entries) for row in rows[2:]] == [(0, REVISION + 1, 4)] * 2
    assert [(one["seq"], one["policy"]["revision"]) for one in put_in_force(ledger)] == [
        (0, REVISION),
        (3, REVISION + 1),
    ]
    assert {row.policy_revision for row in awards(ledger).values()} == {REVISION + 1}


def test_an_older_policy_revision_is_not_put_in_force(ledger: Ledger) -> None:
    newer = msgspec.structs.replace(ledger.rulebook.policy, revision=REVISION + 1, digest="0" * 64)
    older = ledger.rulebook
    ledger.rulebook = replace(older, policy=newer)
    assert ledger.put_in_force()
    ledger.rulebook = older
    with pytest.raises(SettingsError, match=f"revision {REVISION} .* but revision {REVISION + 1}"):
        ledger.put_in_force()


def test_a_revision_that_was_put_in_force_with_other_bytes_is_not(ledger: Ledger) -> None:
    before, digest = ledger.rulebook, "0" * 64
    ledger.rulebook = replace(before, policy=msgspec.structs.replace(before.policy, digest=digest))
    policy = before.policy
    said = f"revision {policy.revision} of {policy.id} was put in force with SHA-256 {policy.digest}, this"
    said += f" file has {digest}"
    with pytest.raises(SettingsError, match=said):
        ledger.put_in_force()
    with pytest.raises(SettingsChangedError, match=said):
        ledger.take(first_listing(1, "2026-03-01", seq=4))
    assert transactions(ledger) == []


def test_only_the_highest_of_one_subject_and_year_is_payable(ledger: Ledger) -> None:
    ledger.take(first_listing(1, "2026-01-05", seq=1), first_purchase(1, "2027-01-05", seq=1))
    ledger.take(provider_total(1, 2026, {"kmdex": [("2026-03-01", "15000000.00")]}, seq=2))
    found = awards(ledger)
    total = f"annual_listed_trading/{subject(1)}/2026"
    listing, purchase = found[f"first_listing/{subject(1)}"], found[f"first_purchase/{subject(1)}"]
    assert (listing.ceiling_fen, listing.payable_fen, listing.suppressed_by) == (2_000_000, 0, total)
    assert (found[total].payable_fen, found[total].suppressed_by) == (30_000_000, None)
    assert (purchase.payable_fen, purchase.suppressed_by) == (5_000_000, None)
    # Suppression is recorded as a version of the award and posts nothing.
    assert listing.version == 1
    assert len(transactions(ledger)) == 3
    ledger.take(provider_total(1, 2026, {"kmdex": [("2026-03-01", "1.00")]}, seq=3))
    listing = awards(ledger)[f"first_listing/{subject(1)}"]
    assert (listing.payable_fen, listing.suppressed_by) == (2_000_000, None)


def test_an_operators_tier_award_competes_with_its_own_others(ledger: Ledger) -> None:
    """The operator's tier award rests on the exchange's facts, its other awards on its own."""
    code = OPERATOR_OF_KMDEX.removeprefix("uscc:")
    value = {
        "generation": 1,
        "seq": 3,
        "party": {"id_scheme": "uscc", "id": code, "name": "虚构"},
        "first": {"exchange": "kmdex", "listing_no": "L1", "revision": 1, "listed_at": "2026-02-01T00:00:00+08:00"},
    }
    ledger.take(record("facts.first-listing.v1", f"r1/{OPERATOR_OF_KMDEX}", value))
    ledger.take(exchange_total("kmdex", 2026, [("2026-03-01", "100000000.01")], seq=9))
    listing = awards(ledger)[f"first_listing/{OPERATOR_OF_KMDEX}"]
    assert (listing.payable_fen, listing.suppressed_by) == (0, "exchange_tiers/kmdex/2026")


def test_a_cause_that_is_no_evidence_is_named_all_the_same(ledger: Ledger) -> None:
    """A tier that proves to have been passed before the policy reduces a later year's award to zero."""
    ledger.take(exchange_total("kmdex", 2026, [("2026-03-01", "140000000.00")], seq=1))
    ledger.take(exchange_total("kmdex", 2024, [("2024-03-01", "130000000.00")], seq=2))
    _, taken = transactions(ledger)
    assert taken.amount_fen == -100_000_000
    assert [fact["fact"] for fact in taken.cause["facts"]] == ["facts.annual-total.v1/r1/exchange/kmdex/2024"]


def test_older_and_equal_versions_of_a_fact_change_nothing(ledger: Ledger) -> None:
    ledger.take(first_purchase(1, "2026-03-01", "2000000.00", seq=9))
    ledger.take(first_purchase(1, "2026-03-01", "1000000.00", seq=8), first_purchase(1, "2026-03-01", "1.00", seq=9))
    assert awards(ledger)[f"first_purchase/{subject(1)}"].ceiling_fen == 10_000_000
    ledger.take(first_purchase(1, "2026-03-01", "3000000.00", seq=2, generation=2))
    assert awards(ledger)[f"first_purchase/{subject(1)}"].ceiling_fen == 15_000_000
    assert [row.amount_fen for row in transactions(ledger)] == [10_000_000, 5_000_000]
    assert ledger.connection.execute(text("SELECT count(*) FROM fact")).scalar() == 2


def test_registers_are_merged(ledger: Ledger) -> None:
    ledger.take(
        first_listing(1, "2026-03-01", seq=4),
        first_listing(1, "2026-02-01", seq=2, register="r2", exchange="dcdex"),
        provider_total(1, 2026, {"kmdex": [("2026-03-01", "6000000.00")]}, seq=2),
        provider_total(1, 2026, {"dcdex": [("2026-03-01", "5000000.00")]}, seq=2, register="r2"),
    )
    assert awards(ledger)[f"first_listing/{subject(1)}"].exchange == "dcdex"
    total = awards(ledger)[f"annual_listed_trading/{subject(1)}/2026"]
    assert (total.ceiling_fen, total.exchanges) == (22_000_000, ["dcdex", "kmdex"])


def test_posted_at_never_falls_though_the_clock_does(ledger: Ledger) -> None:
    ledger.take(first_listing(1, "2026-03-01", seq=4))
    ledger.now = START - timedelta(days=2)
    ledger.take(first_listing(2, "2026-03-01", seq=5))
    first, second = transactions(ledger)
    assert second.posted_at == first.posted_at + timedelta(microseconds=1)


def test_versions_show_what_every_award_was_at_every_instant(ledger: Ledger) -> None:
    batches = [
        [first_listing(1, "2026-01-05", seq=1)],
        [provider_total(1, 2026, {"kmdex": [("2026-03-01", "15000000.00")]}, seq=2)],
        [first_listing(1, None, seq=3), first_purchase(2, "2026-03-01", seq=3)],
        [provider_total(1, 2026, {"dcdex": [("2026-03-01", "16000000.00")]}, seq=4)],
    ]
    stood = []
    for batch in batches:
        ledger.take(*batch)
        stood.append((ledger.now, awards(ledger)))
    as_of = text(
        "SELECT DISTINCT ON (award_id) * FROM award_version WHERE recorded_at <= :instant"
        " ORDER BY award_id, version DESC"
    )
    for instant, expected in stood:
        assert {row.award_id: row for row in ledger.connection.execute(as_of, {"instant": instant})} == expected


def test_a_name_alone_makes_a_version_and_no_posting(ledger: Ledger) -> None:
    ledger.take(first_listing(1, "2026-03-01", seq=4))
    renamed = record(
        "facts.first-listing.v1",
        f"r1/{subject(1)}",
        {
            "generation": 1,
            "seq": 5,
            "party": {"id_scheme": "uscc", "id": subject(1).removeprefix("uscc:"), "name": "改名"},
            "first": {"exchange": "kmdex", "listing_no": "L1", "revision": 2, "listed_at": "2026-03-01T10:00:00+08:00"},
        },
    )
    ledger.take(renamed)
    assert awards(ledger)[f"first_listing/{subject(1)}"].subject_name == "改名"
    assert len(transactions(ledger)) == 1


def test_names_and_participants_that_stay_as_they_are_are_not_locked(ledger: Ledger) -> None:
    """PostgreSQL writes a row to lock it."""
    ledger.take(first_listing(1, "2026-03-01", seq=1), first_purchase(1, "2026-03-01", seq=1))
    ledger.take(first_listing(1, "2026-03-01", seq=2), first_purchase(1, "2026-03-01", "2000000.00", seq=2))
    read = "SELECT xmax::text <> '0' AS is_written FROM {table} WHERE {which} ORDER BY 1"
    names = read.format(table="subject_name", which="subject = :subject")
    participants = read.format(table="participant", which="subject = :subject AND rule = 'first_listing'")
    for statement in (names, participants):
        assert ledger.connection.execute(text(statement), {"subject": subject(1)}).scalars().all() == [False]


def test_totals_that_are_not_cut_at_the_policys_dates_stop_the_intake(ledger: Ledger) -> None:
    uncut = exchange_total("kmdex", 2026, [("2026-03-01", "1.00")], seq=1, cut_at=("2025-10-15",))
    with pytest.raises(CutDatesError, match="2028-10-15"):
        ledger.take(uncut)


def test_a_malformed_fact_stops_the_intake() -> None:
    good = first_listing(1, "2026-03-01", seq=4)
    for bad in (
        replace(good, value=None),
        replace(good, key=None),
        replace(good, value=b"{}"),
        replace(good, key=b"r1/uscc:x"),
    ):
        with pytest.raises(FactError, match=r"facts\.first-listing\.v1\[0\]@0"):
            read_record(bad)


def test_offsets_move_with_the_batch_or_nothing_of_it_stays(engine: Engine) -> None:
    handler = LedgerIntake(rulebook(), LOG, lambda: START)
    topic = "facts.first-listing.v1"
    with engine.connect() as connection, connection.begin() as transaction:
        Ledger(connection, rulebook()).put_in_force()
        start_positions(connection, [StoredPosition(topic, 0, "id", 10)], START)
        prepared = handler.prepare([first_listing(1, "2026-03-01", seq=4)])
        handler.apply(connection, prepared, [Move(topic, 0, 10, 11)], START)
        assert connection.execute(text("SELECT next_offset FROM position")).scalar() == 11
        with pytest.raises(PartitionLostError):
            handler.apply(connection, prepared, [Move(topic, 0, 10, 11)], START)
        transaction.rollback()


def state(ledger: Ledger) -> tuple[dict[str, Any], dict[str, int]]:
    """Return the awards without fields that depend on history, and the balances of entitlement accounts.

    Awards without a ceiling are left out: whether one ever existed depends on the order of the facts.
    """
    found = {
        award_id: {name: value for name, value in row._asdict().items() if name not in {"version", "recorded_at"}}
        for award_id, row in awards(ledger).items()
        if row.ceiling_fen > 0
    }
    return found, {account: fen for account, fen in balances(ledger).items() if account.startswith("entitlement:")}


def run(engine: Engine, batches: list[list[FakeRecord]]) -> tuple[dict[str, Any], dict[str, int]]:
    with engine.connect() as connection, connection.begin() as transaction:
        ledger = Ledger(connection, rulebook())
        ledger.put_in_force()
        for batch in batches:
            ledger.take(*batch)
        found = state(ledger)
        ceilings = {row.award_id: row.ceiling_fen for row in awards(ledger).values() if row.ceiling_fen}
        posted: dict[str, int] = {}
        for account, fen in found[1].items():
            award_id = account.split(":", 3)[3].rpartition(":")[0]
            posted[award_id] = posted.get(award_id, 0) + fen
        assert posted == ceilings
        transaction.rollback()
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_order_batches_and_duplicates_leave_no_trace(engine: Engine, data: st.DataObject) -> None:
    history = data.draw(histories())
    together = run(engine, [history])
    one_by_one = run(engine, [[found] for found in history])
    shuffled = data.draw(st.permutations(history + history))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    batches = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    assert run(engine, batches) == together == one_by_one
