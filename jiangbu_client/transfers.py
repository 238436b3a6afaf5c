"""Answers and bodies that are files: streams of NDJSON, lists as CSV, zip, PDF and workbooks, tables to record.

They are written and sent in pieces, never held whole in memory. `operation` is the generated module of an operation.
"""

from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Final, Protocol

import httpx

from jiangbu_client.problems import ProblemError

_PIECE_BYTES: Final = 1 << 18
_TYPES: Final = {
    ".csv": "text/csv",
    ".ndjson": "application/x-ndjson",
    ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_BYTES: Final = "application/octet-stream"


class _Client(Protocol):
    def get_httpx_client(self) -> httpx.Client: ...

    def get_async_httpx_client(self) -> httpx.AsyncClient: ...


class _Body:
    """The body of a request as generated functions take it."""

    def __init__(self, payload: object) -> None:
        self.payload = payload


def download(operation: Any, client: _Client, path: Path, *, accept: str | None = None, **arguments: Any) -> int:
    """Write an answer to a file, a list as CSV with `accept="text/csv"`; return its size. Raises ProblemError."""
    with client.get_httpx_client().stream(**_request(operation, accept, arguments)) as response:
        if response.is_error:
            response.read()
            raise _problem(response)
        with path.open("wb") as file:
            return sum(file.write(piece) for piece in response.iter_bytes(_PIECE_BYTES))


async def adownload(operation: Any, client: _Client, path: Path, *, accept: str | None = None, **arguments: Any) -> int:
    """Write an answer to a file as `download` does."""
    async with client.get_async_httpx_client().stream(**_request(operation, accept, arguments)) as response:
        if response.is_error:
            await response.aread()
            raise _problem(response)
        written = 0
        with path.open("wb") as file:
            async for piece in response.aiter_bytes(_PIECE_BYTES):
                written += file.write(piece)
        return written


def upload(operation: Any, client: _Client, path: Path, **arguments: Any) -> Any:
    """Send a file as a request's body, with the media type of its suffix; return the answer. Raises ProblemError."""
    with path.open("rb") as file:
        request = _upload(operation, path, file, arguments)
        response = client.get_httpx_client().request(**request, content=_pieces(file))
    return _read(operation, client, response)


async def aupload(operation: Any, client: _Client, path: Path, **arguments: Any) -> Any:
    """Send a file as `upload` does."""
    with path.open("rb") as file:
        request = _upload(operation, path, file, arguments)
        response = await client.get_async_httpx_client().request(**request, content=_apieces(file))
    return _read(operation, client, response)


def _request(operation: Any, accept: str | None, arguments: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = operation._get_kwargs(**arguments)  # noqa: SLF001 - of a module generated with this one
    if accept is not None:
        request["headers"] = {**request.get("headers", {}), "Accept": accept}
    return request


def _upload(operation: Any, path: Path, file: IO[bytes], arguments: dict[str, Any]) -> dict[str, Any]:
    request = _request(operation, None, {**arguments, "body": _Body(BytesIO())})
    del request["content"]
    length = file.seek(0, 2)
    file.seek(0)
    types = {"Content-Type": _TYPES.get(path.suffix.lower(), _BYTES), "Content-Length": str(length)}
    return request | {"headers": {**request.get("headers", {}), **types}}


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE_BYTES):
        yield piece


async def _apieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    for piece in _pieces(file):
        yield piece


def _read(operation: Any, client: _Client, response: httpx.Response) -> Any:
    if response.is_error:
        raise _problem(response)
    return operation._parse_response(client=client, response=response)  # noqa: SLF001 - as above


def _problem(response: httpx.Response) -> ProblemError:
    is_problem = response.headers.get("Content-Type", "").startswith("application/problem+json")
    body: dict[str, Any] = response.json() if is_problem else {}
    return ProblemError(response.status_code, body.get("detail", response.reason_phrase), body)
