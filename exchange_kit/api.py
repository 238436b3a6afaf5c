"""HTTP client of one service, with one API key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import requests

from shared.language import localized, say
from shared.values.json_types import Json

PAGE: Final = 500
_TIMEOUT_S: Final = 30.0

T = TypeVar("T")


class ApiError(RuntimeError):
    """The service did not answer (`status` None) or answered with an error; the message is one line."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
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
        return cls(name, url, session)

    def get(self, path: str, **query: str | int) -> Any:
        """Get JSON. ApiError."""
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
            failure = say(f"{self.name} 无应答", f"{self.name} does not respond")
            raise ApiError(f"{failure}: {url}: {type(error).__name__}", None) from error
        answered = say(f"{self.name} 应答 {answer.status_code}", f"{self.name} answered {answer.status_code}")
        raise ApiError(f"{answered}: {url}: {_detail(answer)}", answer.status_code)

    def items(self, path: str, **query: str | int) -> Iterator[Json]:
        """Yield all items of a list, page by page."""
        page = self.get(path, limit=PAGE, **query)
        yield from page["items"]
        while page["next_cursor"] is not None:
            page = self.get(path, limit=PAGE, cursor=page["next_cursor"], **query)
            yield from page["items"]


def _detail(answer: requests.Response) -> str:
    """Return the detail of a problem document, or the start of any other answer."""
    try:
        problem = answer.json()
        faults = [f"{fault['field']}: {fault['message']}" for fault in problem["errors"]]
        return "; ".join(map(localized, [problem["detail"], *faults]))
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
