"""The handwritten part of the client: retries, pages, files, errors; the server is a function."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from jiangbu_client import (
    ProblemError,
    RetryTransport,
    adownload,
    aiter_items,
    aupload,
    checked,
    download,
    iter_items,
    listing,
    new_idempotency_key,
    upload,
)
from jiangbu_client import incentive as awards
from jiangbu_client.incentive.api.bureau import place_hold
from jiangbu_client.incentive.api.declared_tables import declare_table
from jiangbu_client.incentive.models import HoldRequest, HoldRequestKind
from jiangbu_client.listing.api.evidence import stream_evidence
from jiangbu_client.listing.api.listings import get_listing, list_listings

PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404, "detail": "no", "instance": "/", "errors": []}
ITEM = {
    "listing_no": "L1",
    "revision": 1,
    "status": "listed",
    "product": {"no": "D1", "name": "data", "kind": "dataset"},
    "provider": {"id": "91530100MAXGAAA018", "name": "provider"},
    "listed_at": "2026-02-10T08:55:00.000000+08:00",
    "exchange": "kmdex",
    "seq": 1,
    "counted": True,
}
Answer = Callable[[httpx.Request], httpx.Response]


def client_of(answer: Answer, kind: Any = listing.AuthenticatedClient, attempts: int = 3) -> Any:
    sending = httpx.MockTransport(answer)
    transport = RetryTransport(attempts=attempts, transport=sending, async_transport=sending)
    return kind(base_url="https://listing.test", token=new_idempotency_key(), httpx_args={"transport": transport})


def pages(request: httpx.Request) -> httpx.Response:
    cursor = request.url.params.get("cursor")
    number = "L2" if cursor else "L1"
    return httpx.Response(200, json={"items": [ITEM | {"listing_no": number}], "next_cursor": None if cursor else "c"})


def problem(_: httpx.Request) -> httpx.Response:
    return httpx.Response(404, json=PROBLEM, headers={"Content-Type": "application/problem+json"})


def failing(times: int, then: Answer, status: int = 503) -> tuple[Answer, list[httpx.Request]]:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        busy = httpx.Response(status, json=PROBLEM | {"status": status}, headers={"Retry-After": "0"})
        return busy if len(asked) <= times else then(request)

    return answer, asked


def test_a_list_is_read_to_its_end() -> None:
    assert [one.listing_no for one in iter_items(list_listings.sync, client=client_of(pages))] == ["L1", "L2"]


def test_a_list_is_read_to_its_end_asynchronously() -> None:
    async def read() -> list[str]:
        return [one.listing_no async for one in aiter_items(list_listings.asyncio, client=client_of(pages))]

    assert asyncio.run(read()) == ["L1", "L2"]


def test_an_error_is_raised() -> None:
    with pytest.raises(ProblemError, match="404: no") as raised:
        checked(get_listing.sync("kmdex", "L1", client=client_of(problem)))
    assert raised.value.body["title"] == "Not Found"
    with pytest.raises(ProblemError, match="404"):
        list(iter_items(list_listings.sync, client=client_of(problem)))


def test_a_read_is_repeated() -> None:
    answer, asked = failing(2, pages)
    checked(list_listings.sync(client=client_of(answer)))
    assert len(asked) == 3


def test_a_read_is_repeated_asynchronously() -> None:
    answer, asked = failing(2, pages)
    checked(asyncio.run(list_listings.asyncio(client=client_of(answer))))
    assert len(asked) == 3


def test_the_last_answer_is_given() -> None:
    answer, asked = failing(9, pages)
    with pytest.raises(ProblemError, match="503"):
        checked(list_listings.sync(client=client_of(answer)))
    assert len(asked) == 3


@pytest.mark.parametrize(("has_key", "times"), [(False, 1), (True, 3)])
def test_an_act_is_repeated_only_with_its_key(has_key: bool, times: int) -> None:
    key = new_idempotency_key() if has_key else None
    answer, asked = failing(9, pages)
    named = {} if key is None else {"idempotency_key": key}
    body = HoldRequest(kind=HoldRequestKind.OBJECTION, reason="reason")
    place_hold.sync_detailed("award/1", client=client_of(answer, awards.AuthenticatedClient), body=body, **named)
    assert len(asked) == times
    assert {request.headers.get("Idempotency-Key") for request in asked} == {key}


def test_a_failed_connection_is_repeated() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if len(asked) == 1:
            raise httpx.ConnectError("refused")
        return pages(request)

    assert checked(list_listings.sync(client=client_of(answer))).next_cursor == "c"


def test_a_stream_is_written_to_a_file(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b'{"seq":1}\n' * 100_000)

    file = tmp_path / "evidence.ndjson"
    assert download(stream_evidence, client_of(answer), file, fact="f", seq=1) == file.stat().st_size == 1_000_000
    assert asyncio.run(adownload(stream_evidence, client_of(answer), file, fact="f", seq=1)) == 1_000_000


def test_a_list_is_downloaded_as_csv(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=request.headers["Accept"].encode())

    download(list_listings, client_of(answer), tmp_path / "list.csv", accept="text/csv")
    assert (tmp_path / "list.csv").read_text("utf-8") == "text/csv"


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match="404"):
        download(stream_evidence, client_of(problem), tmp_path / "none", fact="f", seq=1)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_table_is_sent_with_its_type(tmp_path: Path, *, is_async: bool) -> None:
    sent: list[tuple[str, bytes]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append((request.headers["Content-Type"], request.content))
        return problem(request)

    table, client = tmp_path / "rewards.csv", client_of(answer, awards.AuthenticatedClient)
    table.write_text("rule,subject\n", "utf-8")
    sending = (
        partial(asyncio.run, aupload(declare_table, client, table)) if is_async else partial(upload, declare_table)
    )
    given = () if is_async else (client, table)
    with pytest.raises(ProblemError, match="404"):
        sending(*given)
    assert sent == [("text/csv", b"rule,subject\n")]
