"""Asking a running set: all items of a list, and whether everything that was published is in the answers."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests

from deploy.local.processes import LocalError
from deploy.local.programs import SERVICES, Addresses

PAGE = 500
TIMEOUT_S = 30.0
POLL_S = 0.2


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
        url = f"{self.addresses.url(service)}{path}"
        try:
            answer = self.session.get(url, params=query, timeout=TIMEOUT_S)
        except requests.RequestException as error:
            raise LocalError(f"{service} 无应答 / does not answer: {url}: {type(error).__name__}") from error
        if answer.status_code != requests.codes.ok:
            raise LocalError(f"{service} 应答异常 / answers {answer.status_code} to {url}: {answer.text[:300]}")
        return answer.json()

    def items(self, service: str, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page."""
        page = self.get(service, path, limit=PAGE, **query)
        yield from page["items"]
        while page["next_cursor"] is not None:
            page = self.get(service, path, limit=PAGE, cursor=page["next_cursor"], **query)
            yield from page["items"]

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

    def _waiting(self, service: str) -> int:
        told = self.get(service, "/v1/progress")
        return int(told["lag"]) + int(told["outbox"])
