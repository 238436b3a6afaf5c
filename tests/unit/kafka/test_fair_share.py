"""Senders take turns, share batches, and are fetched from although another one floods."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from kafka import TopicPartition

from shared.kafka.batch_size import MAX_BATCH_RECORDS, SHARE_BYTES, SHARE_RECORDS, BatchShares, BatchSize, sender_of
from shared.kafka.record_batch import parse_batch
from shared.kafka.unread_batches import UnreadBatches
from tests.support.broker.record_batches import built

if TYPE_CHECKING:
    from collections.abc import Callable

FLOOD = [TopicPartition("exchange.flood.trades.v1", number) for number in range(3)]
QUIET = TopicPartition("exchange.quiet.trades.v1", 0)


def fetched(records: int, size: int = 1, base_offset: int = 0) -> SimpleNamespace:
    """Return a stored batch as `poll` of a consumer of stored batches returns it."""
    contents = [(None, b"x" * size, [])] * records
    return SimpleNamespace(value=parse_batch(built("none", contents, base_offset)))


def unread(**counts: int) -> UnreadBatches:
    made = UnreadBatches()
    made.begin(dict.fromkeys([*FLOOD, QUIET], 0))
    made.add({tp: [fetched(counts["flood"])] for tp in FLOOD})
    if "quiet" in counts:
        made.add({QUIET: [fetched(counts["quiet"])]})
    return made


def always(_sender: str) -> bool:
    return True


def taken(batches: UnreadBatches, has_room: Callable[[str], bool], portions: int) -> list[tuple[str, int]]:
    found = []
    for _ in range(portions):
        assert batches.turn_to(has_room)
        partition = batches.partition
        found.append((sender_of(partition.topic), len(batches.take().records)))
    return found


def test_senders_take_turns_however_many_partitions_each_has() -> None:
    batches = unread(flood=2000, quiet=600)
    turns = taken(batches, always, 4)
    assert turns == [("flood", 500), ("quiet", 500), ("flood", 500), ("quiet", 100)]
    assert {batches.position(tp) for tp in FLOOD} == {500, 0}  # its partitions take turns too


def test_everything_is_read_in_the_end() -> None:
    batches = unread(flood=1200, quiet=1)
    count = 0
    while batches.turn_to(always):
        count += len(batches.take().records)
    assert (count, bool(batches)) == (3601, False)


def test_a_sender_without_room_is_passed_over() -> None:
    batches = unread(flood=2000, quiet=1)
    assert taken(batches, lambda sender: sender != "flood", 1) == [("quiet", 1)]
    assert not batches.turn_to(lambda sender: sender != "flood")
    assert taken(batches, always, 1) == [("flood", 500)]


def test_what_is_dropped_has_no_turn() -> None:
    batches = unread(flood=10, quiet=1)
    for tp in FLOOD:
        batches.drop(tp, 7)
    assert taken(batches, always, 1) == [("quiet", 1)]
    assert not batches


@pytest.mark.parametrize(("records", "size"), [(10_001, 1), (4, 600_000)])
def test_a_partition_with_enough_to_read_is_not_fetched_from(records: int, size: int) -> None:
    batches = UnreadBatches()
    batches.begin({FLOOD[0]: 0, QUIET: 0})
    batches.add({FLOOD[0]: [fetched(records, size)], QUIET: [fetched(1)]})
    assert batches.enough() == {FLOOD[0]}
    assert batches.turn_to(always)
    batches.take()
    assert batches.enough() == ({FLOOD[0]} if size > 1 else set())


def test_much_that_is_unread_together_stops_all_fetching_but_from_the_quiet() -> None:
    batches = UnreadBatches()
    batches.begin(dict.fromkeys([*FLOOD, QUIET], 0))
    batches.add({tp: [fetched(2, 900_000)] for tp in FLOOD})
    assert batches.enough() == set()
    batches.add({tp: [fetched(1, 950_000, base_offset=2)] for tp in FLOOD})
    assert batches.enough() == set(FLOOD)


def test_a_full_batch_has_room_for_the_share_of_others() -> None:
    shares = BatchShares(most_records=2000)
    shares.add("flood", 1999, 10)
    assert (shares.is_full, shares.has_room("flood")) == (False, True)
    shares.add("flood", 1, 10)
    assert (shares.is_full, shares.has_room("flood"), shares.has_room("quiet")) == (True, False, True)
    shares.add("quiet", SHARE_RECORDS, 10)
    assert not shares.has_room("quiet")
    shares.add("third", 1, SHARE_BYTES)
    assert not shares.has_room("third")


def test_few_records_go_before_the_many_of_another() -> None:
    shares = BatchShares(most_records=2000)
    shares.add("quiet", 3, 10)
    assert shares.first() is None
    shares.add("flood", 1000, 10)
    assert shares.first() is None  # not many enough to matter
    shares.add("flood", 1000, 10)
    assert shares.first() == {"quiet"}
    shares.remove({"quiet"})
    assert (shares.first(), shares.is_full) == (None, True)
    shares.remove({"flood"})
    assert not shares.is_full


def test_a_batch_is_as_large_as_its_transaction_takes_time() -> None:
    size = BatchSize(target_s=0.5)
    for _ in range(12):
        size.observe(size.most_records, size.most_records / 8000)
    assert 3900 <= size.most_records <= 4000
    for _ in range(12):
        size.observe(size.most_records, 1e-9)
    assert size.most_records == MAX_BATCH_RECORDS
    for _ in range(12):
        size.observe(size.most_records, 60.0)
    assert size.most_records == 2000
    size.observe(1, 60.0)
    assert size.most_records == 2000
    assert BatchSize(None).most_records == MAX_BATCH_RECORDS
