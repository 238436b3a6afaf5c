"""`incentive rebuild` on real engines: a sound ledger passes, damage is named and repaired by new rows."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from services.incentive.commands.acting import BureauContext
from services.incentive.commands.declare import DeclarationInput, declare
from services.incentive.domain.facts import TOPICS
from services.incentive.domain.workflow import Actor
from services.incentive.rebuild.command import repair_all, verify_all
from services.incentive.store.intake import LedgerIntake
from services.incentive.store.rulebook import SettingsChangedError
from shared.events.fact_topics import FIRST_LISTING
from shared.service_log.store import LOG_TABLES, LogDiffersError
from shared.values.times import now
from tests.support.consumption import running
from tests.support.forked_programs import ForkServer
from tests.support.incentive.ledger import (
    LOG,
    OPERATOR_OF_KMDEX,
    ROOT,
    START,
    WHITELIST,
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
from tests.support.incentive.ledger import changed as revised
from tests.support.records import FakeRecord
from tests.support.until import until

FreshDatabase = Callable[[str], tuple[str, str]]
# Columns and tables that triggers maintain, recomputed from the recorded rows.
FILL_NAMED = """
UPDATE award_current c SET named = v.named FROM (
    SELECT award_id, array_agg(DISTINCT e ORDER BY e) AS named FROM award_version, unnest(exchanges) AS e GROUP BY 1
) v WHERE v.award_id = c.award_id
"""
FILL_KNOWN_TO = """
INSERT INTO known_to (exchange, about)
WITH told AS (SELECT about, convert_from(value, 'UTF8')::jsonb AS v FROM fact WHERE topic <> 'facts.sign.v1'),
one AS (SELECT coalesce(v ->> 'exchange', v #>> '{first,exchange}') AS exchange, about FROM told)
SELECT exchange, about FROM one WHERE exchange IS NOT NULL
UNION SELECT jsonb_object_keys(v -> 'by_exchange'), about FROM told
UNION SELECT o.exchange, o.about FROM ledger_settings s, operators_listed(s.whitelist) o
"""
LISTING = f"first_listing/{subject(1)}"
PURCHASE = f"first_purchase/{subject(2)}"
TABLES = ("fact", "fact_current", "award_version", "award_current", "ledger_transaction", "ledger_entry", *LOG_TABLES)


@dataclass
class Database:
    """A ledger's database as its service sees it, and as its owner does."""

    owner_url: str
    service_url: str
    engine: Engine

    @contextmanager
    def intake(self) -> Iterator[Ledger]:
        """Yield an intake for one or several batches, which are committed together."""
        with self.engine.begin() as connection:
            last = connection.execute(text("SELECT max(recorded_at) FROM fact")).scalar()
            ledger = Ledger(connection, rulebook())
            if last is not None:
                ledger.now = last
            yield ledger

    def take(self, *records: FakeRecord) -> None:
        with self.intake() as ledger:
            ledger.put_in_force()
            ledger.take(*records)

    def damage(self, *statements: str) -> None:
        """Run the statements as the owner, with triggers disabled."""
        with psycopg.connect(self.owner_url) as connection:
            for table in TABLES:
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            for statement in statements:
                assert connection.execute(statement).rowcount, statement
            for table in TABLES:
                connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def dump(self) -> dict[str, set[str]]:
        """Return every row of the append-only tables, as text."""
        with psycopg.connect(self.owner_url) as connection:
            return {
                table: {row[0] for row in connection.execute(f"SELECT t::text FROM {table} t")}
                for table in ("fact", "award_version", "ledger_transaction", "ledger_entry", "ledger_settings")
            }

    def verify(self) -> list[str]:
        """Return the differences, line by line; check that the summary has their number."""
        said: list[str] = []
        with self.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            outcome = verify_all(connection, rulebook(), None, said.append)
        assert outcome.summary.endswith(f"differences {len(said)}")
        assert outcome.is_right == (not said)
        return said

    def mend(self) -> tuple[bool, list[str]]:
        said: list[str] = []
        before = self.dump()
        with self.engine.begin() as connection:
            last = connection.execute(text("SELECT max(recorded_at) FROM fact")).scalar()
            outcome = repair_all(connection, rulebook(), LOG, None, said.append, lambda: last)
        after = self.dump()
        for table, rows in before.items():
            assert rows <= after[table], f"a row of {table} was changed"
        return outcome.is_right, [*said, outcome.summary]

    def all(self, statement: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(statement)))


@pytest.fixture
def empty(postgres: FreshDatabase) -> Iterator[Database]:
    with ledger_database(postgres) as made:
        yield Database(made.owner_url, made.service_url, made.service)


@pytest.fixture
def database(empty: Database) -> Database:
    """A ledger with a first listing, a partly refunded purchase, a withdrawn annual total, and tiers."""
    empty.take(first_listing(1, "2026-03-01", seq=4), first_purchase(2, "2026-03-01", "5000000.00", seq=4))
    empty.take(provider_total(3, 2026, {"kmdex": [("2026-03-01", "15000000.00")]}, seq=5))
    empty.take(exchange_total("kmdex", 2026, [("2026-03-01", "100000000.01")], seq=6))
    empty.take(provider_total(3, 2026, {}, seq=7), first_purchase(2, "2026-03-01", "4000000.00", seq=7))
    assert empty.verify() == []
    return empty


def test_what_is_right_is_left_alone(database: Database) -> None:
    before = database.dump()
    assert database.mend()[0]
    assert database.dump() == before


def test_an_award_that_was_changed_gets_a_version_and_no_posting(database: Database) -> None:
    database.damage(f"UPDATE award_current SET ceiling_fen = 99, payable_fen = 99 WHERE award_id = '{LISTING}'")
    said = database.verify()
    assert [line for line in said if line.startswith(f"award {LISTING}: ")] == [
        f"award {LISTING}: stored ceiling 0.99, payable 0.99; expected ceiling 20000.00, payable 20000.00"
    ]
    is_right, said = database.mend()
    assert is_right
    assert "new versions 1, correcting postings 0; not repairable 0" in said[-1]
    assert database.verify() == []
    version = database.all(f"SELECT * FROM award_version WHERE award_id = '{LISTING}' ORDER BY version")[-1]
    assert (version.version, version.ceiling_fen) == (1, 2_000_000)
    # Later records get a later instant even if the clock stands still.
    with database.intake() as ledger:
        ledger.wait = lambda: timedelta(0)
        ledger.take(first_listing(9, "2026-03-01", seq=9))
    assert database.all("SELECT max(recorded_at) AS at FROM fact")[0].at > version.recorded_at


def test_who_may_see_what_is_worked_out_again_too(database: Database) -> None:
    database.damage(
        "UPDATE award_current SET named = '{}' WHERE rule = 'exchange_tiers'",
        f"DELETE FROM known_to WHERE about = '{subject(2)}'",
        f"INSERT INTO known_to VALUES ('dcdex', '{subject(2)}')",
    )
    assert database.verify() == [
        f"known_to dcdex {subject(2)}: stored shown; expected none",
        f"known_to kmdex {subject(2)}: stored none; expected shown",
        f"search_entry {subject(2)}: stored 6 too many; expected none",
        "award_current exchange_tiers/kmdex/2026: stored named ; expected named kmdex",
    ]
    database.damage("UPDATE award_current SET named = '{}'", "DELETE FROM known_to", FILL_NAMED, FILL_KNOWN_TO)
    database.damage("DELETE FROM search_entry WHERE reader = 'dcdex'")
    assert database.verify() == []


def test_participants_are_checked_and_repaired(database: Database) -> None:
    of, whole = "participant kmdex 2026 first_purchase", "虚构实体2 measure 4000000.00"
    database.damage(
        f"UPDATE participant SET own_fen = 99 WHERE subject = '{subject(2)}'",
        "DELETE FROM participant WHERE rule = 'first_listing'",
    )
    assert database.verify() == [
        f"participant kmdex 2026 first_listing {subject(1)}: stored none; expected 虚构实体1 measure 0.00 own 0.00",
        f"{of} {subject(2)}: stored {whole} own 0.99; expected {whole} own 4000000.00",
    ]
    assert database.mend()[0]
    assert database.verify() == []


def test_names_and_the_entries_of_search_are_checked(database: Database) -> None:
    is_third = f"number = (SELECT number FROM subject_name WHERE subject = '{subject(3)}')"
    database.damage(
        f"UPDATE subject_name SET name = '虚构别名' WHERE subject = '{subject(2)}'",
        f"DELETE FROM search_entry WHERE {is_third} AND is_inner",
    )
    assert database.verify() == [
        f"subject_name {subject(2)}: stored 虚构别名; expected 虚构实体2",
        f"search_entry {subject(3)}: stored none; expected 4 missing",
    ]
    database.damage(
        f"UPDATE subject_name SET name = '虚构实体2' WHERE subject = '{subject(2)}'",
        f"UPDATE subject_name SET name = name || '。' WHERE subject = '{subject(3)}'",
        f"UPDATE subject_name SET name = '虚构实体3' WHERE subject = '{subject(3)}'",
    )
    assert database.verify() == []


def test_a_newest_version_that_was_changed_is_followed_by_a_right_one(database: Database) -> None:
    database.damage(f"UPDATE award_version SET year = 2027 WHERE award_id = '{LISTING}'")
    assert database.verify() == [f"award_current {LISTING}: stored year 2026; expected year 2027, award_version 0"]
    assert database.mend()[0]
    assert database.verify() == []


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("subject", "'uscc:X'", "subject uscc:X; "),
        ("about", "'uscc:X'", "about uscc:X; "),
        ("rule", "'x'", "rule x; "),
        ("article", "'x'", "article x; "),
        ("year", "2027", "year 2027; "),
        ("exchange", "NULL", "exchange None; "),
        ("exchanges", "'{dcdex}'", "exchanges ('dcdex',); "),
        ("flags", "'{last_day}'", "flags ('last_day',); "),
        ("policy_id", "'x'", "policy_id x; "),
        ("policy_revision", "7", "policy_revision 7; "),
        ("subject_name", "'别名'", "subject_name 别名; "),
        ("evidence", "'[]'", "evidence (); "),
        ("base_fen", "5", "base 0.05; "),
        ("rate", "0.5", "rate 0.5; "),
        ("cap_fen", "5", "cap 0.05; "),
        ("payable_fen", "5", "payable 0.05; "),
        ("suppressed_by", "'x', payable_fen = 0", "payable 0.00, suppressed_by x; "),
    ],
)
def test_every_member_of_an_award_is_looked_at(database: Database, column: str, value: str, told: str) -> None:
    """The change is in both tables, so comparing the two does not find it."""
    database.damage(
        f"UPDATE award_current SET {column} = {value} WHERE award_id = '{LISTING}'",
        f"UPDATE award_version SET {column} = {value} WHERE award_id = '{LISTING}'",
    )
    said = database.verify()
    (line,) = (line for line in said if line.startswith(f"award {LISTING}: "))
    assert told.replace("; ", "; expected") in line
    # With `exchanges`, the visibility of the subject differs too.
    assert len(said) == (2 if column == "exchanges" else 1)
    assert database.mend()[0]
    assert database.verify() == []


def test_an_award_that_was_taken_away_stays_what_it_last_was(database: Database) -> None:
    award = f"annual_listed_trading/{subject(3)}/2026"
    database.damage(
        f"UPDATE award_current SET subject = 'uscc:X', year = 2027 WHERE award_id = '{award}'",
        f"UPDATE award_version SET subject = 'uscc:X', year = 2027 WHERE award_id = '{award}' AND version = 1",
    )
    (line,) = database.verify()
    assert line == (f"award {award}: stored subject uscc:X, year 2027; expected subject {subject(3)}, year 2026")
    assert database.mend()[0]
    assert database.verify() == []


def test_awards_of_one_subject_are_settled_by_what_they_should_be(database: Database) -> None:
    """The operator's tier award rests on the exchange's facts: damage to it is not reported for its other awards."""
    code = OPERATOR_OF_KMDEX.removeprefix("uscc:")
    value = {
        "generation": 1,
        "seq": 8,
        "party": {"id_scheme": "uscc", "id": code, "name": "虚构"},
        "first": {"exchange": "kmdex", "listing_no": "L1", "revision": 1, "listed_at": "2026-02-01T00:00:00+08:00"},
    }
    database.take(record(FIRST_LISTING, f"r1/{OPERATOR_OF_KMDEX}", value))
    assert database.verify() == []
    tiers = "exchange_tiers/kmdex/2026"
    database.damage(f"UPDATE award_current SET ceiling_fen = 1, payable_fen = 1 WHERE award_id = '{tiers}'")
    assert [line.partition(": ")[0] for line in database.verify()] == [f"award_current {tiers}", f"award {tiers}"]


def test_an_award_that_no_fact_earns_is_taken_away_with_its_balance(database: Database) -> None:
    foreign = f"first_listing/{subject(77)}"
    account = f"entitlement:{subject(77)}:{foreign}:2026"
    with database.engine.begin() as connection:
        edge = LOG.edge(connection)
    database.damage(
        f"INSERT INTO award_version SELECT (v).* FROM (SELECT jsonb_populate_record(a, jsonb_build_object("
        f"'award_id', '{foreign}', 'subject', '{subject(77)}', 'about', '{subject(77)}')) v"
        f" FROM award_version a WHERE award_id = '{LISTING}') x",
        f"INSERT INTO award_current SELECT *, exchanges FROM award_version WHERE award_id = '{foreign}'",
        f"INSERT INTO ledger_transaction SELECT (t).* FROM (SELECT jsonb_populate_record(l, jsonb_build_object("
        f"'seq', (SELECT max(seq) + 1 FROM ledger_transaction), 'award_id', '{foreign}', 'subject', '{subject(77)}',"
        " 'posted_at', (SELECT max(posted_at) FROM ledger_transaction))) t"
        f" FROM ledger_transaction l WHERE award_id = '{LISTING}') x",
        "INSERT INTO ledger_entry SELECT max(seq), 0, 'policy:first_listing:2026', 2000000, 0 FROM ledger_transaction",
        f"INSERT INTO ledger_entry SELECT max(seq), 1, '{account}', 0, 2000000 FROM ledger_transaction",
    )
    differ = [f"award {foreign}", f"account {account}"]
    assert [line.partition(": ")[0] for line in database.verify()] == ["log_hash", *differ]
    with pytest.raises(LogDiffersError, match="the log has 6 entries and the database numbers 7"):
        database.mend()
    # Somebody who also has the key appended it to the log.
    with database.engine.begin() as connection:
        LOG.extend(connection, edge, START)
    assert [line.partition(": ")[0] for line in database.verify()] == differ
    assert database.mend()[0]
    assert database.verify() == []
    assert database.all(f"SELECT ceiling_fen FROM award_current WHERE award_id = '{foreign}'")[0].ceiling_fen == 0


def test_a_changed_entry_is_named_and_its_account_corrected(database: Database) -> None:
    account = f"entitlement:{subject(2)}:{PURCHASE}:2026"
    database.damage(f"UPDATE ledger_entry SET credit_fen = credit_fen + 100 WHERE account = '{account}' AND seq = 2")
    named = [
        "ledger_transaction 2: stored debit 200000.00, credit 200001.00; expected debit = credit",
        "ledger_transaction 2: stored amount 200000.00; expected amount 200001.00",
    ]
    told = database.verify()
    logged = [line for line in told if line.startswith("log entry 2: ")]
    assert len(logged) == 1
    assert told == [
        *named,
        "account policy:first_purchase:2026: stored -200000.00; expected -200001.00",
        *logged,
        f"account {account}: stored 200001.00; expected 200000.00",
    ]
    is_right, said = database.mend()
    assert not is_right
    last = database.all("SELECT * FROM ledger_transaction ORDER BY seq")[-1]
    assert (last.kind, last.amount_fen, last.subject, last.year) == ("entitlement", -100, subject(2), 2026)
    assert "重建更正" in last.cause["text"]
    assert "corrected by a rebuild" in last.cause["text"]
    assert last.cause["facts"] == [{"fact": f"facts.first-purchase.v1/r1/{subject(2)}", "generation": 1, "seq": 7}]
    # The wrong posting is append-only and stays, so its counter-account can no longer balance.
    policy = "account policy:first_purchase:2026: stored -199999.00; expected -200000.00"
    remains = [*named, policy, *logged]
    assert database.verify() == remains
    assert [line for line in said if line.startswith("不可更正")] == [
        f"不可更正 / not repairable: {r}" for r in remains
    ]
    before = database.dump()
    assert not database.mend()[0]
    assert database.dump() == before


def test_a_deleted_transaction_leaves_a_gap_and_its_account_is_corrected(database: Database) -> None:
    database.damage("DELETE FROM ledger_transaction WHERE seq = 2", "DELETE FROM ledger_entry WHERE seq = 2")
    gap = "ledger_transaction 2 .. 2: stored none; expected seq without gaps"
    account = f"account entitlement:{subject(2)}:{PURCHASE}:2026"
    assert database.verify() == [gap, f"{account}: stored 0.00; expected 200000.00"]
    assert not database.mend()[0]
    assert database.verify() == [gap]


def test_a_transaction_without_entries_and_entries_without_one(database: Database) -> None:
    database.damage("DELETE FROM ledger_entry WHERE seq = 1", "DELETE FROM ledger_transaction WHERE seq = 2")
    said = database.verify()
    assert "ledger_transaction 1: stored 0 entries; expected 2 entries" in said
    assert "ledger_transaction 2: stored none; expected 2 entries" in said


def test_where_postgresql_takes_no_posting_it_is_reported(database: Database) -> None:
    """Entries of the deleted last transaction occupy the number of the next one."""
    database.take(first_listing(9, "2026-03-09", seq=30))
    last = database.all("SELECT max(seq) AS seq FROM ledger_transaction")[0].seq
    database.damage(
        f"DELETE FROM log_checkpoint WHERE size > {last}",
        f"DELETE FROM log_hash WHERE first >= {last}",
        f"DELETE FROM ledger_transaction WHERE seq = {last}",
        "UPDATE ledger_entry SET credit_fen = 5 WHERE credit_fen > 0 AND seq = 1",
    )
    before = database.dump()
    is_right, said = database.mend()
    assert not is_right
    assert any("not repairable: IntegrityConstraintViolation: transaction" in line for line in said)
    assert "new versions 0, correcting postings 0" in said[-1]
    assert database.dump() == before


def test_an_entry_on_an_account_of_another_award_and_a_time_that_falls(database: Database) -> None:
    account = f"entitlement:{subject(1)}:{LISTING}:2026"
    database.damage(
        f"UPDATE ledger_entry SET account = '{account}' WHERE seq = 2 AND line = 1",
        "UPDATE ledger_transaction SET posted_at = posted_at - interval '1 year' WHERE seq = 3",
    )
    said = database.verify()
    assert f"ledger_entry 2/1: stored {account}; expected an account of entitlement" in said[1]
    assert said[0].startswith("ledger_transaction 3: stored posted_at ")
    # Both accounts are corrected to their ceilings; the wrong posting stays.
    assert not database.mend()[0]
    assert [line.partition(": ")[0] for line in database.verify()] == [
        "ledger_transaction 3",
        "ledger_entry 2/1",
        "account policy:first_listing:2026",
        "account policy:first_purchase:2026",
        "log entry 2",
        "log entry 3",
    ]


def test_a_fact_without_its_consequences(database: Database) -> None:
    """A fact inserted without intake: the database accepts it, but awards and ledger do not reflect it."""
    newer = first_purchase(2, "2026-03-01", "3000000.00", seq=9)
    with database.engine.begin() as connection:
        connection.execute(
            text(
                'INSERT INTO fact (topic, key, about, generation, seq, value, partition, "offset", received_at,'
                " recorded_at) SELECT topic, key, about, 1, 9, :value, 0, 9, received_at, recorded_at FROM fact"
                " WHERE topic = 'facts.first-purchase.v1' ORDER BY id LIMIT 1"
            ),
            {"value": newer.value},
        )
    assert [line.partition(": ")[0] for line in database.verify()] == [
        f"award {PURCHASE}",
        f"account entitlement:{subject(2)}:{PURCHASE}:2026",
        f"participant kmdex 2026 first_purchase {subject(2)}",
    ]
    assert database.mend()[0]
    assert database.verify() == []
    last = database.all("SELECT * FROM ledger_transaction ORDER BY seq")[-1]
    assert (last.award_id, last.amount_fen) == (PURCHASE, -5_000_000)
    assert last.cause["facts"][0]["seq"] == 9


def test_a_newest_fact_that_was_lowered_must_be_repaired_by_its_owner(database: Database) -> None:
    key = f"r1/{subject(2)}"
    database.damage(
        f"UPDATE fact_current SET seq = 4, fact_id = (SELECT min(id) FROM fact WHERE key = '{key}') WHERE key = '{key}'"
    )
    (line,) = database.verify()
    assert line.startswith(f"fact_current facts.first-purchase.v1 {key}: stored fact ")
    assert "seq 7" in line.partition("expected")[2]
    before = database.dump()
    is_right, said = database.mend()
    assert not is_right
    assert "only the owner of the tables fact" in said[-2]
    assert database.dump() == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("value = 'nonsense'", "JSON is malformed"),
        ("value = convert_to(replace(convert_from(value, 'UTF8'), '\"seq\": 7', '\"seq\": 8'), 'UTF8')", "value 1, 8"),
        ("key = 'r1/uscc:X'", "the value is of"),
        ("about = 'uscc:X'", "about uscc:X"),
    ],
)
def test_no_money_is_moved_on_the_word_of_a_damaged_fact(database: Database, change: str, told: str) -> None:
    of_it = f"WHERE key = 'r1/{subject(2)}' AND seq = 7"
    database.damage(f"UPDATE fact SET {change} {of_it}")
    said = database.verify()
    assert any(line.startswith("fact ") and told in line for line in said)
    before = database.dump()
    assert not database.mend()[0]
    assert database.all(f"SELECT ceiling_fen FROM award_current WHERE award_id = '{PURCHASE}'")[0].ceiling_fen
    assert database.dump()["ledger_entry"] == before["ledger_entry"]


def test_a_damaged_declaration_moves_no_money_of_whoever_shares_its_item(database: Database) -> None:
    """Without the first, the second would earn the item's whole amount."""
    prizes = ((50, "provincial_third"), (51, "national_first"))
    entered = [
        DeclarationInput("contest", subject(number), "S", date(2026, number - 47, 1), {"prize": prize})
        for number, prize in prizes
    ]
    with database.engine.begin() as connection:
        bureau = BureauContext(rulebook(), LOG, lambda: datetime(2026, 7, 1, tzinfo=UTC))
        assert all(one.declaration for one in declare(connection, entered, bureau, Actor("test", None)))
    ceilings = "SELECT ceiling_fen FROM award_current WHERE rule = 'contest' ORDER BY award_id"
    assert [row.ceiling_fen for row in database.all(ceilings)] == [2_000_000, 8_000_000]
    assert database.verify() == []
    database.damage(f"UPDATE fact SET value = 'nonsense' WHERE topic = 'declared' AND about = '{subject(50)}'")
    said = database.verify()
    assert [line.split()[0] for line in said] == ["fact", "declaration"]
    before = database.dump()
    assert not database.mend()[0]
    assert database.dump() == before


def test_payables_within_a_limit_stay_where_a_declaration_is_damaged(database: Database) -> None:
    """Of vouchers of 90,000 and 250,000, the earlier uses the limit of 300,000 first; the declaration has its day."""
    entered = [
        DeclarationInput("compute_voucher", subject(52), item, date(2026, month, 2), {"settled": settled})
        for item, month, settled in (("A", 6, "833333.34"), ("B", 2, "300000.00"))
    ]
    with database.engine.begin() as connection:
        bureau = BureauContext(rulebook(), LOG, lambda: datetime(2026, 7, 1, tzinfo=UTC))
        assert all(one.declaration for one in declare(connection, entered, bureau, Actor("test", "test")))
    payables = "SELECT payable_fen FROM award_current WHERE rule = 'compute_voucher' ORDER BY award_id"
    assert [row.payable_fen for row in database.all(payables)] == [21_000_000, 9_000_000]
    assert database.verify() == []
    database.damage("UPDATE fact SET value = 'nonsense' WHERE topic = 'declared' AND key LIKE '%/B'")
    assert [line.split()[0] for line in database.verify()] == ["fact", "declaration"]
    before = database.dump()
    assert not database.mend()[0]
    assert database.dump() == before


def test_a_version_that_is_gone_and_a_row_that_is_gone(database: Database) -> None:
    database.damage(
        f"DELETE FROM award_version WHERE award_id = '{LISTING}'",
        f"DELETE FROM award_current WHERE award_id = '{PURCHASE}'",
    )
    assert database.verify() == [
        f"award_version {LISTING}: stored none; expected version 0",
        f"award_current {PURCHASE}: stored none; expected version 1",
    ]
    # Versions are numbered from `award_current`, which only its owner can restore.
    assert not database.mend()[0]
    assert database.verify() == [
        f"award_version {LISTING} after -1: stored version 1; expected version 0",
        f"award_current {PURCHASE}: stored none; expected version 1",
    ]


def test_many_differences_are_counted_and_the_first_reported(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.incentive.rebuild.command.MOST_LINES", 1)
    database.damage("UPDATE award_current SET article = 'x'")
    said: list[str] = []
    with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        outcome = verify_all(connection, rulebook(), None, said.append)
    assert not outcome.is_right
    assert said[1:] == ["另有 7 项未列出 / 7 more are not listed"]
    assert outcome.summary.endswith("differences 8")


def test_another_policy_than_the_one_in_force_compares_nothing(database: Database) -> None:
    other = replace(rulebook(), policy=msgspec.structs.replace(rulebook().policy, digest="0" * 64))
    with database.engine.connect() as connection:
        with pytest.raises(SettingsChangedError, match="differs from this program's"):
            verify_all(connection, other, None, print)
        connection.rollback()
        with pytest.raises(SettingsChangedError, match="differs from this program's"):
            repair_all(connection, other, LOG, None, print, lambda: START)


def test_verifying_waits_for_nobody_and_nobody_waits_for_it(database: Database) -> None:
    with database.intake() as ledger:
        ledger.take(first_listing(5, "2026-03-01", seq=20))
        assert database.verify() == []
        with database.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            assert verify_all(connection, rulebook(), None, print).is_right
            ledger.take(first_listing(6, "2026-03-01", seq=21))
    assert database.verify() == []


def test_mending_waits_for_who_writes(database: Database) -> None:
    with database.intake() as ledger, database.engine.begin() as connection:
        ledger.take(first_listing(5, "2026-03-01", seq=20))
        connection.execute(text("SET LOCAL lock_timeout = '200ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            repair_all(connection, rulebook(), LOG, None, print, now)
        connection.rollback()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_intake_did_is_right(empty: Database, data: st.DataObject) -> None:
    """Any history in any batches passes, even if the operator or the policy revision changes within it."""
    history = data.draw(histories())
    cut = data.draw(st.integers(0, len(history)))
    changed = rulebook()
    if data.draw(st.booleans()):
        kmdex = changed.exchanges.get("kmdex")
        operator = replace(kmdex.operators[0], uscc=subject(2).removeprefix("uscc:"), name="虚构新运营")
        others = tuple(found for found in changed.exchanges.listed if found.id != "kmdex")
        listed = (*others, replace(kmdex, operators=(operator,)))
        changed = replace(changed, exchanges=replace(changed.exchanges, listed=listed))
    if data.draw(st.booleans()):
        newer = revised(1, WHITELIST)
        changed = replace(changed, policy=newer.policy, policy_source=newer.policy_source)
    with empty.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        ledger = Ledger(connection, rulebook())
        ledger.put_in_force()
        for found in history[:cut]:
            ledger.take(found)
        said: list[str] = []
        assert verify_all(connection, ledger.rulebook, None, said.append).is_right, said
        ledger.rulebook = changed
        ledger.put_in_force()
        if cut < len(history):
            ledger.take(*history[cut:])
        assert verify_all(connection, changed, None, said.append).is_right, said
        connection.rollback()


# --- with the topics -------------------------------------------------------------------------------------------


@dataclass
class Published:
    """A ledger whose facts came from a broker of its own."""

    database: Database
    bootstrap_servers: str
    fork_server: ForkServer

    def publish(self, *records: FakeRecord) -> None:
        producer = KafkaProducer(bootstrap_servers=self.bootstrap_servers, acks="all")
        for found in records:
            producer.send(found.topic, key=found.key, value=found.value).get(timeout=30)
        producer.close()

    def consume(self) -> None:
        """Consume the topics to their ends."""
        partitions = [TopicPartition(topic, number) for topic in TOPICS for number in range(2)]
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, enable_auto_commit=False)
        ends = {(tp.topic, tp.partition): end for tp, end in consumer.end_offsets(partitions).items()}
        consumer.close(autocommit=False)

        def stand() -> dict[tuple[str, int], int]:
            rows = self.database.all("SELECT topic, partition, next_offset FROM position")
            return {(row.topic, row.partition): row.next_offset for row in rows}

        handler = LedgerIntake(rulebook(), LOG, now)
        with running(self.bootstrap_servers, self.database.engine, TOPICS, handler) as outcome:
            until(lambda: outcome or stand() == ends)
        assert not outcome

    def pass_over(self) -> None:
        """Move every position to the end, as if the records had been consumed."""
        before = self.database.all("SELECT count(*) AS n FROM fact")
        partitions = [TopicPartition(topic, number) for topic in TOPICS for number in range(2)]
        consumer = KafkaConsumer(bootstrap_servers=self.bootstrap_servers, enable_auto_commit=False)
        ends = consumer.end_offsets(partitions)
        consumer.close(autocommit=False)
        with self.database.engine.begin() as connection:
            for tp, end in ends.items():
                connection.execute(
                    text("UPDATE position SET next_offset = :end WHERE topic = :topic AND partition = :partition"),
                    {"end": end, "topic": tp.topic, "partition": tp.partition},
                )
        assert self.database.all("SELECT count(*) AS n FROM fact") == before

    def rebuild(self, *options: str) -> tuple[int, list[str], str]:
        """Run the command as a user does; return its exit code, its output lines and its log."""
        environment = {
            "DATABASE_URL": self.database.service_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "EXCHANGES_FILE": str(ROOT / "exchanges.yaml"),
            "LANG": "en_US.UTF-8",
        }
        done = self.fork_server.run("services.incentive", "rebuild", *options, environment=environment, timeout_s=120)
        return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.fixture
def published(empty: Database, own_kafka: str, fork_server: ForkServer) -> Iterator[Published]:
    admin = KafkaAdminClient(bootstrap_servers=own_kafka)
    admin.create_topics([NewTopic(name, 2, 1) for name in TOPICS])
    found = Published(empty, own_kafka, fork_server)
    with empty.intake() as ledger:
        ledger.put_in_force()
    found.publish(
        first_listing(1, "2026-03-01", seq=4),
        first_purchase(2, "2026-03-01", "5000000.00", seq=4),
        first_purchase(2, "2026-03-01", "4000000.00", seq=7),
        exchange_total("kmdex", 2026, [("2026-03-01", "100000000.01")], seq=6),
    )
    found.consume()
    yield found
    admin.delete_topics(list(TOPICS))
    until(lambda: not set(TOPICS) & set(admin.list_topics()))
    admin.close()


def test_the_command_says_what_it_compared(published: Published) -> None:
    code, lines, logged = published.rebuild("--verify", "--from-kafka")
    assert (code, logged) == (0, "")
    (closing,) = lines
    assert closing.startswith("已比对 / compared: 事实主题, 事实 ")
    assert "the fact topics, facts " in closing
    assert "(keys 3), awards 3 (versions " in closing
    assert closing.endswith("; differences 0")
    assert published.rebuild() == (0, [closing.replace("事实主题, ", "").replace("the fact topics, ", "")], "")


def test_the_command_ends_with_1_and_without_a_fault_where_something_differs(published: Published) -> None:
    published.database.damage(f"UPDATE award_current SET article = 'x' WHERE award_id = '{LISTING}'")
    code, lines, logged = published.rebuild("--verify")
    assert (code, logged) == (1, "")
    assert lines[-1].endswith("differences 2")
    code, lines, logged = published.rebuild()
    assert (code, logged) == (0, "")
    assert lines[-1].endswith("facts applied 0, new versions 1, correcting postings 0; not repairable 0")
    assert published.rebuild("--verify")[0] == 0


def test_facts_that_were_passed_over_are_lost_until_they_are_applied(published: Published) -> None:
    published.publish(first_purchase(2, "2026-03-01", "2000000.00", seq=9), first_listing(8, "2026-03-01", seq=9))
    published.pass_over()
    assert published.rebuild("--verify")[0] == 0
    code, lines, _ = published.rebuild("--verify", "--from-kafka")
    assert code == 1
    listing, purchase, closing = lines
    assert listing.startswith(f"丢失 / lost: facts.first-listing.v1 r1/{subject(8)}: stored none; ")
    assert "expected generation 1, seq 9, facts.first-listing.v1[" in listing
    assert f"lost: facts.first-purchase.v1 r1/{subject(2)}: stored generation 1, seq 7, fact " in purchase
    assert closing.endswith("differences 2")
    code, lines, _ = published.rebuild("--from-kafka")
    assert code == 0
    assert "facts applied 2, new versions 0, correcting postings 0; not repairable 0" in lines[-1]
    assert published.rebuild("--verify", "--from-kafka")[0] == 0
    last = published.database.all(f"SELECT * FROM ledger_transaction WHERE award_id = '{PURCHASE}' ORDER BY seq")[-1]
    assert last.amount_fen == -10_000_000


def test_what_cannot_be_applied_is_reported_and_the_rest_repaired(published: Published) -> None:
    published.publish(first_listing(8, "2026-03-01", seq=9))
    published.pass_over()
    key = f"r1/{subject(2)}"
    published.database.damage(
        f"UPDATE fact_current SET seq = 3 WHERE key = '{key}'",
        f"UPDATE award_current SET article = 'x' WHERE award_id = '{LISTING}'",
    )
    code, lines, logged = published.rebuild("--from-kafka")
    assert (code, logged) == (1, "")
    assert any("not repairable: UniqueViolation: duplicate key value" in line for line in lines)
    assert any("not repairable: fact_current " in line for line in lines)
    assert "new versions 1, correcting postings 0; not repairable " in lines[-1]


def test_facts_that_the_topics_do_not_have_are_foreign(published: Published) -> None:
    published.database.take(first_purchase(2, "2026-03-01", "3000000.00", seq=9), first_listing(5, "2026-03-01", seq=3))
    published.publish(first_listing(6, "2026-03-01", seq=3))
    published.pass_over()
    published.database.take(first_listing(6, "2026-03-02", seq=3))
    code, lines, _ = published.rebuild("--verify", "--from-kafka")
    assert code == 1
    assert [line.partition(": stored")[0] for line in lines[:-1]] == [
        f"外来 / foreign: facts.first-listing.v1 r1/{subject(5)}",
        f"内容不同 / other content: facts.first-listing.v1 r1/{subject(6)}",
        f"外来 / foreign: facts.first-purchase.v1 r1/{subject(2)}",
    ]
    assert published.rebuild("--from-kafka")[0] == 1
    assert published.rebuild("--verify")[0] == 0


def test_a_beginning_that_is_gone_is_reported_in_one_line(published: Published) -> None:
    (where,) = published.database.all("SELECT partition FROM fact WHERE topic = 'facts.annual-total.v1'")
    admin = KafkaAdminClient(bootstrap_servers=published.bootstrap_servers)
    admin.delete_records({TopicPartition("facts.annual-total.v1", where.partition): 1})
    admin.close()
    for options in (("--verify", "--from-kafka"), ("--from-kafka",)):
        code, lines, logged = published.rebuild(*options)
        assert (code, lines) == (1, [])
        told = json.loads(logged)
        assert told["reason"] == f"the broker no longer has facts.annual-total.v1[{where.partition}]: 0 .. 0"
        assert "exception" not in told


def test_a_topic_that_ends_too_soon_is_reported_in_one_line(published: Published) -> None:
    """As after a recreated topic: the records that were read are no longer there to compare."""
    with published.database.engine.begin() as connection:
        connection.execute(text("UPDATE position SET next_offset = next_offset + 5 WHERE partition = 0"))
    code, lines, logged = published.rebuild("--verify", "--from-kafka")
    assert (code, lines) == (1, [])
    assert json.loads(logged)["reason"].startswith("topics end before where they were read to: facts.")
