"""Constraints of the bureau's tables, and what `rebuild --verify` reports where rows were damaged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from services.incentive.rebuild.command import verify_all
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.eligibility import ALL_MET
from tests.support.incentive.ledger import LedgerDatabase, first_purchase, ledger_database, rulebook, subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

TABLES = (
    *("act", "decision", "hold", "suspension", "hold_release", "eligibility", "other_grant", "grant_withdrawal"),
    "related_party",
)
NEW_GRANT = "INSERT INTO other_grant VALUES ('x', 's', 'n', 2026, {}, '{}', 'd', 'no', {}, '{{}}', '{{}}')"
NEW_LIST = "INSERT INTO official_list VALUES ({}, 'public_notice', now(), {}, {}, 'x')"
HASHED = "encode(sha256('x'), 'hex')"
DROP_DAY = "ALTER TABLE decision DROP CONSTRAINT decision_has_a_day"  # which no decision of an earlier version has
# A record of eligibility by its status, from, conditions and documents.
NEW_RECORD = "INSERT INTO eligibility VALUES ('x', 's', '{0}', {1}, '2099-01-01', 'other', '{{}}', {3}, 'r', {2})"
MET = f"'{json.dumps(ALL_MET)}'::jsonb"
NO_BASIS = f"""{MET} || '{{"good_credit": {{"met": false}}}}'"""
APPROVED, PUBLISHED, RETURNED = (f"first_purchase/{subject(number)}" for number in (1, 2, 4))


@pytest.fixture(scope="module")
def worked(postgres) -> Iterator[LedgerDatabase]:
    """A ledger in which the bureau has performed every kind of act."""
    with ledger_database(postgres) as found:
        do_everything(found)
        yield found


def do_everything(found: LedgerDatabase) -> None:
    bureau = Bureau(found.service, rulebook())
    bureau.begin()
    bureau.take(*(first_purchase(number, "2026-03-01", "5000000.00", seq=1) for number in (1, 2, 3, 4)))
    for number in (1, 2, 4):
        bureau.verify(subject(number))
    bureau.approved(APPROVED, "150000.00")
    bureau.published(PUBLISHED)
    # 50,000 yuan are notified of 150,000 paid, and 10,000 returned.
    bureau.approved(RETURNED, "150000.00")
    bureau.done(RETURNED, "pay")
    bureau.done(RETURNED, "notify_return", amount="50000.00")
    bureau.done(RETURNED, "return", amount="10000.00")
    held = bureau.post(f"/v1/awards/{PUBLISHED}/holds", {"kind": "manual", "reason": "r"})[1]
    bureau.post(f"/v1/holds/{held['hold_id']}/release", None)
    bureau.post("/v1/rules/first_listing/suspensions", {"from": "2026-01-01", "reason": "r"})
    bureau.grant(subject(3), 2026, "150000.00", rules=["first_purchase"])
    withdrawn = bureau.grant(subject(3), 2026, "20000.00", awards=[f"first_purchase/{subject(3)}"])
    bureau.post(f"/v1/other-grants/{withdrawn['other_grant_id']}/withdraw", {"reason": "r"})
    related = {"subjects": [subject(3), subject(999)], "status": "related", "reason": "r"}
    bureau.post("/v1/related-parties", related)


def refusal(error: DBAPIError) -> str:
    """Return the name of the violated constraint."""
    return str(error.orig.diag.constraint_name)  # type: ignore[union-attr]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("act", ["UPDATE {0} SET id = id", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"])
def test_nothing_that_was_decided_is_changed_or_removed(worked: LedgerDatabase, table: str, act: str) -> None:
    with worked.owner.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text(act.format(table)))
    assert refusal(caught.value) == "append_only"
    with worked.service.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(act.format(table)))


@pytest.mark.parametrize("act", ["UPDATE official_list SET kind = kind", "DELETE FROM official_list"])
def test_no_list_that_was_posted_is_changed_or_removed(worked: LedgerDatabase, act: str) -> None:
    with worked.owner.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text(act))
    assert refusal(caught.value) == "append_only"
    with worked.service.connect() as connection, pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(act))


def post_act(
    connection: Connection, kind: str = "decision", person: str = "p", name: str | None = None, **posted: Any
) -> None:
    """Insert an act `x` and its transaction as the bureau's code does."""
    amount_fen, posts = posted.get("amount_fen", 0), posted.get("posts", "decision")
    award_id, whose = posted.get("award_id", PUBLISHED), subject(2)
    lines = {
        "approval": ("budget:2026", f"approved:{whose}:{award_id}"),
        "payment": (f"paid:{whose}:{award_id}", "treasury"),
    }.get(posts, ())
    entries = [
        {
            "seq": 0,
            "line": line,
            "account": account,
            "debit_fen": amount_fen * (1 - line),
            "credit_fen": amount_fen * line,
        }
        for line, account in enumerate(lines)
    ]
    connection.execute(
        text(
            "WITH next AS (SELECT max(seq) + 1 AS seq, max(posted_at) AS at FROM ledger_transaction),"
            " posted AS (INSERT INTO ledger_transaction (seq, posted_at, kind, award_id, amount_fen, entries, subject,"
            " year, policy_id, policy_revision, article, cause, decision_id, decision_sha256)"
            " SELECT seq, at, :posts, :award_id, :amount_fen, :entries, :whose, 2026, s.policy_id, s.policy_revision,"
            """ 'a', '{"facts": [], "text": ""}', 'x', 's' FROM next, ledger_settings s)"""
            " INSERT INTO ledger_entry SELECT next.seq, e.line, e.account, e.debit_fen, e.credit_fen"
            " FROM next, jsonb_populate_recordset(NULL::ledger_entry, CAST(:lines AS jsonb)) e"
        ),
        {
            "posts": posts,
            "award_id": award_id,
            "amount_fen": amount_fen,
            "entries": len(entries),
            "whose": whose,
            "lines": json.dumps(entries),
        },
    )
    connection.execute(
        text(
            "INSERT INTO act SELECT 'x', :kind, seq, posted_at, :person, NULL, 's', :name FROM ledger_transaction"
            " ORDER BY seq DESC LIMIT 1"
        ),
        {"kind": kind, "person": person, "name": name},
    )


def insert_decision(connection: Connection, **members: Any) -> None:
    row = {
        "award_id": PUBLISHED,
        "number": 4,
        "action": "reject",
        "from_state": "published",
        "to_state": "rejected",
        "amount_fen": 0,
        "subject": subject(2),
        "year": 2026,
        "reason": "r",
        "until": None,
        "voucher_no": None,
        "paid_on": None,
        "documents": "[]",
        "decided_on": "2026-06-01",
        "ground": None,
        "notice_from": None,
        "notice_until": None,
        "notice_where": None,
        "received_on": None,
        "published": None,
        **members,
    }
    connection.execute(
        text(
            "INSERT INTO decision VALUES ('x', :award_id, :number, :action, :from_state, :to_state, :amount_fen,"
            " 'first_purchase', :subject, :year, :reason, CAST(:documents AS jsonb), :until, :voucher_no, :paid_on,"
            " :decided_on, :ground, :notice_from, :notice_until, :notice_where, :received_on,"
            " CAST(:published AS jsonb))"
        ),
        row,
    )


PAPER = '[{"name": "n", "sha256": "s"}]'
APPROVE = {"action": "approve", "to_state": "approved", "amount_fen": 500, "reason": None, "documents": PAPER}
OF_APPROVED = {"award_id": APPROVED, "number": 5, "from_state": "approved", "subject": subject(1)}
PAID = {"action": "pay", "to_state": "paid", "voucher_no": "V", "paid_on": "2026-05-31"}
PUBLISH = {
    "action": "publish",
    "to_state": "published",
    "notice_from": "2026-06-01",
    "notice_until": "2026-06-05",
    "notice_where": "w",
    "published": "{}",
}
OF_PAID = {"award_id": RETURNED, "number": 8, "from_state": "paid", "to_state": "paid", "subject": subject(4)}
RETURN = {**OF_PAID, "action": "return"}
NOTIFY = {
    **OF_PAID,
    "action": "notify_return",
    "amount_fen": 5,
    "ground": "court",
    "notice_from": "2026-06-01",
    "notice_until": "2026-06-05",
    "documents": PAPER,
}
WITHDRAW = {"action": "withdraw", "to_state": "estimated"}


@pytest.mark.parametrize(
    ("constraint", "posted", "members"),
    [
        (None, {}, {}),
        (None, {"posts": "approval", "amount_fen": 500}, APPROVE),
        ("decision_separate_hands", {"posts": "approval", "amount_fen": 500, "person": "key of bureau"}, APPROVE),
        ("decision_separate_hands", {"posts": "approval", "amount_fen": 500, "person": "bureau"}, APPROVE),
        ("decision_separate_hands", {"posts": "approval", "amount_fen": 500, "person": "bureau2"}, APPROVE),
        (
            "decision_separate_hands",
            {"posts": "approval", "amount_fen": 500, "person": "bureau", "name": "newer"},
            APPROVE,
        ),
        ("decision_separate_hands", {"person": "bureau"}, {}),
        ("decision_separate_hands", {"person": "bureau3"}, {**OF_APPROVED, **PAID, "amount_fen": 15_000_000}),
        ("decision_separate_hands", {"person": "bureau"}, {**RETURN, "amount_fen": 1}),
        (None, {"posts": "approval", "amount_fen": 500, "person": "another", "name": "key of bureau"}, APPROVE),
        ("decision_is_posted", {"posts": "approval", "amount_fen": 499}, APPROVE),
        ("decision_is_posted", {}, APPROVE),
        ("decision_is_posted", {}, {"year": 2027}),
        ("decision_is_posted", {}, {"subject": subject(1)}),
        ("decision_one_after_the_other", {}, {"number": 3}),
        ("decision_follows", {}, {"number": 6}),
        ("decision_follows", {}, {"from_state": "reviewed"}),
        ("decision_step", {}, {"to_state": "applied"}),
        ("decision_step", {}, {"action": "fly"}),
        ("decision_step", {}, {**PAID, "amount_fen": 500}),
        ("decision_step", {}, {**OF_APPROVED, "to_state": "estimated", "action": "reopen"}),
        (None, {}, PUBLISH),
        (None, {}, {**WITHDRAW, "documents": PAPER, "reason": None}),
        ("decision_has_a_document", {}, WITHDRAW),
        ("decision_has_a_document", {}, {**APPROVE, "documents": "[]"}),
        ("decision_has_a_document", {}, {**PUBLISH, "notice_from": "2026-05-31"}),
        ("decision_has_a_day", {}, {"decided_on": None}),
        ("decision_notice", {}, {**PUBLISH, "notice_until": "2026-05-31"}),
        ("decision_days", {}, {**OF_APPROVED, **PAID, "amount_fen": 500, "paid_on": "2026-06-02"}),
        ("decision_days", {}, {**NOTIFY, "notice_from": "2026-06-02"}),
        ("decision_ground_check", {}, {**NOTIFY, "ground": "mood"}),
        ("decision_needs", {}, {**NOTIFY, "ground": None}),
        ("decision_needs", {}, {**PUBLISH, "published": None}),
        ("decision_within_notice", {"person": "bureau2"}, {**RETURN, "amount_fen": 4_000_001}),
        ("decision_amount", {}, {"amount_fen": 500}),
        ("decision_amount", {}, {**APPROVE, "amount_fen": 0}),
        ("decision_needs", {}, {"reason": None}),
        ("decision_needs", {}, {"until": "2026-01-01T00:00:00Z"}),
        ("decision_needs", {}, {"voucher_no": "V"}),
        ("decision_within_approved", {}, {**OF_APPROVED, **PAID, "amount_fen": 15_000_001}),
        (
            "decision_within_approved",
            {},
            {
                **OF_APPROVED,
                "action": "revoke",
                "to_state": "returned",
                "ground": "court",
                "amount_fen": 15_000_001,
            },
        ),
        (
            "decision_within_approved",
            {},
            {
                **OF_PAID,
                "action": "recover",
                "voucher_no": "V",
                "received_on": "2026-06-01",
                "amount_fen": 1_000_001,
            },
        ),
    ],
)
def test_what_must_never_be_decided_is_refused(
    worked: LedgerDatabase, constraint: str | None, posted: dict[str, Any], members: dict[str, Any]
) -> None:
    with worked.service.connect() as connection, connection.begin() as transaction:
        post_act(connection, **posted)
        if constraint is None:
            insert_decision(connection, **members)
        else:
            with pytest.raises(IntegrityError) as caught:
                insert_decision(connection, **members)
            assert refusal(caught.value) == constraint
        transaction.rollback()


def post_acts(connection: Connection, acts: dict[str, dict[str, Any]], **wrong: Any) -> None:
    """Insert acts by id, with transactions that post nothing, in one statement each.

    Fields of an act are `award_id`, `subject` and `person`; `wrong` overrides columns of the last act.
    """
    rows = [{"decision_id": act_id, **fields} for act_id, fields in acts.items()]
    connection.execute(
        text(
            "WITH next AS (SELECT max(seq) + 1 AS seq, max(posted_at) AS at FROM ledger_transaction),"
            " given AS (SELECT * FROM ROWS FROM (jsonb_to_recordset(CAST(:rows AS jsonb))"
            " AS (decision_id text, award_id text, subject text)) WITH ORDINALITY)"
            " INSERT INTO ledger_transaction (seq, posted_at, kind, award_id, amount_fen, entries, subject, year,"
            " policy_id, policy_revision, article, cause, decision_id, decision_sha256)"
            " SELECT next.seq + g.ordinality - 1, at, 'decision', g.award_id, 0, 0, g.subject, 2026, s.policy_id,"
            """ s.policy_revision, 'a', '{"facts": [], "text": ""}', g.decision_id, 's'"""
            " FROM given g, next, ledger_settings s"
        ),
        {"rows": json.dumps(rows)},
    )
    columns = {"seq": "t.seq", "recorded_at": "t.posted_at"}
    last = {
        name: f"CASE WHEN t.decision_id = :last THEN {wrong.get(name, sql)} ELSE {sql} END"
        for name, sql in columns.items()
    }
    connection.execute(
        text(
            f"INSERT INTO act SELECT t.decision_id, 'decision', {last['seq']}, {last['recorded_at']}, r.person, NULL,"
            " 's' FROM ledger_transaction t"
            " JOIN jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (decision_id text, person text) USING (decision_id)"
        ),
        {"rows": json.dumps(rows), "last": list(acts)[-1]},
    )


def insert_decisions(connection: Connection, *rows: dict[str, Any]) -> None:
    """Insert decisions in one statement; each has the columns of a refusal that it does not give."""
    refused = {
        "number": 4,
        "action": "reject",
        "from_state": "published",
        "to_state": "rejected",
        "amount_fen": 0,
        "rule": "first_purchase",
        "year": 2026,
        "reason": "r",
        "documents": [],
        "decided_on": "2026-06-01",
    }
    parsed = [{**row, "documents": json.loads(row["documents"])} if "documents" in row else row for row in rows]
    connection.execute(
        text("INSERT INTO decision SELECT * FROM jsonb_populate_recordset(NULL::decision, CAST(:rows AS jsonb))"),
        {"rows": json.dumps([{**refused, **row} for row in parsed])},
    )


REFUSED = {"id": "x", "award_id": PUBLISHED, "subject": subject(2)}
NOTIFIED = {**NOTIFY, "id": "y"}
OTHER_PAID = {**OF_APPROVED, **PAID, "id": "y", "amount_fen": 5}


@pytest.mark.parametrize("wrong", [{"seq": "0"}, {"seq": "t.seq + 1"}, {"recorded_at": "t.posted_at + interval '1 s'"}])
def test_acts_of_one_statement_are_refused_for_one_without_its_transaction(
    worked: LedgerDatabase, wrong: dict[str, str]
) -> None:
    acts = {name: {"award_id": PUBLISHED, "subject": subject(2), "person": "p"} for name in "xyz"}
    with worked.service.connect() as connection, connection.begin() as transaction:
        with pytest.raises(IntegrityError) as caught:
            post_acts(connection, acts, **wrong)
        assert refusal(caught.value) == "act_has_its_transaction"
        transaction.rollback()


@pytest.mark.parametrize(
    ("constraint", "second"),
    [
        (None, NOTIFIED),
        ("decision_follows", {**NOTIFIED, "from_state": "approved", "to_state": "approved"}),
        ("decision_follows", {**NOTIFIED, "number": 9}),
        ("decision_separate_hands", {**RETURN, "id": "y", "amount_fen": 1}),
        ("decision_within_approved", {**OTHER_PAID, "amount_fen": 15_000_001}),
        ("decision_is_posted", {**NOTIFIED, "year": 2027}),
        ("decision_is_posted", {**NOTIFIED, "id": "nobody"}),
        ("decision_is_posted", OTHER_PAID),
        ("decision_statement", {**NOTIFIED, "statement": "none"}),
        ("decision_notice_list", {**NOTIFIED, "notice_list": "none"}),
        ("decision_of_a_batch", {**NOTIFIED, "batch_id": "none"}),
        ("decision_account", {**OTHER_PAID, "account": "none"}),
    ],
)
def test_decisions_of_one_statement_are_refused_for_one_that_is_wrong(
    worked: LedgerDatabase, constraint: str | None, second: dict[str, Any]
) -> None:
    acts = {
        "x": {"award_id": PUBLISHED, "subject": subject(2), "person": "p"},
        "y": {"award_id": second["award_id"], "subject": second["subject"], "person": "bureau"},
    }
    with worked.service.connect() as connection, connection.begin() as transaction:
        post_acts(connection, acts)
        if constraint is None:
            insert_decisions(connection, REFUSED, second)
        else:
            with pytest.raises(IntegrityError) as caught:
                insert_decisions(connection, REFUSED, second)
            assert refusal(caught.value) == constraint
        transaction.rollback()


STEPS = {
    "withdraw": {"to_state": "estimated", "documents": PAPER},
    "reject": {"to_state": "rejected"},
    "reopen": {"to_state": "estimated"},
    "list": {"to_state": "applied"},
    "review": {"to_state": "reviewed"},
}


@pytest.mark.parametrize(
    "actions",
    [
        ["withdraw"],
        ["withdraw", "list"],
        ["reject"],
        ["reject", "reopen", "list", "review"],
        ["withdraw", "list", "withdraw", "list"],
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_the_last_round_of_an_award_follows_its_decisions(
    worked: LedgerDatabase, actions: list[str], at_once: bool
) -> None:
    """It does so if they come in one statement too."""
    rows, state = [], "published"
    for number, action in enumerate(actions):
        step = STEPS[action]
        rows.append(
            {**REFUSED, **step, "id": f"x{number}", "number": 4 + number, "action": action, "from_state": state}
        )
        state = step["to_state"]
    acts = {row["id"]: {"award_id": PUBLISHED, "subject": subject(2), "person": f"p{row['id']}"} for row in rows}
    with worked.service.connect() as connection, connection.begin() as transaction:
        post_acts(connection, acts)
        for some in [rows] if at_once else [[row] for row in rows]:
            insert_decisions(connection, *some)
        kept, derived = (
            connection.execute(text(f"SELECT * FROM {source} WHERE award_id = '{PUBLISHED}'")).one()
            for source in ("award_round", "award_rounds(NULL, NULL)")
        )
        assert kept == derived
        transaction.rollback()


@pytest.mark.parametrize(
    ("constraint", "statement"),
    [
        ("hold_released_once", "INSERT INTO hold_release SELECT 'x', hold_id, NULL, NULL, '[]' FROM hold_release"),
        ("hold_release_hold_id_fkey", "INSERT INTO hold_release VALUES ('x', 'none', NULL, NULL, '[]')"),
        ("hold_release_has_documents", "INSERT INTO hold_release VALUES ('x', 'none', NULL)"),
        ("hold_release_outcome_check", "INSERT INTO hold_release VALUES ('x', 'none', NULL, 'perhaps', '[]')"),
        ("hold_kind_check", "INSERT INTO hold VALUES ('x', 'a', 'mood', 'r', NULL, NULL, '[]')"),
        ("hold_registers_an_objection", "INSERT INTO hold VALUES ('x', 'a', 'manual', 'r', NULL, NULL, '[]', 'o')"),
        ("hold_objection_id_fkey", "INSERT INTO hold VALUES ('x', 'a', 'objection', 'r', NULL, NULL, '[]', 'o')"),
        ("official_list_is_its_hash", NEW_LIST.format("'00'", "'2026-06-01'", "'2026-06-05'")),
        ("official_list_notice", NEW_LIST.format(HASHED, "'2026-06-05'", "'2026-06-01'")),
        ("official_list_notice", NEW_LIST.format(HASHED, "'2026-06-05'", "NULL")),
        ("hold_has_documents", "INSERT INTO hold VALUES ('x', 'a', 'manual', 'r')"),
        ("suspension_period", "INSERT INTO suspension VALUES ('x', 'r', '2026-01-02', '2026-01-02', 'r')"),
        ("eligibility_status_check", NEW_RECORD.format("maybe", "'2026-01-01'", MET, "'[{}]'")),
        (
            "eligibility_kind",
            NEW_RECORD.format("failed", "'2026-01-01'", NO_BASIS, "'[]'").replace("'other'", "'bank'"),
        ),
        ("eligibility_from", NEW_RECORD.format("verified", "NULL", MET, "'[{}]'")),
        ("eligibility_conditions", NEW_RECORD.format("failed", "'2026-01-01'", "NULL", "'[{}]'")),
        ("eligibility_conditions", NEW_RECORD.format("failed", "'2026-01-01'", """'{"x": {"met": false}}'""", "'[]'")),
        ("eligibility_verified", NEW_RECORD.format("verified", "'2026-01-01'", MET, "'[]'")),
        ("eligibility_verified", NEW_RECORD.format("verified", "'2026-01-01'", f"({MET} - 'good_credit')", "'[{}]'")),
        ("eligibility_verified", NEW_RECORD.format("verified", "'2026-01-01'", NO_BASIS, "'[{}]'")),
        ("eligibility_failed", NEW_RECORD.format("failed", "'2026-01-01'", MET, "'[{}]'")),
        ("other_grant_amount_fen_check", "INSERT INTO other_grant VALUES ('x', 's', 'n', 2026, -1, '[]')"),
        ("other_grant_has_a_document", NEW_GRANT.format(1, "[]", "'2026-01-05'")),
        ("other_grant_over_zero", NEW_GRANT.format(0, "[{}]", "'2026-01-05'")),
        ("other_grant_whole", NEW_GRANT.format(1, "[{}]", "NULL")),
        ("grant_withdrawn_once", "INSERT INTO grant_withdrawal SELECT 'x', other_grant_id, 'r' FROM grant_withdrawal"),
        ("grant_withdrawal_other_grant_id_fkey", "INSERT INTO grant_withdrawal VALUES ('x', 'none', 'r')"),
        ("related_party_two", "INSERT INTO related_party VALUES ('x', 'b', 'a', 'related', 'r', '[]')"),
        ("related_party_status_check", "INSERT INTO related_party VALUES ('x', 'a', 'b', 'perhaps', 'r', '[]')"),
        ("act_has_its_transaction", "INSERT INTO act VALUES ('y', 'hold', 0, now(), 'p', NULL, 's')"),
        ("act_seq_key", "INSERT INTO act SELECT 'y', kind, seq, recorded_at, 'p', NULL, 's' FROM act WHERE id = 'x'"),
        (
            "act_once",
            "INSERT INTO act SELECT 'y', kind, 0, now(), person, request_key, 's' FROM act WHERE request_key = 'k0'",
        ),
    ],
)
def test_what_else_is_wrong_is_refused(worked: LedgerDatabase, constraint: str, statement: str) -> None:
    with worked.service.connect() as connection, connection.begin() as transaction:
        post_act(connection)
        with pytest.raises(IntegrityError) as caught:
            connection.execute(text(statement))
        assert refusal(caught.value) == constraint
        transaction.rollback()


def test_nothing_is_committed_that_nobody_decided_or_that_is_not_in_the_log(worked: LedgerDatabase) -> None:
    with pytest.raises(IntegrityError) as caught, worked.service.begin() as connection:
        post_act(connection)
    assert refusal(caught.value) == "log_is_whole"
    with worked.service.connect() as connection, connection.begin() as transaction:
        connection.execute(
            text(
                "INSERT INTO ledger_transaction SELECT (t).* FROM (SELECT jsonb_populate_record(l,"
                """ jsonb_build_object('seq', l.seq + 1, 'decision_id', 'nobody')) t FROM ledger_transaction l"""
                " ORDER BY seq DESC LIMIT 1) x"
            )
        )
        with pytest.raises(IntegrityError) as caught:
            connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        assert refusal(caught.value) == "ledger_decided_by"
        transaction.rollback()


def differences(worked: LedgerDatabase, *statements: str) -> list[str]:
    """Return the differences reported after changes by the owner, which are rolled back."""
    said: list[str] = []
    engine = worked.owner.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection, connection.begin() as transaction:
        for table in (*TABLES, "ledger_transaction", "ledger_entry"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        for statement in statements:
            assert connection.execute(text(statement)).rowcount, statement
        verify_all(connection, rulebook(), None, said.append)
        transaction.rollback()
    return said


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE decision SET amount_fen = amount_fen + 1 WHERE action = 'approve'", ["decision", "account approved"]),
        ("UPDATE decision SET reason = 'another' WHERE action = 'publish'", ["decision"]),
        ("UPDATE decision SET action = 'list' WHERE action = 'apply'", ["decision"]),
        ("UPDATE decision SET number = number + 10 WHERE number = 4", ["decision"]),
        ("UPDATE act SET person = 'somebody else' WHERE kind = 'eligibility'", ["eligibility"]),
        ("UPDATE act SET recorded_at = recorded_at + interval '1 hour' WHERE kind = 'hold'", ["act of", "hold"]),
        ("UPDATE hold SET kind = 'objection'", ["hold"]),
        ("UPDATE hold SET objected_by = 'another'", ["hold"]),
        ("UPDATE hold SET documents = '[{}]'", ["hold"]),
        ("UPDATE hold_release SET reason = 'x'", ["release"]),
        ("UPDATE hold_release SET outcome = 'upheld'", ["release"]),
        ("UPDATE suspension SET rule = 'first_purchase'", ["suspension"]),
        ("UPDATE eligibility SET kind_of_entity = 'other'", ["eligibility"]),
        ("UPDATE other_grant SET amount_fen = 1", ["other_grant", "award first_purchase"]),
        ("UPDATE other_grant SET name = 'another'", ["other_grant"]),
        ("UPDATE other_grant SET rules = '{}'", ["other_grant", "award first_purchase"]),
        ("UPDATE grant_withdrawal SET reason = 'another'", ["grant_withdrawal"]),
        ("DELETE FROM grant_withdrawal", ["grant_withdrawal", "award first_purchase"]),
        ("UPDATE related_party SET reason = 'another'", ["related_party"]),
        ("UPDATE related_party SET status = 'unrelated'", ["related_party", "award first_purchase"]),
        ("DELETE FROM eligibility", ["eligibility"]),
        ("DELETE FROM decision WHERE number = 0", ["decision"]),
    ],
)
def test_damage_is_reported(worked: LedgerDatabase, statement: str, told: list[str]) -> None:
    said = differences(worked, statement)
    for beginning in told:
        assert any(line.startswith(beginning) for line in said), (beginning, said)


def test_a_return_of_an_earlier_version_debits_the_treasury(worked: LedgerDatabase) -> None:
    """A later one does not; one with the form of an earlier version does, and its amount has come back."""
    treasury = "UPDATE ledger_entry SET account = 'treasury' WHERE starts_with(account, 'claim:')"
    said = differences(worked, treasury)
    assert {line.split()[0] for line in said} >= {"ledger_entry", "account"}
    earlier = "UPDATE decision SET decided_on = NULL WHERE action = 'return'"
    assert any(line.startswith("ledger_entry") for line in differences(worked, DROP_DAY, earlier))
    said = differences(worked, DROP_DAY, treasury, earlier)
    assert not [line for line in said if line.startswith(("ledger_entry", "account"))]
    posted = text("SELECT approved_fen, returned_fen, recovered_fen FROM budget_posted('{2026}', NULL)")
    with worked.owner.connect() as connection, connection.begin() as transaction:
        assert connection.execute(posted).one() == (30_000_000, 1_000_000, 0)
        connection.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
        connection.execute(text(treasury))
        assert connection.execute(posted).one() == (30_000_000, 1_000_000, 1_000_000)
        transaction.rollback()


def test_an_overdrawn_account_is_reported(worked: LedgerDatabase) -> None:
    turned = (
        "UPDATE ledger_entry SET debit_fen = credit_fen, credit_fen = debit_fen WHERE account ~ '^(claim|returned):'"
    )
    said = differences(worked, turned)
    assert [line for line in said if line.startswith(f"account claim:{subject(4)}") and "overdrawn" in line]


def test_sound_tables_are_reported_as_sound(worked: LedgerDatabase) -> None:
    assert differences(worked) == []
