"""Answers from a standby: never older than what was committed before the request, whatever the standby has replayed."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from threading import Event
from typing import TYPE_CHECKING

import psycopg
import pytest
from flask import g
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from shared.postgres import standbys
from shared.postgres.errors import driver_error
from shared.postgres.long_reads import compare_in_snapshot
from shared.postgres.query import fetch_value, fetch_values
from shared.postgres.standbys import POSITION_WITHIN_S, PrimaryPosition, StandbyReads
from shared.service_log.store import confirm_checkpoint, newest_checkpoint
from shared.values.times import format_time
from shared.web.service import viewer_snapshot
from tests.support.incentive.app import SETTINGS, Asker, incentive_app
from tests.support.incentive.bureau import FIRST, Bureau
from tests.support.incentive.ledger import first_purchase, ledger_database
from tests.support.incentive.ledger import rulebook as project_rulebook
from tests.support.incentive.pages import send, signed_in_to
from tests.support.until import until
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Response
    from flask.testing import FlaskClient
    from sqlalchemy import Connection
    from werkzeug.test import TestResponse

    from tests.support.engines.replicated import Replicated

_numbers = count()
READS = (
    "/v1/awards",
    "/v1/ledger/transactions",
    "/v1/ledger/balances",
    "/v1/years",
    "/v1/search?q=91530100MA6",
    "/v1/log/keys",
)
# Values of the parameters that reads require.
_VALUES = {"subject": "uscc:91530100MAXKMDEX0C", "rule": "exchange_tiers", "year": 2026, "q": "kmdex"}
ROLES = ("auditor", "bureau", "exchange:kmdex", "exchange:dcdex", "subject:uscc:91530100MAXKMDEX0C")


class Served:
    """A bureau on the primary, and its API with reads from the standby."""

    def __init__(self, pair: Replicated, urls: tuple[str, str], bureau: Bureau) -> None:
        self.owner_url, self.read_url = urls[0], pair.standby_url(urls[1])
        self.pair, self.bureau = pair, bureau
        settings = replace(SETTINGS, database_read_url=self.read_url)
        self.app = incentive_app(bureau.engine, bureau.rulebook, lambda: bureau.now, settings=settings)
        self.app.add_url_rule("/slow", view_func=self._read_slowly, methods=["GET", "POST"])
        self.during_read: Callable[[Connection], None] = lambda _: None
        self._read_from: Counter[str | None] = Counter()
        self.app.after_request(self._count)
        self.client: FlaskClient = self.app.test_client()
        self.primary_alone = bureau.ask
        bureau.ask = Asker(self.client)

    def get(self, path: str, role: str = "auditor", **parameters: object) -> TestResponse:
        return self.client.get(path, headers=headers(role), query_string=parameters or None)

    def size(self, path: str = "/v1/awards") -> int:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return int(answer.headers["X-Ledger-Size"])

    def reads(self, server: str) -> int:
        """Return how many requests were answered from `standby`, `unconfirmed` or `primary`."""
        return self._read_from[server]

    def _count(self, response: Response) -> Response:
        self._read_from[g.get("read_from")] += 1
        return response

    def _read_slowly(self) -> dict[str, list[int]]:
        count = "SELECT count(*) FROM ledger_transaction"
        with viewer_snapshot() as connection:
            before = fetch_value(connection, count, int)
            self.during_read(connection)
            return {"entries": [before, fetch_value(connection, count, int)]}

    def reads_from_standby(self) -> bool:
        before = self.reads("standby")
        self.size()
        return self.reads("standby") > before


@pytest.fixture
def served(pair: Replicated) -> Iterator[Served]:
    urls = pair.urls(f"standbys_{next(_numbers)}")
    with ledger_database(lambda _: urls) as database:
        bureau = Bureau(database.service, project_rulebook())
        bureau.begin()
        pair.await_replay()
        found = Served(pair, urls, bureau)
        until(found.reads_from_standby)
        yield found
        until(found.reads_from_standby)


@pytest.fixture
def patient(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The API waits for the standby however long a busy machine takes to replay, instead of asking the primary."""
    monkeypatch.setattr(served.app.extensions["jiangbu"].standbys, "_replayed_within_s", 60.0)
    for limit in ("POSITION_WITHIN_S", "REPLAYED_WITHIN_S"):
        monkeypatch.setattr(standbys, limit, 60.0)


@contextmanager
def primary_stopped(served: Served) -> Iterator[None]:
    """Stop the primary, and wait until the API takes it for silent."""
    with served.pair.without(served.pair.primary):
        until(lambda: served.get("/v1/awards").status_code == 200)
        yield


@pytest.mark.usefixtures("patient")
def test_what_was_committed_is_in_the_next_answer_of_a_standby(served) -> None:
    award_id = served.bureau.purchase(1)
    for action, state in (("apply", "applied"), ("review", "reviewed"), ("joint_review", "joint_reviewed")):
        served.bureau.done(award_id, action)
        assert served.bureau.award(award_id)["state"] == state
    assert served.reads("standby") > 0
    assert served.reads("primary") == 0


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("role", ROLES)
def test_a_standby_answers_as_the_primary_does_to_every_key(served, role) -> None:
    served.bureau.purchase(1)
    served.bureau.take(first_purchase(2, "2026-03-02", seq=2, exchange="dcdex"))
    for path in READS:
        assert served.bureau.ask.get(path, role) == served.primary_alone.get(path, role), path
    assert served.reads("primary") == 0


def test_the_primary_answers_while_the_standby_replays_nothing(served) -> None:
    award_id = served.bureau.purchase(1)
    before = served.bureau.now
    served.bureau.later()
    with served.pair.no_replay():
        served.bureau.done(award_id, "apply")
        assert served.bureau.award(award_id)["state"] == "applied"
        now = format_time(served.bureau.now)
        assert served.bureau.award(award_id, as_of=now)["state"] == "applied"
        assert served.bureau.award(award_id, as_of=format_time(before))["state"] == "estimated"
        assert served.reads("primary") == 3
    until(served.reads_from_standby)
    assert served.bureau.award(award_id)["state"] == "applied"


def test_the_answer_to_a_decision_says_the_size_that_later_answers_must_have(served) -> None:
    award_id = served.bureau.purchase(1)
    before = served.size()
    path, body = f"/v1/awards/{award_id}/decisions", served.bureau.step_body("apply")
    answer = served.client.post(path, json=body, headers=headers(FIRST) | {"Idempotency-Key": "k"})
    size = int(answer.headers["X-Ledger-Size"])
    assert (answer.status_code, size) == (201, before + 1)
    assert served.get("/v1/awards", min_size=size).headers["X-Ledger-Size"] == str(size)
    too_much = served.get("/v1/awards", min_size=size + 1)
    assert (too_much.status_code, too_much.headers["Retry-After"]) == (503, "1")
    assert served.get("/v1/awards", min_size="many").status_code == 422


def test_every_read_takes_the_size(served) -> None:
    paths = served.client.get("/openapi.json").get_json()["paths"]
    taken = {path: methods["get"].get("parameters", []) for path, methods in paths.items() if "get" in methods}
    reads = {
        path: {one["name"]: _VALUES[one["name"]] for one in parameters if one["required"]}
        for path, parameters in taken.items()
        if "{" not in path and "min_size" in [one["name"] for one in parameters]
    }
    assert {"/v1/awards", "/v1/ledger/balances", "/v1/acts", "/public/notices"} <= set(reads)
    assert "/v1/progress" not in reads
    answers = {
        path: served.get(path, "bureau", min_size=10**9, **required).status_code for path, required in reads.items()
    }
    assert answers == dict.fromkeys(reads, 503)


def test_while_the_primary_is_silent_a_standby_answers_what_it_is_sure_of(served) -> None:
    award_id = served.bureau.purchase(1)
    before = served.bureau.now
    size = served.size()
    with served.pair.no_replay():
        served.bureau.done(award_id, "apply")
        # A list that an earlier page began on the primary goes on with the size of then.
        cursor = served.get("/v1/ledger/balances", limit=1).get_json()["next_cursor"]
        assert served.reads("primary") > 0
        with primary_stopped(served):
            assert served.size() == size
            assert served.bureau.award(award_id)["state"] == "estimated"
            assert served.bureau.award(award_id, as_of=format_time(before))["state"] == "estimated"
            refused = [
                served.get(f"/v1/awards/{award_id}", as_of=format_time(served.bureau.now)),
                served.get(f"/v1/awards/{award_id}", min_size=size + 1),
                served.get("/v1/ledger/balances", limit=1, cursor=cursor),
            ]
            assert [answer.status_code for answer in refused] == [503, 503, 503]
            assert all("Retry-After" in answer.headers for answer in refused)


def test_a_standby_is_not_asked_for_ever_while_the_primary_is_silent(served, monkeypatch) -> None:
    with primary_stopped(served):
        monkeypatch.setattr(standbys, "UNCONFIRMED_FOR_S", 0.0)
        assert served.get("/v1/awards").status_code == 503


@pytest.mark.usefixtures("patient")
def test_a_standby_shows_a_key_its_rows_by_row_security(served) -> None:
    reads: StandbyReads = served.app.extensions["jiangbu"].standbys
    with ExitStack() as opened:
        connection = reads.open(opened, "kmdex", lambda _: True)
        assert connection is not None
        (role,) = fetch_values(connection, "SELECT current_user::text", str)
        (state,) = fetch_values(connection, "SHOW transaction_read_only", str)
    assert role.endswith("_viewer")
    assert state == "on"


def test_reads_go_to_the_primary_while_no_standby_answers(served) -> None:
    with served.pair.without(served.pair.standby):
        assert [served.get("/v1/awards").status_code for _ in range(3)] == [200, 200, 200]
        assert served.reads("primary") == 3


def test_reads_go_to_the_primary_while_the_standby_is_frozen(served) -> None:
    with ThreadPoolExecutor() as pool, served.pair.no_acknowledgement():
        answers = [pool.submit(served.get, "/v1/awards") for _ in range(3)]
        assert [answer.result(60).status_code for answer in answers] == [200, 200, 200]
        assert served.reads("primary") == 3


def test_an_outage_of_the_standby_is_logged_once(served) -> None:
    clock = count(0, 1_000)
    reads = StandbyReads("postgresql://nobody@127.0.0.1:1/nothing", served.bureau.engine, lambda: float(next(clock)))
    with capture_logs() as lines, ExitStack() as opened:
        assert [reads.open(opened, None, lambda _: True) for _ in range(3)] == [None] * 3
    assert [line["event"] for line in lines] == ["reads go to the primary, the standby is left alone"]


def test_a_page_shows_the_decision_that_led_to_it(served, monkeypatch) -> None:
    award_id = served.bureau.purchase(1)
    client = signed_in_to(served.app, "bureau", "en")
    page = f"/awards/{award_id}"
    with served.pair.no_replay():
        # As if the primary answered too late: the standby is asked without knowing what it should have.
        monkeypatch.setattr(PrimaryPosition, "asked_now", lambda _: None)
        monkeypatch.setattr(PrimaryPosition, "silent_s", lambda _: POSITION_WITHIN_S)
        before = client.get(page).text
        sent = send(client, f"{page}/steps", page=page, action="apply")
        assert sent.status_code == 303
        assert "Applied" in client.get(sent.headers["Location"]).text
        assert "Applied" not in before
        assert served.reads("unconfirmed") > 0
    monkeypatch.undo()


@pytest.mark.usefixtures("patient")
def test_a_standby_serves_confirmed_checkpoints_alone(served) -> None:
    with served.bureau.engine.begin() as connection:
        confirm_checkpoint(connection, newest_checkpoint(connection).id)
    size = served.size()
    served.bureau.purchase(1)
    note = served.get("/v1/log/checkpoint")
    assert (note.status_code, int(note.text.splitlines()[1])) == (200, size)
    assert served.size() > size
    assert served.reads("primary") == 0


def test_a_standby_serves_the_confirmed_checkpoint_while_the_primary_is_silent(served) -> None:
    with served.bureau.engine.begin() as connection:
        newest = newest_checkpoint(connection)
        confirm_checkpoint(connection, newest.id)
    served.pair.await_replay()
    with primary_stopped(served):
        for path in ("/v1/log/checkpoint", f"/v1/log/tile/0/000.p/{newest.size}"):
            assert served.get(path).status_code == 200
        assert served.reads("unconfirmed") > 0


def test_the_primary_serves_checkpoints_where_commits_wait_for_no_standby(served) -> None:
    with served.pair.asynchronous():
        until(served.reads_from_standby)
        before = served.reads("standby")
        assert served.get("/v1/log/checkpoint").status_code == 200
        assert served.reads("standby") == before


def vacuum(url: str) -> None:
    """Remove rows that a snapshot of the standby still sees."""
    with psycopg.connect(url, autocommit=True) as primary:
        primary.execute("CREATE TABLE vacuumed AS SELECT generate_series(1, 1000) AS n")
        primary.execute("DELETE FROM vacuumed")
        primary.execute("VACUUM vacuumed")


def lock_out_readers(url: str) -> None:
    """Lock a table that the snapshot has read, as migrations do."""
    with psycopg.connect(url) as primary:
        primary.execute("LOCK TABLE ledger_transaction IN ACCESS EXCLUSIVE MODE")


class Conflict:
    """Has replay conflict with a read of the standby, and notes what the read fails with."""

    def __init__(self, pair: Replicated, provoke: Callable[[], None]) -> None:
        self._pair, self._provoke = pair, provoke
        self.states: list[str | None] = []

    def __call__(self, connection: Connection) -> None:
        if not fetch_value(connection, "SELECT pg_is_in_recovery()", bool):
            return
        try:
            self._sleep(connection)
        except DBAPIError as error:
            self.states.append(getattr(driver_error(error), "sqlstate", None))
            raise

    def _sleep(self, connection: Connection) -> None:
        reader, has_ended = fetch_value(connection, "SELECT pg_backend_pid()", int), Event()
        with ThreadPoolExecutor(1) as pool:
            provoked = pool.submit(self._provoke_while_asleep, reader, has_ended)
            try:
                fetch_value(connection, "SELECT 1 FROM pg_sleep(60)", int)
            finally:
                has_ended.set()
                provoked.result()

    def _provoke_while_asleep(self, reader: int, has_ended: Event) -> None:
        # Replay of something earlier may already have ended the read.
        asleep = f"SELECT 1 FROM pg_stat_activity WHERE pid = {reader} AND wait_event = 'PgSleep'"
        with psycopg.connect(self._pair.standby.url(), autocommit=True) as standby:
            until(lambda: has_ended.is_set() or standby.execute(asleep).fetchone())
        self._provoke()


@pytest.fixture(params=[vacuum, lock_out_readers])
def conflict(served, request) -> Iterator[Conflict]:
    """Replay on the standby cancels what it conflicts with at once."""
    with psycopg.connect(served.pair.standby.url(), autocommit=True) as standby:
        standby.execute("ALTER SYSTEM SET max_standby_streaming_delay = 0")
        standby.execute("SELECT pg_reload_conf()")
        until(lambda: standby.execute("SHOW max_standby_streaming_delay").fetchone() == ("0",))
        yield Conflict(served.pair, partial(request.param, served.owner_url))
        standby.execute("ALTER SYSTEM RESET max_standby_streaming_delay")
        standby.execute("SELECT pg_reload_conf()")


@pytest.mark.usefixtures("patient")
def test_the_primary_answers_a_read_that_replay_cancels(served, conflict) -> None:
    served.bureau.done(served.bureau.purchase(1), "apply")
    expected = served.get("/slow").get_json()
    assert served.reads("primary") == 0
    served.during_read = conflict
    with capture_logs() as lines:
        answer = served.get("/slow")
    assert (answer.status_code, answer.get_json()) == (200, expected)
    assert conflict.states == ["40001"]
    assert served.reads("primary") == 1
    (line,) = [line for line in lines if line["event"] == "the standby ended a read, the primary answers"]
    assert "conflict with recovery" in line["error"]


@pytest.mark.usefixtures("patient")
def test_a_request_that_writes_is_not_repeated_by_the_server(served, conflict) -> None:
    served.during_read = conflict
    answer = served.client.post("/slow", headers=headers("auditor"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert conflict.states == ["40001"]


def test_a_comparison_that_replay_cancels_begins_again_on_the_primary(served, conflict) -> None:
    said: list[str] = []

    def compare(connection: Connection, say: Callable[[str], None]) -> int:
        entries = fetch_value(connection, "SELECT count(*) FROM ledger_transaction", int)
        say(f"{entries} entries")
        conflict(connection)
        return entries

    entries = compare_in_snapshot(served.bureau.engine, served.read_url, compare, said.append)
    assert conflict.states == ["40001"]
    assert said == [f"{entries} entries"]
