"""Rows on disk come back in PostgreSQL's order, each once; two streams are merged by key."""

from __future__ import annotations

from operator import itemgetter
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from shared.disk_rows import DiskRows, full_join, in_chunks

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3)
ROWS = st.lists(st.tuples(TEXTS, st.integers(-(2**63), 2**63 - 1)), max_size=40)
TABLES = st.dictionaries(TEXTS, st.integers(), max_size=20)


class Kept(NamedTuple):
    name: str
    number: int


@given(ROWS, ROWS)
def test_rows_come_back_in_order_of_their_columns_and_once(added, extended) -> None:
    rows = DiskRows[tuple[str, int]](2)
    for row in added:
        rows.add(row)
    rows.extend(extended)
    expected = sorted({*added, *extended}, key=lambda row: (row[0].encode(), row[1]))
    assert list(rows) == expected
    assert list(rows) == expected
    assert [row for chunk in rows.chunks(7) for row in chunk] == expected


def test_more_rows_than_are_kept_in_memory_are_written() -> None:
    rows = DiskRows[Kept](2, Kept._make)
    for number in reversed(range(2500)):
        rows.add(Kept(f"{number:04}", number))
    assert [row.number for row in rows] == list(range(2500))
    rows.add(Kept("", 0))
    assert next(iter(rows)).name == ""


@given(TABLES, TABLES)
def test_a_full_join_has_every_key_with_its_rows(left, right) -> None:
    joined = full_join(sorted(left.items()), sorted(right.items()), itemgetter(0), itemgetter(0))
    found = [(key, one and one[1], other and other[1]) for key, one, other in joined]
    assert found == [(key, left.get(key), right.get(key)) for key in sorted({*left, *right})]


def test_chunks_are_of_the_size_and_the_rest() -> None:
    assert list(in_chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(in_chunks([], 2)) == []
