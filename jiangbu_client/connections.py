"""Connections to one service."""

from typing import Any, Protocol, TypeVar

import httpx

from jiangbu_client.retries import RetryTransport

ClientT_co = TypeVar("ClientT_co", covariant=True)


class _ClientClass(Protocol[ClientT_co]):
    def __call__(
        self, *, base_url: str, token: str, timeout: httpx.Timeout, httpx_args: dict[str, Any]
    ) -> ClientT_co: ...


def connect(
    client: _ClientClass[ClientT_co], base_url: str, key: str, *, attempts: int = 5, timeout_s: float = 30
) -> ClientT_co:
    """Return a client of one service, such as `connect(incentive.AuthenticatedClient, "https://...", key)`.

    `key`: an API key. `attempts`: how often a request that may be repeated is sent at most. `timeout_s`: the longest
    wait for a connection and for each part of an answer.
    """
    transport = RetryTransport(attempts=attempts)
    return client(base_url=base_url, token=key, timeout=httpx.Timeout(timeout_s), httpx_args={"transport": transport})
