"""Constraints of the ledger's tables, tried as the service's role and as the owner."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from tests.support.incentive.ledger import first_listing, first_purchase, ledger_database, rulebook, subject

FreshDatabase = Callable[[str], tuple[str, str]]
POLICY = rulebook().policy
APPEND_ONLY = ("fact", "award_version", "ledger_transaction", "ledger_entry", "ledger_settings")
AWARD = f"first_listing/{subject(1)}"


@pytest.fixture(scope="module")
def engines(postgres: FreshDatabase) -> Iterator[dict[str, Engine]]:
    """Engines of both roles on a database with settings in force and two postings."""
    facts = (first_listing(1, "2026-03-01", seq=4), first_purchase(2, "2026-03-01", seq=4))
    with ledger_database(postgres, facts) as database:
        yield {"owner": database.owner, "service": database.service}


@pytest.fixture(params=["owner", "service"])
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connection(engines: dict[str, Engine], role: str) -> Iterator[Connection]:
    with engines[role].connect() as found, found.begin() as transaction:
        yield found
        transaction.rollback()


def refusal(error: DBAPIError) -> str:
    """Return the name of the violated constraint."""
    return str(error.orig.diag.constraint_name)  # type: ignore[union-attr]


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "act", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
def test_nothing_recorded_is_changed_or_removed(connection: Connection, role: str, table: str, act: str) -> None:
    column = {"fact": "value", "ledger_transaction": "amount_fen", "ledger_entry": "debit_fen"}.get(
        table, "recorded_at"
    )
    with pytest.raises(DBAPIError) as caught:
        connection.execute(text(act.format(table=table, column=column)))
    if role == "owner":
        assert refusal(caught.value) == "append_only"
    else:
        assert isinstance(caught.value, ProgrammingError)  # permission denied


@pytest.mark.parametrize(
    "act",
    [
        "UPDATE award_current SET ceiling_fen = 0",
        "DELETE FROM fact_current",
        "INSERT INTO fact_current VALUES ('t', 'k', 'a', 1, 1, 1)",
        "DELETE FROM position",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TABLE ledger_entry",
        "CREATE TABLE mine (x integer)",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    ],
)
def test_the_services_role_has_no_way_round(engines: dict[str, Engine], act: str) -> None:
    with engines["service"].connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text(act))
    assert caught.value.orig.sqlstate == "42501"  # type: ignore[union-attr]  # insufficient_privilege


def test_a_temporary_table_does_not_deceive_the_checks(engines: dict[str, Engine]) -> None:
    with engines["service"].connect() as connection, connection.begin() as transaction:
        connection.execute(text("CREATE TEMPORARY TABLE ledger_entry (LIKE public.ledger_entry)"))
        connection.execute(text("INSERT INTO ledger_entry VALUES (3, 0, 'treasury', 5, 0), (3, 1, 'treasury', 0, 5)"))
        with pytest.raises(IntegrityError) as caught:
            post(connection, [], entries=2, insert_entries=False)
        assert refusal(caught.value) == "ledger_balances"
        transaction.rollback()


# A transaction that puts settings in force.
SETTINGS = {"kind": "settings", "amount_fen": 0, "award_id": None, "subject": None, "year": None, "article": None}
GOOD = [("policy:first_listing:2026", 500, 0), (f"entitlement:{subject(1)}:{AWARD}:2026", 0, 500)]


def post(
    connection: Connection,
    lines: list[tuple[str, int, int]],
    *,
    insert_entries: bool = True,
    entries: int | None = None,
    **members: Any,
) -> None:
    """Post one transaction as intake does, after the three existing ones; `members` override those of a valid one."""
    row: dict[str, Any] = {
        "seq": 3,
        "kind": "entitlement",
        "amount_fen": 500,
        "posted_at": "2030-01-01T00:00:00Z",
        "decision_id": None,
        "decision_sha256": None,
        "award_id": AWARD,
        "subject": subject(1),
        "year": 2026,
        "subject_before": None,
        "policy_revision": POLICY.revision,
        "article": "a",
        **members,
    }
    row["entries"] = len(lines) if entries is None else entries
    insert = (
        "INSERT INTO public.ledger_transaction (seq, posted_at, kind, award_id, amount_fen, entries, subject, year,"
        " subject_before, policy_id, policy_revision, article, cause, decision_id, decision_sha256) VALUES (:seq,"
        " :posted_at, :kind, :award_id, :amount_fen, :entries, :subject, :year, :subject_before, 'kunming-2025-14',"
        """ :policy_revision, :article, '{"facts": [], "text": ""}', :decision_id, :decision_sha256)"""
    )
    if insert_entries and lines:
        values = ", ".join(
            f"(:seq, {n}, '{account}', {debit}, {credit})" for n, (account, debit, credit) in enumerate(lines)
        )
        insert = f"WITH posted AS ({insert}) INSERT INTO public.ledger_entry VALUES {values}"
    # No colon here starts a parameter: each follows a letter or a digit.
    connection.execute(text(insert), row)


def test_a_good_posting_is_taken(connection: Connection) -> None:
    post(connection, GOOD)
    post(connection, [], seq=4, kind="decision", amount_fen=0, decision_id="d", decision_sha256="s")
    assert connection.execute(text("SELECT count(*) FROM ledger_transaction")).scalar() == 5


@pytest.mark.parametrize(
    ("constraint", "lines", "members"),
    [
        ("ledger_balances", [GOOD[0], (GOOD[1][0], 0, 499)], {"amount_fen": 499}),
        ("ledger_balances", GOOD, {"amount_fen": 499}),
        ("ledger_balances", GOOD, {"amount_fen": -500}),
        ("ledger_entry_added", GOOD, {"entries": 3}),
        ("ledger_balances", [], {"entries": 2}),
        ("ledger_decision_posts_nothing", [], {"amount_fen": 0}),
        ("ledger_decision_posts_nothing", [], {"kind": "approval", "decision_id": "d", "decision_sha256": "s"}),
        ("ledger_decision_posts_nothing", GOOD, {"kind": "decision", "decision_id": "d", "decision_sha256": "s"}),
        (
            "ledger_decision_posts_nothing",
            [],
            {"kind": "decision", "decision_id": "d", "decision_sha256": "s", "amount_fen": 5},
        ),
        ("ledger_decided", GOOD, {"decision_id": "d", "decision_sha256": "s"}),
        ("ledger_accounts", [("treasury", 500, 0), GOOD[1]], {}),
        ("ledger_accounts", [GOOD[0], (f"entitlement:{subject(2)}:{AWARD}:2026", 0, 500)], {}),
        ("ledger_entry_one_side", [(GOOD[0][0], 500, 500), (GOOD[1][0], 500, 500)], {"amount_fen": 0}),
        ("ledger_entry_one_side", [(GOOD[0][0], 0, 0), (GOOD[1][0], 0, 0)], {"amount_fen": 0}),
        ("ledger_entry_debit_fen_check", [(GOOD[0][0], -500, 0), (GOOD[1][0], 0, -500)], {"amount_fen": -500}),
        (
            "ledger_not_below_zero",
            [(GOOD[1][0], 900_000_000, 0), (GOOD[0][0], 0, 900_000_000)],
            {"amount_fen": -900_000_000},
        ),
        ("ledger_seq_without_gaps", GOOD, {"seq": 4}),
        ("ledger_entry_pkey", GOOD, {"seq": 1}),
        ("ledger_transaction_seq_check", GOOD, {"seq": -1}),
        ("ledger_posted_at_never_falls", GOOD, {"posted_at": "2026-01-01T00:00:00Z"}),
        ("ledger_transaction_posted_at_check", GOOD, {"posted_at": "infinity"}),
        ("ledger_transaction_kind_check", GOOD, {"kind": "gift", "decision_id": "d", "decision_sha256": "s"}),
        ("ledger_policy_in_force", GOOD, {"policy_revision": POLICY.revision + 1}),
        ("ledger_article", GOOD, {"article": None}),
        ("ledger_article", [], {**SETTINGS, "article": "a"}),
        ("ledger_of_an_award", [], {**SETTINGS, "award_id": AWARD}),
        ("ledger_of_an_award", [], {**SETTINGS, "subject": subject(1)}),
        ("ledger_of_an_award", [], {**SETTINGS, "year": 2026}),
        ("ledger_decided", [], {**SETTINGS, "decision_id": "d", "decision_sha256": "s"}),
        ("ledger_decision_posts_nothing", GOOD, SETTINGS),
    ],
)
def test_a_wrong_posting_is_refused(
    connection: Connection, constraint: str, lines: list[tuple[str, int, int]], members: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError) as caught:
        post(connection, lines, **members)
    assert refusal(caught.value) == constraint


def decided(connection: Connection, seq: int, kind: str, debit: str, credit: str, amount_fen: int = 500) -> None:
    """Post a decision; `budget` and `treasury` are accounts, other names are those of the award."""
    names = {"budget": "budget:2026", "treasury": "treasury"}
    accounts = [names.get(name, f"{name}:{subject(1)}:{AWARD}") for name in (debit, credit)]
    lines = [(accounts[0], amount_fen, 0), (accounts[1], 0, amount_fen)]
    decision = {"decision_id": "d", "decision_sha256": "s"}
    post(connection, lines, seq=seq, kind=kind, amount_fen=amount_fen, **decision)


REFUSED = ("ledger_accounts", "ledger_balances", "ledger_not_below_zero")


def test_each_kind_of_decision_has_its_accounts(connection: Connection) -> None:
    right = [
        ("approval", "budget", "approved"),
        ("approval", "budget", "approved"),
        ("revocation", "approved", "budget"),
        ("payment", "paid", "treasury"),
        ("return", "claim", "returned"),
        ("recovery", "treasury", "claim"),
    ]
    for seq, (kind, debit, credit) in enumerate(right, 3):
        decided(connection, seq, kind, debit, credit)
        wrong = {
            ("treasury", "returned"),
            *((debit, credit) for of, debit, credit in right if of != kind),
            (credit, debit),
        }
        for other in sorted(wrong):
            with pytest.raises(IntegrityError) as caught, connection.begin_nested():
                decided(connection, seq + 1, kind, *other)
            assert refusal(caught.value) in REFUSED, (kind, other)


@pytest.mark.parametrize(
    ("before", "taken"),
    [
        ([], ("revocation", "approved", "budget")),
        ([("approval", "budget", "approved")], ("revocation", "approved", "budget", 501)),
        # What is paid or returned cannot be revoked.
        (
            [("approval", "budget", "approved"), ("payment", "paid", "treasury", 1)],
            ("revocation", "approved", "budget"),
        ),
        (
            [("approval", "budget", "approved"), ("return", "claim", "returned", 1)],
            ("revocation", "approved", "budget"),
        ),
        ([], ("recovery", "treasury", "claim")),
        ([("return", "claim", "returned")], ("recovery", "treasury", "claim", 501)),
    ],
)
def test_no_more_is_revoked_or_recovered_than_there_is(
    connection: Connection, before: list[Any], taken: tuple[Any, ...]
) -> None:
    for seq, one in enumerate(before, 3):
        decided(connection, seq, *one)
    with pytest.raises(IntegrityError) as caught:
        decided(connection, 3 + len(before), *taken)
    assert refusal(caught.value) == "ledger_not_below_zero"


def put_in_force(connection: Connection, **members: str) -> None:
    """Record the settings in force again, from transaction 3 on; `members` are SQL expressions that differ."""
    row = {"from_seq": "3", "recorded_at": "'2030-01-01T00:00:00Z'", **members}
    names = (
        "from_seq, recorded_at, policy_id, policy_revision, policy_digest, policy_source, whitelist_digest, whitelist"
    )
    values = ", ".join(row.get(name, name) for name in names.split(", "))
    connection.execute(text(f"INSERT INTO ledger_settings ({names}) SELECT {values} FROM ledger_settings"))


def test_settings_are_taken_with_their_transaction(connection: Connection) -> None:
    post(connection, [], **SETTINGS)
    put_in_force(connection)
    connection.execute(text("SET CONSTRAINTS ledger_puts_in_force IMMEDIATE"))
    post(connection, GOOD, seq=4)


@pytest.mark.parametrize(
    ("constraint", "transaction", "members"),
    [
        ("settings_have_their_transaction", {}, {"from_seq": "0"}),
        ("settings_have_their_transaction", {}, {"recorded_at": "'2030-01-02T00:00:00Z'"}),
        ("settings_have_their_transaction", {"policy_revision": POLICY.revision + 1}, {}),
        ("settings_revision_once", {}, {"policy_digest": "repeat('0', 64)"}),
    ],
)
def test_wrong_settings_are_refused(
    connection: Connection, constraint: str, transaction: dict[str, Any], members: dict[str, str]
) -> None:
    post(connection, [], **{**SETTINGS, **transaction})
    with pytest.raises(IntegrityError) as caught:
        put_in_force(connection, **members)
    assert refusal(caught.value) == constraint


def test_a_transaction_that_puts_nothing_in_force_is_refused(connection: Connection) -> None:
    post(connection, [], **SETTINGS)
    with pytest.raises(IntegrityError) as caught:
        connection.execute(text("SET CONSTRAINTS ledger_puts_in_force IMMEDIATE"))
    assert refusal(caught.value) == "ledger_puts_in_force"


@pytest.mark.parametrize("seq", [0, 1, 3])
def test_no_entry_is_added_to_a_posted_transaction(connection: Connection, seq: int) -> None:
    """Neither to an older transaction nor in the database transaction that posted it."""
    post(connection, GOOD)
    with pytest.raises(IntegrityError) as caught:
        connection.execute(
            text("INSERT INTO ledger_entry VALUES (:seq, 7, 'treasury', 5, 0), (:seq, 8, 'treasury', 0, 5)"),
            {"seq": seq},
        )
    assert refusal(caught.value) == "ledger_entry_added"


def test_no_entry_is_added_next_to_a_posting_that_another_session_makes(engines: dict[str, Engine], role: str) -> None:
    """Entries for a transaction that does not exist yet violate a constraint."""
    with engines[role].connect() as connection, pytest.raises(IntegrityError):
        connection.execute(text("INSERT INTO ledger_entry VALUES (3, 7, 'treasury', 5, 0), (3, 8, 'treasury', 0, 5)"))


def test_two_sessions_cannot_leave_a_gap_between_them(engines: dict[str, Engine]) -> None:
    with engines["service"].connect() as first, engines["owner"].connect() as second:
        post(first, GOOD)
        with pytest.raises(IntegrityError) as caught:
            post(second, GOOD, seq=4)
        assert refusal(caught.value) == "ledger_seq_without_gaps"


def test_a_fact_that_is_not_newer_and_a_version_out_of_turn_are_refused(connection: Connection) -> None:
    with pytest.raises(IntegrityError) as caught, connection.begin_nested():
        connection.execute(
            text(
                'INSERT INTO fact (topic, key, about, generation, seq, value, partition, "offset", received_at,'
                ' recorded_at) SELECT topic, key, about, generation, seq - 1, value, partition, "offset", received_at,'
                " recorded_at FROM fact"
            )
        )
    assert refusal(caught.value) == "fact_newer"
    columns = (
        "about, rule, article, policy_id, policy_revision, subject, subject_name, exchange, year, base_fen, rate,"
        " cap_fen, ceiling_fen, payable_fen, suppressed_by, flags, evidence, exchanges"
    )
    again = (
        "INSERT INTO award_version (award_id, version, recorded_at, {0})"
        " SELECT award_id, {1}, {2}, {0} FROM award_current"
    )
    for version, recorded_at in (("2", "recorded_at"), ("1", "recorded_at - interval '1 second'")):
        with pytest.raises(IntegrityError) as caught, connection.begin_nested():
            connection.execute(text(again.format(columns, version, recorded_at)))
        assert refusal(caught.value) == "award_version_follows"
