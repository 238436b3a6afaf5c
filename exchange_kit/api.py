"""HTTP client of one service, with one API key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import requests
from requests.adapters import HTTPAdapter, Retry

from shared.language import LocalizedError, localized
from shared.values.json_types import Json

PAGE: Final = 500
_TIMEOUT_S: Final = 30.0
# A server may close a connection that was kept in the moment in which the next request is sent.
_RETRIES: Final = Retry(connect=1, read=1, backoff_factor=0.2)

T = TypeVar("T")


class ApiError(LocalizedError):
    """The service gave no usable answer (`status` None) or answered with an error."""

    def __init__(self, zh: str, en: str | None = None, status: int | None = None) -> None:
        super().__init__(zh, en)
        self.status = status

    @property
    def is_transient(self) -> bool:
        """True if a retry may succeed."""
        return self.status is None or self.status >= requests.codes.internal_server_error


@dataclass(frozen=True)
class Api:
    """The API of a service: its `name` for messages, the base URL, and a session that sends the key."""

    name: str
    url: str
    session: requests.Session

    @classmethod
    def with_key(cls, name: str, url: str, key: str) -> "Api":
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {key}"
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=_RETRIES))
        return cls(name, url, session)

    def get(self, path: str, **query: str | int) -> Json:
        """Get a JSON object. ApiError."""
        return self._ask(path, requests.Response.json, query)

    def read(self, path: str) -> bytes:
        """Get bytes. ApiError."""
        return self._ask(path, lambda answer: answer.content, {})

    def _ask(self, path: str, read: Callable[[requests.Response], T], query: Mapping[str, str | int]) -> T:
        url = f"{self.url}{path}"
        try:
            answer = self.session.get(url, params=query, timeout=_TIMEOUT_S)
            if answer.ok:
                return read(answer)
        except requests.RequestException as error:
            reason = f"{url}: {type(error).__name__}"
            raise ApiError(f"{self.name} 无应答: {reason}", f"{self.name} does not respond: {reason}") from error
        status, detail = answer.status_code, f"{url}: {_detail(answer)}"
        raise ApiError(f"{self.name} 应答 {status}: {detail}", f"{self.name} answered {status}: {detail}", status)

    def items(self, path: str, **query: str | int) -> Iterator[Json]:
        """Yield all items of a list, page by page."""
        for page in self.pages(path, **query):
            yield from page["items"]

    def pages(self, path: str, **query: str | int) -> Iterator[Json]:
        """Yield the pages of a list, with `items` and `next_cursor`."""
        page = self.get(path, limit=PAGE, **query)
        yield page
        while page["next_cursor"] is not None:
            page = self.get(path, limit=PAGE, **query | {"cursor": page["next_cursor"]})
            yield page


def _detail(answer: requests.Response) -> str:
    """Return the detail of a problem document, or the start of any other answer."""
    try:
        problem = answer.json()
        faults = [f"{fault['field']}: {fault['message']}" for fault in problem["errors"]]
        return "; ".join(map(localized, [problem["detail"], *faults]))
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
