"""The verifier's storage on disk: the same as in memory, whatever the limits."""

from __future__ import annotations

import json
from bisect import bisect_right, insort
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incentive.verifier.approvals.budget_queues import ClaimQueue
from services.incentive.verifier.bundle import JsonArray
from services.incentive.verifier.report import Unsound
from services.incentive.verifier.storage.disk import DiskDict, DiskStore, DiskTable, sorted_on_disk
from services.incentive.verifier.storage.progress import VerificationProgress
from tests.support.extracts.tiny_limits import tiny_limits

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = st.sampled_from(["", "a", "b/2", "虚构", "\U0001f600", "a\0b"])
VALUES = st.integers() | st.text(max_size=3) | st.tuples(st.integers(), st.text(max_size=2))
ITEMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(-9, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture(autouse=True, params=["tiny", "usual"])
def limits(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.param == "usual":
        yield
        return
    with tiny_limits():
        yield


@given(steps=st.lists(st.tuples(st.sampled_from(["set", "pop"]), KEYS, VALUES), max_size=20))
def test_a_dictionary_on_disk_is_one(steps: list[tuple[str, str, Any]]) -> None:
    found: DiskDict[Any] = DiskDict(DiskStore())
    expected: dict[str, Any] = {}
    for action, key, value in steps:
        if action == "set":
            found[key] = expected[key] = value
        else:
            assert found.pop(key) == expected.pop(key, None)
        assert found.get(key) == expected.get(key)
        assert (key in found) == (key in expected)
    assert len(found) == len(expected)
    assert list(found.items()) == sorted(expected.items(), key=lambda one: one[0])
    assert list(found.keys()) == sorted(expected)


@given(batches=st.lists(st.lists(st.tuples(KEYS, st.integers(-9, 9)), max_size=5), max_size=4))
def test_rows_are_found_by_their_keys_in_the_order_in_which_they_were_added(
    batches: list[list[tuple[str, int]]],
) -> None:
    table = DiskTable(DiskStore(), "name TEXT, number INTEGER", "name")
    added: list[tuple[str, int]] = []
    for batch in batches:
        for row in batch:
            table.add(*row)
        added += batch
        assert list(table.rows("name, number", "ORDER BY rowid")) == added
        for name in {name for name, _ in added}:
            of_it = [number for other, number in added if other == name]
            assert [number for (number,) in table.rows("number", "WHERE name = ? ORDER BY rowid", name)] == of_it
            assert table.row("number", "WHERE name = ? ORDER BY rowid", name) == (of_it[0],)
    assert table.row("name", "WHERE name = ?", "none") is None


@given(rows=st.lists(st.tuples(st.integers(-9, 9), KEYS, st.binary(max_size=2))))
def test_rows_are_sorted(rows: list[tuple[int, str, bytes]]) -> None:
    assert list(sorted_on_disk(iter(rows), 3)) == sorted(rows)


TURNS = st.tuples(st.booleans(), st.integers(-3, 3), st.sampled_from([b"a", b"b", b"c"]))


@given(steps=st.lists(st.tuples(TURNS, st.integers(1, 9)), max_size=40))
def test_a_queue_sums_what_is_wanted_up_to_each_turn(steps: list[tuple[tuple[bool, int, bytes], int]]) -> None:
    queue, turns, wanted = ClaimQueue(DiskStore()), list[tuple[bool, int, bytes]](), {}
    for turn, amount in steps:
        if turn in wanted:
            queue.remove(turn, wanted.pop(turn))
            turns.remove(turn)
        else:
            queue.add(turn, amount)
            insort(turns, turn)
            wanted[turn] = amount
        assert queue.whole() == sum(wanted.values())
        for one in turns:
            assert queue.up_to(one) == sum(wanted[other] for other in turns[: bisect_right(turns, one)])


@given(
    items=st.lists(ITEMS, max_size=4),
    indent=st.sampled_from([None, 1]),
    chunk=st.integers(1, 9),
    is_ascii=st.booleans(),
)
def test_an_array_is_read_item_by_item(items: list[Any], indent: int | None, chunk: int, is_ascii: bool) -> None:
    whole = {"as_of": "项: [", "items": items, "next": [1]}
    content = json.dumps(whole, indent=indent, ensure_ascii=is_ascii).encode()
    array = JsonArray((content[at : at + chunk] for at in range(0, len(content), chunk)), "items")
    assert list(array) == json.loads(content)["items"]
    assert array.rest == {**whole, "items": []}


@given(
    items=st.lists(ITEMS, max_size=3), chunk=st.integers(1, 9), at=st.integers(0, 200), to=st.sampled_from('",:]}[{ 1')
)
def test_what_is_no_json_is_refused_as_a_whole(items: list[Any], chunk: int, at: int, to: str) -> None:
    text = json.dumps({"items": items, "next": None})
    text = text[: at % len(text)] + to + text[at % len(text) + 1 :]
    content = text.encode()
    array = JsonArray((content[start : start + chunk] for start in range(0, len(content), chunk)), "items")
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(Unsound):
            list(array)
        return
    if isinstance(expected, dict) and isinstance(expected.get("items"), list):
        assert list(array) == expected["items"]
    else:
        with pytest.raises(Unsound):
            list(array)


def test_progress_is_shown_where_asked_for_and_not_too_often(capsys: pytest.CaptureFixture[str]) -> None:
    VerificationProgress().at("awards.ndjson", 1000)
    shown = VerificationProgress(is_shown=True)
    for number in (1, 999, 1000, 2000, 3000):
        shown.at("awards.ndjson", number)
    shown.end()
    assert capsys.readouterr().err == "awards.ndjson 1,000\n"


def test_a_store_may_be_given_up_by_another_thread() -> None:
    # An error there becomes a warning of the test.
    kept = [DiskStore()]
    with ThreadPoolExecutor(1) as pool:
        pool.submit(kept.clear).result()
