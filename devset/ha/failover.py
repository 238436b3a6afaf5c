"""The failover of the demonstration: the primary's machine is killed while the bureau decides."""

import itertools
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import requests

from devset.client import Client
from devset.ha.engines import ThreeOfEach
from devset.processes import LocalError
from devset.programs import Addresses
from devset.supervisor import LocalSet
from shared.language import say

TIMEOUT_S: Final = 120.0
POLL_S: Final = 0.1
# Decisions before the kill, and as many after it.
DECISIONS: Final = 10
# Steps of one award that end where they began.
ROUND: Final = ("apply", "reject", "reopen")
_REQUEST_TIMEOUT_S: Final = 5.0
_REASON: Final = "演示 / demonstration"


class Failover(NamedTuple):
    """The outcome of a failover: the killed machine, the new primary, the pause of decisions, the missing ones."""

    killed: str
    primary: str
    pause_s: float
    decisions: int
    missing: int


class Decided(NamedTuple):
    """A decision that was acknowledged, and when."""

    decision_id: str
    at_s: float


@dataclass
class Bureau:
    """Decides on one award again and again, each decision until it is acknowledged, on whichever API answers."""

    copies: tuple[Addresses, ...]
    key: str
    award_id: str
    acknowledged: list[Decided] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _work: Future[None] | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Decide in a background thread; at the end the award stands as before."""
        with ThreadPoolExecutor(1) as pool:
            self._work = pool.submit(self._run)
            try:
                yield
            finally:
                self._stop.set()
            self._work.result()

    def count(self) -> int:
        """Return how many decisions were acknowledged. LocalError if the thread has failed."""
        if self._work is not None and self._work.done():
            self._work.result()
        return len(self.acknowledged)

    def pause_s(self) -> float:
        """Return the longest time between two decisions that were acknowledged."""
        times = [decided.at_s for decided in self.acknowledged]
        return max(after - before for before, after in itertools.pairwise(times))

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False  # requests to loopback go through no proxy
            session.headers["Authorization"] = f"Bearer {self.key}"
            while not self._stop.is_set():
                for action in ROUND:
                    self._decide(session, action)
                    time.sleep(POLL_S)

    def _decide(self, session: requests.Session, action: str) -> None:
        """Send a decision to one API after the other, with the same key, until one acknowledges it."""
        deadline = time.monotonic() + TIMEOUT_S
        order = {"action": action} | ({"reason": _REASON} if action != "apply" else {})
        headers = {"Idempotency-Key": str(uuid.uuid4())}
        for addresses in itertools.cycle(self.copies):
            url = f"{addresses.url('incentive')}/v1/awards/{self.award_id}/decisions"
            try:
                answer = session.post(url, json=order, headers=headers, timeout=_REQUEST_TIMEOUT_S)
            except requests.RequestException:
                text = say("无应答", "no answer")
            else:
                if answer.ok:
                    self.acknowledged.append(Decided(answer.json()["decision_id"], time.monotonic()))
                    return
                text = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code < requests.codes.internal_server_error:
                    raise LocalError(f"决定被拒绝：{text}", f"a decision was refused: {text}")
            if time.monotonic() > deadline:
                raise LocalError(
                    f"{TIMEOUT_S:.0f} 秒内未能作出决定：{text}", f"no decision within {TIMEOUT_S:.0f} s: {text}"
                )
            time.sleep(POLL_S)


def kill_the_primary(local: LocalSet, engines: ThreeOfEach, client: Client) -> Failover:
    """Kill the machine of the primary between decisions, wait until they go on, and start the machine again."""
    _await(local, lambda: _first_award(client) is not None, say("首项奖补", "the first award"))
    bureau = Bureau(local.copies, local.secrets.keys["bureau"], _first_award(client) or "")
    with bureau.at_work():
        _await(local, lambda: bureau.count() >= DECISIONS, say("决定", "decisions"))
        killed = engines.leader()
        if killed is None:
            raise LocalError("没有主库", "there is no primary")
        engines.kill_database(killed)
        before = bureau.count()
        _await(local, lambda: bureau.count() >= before + DECISIONS, say("后续决定", "further decisions"))
        primary = engines.leader()
    engines.revive_database(killed)
    _await(local, engines.is_replicated, say("备库", "standbys"))
    found = {one["decision_id"] for one in client.items("incentive", f"/v1/awards/{bureau.award_id}/decisions")}
    missing = sum(decided.decision_id not in found for decided in bureau.acknowledged)
    name = primary.name if primary else "?"
    return Failover(killed.name, name, bureau.pause_s(), len(bureau.acknowledged), missing)


def _first_award(client: Client) -> str | None:
    return next((award["award_id"] for award in client.items("incentive", "/v1/awards")), None)


def _await(local: LocalSet, is_reached: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not is_reached():
        local.tend()
        if time.monotonic() > deadline:
            raise LocalError(f"{TIMEOUT_S:.0f} 秒内没有{what}", f"no {what} within {TIMEOUT_S:.0f} s")
        time.sleep(POLL_S)
