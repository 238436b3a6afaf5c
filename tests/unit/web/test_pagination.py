"""Cursors read back as written, in their own list alone, and nothing else is accepted as one."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.postgres.sorted_rows import Key, column
from shared.web.pagination import ListPosition, decode_cursor, encode_cursor, list_digest
from shared.web.problems import Problem

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=64)
INSTANTS = st.datetimes(timezones=st.just(UTC))
DIGEST = list_digest("a", "asc", {})
TEXT, NUMBER, INSTANT = (column("any", kind) for kind in (str, int, datetime))


@given(TEXTS, INSTANTS, st.integers(0, 2**63 - 1), st.booleans())
def test_a_cursor_gives_its_values_back(text: str, instant: datetime, number: int, is_backwards: bool) -> None:
    position = ListPosition((text, instant, number), is_backwards)
    assert decode_cursor(encode_cursor(DIGEST, position), DIGEST, (TEXT, INSTANT, NUMBER)) == position


def cursor_of(*values: str | int) -> str:
    return encode_cursor(DIGEST, ListPosition(values))


def b64(values: bytes) -> str:
    text = b'["' + DIGEST.encode() + b'",0,' + values + b"]"
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


def test_written_by_hand_a_cursor_is_the_same() -> None:
    assert b64(b'"a"') == cursor_of("a")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "!",
        "abc",
        cursor_of("a") + "=",
        cursor_of("a") + "\n",
        " " + cursor_of("a"),
        cursor_of("a", "b"),
        cursor_of(1),
        b64(b' "a"'),
        b64(b'"\\u0061"'),
        b64(b'"\\u0000"'),
        b64(b'"\\ud800"'),
        b64(b"true"),
        b64(b"null"),
        b64(b"[" * 500),
        b64(b'"\xff"'),
        base64.urlsafe_b64encode(b'{"a": 1}').decode().rstrip("="),
        base64.urlsafe_b64encode(f'["{DIGEST}",2,"a"]'.encode()).decode().rstrip("="),
        base64.urlsafe_b64encode(f'["{DIGEST}",false,"a"]'.encode()).decode().rstrip("="),
    ],
)
def test_what_we_did_not_write_is_refused(cursor: str) -> None:
    refuse(cursor, TEXT)


def refuse(cursor: str, key: Key, digest: str = DIGEST) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(cursor, digest, (key,))
    assert caught.value.code == 422
    assert [error.field for error in caught.value.errors] == ["cursor"]


def test_a_number_beyond_bigint_is_refused() -> None:
    assert decode_cursor(cursor_of(2**63 - 1), DIGEST, (NUMBER,)) == ListPosition((2**63 - 1,))
    refuse(cursor_of(2**63), NUMBER)


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63) + 1])
def test_an_instant_beyond_the_calendar_is_refused(number: int) -> None:
    refuse(cursor_of(number), INSTANT)


@pytest.mark.parametrize(
    ("sort", "order", "filters"),
    [("b", "asc", {}), ("a", "desc", {}), ("a", "asc", {"exchange": "kmdex"}), ("a", "asc", {"award_id": "x"})],
)
def test_a_cursor_of_another_list_is_refused(sort: str, order: str, filters: dict[str, str]) -> None:
    refuse(cursor_of("a"), TEXT, list_digest(sort, order, filters))
