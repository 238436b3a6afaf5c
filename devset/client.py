"""HTTP client of a running set: list items, wait until all events are processed, and compare the outcome."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import requests

from devset.expected import RunOutcome, reported_award
from devset.processes import LocalError
from devset.programs import SERVICES, Addresses
from exchange_kit.api import Api
from services.incentive.verifier.expected import ExpectedAward
from services.incentive.verifier.risk_flags import FUTURE_DATED
from shared.settings import Service
from shared.values.json_types import Json

POLL_S = 0.2
# The services with a quarantine.
REGISTER_SERVICES = ("listing", "trade-ingest")


@dataclass
class Client:
    """Client of the three services with one API key. Its methods raise ApiError."""

    addresses: Addresses
    session: requests.Session

    @classmethod
    def with_key(cls, addresses: Addresses, key: str) -> "Client":
        session = requests.Session()
        session.trust_env = False  # requests to loopback go through no proxy
        session.headers["Authorization"] = f"Bearer {key}"
        return cls(addresses, session)

    def get(self, service: str, path: str, **query: str | int) -> Json:
        """Return the JSON answer."""
        return self._api(service).get(path, **query)

    def items(self, service: str, path: str, **query: str | int) -> Iterator[Json]:
        """Yield all items of a list, page by page."""
        return self._api(service).items(path, **query)

    def outcome(self) -> RunOutcome:
        """Return the outcome of all published records, comparable with `expected_outcome`.

        An award that a correction cancelled remains with amounts of zero. It is left out, and so is the flag that
        follows from the instant of sending.
        """
        awards = {
            award["award_id"]: _without_future_dated(reported_award(award))
            for award in self.items("incentive", "/v1/awards")
        }
        return RunOutcome(
            {award_id: award for award_id, award in awards.items() if award.ceiling},
            Counter(item["reason"] for service in REGISTER_SERVICES for item in self.items(service, "/v1/quarantine")),
        )

    def await_quiet(
        self,
        timeout_s: float,
        check: Callable[[], None],
        progress: Callable[[Service, int], None] = lambda _service, _backlog: None,
    ) -> None:
        """Wait until all records published so far are processed; `progress` receives each service and its backlog.

        The order of the services matters: a service without backlog has sent all its facts, so they are in the lag of
        the next service.
        """
        deadline = time.monotonic() + timeout_s
        for service in SERVICES:
            while backlog := self._backlog(service):
                check()
                progress(service, backlog)
                if time.monotonic() > deadline:
                    raise LocalError(
                        f"{service}：{timeout_s:.0f} 秒后仍有 {backlog} 条未处理",
                        f"{service}: {backlog} still waiting after {timeout_s:.0f} s",
                    )
                time.sleep(POLL_S)
            progress(service, 0)

    def _api(self, service: str) -> Api:
        return Api(service, self.addresses.url(service), self.session)

    def _backlog(self, service: str) -> int:
        progress = self.get(service, "/v1/progress")
        return int(progress["lag"]) + int(progress["outbox"])


def _without_future_dated(award: ExpectedAward) -> ExpectedAward:
    return award._replace(flags=tuple(flag for flag in award.flags if flag != FUTURE_DATED))
