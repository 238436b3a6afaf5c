"""Manual changes by a database's owner with triggers disabled: which of four checks finds each.

Each row of the table in docs/en/audit/tampering.md is carried out and must be found by the checks that it names: once
with the log unchanged, once with the log recomputed to match and signed with the right key.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from sqlalchemy import text

from services.incentive.rebuild.command import verify_all
from services.incentive.store.log_entries import ledger_log
from services.incentive.store.register_client import RegisterRefused, RegisterUnavailable
from services.incentive.store.rulebook import SettingsChangedError
from services.listing.rebuild import LISTINGS_REBUILD
from services.trade_ingest.rebuild import TRADES_REBUILD
from shared.postgres.database import make_engine
from shared.register.rebuild.report import RebuildReport
from shared.service_log.store import newest_checkpoint, stored_hashes, verifier_keys
from shared.translog.checkpoint import Checkpoint, open_checkpoint
from shared.translog.merkle import HASH_BYTES, ProofError, check_consistency, consistency_proof
from shared.translog.note import NoteError, SignerKey, VerifierKey, parse_note, sign
from shared.translog.tiles import node_by_tiles
from shared.values.times import now
from tests.support.incentive.extract_makers import SECRET_TRADE, Makers, checked, files, makers_of
from tests.support.paths import ROOT
from tests.support.registers import worlds
from tests.support.registers.verification import verify_register
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from tests.support.engines.session import FreshDatabase

# By change, the checks that find it with the log unchanged, and with the log recomputed; None: it is in no log.
Table = dict[str, tuple[set[str] | None, set[str] | None]]

AUDIT = ROOT / "docs" / "en" / "audit" / "tampering.md"
FINDERS = ("extract", "`--since`", "witness", "`rebuild --verify`")


class Change(NamedTuple):
    """A manual change by a database's owner."""

    whose: str
    tables: tuple[str, ...]
    statements: tuple[str, ...]


def one(table: str, change: str, where: str = "true") -> tuple[str, ...]:
    """Return the statement that makes the change in the first matching row."""
    return (f"UPDATE {table} SET {change} WHERE seq = (SELECT min(seq) FROM {table} WHERE {where})",)


_OF_AWARD = "award_id IS NOT NULL"
_LAST = "(SELECT max(seq) FROM ledger_transaction)"
_TWICE = """convert_to(replace(convert_from(value, 'UTF8'), '"amount": "', '"amount": "1'), 'UTF8')"""
# Keys are the text of the table's first column.
CHANGES = {
    "ledger: the amounts of a posting": Change(
        "ledger", ("ledger_entry",), one("ledger_entry", "debit_fen = debit_fen * 2, credit_fen = credit_fen * 2")
    ),
    "ledger: the words of a posting": Change(
        "ledger",
        ("ledger_transaction",),
        one("ledger_transaction", """cause = jsonb_set(cause, '{text}', '"x"')""", _OF_AWARD),
    ),
    "ledger: when something was posted": Change(
        "ledger",
        ("ledger_transaction",),
        one("ledger_transaction", "posted_at = posted_at - interval '1 us'", _OF_AWARD),
    ),
    "ledger: the last transaction taken out": Change(
        "ledger",
        ("ledger_entry", "ledger_transaction"),
        tuple(f"DELETE FROM {table} WHERE seq = {_LAST}" for table in ("ledger_entry", "ledger_transaction")),
    ),
    "ledger: the newest version of an award": Change(
        "ledger",
        ("award_version",),
        (
            (
                "UPDATE award_version SET base_fen = base_fen + 100"
                " WHERE award_id = (SELECT max(award_id) FROM award_version)"
            ),
        ),
    ),
    "ledger: a recorded fact": Change(
        "ledger",
        ("fact",),
        (
            (
                "UPDATE fact SET value = convert_to("
                """replace(convert_from(value, 'UTF8'), '"trades"\\:1', '"trades"\\:2'), 'UTF8')"""
            ),
        ),
    ),
    "ledger: a declaration of the bureau": Change(
        "ledger",
        ("fact",),
        (
            (
                "UPDATE fact SET value = convert_to("
                """replace(convert_from(value, 'UTF8'), '"by"\\:"key of bureau"', '"by"\\:"another"'), 'UTF8')"""
                " WHERE topic = 'declared'"
            ),
        ),
    ),
    "ledger: the policy file in force": Change(
        "ledger", ("ledger_settings",), ("UPDATE ledger_settings SET policy_source = policy_source || '# x'",)
    ),
    "ledger: the registers that count": Change(
        "ledger", ("ledger_settings",), ("UPDATE ledger_settings SET registers = '{r9}'",)
    ),
    "ledger: the reason of a decision": Change(
        "ledger", ("decision",), ("UPDATE decision SET reason = 'another' WHERE number = 0",)
    ),
    "ledger: whether a subject is eligible": Change(
        "ledger", ("eligibility",), ("UPDATE eligibility SET kind_of_entity = 'other'",)
    ),
    "trades: the bytes of a record, meaning the same": Change(
        "trades", ("trade",), one("trade", "value = value || ' '::bytea")
    ),
    "trades: the amount in a record": Change(
        "trades", ("trade",), one("trade", f"value = {_TWICE}", "counted AND completed")
    ),
    "trades: where a record stands in Kafka": Change(
        "trades", ("trade",), one("trade", '"offset" = "offset" + 1000000')
    ),
    "trades: the amount of a document beside its record": Change(
        "trades", ("trade",), one("trade", "amount_fen = amount_fen + 1")
    ),
    "trades: a first purchase": Change(
        "trades", ("first_purchase",), ("UPDATE first_purchase SET number = number || 'x'",)
    ),
    "trades: a total": Change(
        "trades", ("exchange_total",), ("UPDATE exchange_total SET amount_fen = amount_fen + 1",)
    ),
    "trades: a listing fact that was applied": Change(
        "trades", ("listing_fact",), one("listing_fact", "value = value || ' '::bytea")
    ),
    "trades: the whitelist that was in force": Change(
        "trades", ("settings_entry",), ("UPDATE settings_entry SET content = jsonb_set(content, '{cut_at}', '[]')",)
    ),
    "trades: a refused record": Change("trades", ("quarantine",), ("UPDATE quarantine SET value = 'x'::bytea",)),
    "listings: the bytes of a record, meaning the same": Change(
        "listings", ("listing",), one("listing", "value = value || ' '::bytea")
    ),
    "listings: the status of a listing beside its record": Change(
        "listings", ("listing",), one("listing", "status = 'annulled'", "status = 'listed'")
    ),
    "listings: a first listing": Change(
        "listings", ("first_listing",), ("UPDATE first_listing SET listed_at = listed_at + interval '1 s'",)
    ),
    "log: a hash": Change(
        "trades",
        ("log_hash",),
        ("UPDATE log_hash SET hashes = overlay(hashes PLACING '\\x00' FROM 3) WHERE level = 0",),
    ),
    "log: the newest checkpoint": Change("trades", ("log_checkpoint",), ("UPDATE log_checkpoint SET note = :forged",)),
}


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("by-hand")) as found:
        yield found


@pytest.fixture(scope="module")
def older(makers: Makers) -> bytes:
    return makers.extract(evidence="registers")


@pytest.fixture(scope="module")
def table() -> Table:
    """The table of docs/en/audit/tampering.md."""
    section = AUDIT.read_text("utf-8").split("## Rows changed by hand")[1].split("\n#")[0]
    rows = re.findall(r"^\| (\w+: [^|]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
    return {what: (finders(left), finders(anew)) for what, left, anew in rows}


def finders(cell: str) -> set[str] | None:
    return None if cell == "—" else set() if cell == "none of these" else set(cell.split(", "))


def test_the_table_has_a_row_for_each_change(table: Table) -> None:
    assert list(table) == list(CHANGES)
    assert all(cell is None or cell <= set(FINDERS) for row in table.values() for cell in row)


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_found_by_what_the_table_says(
    makers: Makers, older: bytes, table: Table, tmp_path: Path, what: str
) -> None:
    found: list[set[str] | None] = []
    for is_anew, expected in zip((False, True), table[what], strict=True):
        if expected is None:
            found.append(None)
            continue
        with changed_by_hand(makers, CHANGES[what], is_anew=is_anew):
            found.append({name for name, finds in FINDS.items() if finds(makers, CHANGES[what], older, tmp_path)})
    assert tuple(found) == table[what]


def test_what_was_put_back_is_sound(makers: Makers, older: bytes, tmp_path: Path) -> None:
    for what in ("ledger: a recorded fact", "trades: a total", "listings: a first listing"):
        assert not any(finds(makers, CHANGES[what], older, tmp_path) for finds in FINDS.values()), what


def test_a_fact_that_is_kept_back_is_reported(makers: Makers, tmp_path: Path) -> None:
    """The fact's key is deleted from the outbox, so the ledger never receives it."""
    buyer = {"id_scheme": "uscc", "id": worlds.uscc(73), "name": "虚构买方"}
    value = worlds.record("trade", "dcdex", SECRET_TRADE | {"trade_no": "T-kept-back", "buyer": buyer}, 0).value
    register = makers.set.trades
    register.feed("dcdex", [value])
    with register.engine.begin() as connection:
        kept_back = connection.execute(text("DELETE FROM outbox RETURNING topic, key, dirty_at")).mappings().all()
    report = checked(makers, makers.extract(evidence="registers"), tmp_path)
    assert report.is_sound
    assert f"{len(kept_back)} facts are older than the registers' documents" in report.text()
    with register.engine.begin() as connection:
        put_back = text("INSERT INTO outbox (topic, key, dirty_at) VALUES (:topic, :key, :dirty_at)")
        connection.execute(put_back, [dict(row) for row in kept_back])
    makers.set.hand_on()
    report = checked(makers, makers.extract(evidence="registers"), tmp_path)
    assert report.is_sound
    assert "the ledger's facts are up to date" in report.text()


# --- manual changes ---


@contextmanager
def changed_by_hand(makers: Makers, change: Change, *, is_anew: bool) -> Iterator[None]:
    tables = {*change.tables, "log_hash", "log_checkpoint"}
    engine = make_engine(owner_url(makers, change.whose))
    try:
        with engine.begin() as connection:
            for table in tables:
                connection.execute(text(f"CREATE TABLE {table}_before AS TABLE {table}"))
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        with engine.begin() as connection:
            for statement in change.statements:
                forged = {"forged": forged_checkpoint()} if ":forged" in statement else {}
                assert connection.execute(text(statement), forged).rowcount, statement
            if is_anew:
                make_log_anew(makers, change.whose, connection)
        yield
    finally:
        with engine.begin() as connection:
            for table in tables:
                connection.execute(text(f"DELETE FROM {table}"))
                connection.execute(text(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {table}_before"))
                connection.execute(text(f"DROP TABLE {table}_before"))
        with engine.begin() as connection:
            for table in tables:
                connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        engine.dispose()


def forged_checkpoint() -> str:
    """Return a signed checkpoint whose root hash matches no state of the log."""
    origin = f"{LOG_ORIGIN}/trades/r1/1"
    return str(sign(Checkpoint(origin, 7, b"x" * HASH_BYTES).text(), SignerKey(origin, LOG_KEY)))


def make_log_anew(makers: Makers, whose: str, connection: Connection) -> None:
    log = (
        ledger_log(LOG_KEY, LOG_ORIGIN)
        if whose == "ledger"
        else register_of(makers, whose).side.kind.log(LOG_KEY, LOG_ORIGIN)
    )
    connection.execute(text("DELETE FROM log_hash"))
    connection.execute(text("DELETE FROM log_checkpoint"))
    log.begin(connection, now())


def register_of(makers: Makers, whose: str) -> Any:
    return {"trades": makers.set.trades, "listings": makers.set.listings}[whose]


def engine_of(makers: Makers, whose: str) -> Engine:
    return makers.set.ledger if whose == "ledger" else register_of(makers, whose).engine


def owner_url(makers: Makers, whose: str) -> str:
    return makers.set.ledger_owner_url if whose == "ledger" else register_of(makers, whose).owner_url


# --- the four checks ---


def extract_finds(makers: Makers, change: Change, older: bytes, folder: Path) -> bool:
    """Return True if the next extract is unsound by itself or cannot be made."""
    del change, older
    try:
        content = makers.extract(evidence="registers")
    except (RegisterRefused, RegisterUnavailable):
        return True
    return not checked(makers, content, folder).is_sound


def since_finds(makers: Makers, change: Change, older: bytes, folder: Path) -> bool:
    """Return True if the next extract is not a continuation of an older one."""
    del change
    try:
        content = makers.extract(evidence="registers")
    except RegisterUnavailable:  # there is no checkpoint yet that covers the documents of the facts
        return False
    report = checked(makers, content, folder, older)
    return any("history was rewritten" in str(fault) or "shorter than" in str(fault) for fault in report.faults)


def witness_finds(makers: Makers, change: Change, older: bytes, folder: Path) -> bool:
    """Return True if the newest checkpoint is not consistent with that of the older extract."""
    del folder
    logs = {
        "ledger": "checkpoint",
        "trades": "evidence/trades-r1-1.checkpoint",
        "listings": "evidence/listings-r1-1.checkpoint",
    }
    then = Checkpoint.parse(parse_note(files(older)[logs[change.whose]]).text)
    with engine_of(makers, change.whose).begin() as connection:
        newest = newest_checkpoint(connection)
        assert newest is not None
        try:
            (key,) = verifier_keys(connection)
            current = open_checkpoint(newest.note, [VerifierKey.parse(key)])
            node = node_by_tiles(
                current.size, lambda tile: stored_hashes(connection, tile.level or 0, tile.first, tile.width)
            )
            proof = consistency_proof(then.size, current.size, node)
            check_consistency(then.size, current.size, proof, then.root, current.root)
        except (NoteError, ProofError, ValueError):
            return True
    return False


def rebuild_finds(makers: Makers, change: Change, older: bytes, folder: Path) -> bool:
    del older, folder
    lines: list[str] = []
    engine = engine_of(makers, change.whose)
    if change.whose != "ledger":
        anew = TRADES_REBUILD if change.whose == "trades" else LISTINGS_REBUILD
        return not verify_register(
            engine, anew, register_of(makers, change.whose).register, RebuildReport(lines.append), None
        )
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            return not verify_all(connection, makers.set.rulebook, None, lines.append).is_right
    except SettingsChangedError:
        return True


FINDS = dict(zip(FINDERS, (extract_finds, since_finds, witness_finds, rebuild_finds), strict=True))
