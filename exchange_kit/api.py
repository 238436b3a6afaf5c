"""Asking a service of the set over HTTP, with one key."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import requests

PAGE: Final = 500
_TIMEOUT_S: Final = 30.0

T = TypeVar("T")


class ApiError(RuntimeError):
    """No answer (`status` None), or one that is an error; the message is one line."""

    def __init__(self, message: str, status: int | None) -> None:
        super().__init__(message)
        self.status = status

    @property
    def away(self) -> bool:
        """Whether the same may be answered later."""
        return self.status is None or self.status >= requests.codes.internal_server_error


@dataclass(frozen=True)
class Api:
    """A service's interface: `name` for people, the base URL, and a session that has the key."""

    name: str
    url: str
    session: requests.Session

    @classmethod
    def with_key(cls, name: str, url: str, key: str) -> "Api":
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {key}"
        return cls(name, url, session)

    def get(self, path: str, **query: str | int) -> Any:
        """The JSON answer; ApiError if there is none."""
        return self._ask(path, requests.Response.json, query)

    def read(self, path: str) -> bytes:
        """The answer's bytes; ApiError if there is none."""
        return self._ask(path, lambda answer: answer.content, {})

    def _ask(self, path: str, read: Callable[[requests.Response], T], query: Mapping[str, str | int]) -> T:
        url = f"{self.url}{path}"
        try:
            answer = self.session.get(url, params=query, timeout=_TIMEOUT_S)
            if answer.ok:
                return read(answer)
        except requests.RequestException as error:
            said = f"{self.name} 无应答 / does not answer: {url}: {type(error).__name__}"
            raise ApiError(said, None) from error
        said = f"{self.name} 应答 / answers {answer.status_code} to {url}: {_detail(answer)}"
        raise ApiError(said, answer.status_code)

    def items(self, path: str, **query: str | int) -> Iterator[dict[str, Any]]:
        """All items of a list, page by page."""
        page = self.get(path, limit=PAGE, **query)
        yield from page["items"]
        while page["next_cursor"] is not None:
            page = self.get(path, limit=PAGE, cursor=page["next_cursor"], **query)
            yield from page["items"]


def _detail(answer: requests.Response) -> str:
    """What a problem says, else the beginning of what came."""
    try:
        problem = answer.json()
        faults = [f"{fault['field']}: {fault['message']}" for fault in problem["errors"]]
        return "; ".join([problem["detail"], *faults])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
