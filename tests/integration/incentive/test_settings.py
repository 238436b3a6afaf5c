"""Settings at the start of programs: those of a ledger of an earlier version, and files that the ledger refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from structlog.testing import capture_logs

from services.incentive.rebuild.command import verify_all
from services.incentive.store.log_entries import stored_transactions
from services.incentive.store.rulebook import rulebook_in_force
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from shared.settings import SettingsError
from tests.support.incentive.app import incentive_app
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import (
    START,
    WHITELIST,
    Ledger,
    changed,
    first_listing,
    first_purchase,
    ledger_database,
    provider_total,
    rulebook,
)
from tests.support.paths import TESTS
from tests.support.replaced_schema import replaced_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase

# The last transaction of the dumped database; its policy file is revision 1.
LAST = 47
REVISION_2 = TESTS / "support" / "policy" / "kunming-2025-14.r2.yaml"


@pytest.fixture
def connection(postgres: FreshDatabase) -> Iterator[Connection]:
    """A database of the last version without transactions of settings, migrated."""
    owner_url, service_url = postgres("incentive")
    with psycopg.connect(owner_url) as owner:
        role = str(make_url(service_url).username)
        owner.execute(replaced_schema("incentive", role).encode())
    migrate("services.incentive", owner_url, service_url)
    engine = make_engine(service_url)
    with engine.connect() as found, found.begin() as transaction:
        yield found
        transaction.rollback()
    engine.dispose()


def entries(connection: Connection) -> list[bytes]:
    return [entry for _, entry in stored_transactions(connection, 0, 1_000)]


def recorded(connection: Connection) -> list[Any]:
    columns = "policy_id, policy_revision, policy_digest, policy_source, whitelist_digest, whitelist, registers"
    return list(connection.execute(text(f"SELECT {columns} FROM ledger_settings ORDER BY id")))


def test_it_is_entered_once_and_said(connection: Connection) -> None:
    before = entries(connection)
    ((policy_id, revision, digest, _, whitelist_digest, _, registers),) = recorded(connection)
    with capture_logs() as logged:
        by_ledger = ledger_of(connection)
        assert not by_ledger.put_in_force()
    *old, entered = entries(connection)
    assert old == before
    found = json.loads(entered)
    assert (found["seq"], found["kind"], found["award_id"], found["article"]) == (LAST + 1, "settings", None, None)
    assert found["settings"] == {
        "policy": {"id": policy_id, "revision": revision, "sha256": digest},
        "whitelist": {"sha256": whitelist_digest},
        "registers": registers,
    }
    assert [line["seq"] for line in logged if "entered after an upgrade" in line["event"]] == [LAST + 1]
    assert recorded(connection)[0] == recorded(connection)[1]
    assert not by_ledger.put_in_force()
    assert entries(connection) == [*before, entered]


def test_it_comes_before_what_is_put_in_force_at_the_same_start(connection: Connection) -> None:
    by_ledger = ledger_of(connection)
    newer = msgspec.structs.replace(by_ledger.rulebook.policy, revision=2, digest="0" * 64)
    by_ledger.rulebook = replace(by_ledger.rulebook, policy=newer)
    assert by_ledger.put_in_force()
    found = [json.loads(entry) for entry in entries(connection)][LAST + 1 :]
    kinds = [(one["kind"], one["policy"]["revision"]) for one in found]
    assert kinds[:2] == [("settings", 1), ("settings", 2)]
    assert set(kinds[2:]) == {("entitlement", 2)}


def test_what_a_newer_revision_changes_is_logged_by_rule_and_year(postgres: FreshDatabase) -> None:
    """Of the subject with two rewards, the lesser is suppressed before and after: its ceiling alone changes."""
    facts = (
        first_listing(1, "2026-03-01", seq=1),
        first_purchase(1, "2026-03-01", "4000000.00", seq=1),
        first_listing(2, "2026-03-01", seq=1),
        provider_total(3, 2026, {"kmdex": [("2026-02-01", "15000000.00")]}, seq=1),
    )
    newer = changed(1, WHITELIST, **{'    amount: "20000.00"': '    amount: "50000.00"'})
    with ledger_database(postgres, facts) as database, database.service.begin() as connection, capture_logs() as logged:
        assert Ledger(connection, newer).put_in_force()
    *said, last = logged
    assert said == [
        {
            "event": "amounts changed by what is put in force",
            "log_level": "info",
            "rule": "first_listing",
            "year": 2026,
            "awards": 2,
            "subjects": 2,
            "ceiling_before": "40000.00",
            "ceiling_after": "100000.00",
            "payable_before": "20000.00",
            "payable_after": "50000.00",
        }
    ]
    assert (last["event"], last["awards_recomputed"]) == ("policy, whitelist and registers put in force", 4)


def test_a_ledger_by_the_revision_before_goes_on_by_the_file_in_force(postgres: FreshDatabase) -> None:
    """What was approved by revision 2 stands, and everything is as a rebuild by the file in force gives it."""
    before, ours = rulebook(REVISION_2), rulebook()
    with empty_bureau(postgres, before) as bureau:
        award_id = bureau.purchase(1)
        bureau.approved(award_id, "150000.00")
        bureau.take(first_listing(1, "2026-03-01", seq=2), first_listing(2, "2026-03-01", seq=2))
        awards = {one["award_id"]: (one["payable"], one["approved"]) for one in bureau.ask.all("/v1/awards")}
        with bureau.engine.begin() as connection:
            assert Ledger(connection, ours, bureau.now).put_in_force()
        bureau.later(minutes=1)
        after = Bureau(bureau.engine, ours, bureau.now)
        found = after.ask.all("/v1/awards")
        assert {one["award_id"]: (one["payable"], one["approved"]) for one in found} == awards
        assert {one["policy"]["revision"] for one in found} == {ours.policy.revision}
        assert awards[award_id] == ("200000.00", "150000.00")
        settings = after.ask.all("/v1/ledger/transactions", kind="settings")
        assert [one["policy"]["revision"] for one in settings] == [2, ours.policy.revision]
        with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            said: list[str] = []
            assert verify_all(connection, ours, None, said.append).is_right, said


def ledger_of(connection: Connection) -> Ledger:
    """A ledger by what the dumped database has in force."""
    in_force = rulebook_in_force(connection)
    assert in_force is not None
    return Ledger(connection, in_force)


def test_an_api_does_not_start_with_other_bytes_of_the_revision_in_force(postgres: FreshDatabase) -> None:
    ours, now = rulebook(), lambda: START
    with ledger_database(postgres, [first_listing(1, "2026-03-01", seq=4)]) as database:
        incentive_app(database.service, ours, now)
        other = replace(ours, policy=msgspec.structs.replace(ours.policy, digest="0" * 64))
        with pytest.raises(SettingsError, match=f"with SHA-256 {ours.policy.digest}, this file has {'0' * 64}; use"):
            incentive_app(database.service, other, now)


def test_an_api_starts_without_its_database() -> None:
    nowhere = make_engine("postgresql+psycopg://x:x@127.0.0.1:9/x")
    assert incentive_app(nowhere, rulebook(), lambda: START) is not None
