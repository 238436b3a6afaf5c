"""Cursors read back as written, and nothing else is accepted as one."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.pagination import decode_cursor, encode_cursor, page
from shared.web.problems import Problem

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64)


@given(TEXTS, TEXTS, st.integers(0, 2**63 - 1))
def test_a_cursor_gives_its_members_back(first: str, second: str, third: int) -> None:
    assert decode_cursor(encode_cursor(first, second, third), str, str, int) == (first, second, third)


def b64(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "abc",
        encode_cursor("a") + "=",
        encode_cursor("a") + "\n",
        " " + encode_cursor("a"),
        encode_cursor("a", "b"),
        encode_cursor(1),
        b64(b'[ "a"]'),
        b64(b'["\\u0061"]'),
        b64(b'["\\u0000"]'),
        b64(b'["\\ud800"]'),
        b64(b"[true]"),
        b64(b"[null]"),
        b64(b'{"a": 1}'),
        b64(b"[" * 500),
        b64(b'["\xff"]'),
    ],
)
def test_what_we_did_not_write_is_refused(cursor: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor, str)
    assert caught.value.code == 422
    assert [error.field for error in caught.value.errors] == ["cursor"]


def test_a_number_beyond_bigint_is_refused() -> None:
    assert decode_cursor(encode_cursor(2**63 - 1), int) == (2**63 - 1,)
    with pytest.raises(Problem):
        decode_cursor(encode_cursor(2**63), int)


@given(st.integers(0, 25), st.integers(1, 10))
def test_pages_give_every_row_once(count: int, limit: int) -> None:
    seen: list[int] = []
    last = -1
    for _ in range(count + 1):
        rows = [row for row in range(count) if row > last][: limit + 1]
        answer = page(rows, limit, encode_cursor, lambda row: {"n": row})
        seen += [item["n"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        decoded = decode_cursor(answer["next_cursor"], int)
        assert decoded is not None
        (last,) = decoded
    assert seen == list(range(count))
