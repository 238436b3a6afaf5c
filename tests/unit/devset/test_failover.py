"""The failover of the demonstration: what the bureau sends while APIs fail, and what is reported of it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from devset.demo_report import DemoRun, checks
from devset.expected import RunOutcome
from devset.ha.failover import ROUND, Bureau, Decided, Failover
from devset.processes import LocalError
from devset.programs import Addresses
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

AWARD_ID = "first_purchase/uscc:1"


@contextmanager
def api(answer: Callable[[int, str], int]) -> Iterator[tuple[Addresses, list[tuple[str, str]]]]:
    """An API that answers decisions with the status of `answer(number, action)`; yields what it was sent."""
    sent: list[tuple[str, str]] = []

    class Decisions(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            action = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["action"]
            sent.append((action, self.headers["Idempotency-Key"]))
            body = json.dumps({"decision_id": len(sent)}).encode()
            self.send_response(answer(len(sent), action))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Decisions) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Addresses("", {"incentive": f"127.0.0.1:{server.server_port}"}), sent
        server.shutdown()
        thread.join()


def test_a_decision_is_sent_to_the_other_api_with_the_same_key_until_it_is_acknowledged() -> None:
    with api(lambda _number, _action: 503) as (first, refused), api(lambda _number, _action: 201) as (second, taken):
        bureau = Bureau((first, second), "key", AWARD_ID)
        with bureau.at_work():
            until(lambda: bureau.count() >= 1)
    assert [action for action, _ in taken] == list(ROUND)
    assert refused == taken
    assert len({key for _, key in taken}) == len(ROUND)
    assert len(bureau.acknowledged) == len(ROUND)


def test_a_refused_decision_is_an_error() -> None:
    with api(lambda _number, _action: 409) as (only, _sent):
        bureau = Bureau((only,), "key", AWARD_ID)
        with pytest.raises(LocalError, match="409"), bureau.at_work():
            until(lambda: bureau.count() and False)


def test_the_pause_is_the_longest_time_between_two_decisions() -> None:
    bureau = Bureau(
        (), "key", AWARD_ID, [Decided("1", 10.0), Decided("2", 10.5), Decided("3", 28.0), Decided("4", 28.5)]
    )
    assert bureau.pause_s() == pytest.approx(17.5)


@pytest.mark.parametrize(("missing", "line"), [(0, "✓ all 21 decisions"), (2, "✗ 2 of 21 acknowledged decisions")])
def test_a_missing_decision_fails_the_demonstration(missing: int, line: str) -> None:
    outcome = RunOutcome({}, Counter())
    run = DemoRun(1, 1.0, 2026, [], outcome, outcome, Failover("n1", "n2", 17.3, 21, missing))
    assert run.is_right == (not missing)
    lines = list(checks(run))
    assert any(line in one for one in lines)
    assert any("n2 took over: no decision for 17.3 s" in one for one in lines)
