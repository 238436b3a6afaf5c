"""The end of a request is found however its bytes come, and no unfinished request is taken for a whole one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.server.limits import HEAD_MOST_BYTES, SMALL_BODY_BYTES
from shared.web.server.request_buffer import Part, RequestBuffer

GET = b"GET /v1/a?x=%20 HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /v1/b HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\n\r\n\r\nx"
CHUNKED = b"POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n0\r\n\r\n0\r\r\n0\r\nX-Trailer: 1\r\n\r\n"
REQUESTS = {"/v1/a": GET, "/v1/b": POST, "/c": CHUNKED}
UNFINISHED = (Part.HEAD, Part.BODY)


@given(st.lists(st.sampled_from(sorted(REQUESTS)), min_size=1, max_size=4), st.data())
def test_requests_that_follow_each_other_are_separated(paths: list[str], data: st.DataObject) -> None:
    sent = b"".join(REQUESTS[path] for path in paths)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=10)))
    found: list[tuple[str, bytes]] = []
    buffer = RequestBuffer()
    for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True):
        part = buffer.add(sent[start:end])
        while part is Part.WHOLE:
            path = buffer.path
            request, rest = buffer.take()
            found.append((path, request))
            part = buffer.add(rest)
        assert part in UNFINISHED
    assert found == [(path, REQUESTS[path]) for path in paths]
    assert len(buffer) == 0


@pytest.mark.parametrize("request_bytes", REQUESTS.values())
def test_a_request_without_its_last_byte_is_unfinished(request_bytes: bytes) -> None:
    buffer = RequestBuffer()
    assert buffer.add(request_bytes[:-1]) in UNFINISHED
    assert buffer.add(request_bytes[-1:]) is Part.WHOLE


@pytest.mark.parametrize(
    ("head", "sent", "part"),
    [
        (f"Content-Length: {SMALL_BODY_BYTES}", SMALL_BODY_BYTES - 1, Part.BODY),
        (f"Content-Length: {SMALL_BODY_BYTES}", SMALL_BODY_BYTES, Part.WHOLE),
        (f"Content-Length: {SMALL_BODY_BYTES + 1}", 0, Part.LARGE),
        ("Transfer-Encoding: chunked\r\nX: 1", 0, Part.BODY),
        ("Transfer-Encoding: gzip", 0, Part.WHOLE),
        ("Content-Length: x", 0, Part.WHOLE),
        ("X: " + "x" * HEAD_MOST_BYTES, 0, Part.TOO_LARGE),
    ],
)
def test_what_a_thread_must_read_or_refuse(head: str, sent: int, part: Part) -> None:
    assert RequestBuffer().add(f"POST / HTTP/1.1\r\n{head}\r\n\r\n".encode() + b"x" * sent) is part


def test_a_chunked_body_that_grows_large_goes_to_a_thread() -> None:
    buffer = RequestBuffer()
    assert buffer.add(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n") is Part.BODY
    assert buffer.add(b"x" * SMALL_BODY_BYTES) is Part.LARGE


def test_a_head_that_does_not_end_is_too_large() -> None:
    buffer = RequestBuffer()
    assert buffer.add(b"GET / HTTP/1.1\r\nX: ") is Part.HEAD
    assert buffer.add(b"x" * HEAD_MOST_BYTES) is Part.TOO_LARGE


def test_a_client_that_waits_to_be_asked_for_its_body_is_noticed() -> None:
    buffer = RequestBuffer()
    buffer.add(b"POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n")
    assert buffer.expects_continue
    buffer.take()
    buffer.add(POST)
    assert not buffer.expects_continue
