"""Asking a running set: all items of a list, whether all that was published is in the answers, and what came of it."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from devset.expected import RunOutcome, reported_award
from devset.processes import LocalError
from devset.programs import SERVICES, Addresses
from exchange_kit.api import Api, ApiError

POLL_S = 0.2
# Services that keep what they refuse.
TAKE_DOCUMENTS = ("listing", "trade-ingest")


@dataclass
class Client:
    """Asks the three services with one key."""

    addresses: Addresses
    session: requests.Session

    @classmethod
    def with_key(cls, addresses: Addresses, key: str) -> "Client":
        session = requests.Session()
        session.trust_env = False  # no proxy lies between us and ourselves
        session.headers["Authorization"] = f"Bearer {key}"
        return cls(addresses, session)

    def get(self, service: str, path: str, **query: str | int) -> Any:
        """The JSON answer; LocalError for an error of the service."""
        with _told():
            return self._api(service).get(path, **query)

    def items(self, service: str, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page."""
        with _told():
            yield from self._api(service).items(path, **query)

    def outcome(self) -> RunOutcome:
        """The outcome of all that was published, comparable with `expected_outcome`.

        An award that a correction cancelled stays, with amounts of zero, and is left out.
        """
        awards = {award["award_id"]: reported_award(award) for award in self.items("incentive", "/v1/awards")}
        return RunOutcome(
            {award_id: award for award_id, award in awards.items() if award.ceiling},
            Counter(item["reason"] for service in TAKE_DOCUMENTS for item in self.items(service, "/v1/quarantine")),
        )

    def await_quiet(
        self, timeout_s: float, check: Callable[[], None], progress: Callable[[str, int], None] = lambda _s, _n: None
    ) -> None:
        """Wait until what was published before is in all answers; `progress` is told each service's lag and outbox.

        The order matters: a service that is quiet has sent all its facts, so that they are in the next one's lag.
        """
        deadline = time.monotonic() + timeout_s
        for service in SERVICES:
            while waiting := self._waiting(service):
                check()
                progress(service, waiting)
                if time.monotonic() > deadline:
                    raise LocalError(f"{service}: {waiting} 条未处理 / still waiting after {timeout_s:.0f} s")
                time.sleep(POLL_S)
            progress(service, 0)

    def _api(self, service: str) -> Api:
        return Api(service, self.addresses.url(service), self.session)

    def _waiting(self, service: str) -> int:
        told = self.get(service, "/v1/progress")
        return int(told["lag"]) + int(told["outbox"])


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        raise LocalError(str(error)) from error
