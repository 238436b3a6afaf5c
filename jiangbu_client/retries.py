"""Retries with backoff, of requests that the server carries out once even if they are sent twice."""

import asyncio
import random
import time
import uuid
from typing import Final

import httpx

_REPEATABLE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_TRY_AGAIN: Final = frozenset({429, 502, 503, 504})
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 30.0


def new_idempotency_key() -> str:
    """Return a key for one act: kept by the caller, the same act can be sent again, also by another process."""
    return str(uuid.uuid4())


class RetryTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport that repeats what may be repeated: reads, PUT, DELETE, and a POST with an Idempotency-Key.

    It repeats after failed connections and answers of 429, 502, 503 and 504, with exponential backoff and jitter or
    after the seconds of `Retry-After`. `transport` and `async_transport` are those that send.
    """

    def __init__(
        self,
        *,
        attempts: int = 5,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._attempts = attempts
        self._transport = transport or httpx.HTTPTransport()
        self._async_transport = async_transport or httpx.AsyncHTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. The last answer or error of a transport is that of the request."""
        for attempt in range(1, self._attempts + 1):
            is_last = attempt == self._attempts or not _is_repeatable(request)
            try:
                response = self._transport.handle_request(request)
            except httpx.TransportError:
                if is_last:
                    raise
                time.sleep(_pause_s(attempt, None))
                continue
            if is_last or response.status_code not in _TRY_AGAIN:
                return response
            response.close()
            time.sleep(_pause_s(attempt, response))
        raise AssertionError("no attempt was made")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request. The last answer or error of a transport is that of the request."""
        for attempt in range(1, self._attempts + 1):
            is_last = attempt == self._attempts or not _is_repeatable(request)
            try:
                response = await self._async_transport.handle_async_request(request)
            except httpx.TransportError:
                if is_last:
                    raise
                await asyncio.sleep(_pause_s(attempt, None))
                continue
            if is_last or response.status_code not in _TRY_AGAIN:
                return response
            await response.aclose()
            await asyncio.sleep(_pause_s(attempt, response))
        raise AssertionError("no attempt was made")

    def close(self) -> None:
        """Close the connections of the synchronous transport."""
        self._transport.close()

    async def aclose(self) -> None:
        """Close the connections of the asynchronous transport."""
        await self._async_transport.aclose()


def _is_repeatable(request: httpx.Request) -> bool:
    """Return True if the request may be carried out again, and its body can be sent again."""
    may_repeat = request.method in _REPEATABLE or "Idempotency-Key" in request.headers
    return may_repeat and isinstance(request.stream, httpx.ByteStream)


def _pause_s(attempt: int, response: httpx.Response | None) -> float:
    said = "" if response is None else response.headers.get("Retry-After", "")
    if said.isdigit():
        return min(float(said), _LONGEST_PAUSE_S)
    longest_s = min(_FIRST_PAUSE_S * 2.0**attempt, _LONGEST_PAUSE_S)
    return longest_s * random.uniform(0.5, 1)  # noqa: S311 - jitter
