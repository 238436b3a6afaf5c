"""Extracts and comparisons of everything read from a standby: the same bytes as from the primary, never older ones."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from services.incentive.extract import worker
from services.incentive.extract.worker import ExtractWorker
from services.incentive.extract.writer import write_extract
from services.incentive.rebuild.command import verify_all
from services.listing.rebuild import LISTINGS_REBUILD
from services.trade_ingest.rebuild import TRADES_REBUILD
from shared.postgres import standbys
from shared.postgres.long_reads import compare_in_snapshot
from shared.postgres.standbys import StandbyReads
from shared.register.rebuild.command import compare_register
from shared.register.rebuild.report import RebuildReport
from shared.service_log.store import confirm_checkpoint, is_unconfirmed, newest_checkpoint
from shared.settings import RegisterAddress
from tests.support.incentive.extract_makers import Makers, checked, makers_of
from tests.support.incentive.whole_set import served
from tests.support.registers.worlds import LOG_KEY
from tests.support.web.closing import close_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from shared.postgres.long_reads import Say
    from shared.register.rebuild.command import RebuildSpec
    from tests.support.engines.replicated import Replicated
    from tests.support.registers.web_register import RegisterSet

_numbers = count()
REQUESTS = (
    ("auditor", {"evidence": "registers"}),
    ("auditor", {"rules": ["compute_voucher", "first_purchase"]}),
    ("exchange:kmdex", {}),
    ("exchange:kmdex", {"exchange": "dcdex"}),
)


class Reading:
    """A set on the primary, whose extracts and APIs of registers are read from the standby."""

    def __init__(self, pair: Replicated, makers: Makers, addresses: dict[str, RegisterAddress]) -> None:
        self.pair, self.makers, self.addresses = pair, makers, addresses

    def read_url(self, engine: Engine) -> str:
        return self.pair.standby_url(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))

    def confirm_checkpoints(self) -> None:
        """Let the registers serve their newest checkpoints, as their publishers do."""
        for register in (self.makers.set.listings, self.makers.set.trades):
            with register.engine.begin() as connection:
                newest = newest_checkpoint(connection)
                assert newest is not None
                if is_unconfirmed(connection, newest.id):
                    confirm_checkpoint(connection, newest.id)

    def extract(self, role: str = "auditor", waits_s: float = 60.0, **body: Any) -> tuple[bytes, str]:
        """Return an extract that the worker makes, and which server it read; it waits so long for the standby."""
        self.confirm_checkpoints()
        made = self.makers.ask("POST", "/v1/extracts", role, body)
        assert made.status_code == 202, made.text
        engine = self.makers.set.ledger
        reads = StandbyReads(self.read_url(engine), engine, replayed_within_s=waits_s)
        with capture_logs() as logged:
            ExtractWorker(engine, LOG_KEY, "service-key", self.addresses, reads).run()
        [server] = [line["read_from"] for line in logged if line["event"] == "extract ready"]
        path = f"/v1/extracts/{made.get_json()['id']}/download"
        return self.makers.ask("GET", path, role).data, server


@pytest.fixture(scope="module")
def reading(pair: Replicated, tmp_path_factory) -> Iterator[Reading]:
    def fresh(service: str) -> tuple[str, str]:
        return pair.urls(f"{service.replace('-', '_')}_extracts_{next(_numbers)}")

    with ExitStack() as opened:
        makers = opened.enter_context(makers_of(fresh, tmp_path_factory.mktemp("standby")))
        urls = [
            opened.enter_context(served_from_standby(pair, one)) for one in (makers.set.listings, makers.set.trades)
        ]
        yield Reading(pair, makers, {"r1": RegisterAddress(*urls)})


@contextmanager
def served_from_standby(pair: Replicated, register: RegisterSet) -> Iterator[str]:
    settings = replace(register.settings, database_read_url=pair.standby_url(register.settings.database_url))
    app = register.side.create_app(settings)
    with served(app) as url:
        yield url
    close_app(app)


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine has time to answer."""
    for limit in ("POSITION_WITHIN_S", "REPLAYED_WITHIN_S"):
        monkeypatch.setattr(standbys, limit, 60.0)


@pytest.mark.parametrize(("role", "request_"), REQUESTS)
def test_an_extract_of_a_standby_is_that_of_the_primary(reading, role, request_) -> None:
    reading.confirm_checkpoints()
    reading.pair.await_replay()
    content, server = reading.extract(role, **request_)
    assert server == "standby"
    assert content == reading.makers.extract(role, **{name: _tuple(value) for name, value in request_.items()})


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def test_a_paused_standby_makes_no_extract(reading, tmp_path) -> None:
    """The one made while replay is paused has what was recorded since, as the primary shows it."""
    with reading.pair.no_replay():
        before = reading.makers.get("/v1/ledger/balances")["size"]
        suspension = {"from": "2020-01-01", "until": "2020-12-31", "reason": "r"}
        answer = reading.makers.ask("POST", "/v1/rules/first_listing/suspensions", "bureau", suspension)
        assert answer.status_code == 201, answer.text
        content, server = reading.extract(waits_s=0.2)
    assert server == "primary"
    assert checked(reading.makers, content, tmp_path).is_sound
    assert content == reading.makers.extract()
    assert reading.makers.get("/v1/ledger/balances")["size"] > before


def test_an_extract_whose_read_the_standby_ends_starts_over_on_the_primary(reading, monkeypatch) -> None:
    reading.pair.await_replay()
    monkeypatch.setattr(worker, "write_extract", ended_on_a_standby)
    content, server = reading.extract()
    assert server == "primary"
    assert content == reading.makers.extract()


def ended_on_a_standby(connection: Connection, *arguments: Any) -> None:
    """Write an extract on the primary; on a standby end the session, as recovery does at a conflict."""
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar():
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    write_extract(connection, *arguments)


def compared(reading: Reading, engine: Engine, compare: Any) -> tuple[list[str], list[str], list[str]]:
    """Return what is said on the standby and on the primary, and what was logged about the standby."""
    said: list[list[str]] = [[], []]
    with capture_logs() as logged:
        compare_in_snapshot(engine, reading.read_url(engine), compare, said[0].append)
    compare_in_snapshot(engine, None, compare, said[1].append)
    return said[0], said[1], [line["event"] for line in logged]


def verify_ledger(reading: Reading, connection: Connection, say: Say) -> None:
    say(verify_all(connection, reading.makers.set.rulebook, None, say).summary)


def verify_register(register: RegisterSet, spec: RebuildSpec, connection: Connection, say: Say) -> None:
    compare_register(connection, spec, register.register, RebuildReport(say), None)


def test_a_verification_on_a_standby_says_what_one_on_the_primary_says(reading) -> None:
    made = reading.makers.set
    ways = (
        (made.ledger, partial(verify_ledger, reading)),
        (made.trades.engine, partial(verify_register, made.trades, TRADES_REBUILD)),
        (made.listings.engine, partial(verify_register, made.listings, LISTINGS_REBUILD)),
    )
    for engine, compare in ways:
        reading.pair.await_replay()
        on_standby, on_primary, logged = compared(reading, engine, compare)
        assert on_standby == on_primary
        assert "differences 0" in on_standby[-1].replace(":", "")
        assert logged == ["comparing on a standby"]


def test_what_was_damaged_is_reported_alike(reading) -> None:
    made = reading.makers.set
    damages = (
        (made.ledger, partial(verify_ledger, reading), made.ledger_owner_url, "award_current", "base_fen"),
        (
            made.trades.engine,
            partial(verify_register, made.trades, TRADES_REBUILD),
            made.trades.owner_url,
            "trade",
            "amount_fen",
        ),
    )
    for engine, compare, owner_url, table, column in damages:
        with damaged(owner_url, table, column):
            reading.pair.await_replay()
            on_standby, on_primary, logged = compared(reading, engine, compare)
        assert on_standby == on_primary
        assert len(on_standby) > 1
        assert logged[0] == "comparing on a standby"


@contextmanager
def damaged(owner_url: str, table: str, column: str) -> Iterator[None]:
    """Add a fen to a column of every row, which PostgreSQL refuses to everybody but the owner."""
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for statement in (f"ALTER TABLE {table} DISABLE TRIGGER USER", f"UPDATE {table} SET {column} = {column} + 1"):
            owner.execute(statement)  # type: ignore[call-overload]
        yield
        for statement in (f"UPDATE {table} SET {column} = {column} - 1", f"ALTER TABLE {table} ENABLE TRIGGER USER"):
            owner.execute(statement)  # type: ignore[call-overload]
