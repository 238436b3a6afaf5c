"""Two barriers between exchanges, query filters and row-level security: each holds without the other.

To remove the first, the code is made to take an exchange's key for one that sees everything; then only PostgreSQL
hides rows. All exchanges and entities are fictional.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, unquote

import msgspec
import psycopg
import pytest
import structlog
from flask import g
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.incentive.commands.price_readings import price_readings
from services.incentive.extract import writer
from services.incentive.extract.selection import Selection
from services.incentive.store.award_context import load_recorded_context
from services.incentive.store.readings import LedgerState, changed_since
from shared.postgres.database import snapshot
from shared.web import service as seen
from shared.web.keys import ApiKey
from tests.support.incentive.eligibility import verified
from tests.support.incentive.extract_makers import ACCOUNT_NO, SECRET_TRADE, SECRETS, Makers, files, makers_of
from tests.support.incentive.pages import signed_in
from tests.support.registers import worlds
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask
    from sqlalchemy import Connection, Engine

    from tests.support.engines.session import FreshDatabase

OWN, OTHER = "kmdex", "dcdex"
SECRET = f"uscc:{list(SECRETS)[1]}"  # buyer of the trade that only the other exchange has
EVERY_DATABASE = {
    "alembic_version": "nothing",
    "log_checkpoint": "all",
    "log_confirmed": "all",
    "log_cosignature": "all",
    "log_hash": "all",
    "log_key": "all",
    "position": "nothing",
    "worker_run": "nothing",
}
REGISTERS = EVERY_DATABASE | {
    "intake_day": "own",
    "outbox": "nothing",
    "party": "all",  # only the columns for lookups, without the name
    "quarantine": "own",
    "quarantine_day": "own",
    "quarantine_errors": "all",
    "reading_note": "nothing",
    "register_head": "nothing",
    "set_aside_order": "nothing",
    "settings_entry": "nothing",
}
# Rows of each table that an exchange sees; "a subject's" are shown to subjects alone. Every table must be listed, so
# that new ones are decided on.
SHOWN = {
    "listing": REGISTERS | {"listing": "own", "listing_past": "own", "first_listing": "nothing"},
    "trade-ingest": REGISTERS
    | dict.fromkeys(("trade", "trade_past"), "own")
    | dict.fromkeys(
        (
            "listing_fact",
            "listing_fact_past",
            "first_purchase",
            "exchange_total",
            "exchange_product_total",
            "provider_total",
            "busy_seller",
            "busy_seller_amount",
            "busy_seller_head",
            "busy_seller_pair",
            "busy_seller_trade",
        ),
        "nothing",
    ),
    "incentive": EVERY_DATABASE
    | dict.fromkeys(("ledger_settings", "priced_ledger", "budget_state", "suspension", "year_closing"), "all")
    | dict.fromkeys(("fact", "fact_current", "known_to", "award_version", "award_current"), "own")
    | dict.fromkeys(("subject_name", "search_entry", "participant"), "own")
    | dict.fromkeys(("ledger_transaction", "ledger_entry", "act", "decision", "hold", "hold_release"), "own")
    | dict.fromkeys(("eligibility", "extract", "extract_piece", "reading_effect"), "own")
    | dict.fromkeys(("other_grant", "grant_withdrawal", "statement", "service"), "a subject's")
    | dict.fromkeys(("related_party", "extract_access", "page_session"), "nothing")
    | dict.fromkeys(("award_round", "reading_year", "public_objection", "official_list", "batch"), "nothing")
    | dict.fromkeys(("document_named", "kept_file", "kept_file_piece", "account", "account_confirmation"), "nothing")
    | dict.fromkeys(("declared_table_file", "declared_table", "declared_table_confirmation"), "nothing")
    | dict.fromkeys(("access_link", "access_link_revocation", "access_link_use", "objection_sender"), "nothing")
    | dict.fromkeys(("compared_ledger", "published_award", "award_outbox", "declared_table_discard"), "nothing")
    | dict.fromkeys(("upload", "upload_mapping", "upload_record"), "nothing"),
}
TABLES = text("""
    SELECT c.relname, c.relrowsecurity, p.names, p.is_for_all,
           has_any_column_privilege(:viewer, c.oid, 'SELECT') AS is_granted,
           has_table_privilege(:viewer, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
               OR has_any_column_privilege(:viewer, c.oid, 'INSERT, UPDATE') AS is_changeable
    FROM pg_class c
    LEFT JOIN (SELECT polrelid, array_agg(polname) AS names,
                      bool_or(pg_get_expr(polqual, polrelid) = 'true') AS is_for_all
               FROM pg_policy GROUP BY polrelid) p ON p.polrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
""")


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("fences")) as found:
        for exchange in (OWN, OTHER):
            assert found.ask("POST", "/v1/extracts", f"exchange:{exchange}", {}).status_code == 202
        found.maker.run()
        for exchange in (OWN, OTHER):
            found.set.listing(exchange, b"rubbish")
            found.set.trade(exchange, b"rubbish")
        assert found.ask("POST", f"/v1/subjects/{SECRET}/eligibility", "bureau", verified()).status_code == 201
        price_readings(found.set.ledger)
        yield found


def engines(makers: Makers) -> dict[str, Engine]:
    made = makers.set
    return {"listing": made.listings.engine, "trade-ingest": made.trades.engine, "incentive": made.ledger}


@pytest.mark.parametrize("service", SHOWN)
def test_of_every_table_it_is_decided_what_an_exchange_is_shown(makers: Makers, service: str) -> None:
    engine = engines(makers)[service]
    role = engine.url.username
    with engine.connect() as connection:
        found = connection.execute(TABLES, {"viewer": f"{role}_viewer"}).all()
        roles = text("SELECT rolname, rolbypassrls, rolcanlogin FROM pg_roles WHERE starts_with(rolname, :role)")
        held = {row.rolname: (row.rolbypassrls, row.rolcanlogin) for row in connection.execute(roles, {"role": role})}
        inherits = connection.execute(
            text("SELECT pg_has_role(:role, :viewer, 'USAGE')"), {"role": role, "viewer": f"{role}_viewer"}
        )
        assert not inherits.scalar_one()
    assert held == {role: (True, True), f"{role}_viewer": (False, False)}
    told = {
        row.relname: "nothing"
        if not row.is_granted
        else "all"
        if row.is_for_all
        else "a subject's"
        if row.names == ["subject"]
        else "own"
        for row in found
        if row.relname != "trade_category"
    }
    assert told == SHOWN[service]
    # Every granted table has a policy, nothing is writable, and no view runs with its owner's rights.
    assert [row.relname for row in found if row.is_granted and not (row.relrowsecurity and row.names)] == []
    assert [row.relname for row in found if row.is_changeable] == []


class Rows(NamedTuple):
    """Numbers of rows in a table: `seen` by an exchange, and `all`."""

    seen: int
    all: int


def count(makers: Makers, service: str, table: str, exchange: str) -> Rows:
    engine = engines(makers)[service]
    counted = text(f"SELECT count(*) FROM {table}")
    with snapshot(engine, exchange) as as_exchange, snapshot(engine) as as_service:
        return Rows(as_exchange.execute(counted).scalar_one(), as_service.execute(counted).scalar_one())


@pytest.mark.parametrize("service", SHOWN)
def test_a_table_shows_an_exchange_its_own_rows(makers: Makers, service: str) -> None:
    # A suspension is of a rule and three closings are of years; what is in force is for all.
    no_ones = {"act": 4, "ledger_transaction": 1}
    for table, what in SHOWN[service].items():
        if what == "own":
            own, other, nobody = (count(makers, service, table, one) for one in (OWN, OTHER, "nodex"))
            assert nobody.seen == no_ones.get(table, 0), table
            assert own.seen < own.all or other.seen < other.all, table
            assert own.seen + other.seen > 0, table


# Keys of an exchange's own rows, by table of the ledger; queried as the service's role.
MINE = {
    "award_current": "SELECT award_id FROM award_version WHERE :own = ANY(exchanges)",
    "ledger_transaction": "SELECT seq FROM ledger_transaction t WHERE kind = 'settings'"
    " OR EXISTS (SELECT FROM award_version v"
    ' WHERE v.award_id = t.award_id AND v.exchanges = ARRAY[CAST(:own AS text)] COLLATE "C")',
    "decision": "SELECT id FROM decision WHERE award_id IN"
    " (SELECT award_id FROM award_version WHERE :own = ANY(exchanges))",
    "extract": "SELECT id FROM extract WHERE role = 'exchange:' || :own",
}
KEYS = {"award_current": "award_id", "ledger_transaction": "seq"}


@pytest.mark.parametrize("exchange", [OWN, OTHER])
def test_which_rows_those_are(makers: Makers, exchange: str) -> None:
    engine = makers.set.ledger
    for table, statement in MINE.items():
        with snapshot(engine) as connection:
            expected = set(connection.execute(text(statement), {"own": exchange}).scalars())
        with snapshot(engine, exchange) as connection:
            found = set(connection.execute(text(f"SELECT {KEYS.get(table, 'id')} FROM {table}")).scalars())
        assert found == expected, table
    # An exchange sees all facts about itself, its operator and the subjects that a fact names with it; no others.
    with snapshot(engine, exchange) as connection:
        known = set(connection.execute(text("SELECT about FROM known_to")).scalars())
        assert set(connection.execute(text("SELECT DISTINCT about FROM fact")).scalars()) <= known
        assert f"exchange/{exchange}" in known
        assert (SECRET in known) == (exchange == OTHER)
        values = b"".join(connection.execute(text("SELECT value FROM fact")).scalars())
        assert (list(SECRETS)[1].encode() in values) == (exchange == OTHER)
        assert connection.execute(text("SELECT count(*) FROM fact WHERE topic = 'facts.sign.v1'")).scalar_one() == 0


@contextmanager
def without_first_fence(*, second: bool) -> Iterator[None]:
    """Make the code take every caller for one that sees everything; without the second barrier, PostgreSQL too.

    Logs are captured: errors of requests that PostgreSQL refuses are long.
    """
    with pytest.MonkeyPatch.context() as patch, structlog.testing.capture_logs():
        for limit in ("exchange", "subject", "viewer"):
            patch.setattr(ApiKey, limit, None)
        patch.setattr(seen, "current_key", lambda: SimpleNamespace(viewer=asking() if second else None))
        yield


def asking() -> str | None:
    return g.api_key.role.partition(":")[2] or None


def is_told(body: str) -> bool:
    """Return True if the body mentions the trade that only the other exchange has, or its parties."""
    return any(secret in body for secret in (SECRET_TRADE["trade_no"], *SECRETS, *SECRETS.values()))


def paths(app: Flask) -> list[str]:
    """Return the path of every GET route, with ids of the other exchange's objects."""
    there = {
        "award_id": f"first_purchase/{SECRET}",
        "exchange": OTHER,
        "id": "1",
        "no": SECRET_TRADE["trade_no"],
        "rule": "first_purchase",
        "subject": SECRET,
    }
    more = {
        "/v1/reconciliation": f"?exchange={OTHER}&date=2026-03-01",
        "status": "?year=2026",
        "/v1/explanations": f"?subject={SECRET}&rule=first_purchase&year=2026",
    }
    adapter = app.url_map.bind("localhost")
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/v1/") and "GET" in (rule.methods or ()) and rule.arguments <= there.keys():
            path = adapter.build(rule.endpoint, {name: there[name] for name in rule.arguments})
            found.append(path + next((query for end, query in more.items() if path.endswith(end)), ""))
    return found


@pytest.mark.parametrize("service", SHOWN)
def test_every_route_keeps_to_an_exchange_with_one_fence_as_with_two(makers: Makers, service: str) -> None:
    made = makers.set
    app = {"listing": made.listings.app, "trade-ingest": made.trades.app, "incentive": makers.app}[service]

    def answers() -> dict[str, tuple[int, str]]:
        """Return status and body by path; the body without the path, which errors repeat, and the subject asked for."""
        client, told = app.test_client(), {}
        for path in paths(app):
            answer = client.get(path, headers=headers(f"exchange:{OWN}"))
            body = answer.get_data().decode("utf-8", "replace")
            bare, _, query = path.partition("?")
            subjects = [code.partition(":")[2] for code in parse_qs(query).get("subject", [])]
            for echoed in (unquote(bare), *subjects):
                body = body.replace(echoed, "")
            told[path] = answer.status_code, body
        return told

    with without_first_fence(second=True):
        behind = answers()
    with without_first_fence(second=False):
        bare = answers()
    # These routes query the register with a service's key, so PostgreSQL cannot filter by exchange.
    one_fence = [path for path in behind if path.endswith(("/facts", "/effects"))]
    assert [path for path, (_, body) in behind.items() if is_told(body) and path not in one_fence] == []
    # Access that the code attempts for a full viewer but PostgreSQL denies fails with an error.
    assert {status for status, _ in behind.values()} <= {200, 403, 404, 409, 422, 500, 503}
    assert any(status == 200 and OWN in body for status, body in behind.values())
    # The secret is a trade.
    assert any(status == 200 and is_told(body) for status, body in bare.values()) == (service != "listing")


# Rows of the ledger that a subject sees, by table; queried as the service's role.
_EVER_OWN = "award_id IN (SELECT award_id FROM award_version WHERE subject = :own)"
_POSTED = "(t.subject = :own OR t.subject_before = :own) AND t.award_id IS NOT NULL"
_STATED = "JOIN decision d ON d.statement = s.{} WHERE d.subject = :own"
OF_A_SUBJECT = {
    "award_current": f"SELECT x.award_id FROM award_current x WHERE {_EVER_OWN}",
    "award_version": f"SELECT x.award_id || x.version FROM award_version x WHERE {_EVER_OWN}",
    "ledger_transaction": f"SELECT t.seq FROM ledger_transaction t WHERE t.kind = 'settings' OR {_POSTED}",
    "ledger_entry": f"SELECT x.seq FROM ledger_entry x JOIN ledger_transaction t USING (seq) WHERE {_POSTED}",
    "decision": f"SELECT x.id FROM decision x WHERE {_EVER_OWN}",
    "hold": f"SELECT x.id FROM hold x WHERE {_EVER_OWN}",
    "eligibility": "SELECT x.id FROM eligibility x WHERE x.subject = :own",
    "other_grant": "SELECT x.id FROM other_grant x WHERE x.subject = :own",
    "grant_withdrawal": "SELECT x.id FROM grant_withdrawal x JOIN other_grant g ON g.id = x.other_grant_id"
    " WHERE g.subject = :own",
    "statement": f"SELECT s.sha256 FROM statement s {_STATED.format('sha256')}",
    "service": f"SELECT s.id FROM service s {_STATED.format('statement')}",
    "reading_effect": f"SELECT x.award_id || x.reading FROM reading_effect x WHERE x.is_whole AND {_EVER_OWN}",
    "known_to": "SELECT x.about FROM known_to x WHERE false",
    "extract": "SELECT x.id FROM extract x WHERE false",
}


def test_a_table_shows_a_subject_its_own_rows(makers: Makers) -> None:
    engine = makers.set.ledger
    operators = {
        f"uscc:{operator.uscc}": f"exchange/{exchange.id}"
        for exchange in makers.set.rulebook.exchanges.listed
        for operator in exchange.operators
    }
    with snapshot(engine) as connection:
        subjects = list(connection.execute(text("SELECT DISTINCT subject FROM award_version")).scalars())
    assert operators.keys() & set(subjects)
    filled = dict.fromkeys(OF_A_SUBJECT, 0)
    for subject in [*subjects, "uscc:none"]:
        for table, statement in OF_A_SUBJECT.items():
            column = statement.removeprefix("SELECT ").partition(" FROM ")[0]
            with snapshot(engine) as connection:
                expected = set(connection.execute(text(statement), {"own": subject}).scalars())
            with snapshot(engine, subject) as connection:
                rows = connection.execute(text(f"SELECT {column} FROM {table} {column[0]}"))
                found = set(rows.scalars())
            assert found == expected, (table, subject)
            filled[table] += len(found)
        with snapshot(engine, subject) as connection:
            abouts = set(
                connection.execute(text("SELECT about FROM fact UNION SELECT about FROM fact_current")).scalars()
            )
            assert abouts <= {subject, operators.get(subject, subject)}
            assert connection.execute(text("SELECT count(*) FROM fact WHERE topic = 'facts.sign.v1'")).scalar_one() == 0
    assert [table for table, rows in filled.items() if not rows] == ["known_to", "extract"]


def test_an_account_is_shown_to_its_subject_alone_and_masked(makers: Makers) -> None:
    engine = makers.set.ledger
    with snapshot(engine) as connection:
        [owner] = connection.execute(text("SELECT subject FROM account")).scalars()
    own = text("SELECT bank, number, name FROM own_account(NULL)")
    with snapshot(engine, owner) as connection:
        assert connection.execute(own).all() == [("虚构银行", "*" * 15 + ACCOUNT_NO[-4:], "虚构甲")]
        with pytest.raises(DBAPIError):
            connection.execute(text("SELECT number FROM account"))
    for viewer in ("uscc:none", OWN, None):
        with snapshot(engine, viewer) as connection:
            assert connection.execute(own).all() == []


# A subject whose key the tests have, and another with an award.
OWNER = f"subject:{SECRET}"


def test_every_route_keeps_to_a_subject_with_one_fence_as_with_two(makers: Makers) -> None:
    client, asks = makers.app.test_client(), headers(OWNER)
    with snapshot(makers.set.ledger) as connection:
        others = text("SELECT award_id, subject FROM award_current WHERE subject <> :own ORDER BY award_id LIMIT 1")
        foreign = connection.execute(others, {"own": SECRET}).one()
        statement = connection.execute(text("SELECT sha256 FROM statement ORDER BY number LIMIT 1")).scalar_one()
    addresses = (
        f"/v1/awards/{foreign.award_id}",
        f"/v1/awards/{foreign.award_id}/explanation",
        f"/v1/awards/{foreign.award_id}/decisions",
        f"/v1/statements/{statement}",
        f"/v1/statements/{statement}/service",
        f"/v1/awards?subject={foreign.subject}",
        f"/v1/ledger/transactions?subject={foreign.subject}",
    )
    own = client.get("/v1/awards", headers=asks).get_json()["items"]
    assert [one["award_id"] for one in own] == [f"first_purchase/{SECRET}"]

    def answers() -> list[tuple[int, object]]:
        found = [client.get(address, headers=asks) for address in addresses]
        return [(one.status_code, (one.get_json(silent=True) or {}).get("items")) for one in found]

    hidden = [*[(404, None)] * 5, *[(200, [])] * 2]
    assert answers() == hidden
    with without_first_fence(second=True):
        assert answers() == hidden
        assert client.get("/v1/awards", headers=asks).get_json()["items"] == own
    with without_first_fence(second=False):
        assert [status for status, _ in answers()] == [200] * 7


def test_every_list_has_rows_of_the_exchange_alone(makers: Makers) -> None:
    made, asks = makers.set, headers(f"exchange:{OWN}")
    with snapshot(made.ledger) as connection:
        mine = set(connection.execute(text(MINE["award_current"]), {"own": OWN}).scalars())
    whose = {"/v1/listings": made.listings.app, "/v1/trades": made.trades.app, "/v1/quarantine": made.trades.app}
    for second, expected in ((True, {OWN}), (False, {OWN, OTHER})):
        with without_first_fence(second=second):
            for path, app in whose.items():
                items = app.test_client().get(f"{path}?limit=500", headers=asks).get_json()["items"]
                assert {item["exchange"] for item in items} == expected, path
            day = f"/v1/reconciliation?exchange={OTHER}&date=2026-03-01"
            found = made.trades.app.test_client().get(day, headers=asks)
            assert found.status_code == 200
            assert (found.get_json()["received"] == 0) == second
            client = makers.app.test_client()
            awards = client.get("/v1/awards?limit=500", headers=asks).get_json()["items"]
            assert ({one["award_id"] for one in awards} <= mine) == second
            posted = client.get("/v1/ledger/transactions?limit=500", headers=asks).get_json()["items"]
            balances = client.get("/v1/ledger/balances?limit=500", headers=asks).get_json()["items"]
            assert any("exchange_tiers/dcdex" in str(one["award_id"]) for one in posted) != second
            assert any("exchange_tiers/dcdex" in one["account"] for one in balances) != second
            assert posted
            assert balances


LOST_TO_HIDDEN = text("""
    SELECT a.award_id, s.award_id AS suppressor, s.exchanges FROM award_current a
    JOIN award_current s ON s.award_id = a.suppressed_by
    WHERE a.exchanges = ARRAY[CAST(:own AS text)] COLLATE "C" AND s.exchanges <> a.exchanges
    ORDER BY a.award_id
""")


def test_of_what_a_hidden_award_suppresses_the_ceiling_alone_is_shown(makers: Makers) -> None:
    """Base and ceiling follow from the exchange's own documents; what suppresses them is behind both barriers."""
    with snapshot(makers.set.ledger) as connection:
        lost = connection.execute(LOST_TO_HIDDEN, {"own": OWN}).all()
    assert lost
    client = signed_in(makers, f"exchange:{OWN}")
    listed = {one["award_id"]: one for one in makers.get("/v1/awards?limit=500", f"exchange:{OWN}")["items"]}
    for one in lost:
        whole, seen = (makers.get(f"/v1/awards/{one.award_id}", role) for role in ("auditor", f"exchange:{OWN}"))
        hidden = ("payable", "approved", "paid", "returned", "recovered", "suppressed_by", "readings")
        assert seen == listed[one.award_id]
        assert seen == {**whole, **dict.fromkeys(hidden), "partial": True}
        told = makers.get(f"/v1/awards/{one.award_id}/explanation", f"exchange:{OWN}")
        assert float(told["steps"][-1]["value"]) == float(whole["ceiling"]) > 0
        assert (told["suppressed_by"], told["transactions"]) == (None, [])
        page = client.get(f"/awards/{one.award_id}").text
        for answer in (str(seen), str(told), page):
            assert one.suppressor not in answer
        # Without the first barrier PostgreSQL still keeps the suppressor to those whom it names.
        with without_first_fence(second=True):
            behind = makers.ask("GET", f"/v1/awards/{one.suppressor}", f"exchange:{OWN}")
            assert behind.status_code == (200 if OWN in one.exchanges else 404)
        with without_first_fence(second=False):
            bare = makers.get(f"/v1/awards/{one.award_id}", f"exchange:{OWN}")
            assert bare["suppressed_by"] == one.suppressor


def test_pages_keep_to_an_exchange_with_one_fence_as_with_two(makers: Makers) -> None:
    theirs, trade = of_the_secret(makers), f"/trades/dcdex/{SECRET_TRADE['trade_no']}"
    client = signed_in(makers, f"exchange:{OWN}")
    addresses = (
        *("/", "/awards", "/awards?rule=first_purchase", "/exchanges/dcdex?year=2026", f"/subjects/{SECRET}"),
        f"/subjects/{SECRET}/why-not",
        *(f"/awards/first_purchase/{SECRET}", f"/ledger/{theirs}", trade),
        *("/extracts", "/policy", "/worklist", "/budget", "/declared"),
    )
    with without_first_fence(second=True):
        behind = {address: client.get(address) for address in addresses}
    shown = {address: answer.text for address, answer in behind.items() if answer.status_code == 200}
    assert {"/awards", "/extracts", "/policy"} <= shown.keys()
    # PostgreSQL refuses to read what participants have at other exchanges.
    assert behind["/exchanges/dcdex?year=2026"].status_code == 500
    assert [address for address, page in shown.items() if is_told(page)] == [trade]  # like its route, above
    with without_first_fence(second=False):
        told = {address for address in addresses if is_told(client.get(address).text)}
    assert {"/awards?rule=first_purchase", "/exchanges/dcdex?year=2026", f"/subjects/{SECRET}"} <= told


def of_the_secret(makers: Makers) -> int:
    """Return the number of a posting for the other exchange's secret trade."""
    posted = "SELECT min(seq) FROM ledger_transaction WHERE award_id = :id"
    with snapshot(makers.set.ledger) as connection:
        award_id = f"first_purchase/{SECRET}"
        return int(connection.execute(text(posted), {"id": award_id}).scalar_one())


def test_an_extract_keeps_to_an_exchange_with_one_fence_as_with_two(
    makers: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = files(makers.extract(f"exchange:{OWN}"))
    monkeypatch.setattr(
        writer,
        "Selection",
        lambda connection, request, told: Selection(connection, msgspec.structs.replace(request, role="auditor"), told),
    )
    bare = files(makers.extract(f"exchange:{OWN}"))
    told = ("awards.ndjson", "transactions.ndjson", "facts.ndjson", "balances.json")
    assert [name for name in told if is_told(bare[name].decode("utf-8", "replace"))] == []
    assert len(bare["awards.ndjson"].splitlines()) >= len(whole["awards.ndjson"].splitlines()) > 0
    monkeypatch.setattr(writer, "set_viewer", lambda *_: None)
    assert is_told(files(makers.extract(f"exchange:{OWN}"))["awards.ndjson"].decode())


class Log:
    """Log of the statements executed by psycopg, through SQLAlchemy or directly."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[str] = []
        execute = psycopg.Cursor.execute

        def noted(cursor: Any, statement: str, *args: Any, **options: Any) -> Any:
            self.statements.append(statement)
            return execute(cursor, statement, *args, **options)

        monkeypatch.setattr(psycopg.Cursor, "execute", noted)

    def of(self, ask: Any, path: str) -> tuple[int, list[str]]:
        """Return the status of an answer and the statements executed for it."""
        self.statements = []
        return ask(path).status_code, self.statements


def test_what_is_foreign_is_asked_of_the_database_as_what_is_not_there(
    makers: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The statements are the same, so response times do not distinguish the two."""
    made, asks = makers.set, headers(f"exchange:{OWN}")
    with snapshot(made.ledger) as connection:
        extract = connection.execute(text("SELECT id FROM extract WHERE role = 'exchange:dcdex'")).scalar_one()
    with snapshot(made.trades.engine) as connection:
        refused = "SELECT id FROM quarantine WHERE exchange = 'dcdex' ORDER BY id LIMIT 1"
        refused_id = connection.execute(text(refused)).scalar_one()
    award_id, theirs, nobody = f"first_purchase/{SECRET}", of_the_secret(makers), f"uscc:{worlds.uscc(99)}"
    then = "?as_of=2026-06-01T00:00:00Z"
    pairs = {
        f"/awards/{award_id}": f"/awards/first_purchase/{nobody}",
        f"/v1/awards/{award_id}": f"/v1/awards/first_purchase/{nobody}",
        f"/v1/awards/{award_id}{then}": f"/v1/awards/first_purchase/{nobody}{then}",
        f"/v1/awards/{award_id}/explanation": f"/v1/awards/first_purchase/{nobody}/explanation",
        f"/v1/awards/{award_id}/decisions": f"/v1/awards/first_purchase/{nobody}/decisions",
        f"/v1/awards?subject={SECRET}": f"/v1/awards?subject={nobody}",
        f"/v1/ledger/transactions?subject={SECRET}": f"/v1/ledger/transactions?subject={nobody}",
        f"/v1/ledger/transactions?award_id={award_id}": f"/v1/ledger/transactions?award_id=first_purchase/{nobody}",
        f"/v1/explanations?subject={SECRET}&rule=first_purchase&year=2026": f"/v1/explanations?subject={nobody}"
        "&rule=first_purchase&year=2026",
        f"/v1/explanations?subject={SECRET}&rule=exchange_tiers&year=2026{then.replace('?', '&')}": "/v1/explanations"
        f"?subject={nobody}&rule=exchange_tiers&year=2026{then.replace('?', '&')}",
        f"/v1/subjects/{SECRET}/status?year=2026": f"/v1/subjects/{nobody}/status?year=2026",
        "/v1/exchanges/dcdex/status?year=2026": "/v1/exchanges/nodex/status?year=2026",
        "/v1/exchanges/dcdex/outlook?year=2026": "/v1/exchanges/nodex/outlook?year=2026",
        f"/v1/exchanges/dcdex/participants/{SECRET}?year=2026": f"/v1/exchanges/nodex/participants/{SECRET}?year=2026",
        "/exchanges/dcdex/outlook": "/exchanges/nodex/outlook",
        f"/v1/trades/dcdex/{SECRET_TRADE['trade_no']}/effects": "/v1/trades/nodex/T1/effects",
        f"/v1/extracts/{extract}": f"/v1/extracts/{'0' * 32}",
        f"/v1/extracts/{extract}/download": f"/v1/extracts/{'0' * 32}/download",
        f"/subjects/{SECRET}": f"/subjects/{nobody}",
        f"/subjects/{SECRET}/why-not": f"/subjects/{nobody}/why-not",
        "/exchanges/dcdex": "/exchanges/nodex",
        f"/ledger/{theirs}": "/ledger/1000000",
        f"/extracts/{extract}": f"/extracts/{'0' * 32}",
        f"/trades/dcdex/{SECRET_TRADE['trade_no']}": "/trades/dcdex/T-nothing",
    }
    client, log = signed_in(makers, f"exchange:{OWN}"), Log(monkeypatch)
    for foreign, missing in pairs.items():
        found, nothing = (log.of(lambda path: client.get(path, headers=asks), path) for path in (foreign, missing))
        assert found == nothing, foreign
        assert found[0] == (200 if "?subject=" in foreign or "?award_id=" in foreign else 404), foreign
        assert found[1] or "dcdex" in foreign, foreign
    client = made.trades.app.test_client()
    pairs = {
        f"/v1/trades/dcdex/{SECRET_TRADE['trade_no']}": "/v1/trades/dcdex/T-nothing",
        f"/v1/quarantine/{refused_id}": "/v1/quarantine/1000000",
        "/v1/reconciliation?exchange=dcdex&date=2026-03-02": "/v1/reconciliation?exchange=nodex&date=2026-03-02",
        f"/v1/trades?buyer={SECRET}": f"/v1/trades?buyer={nobody}",
    }
    for foreign, missing in pairs.items():
        found, nothing = (log.of(lambda path: client.get(path, headers=asks), path) for path in (foreign, missing))
        assert found == nothing, foreign


PLANS = {
    "SELECT * FROM award_current WHERE award_id = 'x'": "award_current_pkey",
    "SELECT * FROM award_current WHERE subject = 'x'": "award_current_subject",
    "SELECT * FROM award_current ORDER BY award_id LIMIT 51": "award_current_",
    "SELECT * FROM award_version WHERE award_id = 'x' AND recorded_at <= now()": "award_version_pkey",
    "SELECT * FROM fact_current WHERE about = ANY('{x}')": "fact_current_about",
    "SELECT * FROM fact WHERE id = ANY('{1}')": "fact_pkey",
    "SELECT * FROM ledger_transaction WHERE seq > 5 ORDER BY seq LIMIT 51": "ledger_transaction_pkey",
    "SELECT * FROM ledger_transaction WHERE award_id = 'x'": "ledger_transaction_award",
    "SELECT * FROM decision WHERE award_id = ANY('{x}')": "decision_one_after_the_other",
    "SELECT * FROM hold WHERE award_id = ANY('{x}')": "hold_award",
    "SELECT id FROM eligibility WHERE subject = ANY('{x}')": "eligibility_subject",
}


@pytest.mark.parametrize("statement", PLANS)
def test_policies_leave_indexes_to_those_who_ask(makers: Makers, statement: str) -> None:
    with snapshot(makers.set.ledger, OWN) as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))  # the tables are small
        plan = "\n".join(connection.execute(text(f"EXPLAIN {statement}")).scalars())
    assert PLANS[statement] in plan, plan


KEPT = text("SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE strpos(statement, :part) > 0")
PLANNED_ONCE: dict[str, Callable[[Connection], object]] = {
    "SELECT CAST(json_build": lambda connection: load_recorded_context(
        connection, ["first_purchase/uscc:1"], ["uscc:1"], [2026], None
    ),
    "SELECT DISTINCT about FROM fact WHERE id >": lambda connection: changed_since(
        connection, LedgerState(datetime.now(UTC), 0, 0, 0)
    ),
}

TIMES = 8


@pytest.mark.parametrize("part", PLANNED_ONCE)
def test_what_awards_stand_by_is_planned_once_under_policies_and_nothing_else_is(makers: Makers, part: str) -> None:
    """A plan of these queries takes some 3 to 7 ms under policies, while generic plans of lists would be bad."""
    engine = makers.set.ledger
    engine.dispose()  # so that the one connection is a new one
    for _ in range(TIMES):
        with snapshot(engine, OWN) as connection:
            PLANNED_ONCE[part](connection)
            assert connection.execute(text("SHOW plan_cache_mode")).scalar() == "auto"
            plans = connection.execute(KEPT, {"part": part}).one_or_none()
    assert plans is not None
    assert plans.generic_plans == TIMES
    assert plans.custom_plans == 0
