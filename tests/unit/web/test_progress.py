"""Waiting time of records: low while they move or after an idle night, high when they are stuck."""

from shared.process.liveness import STUCK_AFTER_S
from shared.web.operations.progress import Movement, PartitionProgress, ServiceProgress, Stored, lag_for

TOPIC = "exchange.kmdex.trades.v1"


def look(next_offset: int, end: int, stable: int | None = None) -> ServiceProgress:
    partition = PartitionProgress(TOPIC, 0, next_offset, end, end if stable is None else stable)
    return ServiceProgress((partition,), Stored(next_offsets={(TOPIC, 0): next_offset}))


def test_records_that_stand_still_are_noticed() -> None:
    movement = Movement()
    movement.observe(look(5, 9), 100.0)
    movement.observe(look(5, 9), 130.0)
    movement.observe(look(5, 12), 100.0 + STUCK_AFTER_S)
    assert movement.waiting_s(100.0 + STUCK_AFTER_S) == STUCK_AFTER_S


def test_movement_begins_the_wait_again() -> None:
    movement = Movement()
    movement.observe(look(5, 90), 0.0)
    movement.observe(look(6, 90), 50.0)
    assert movement.waiting_s(70.0) == 20.0


def test_a_record_after_a_quiet_night_has_waited_a_moment_only() -> None:
    movement = Movement()
    movement.observe(look(9, 9), 0.0)
    movement.observe(look(9, 10), 40_000.0)
    assert movement.waiting_s(40_001.0) == 1.0


def test_handled_records_end_the_wait() -> None:
    movement = Movement()
    movement.observe(look(5, 9), 0.0)
    movement.observe(look(9, 9), 70.0)
    assert movement.waiting_s(80.0) == 0.0


def test_what_is_behind_an_open_transaction_does_not_wait() -> None:
    movement = Movement()
    movement.observe(look(5, 9, stable=5), 0.0)
    assert movement.waiting_s(1000.0) == 0.0
    assert look(5, 9, stable=5).partitions[0].lag == 4


def test_facts_behind_a_transaction_that_does_not_end_wait() -> None:
    """Our transactions last seconds: one that stays open blocks the posting of awards."""
    held = PartitionProgress("facts.listing.v1", 0, 5, 9, 5)
    movement = Movement()
    for at_s in (0.0, STUCK_AFTER_S):
        movement.observe(ServiceProgress((held,), Stored()), at_s)
    assert movement.waiting_s(STUCK_AFTER_S) == STUCK_AFTER_S
    assert (held.held, look(7, 9, stable=5).partitions[0].held, look(9, 9).partitions[0].held) == (4, 2, 0)


def test_one_partition_that_stands_still_is_not_hidden_by_others() -> None:
    movement = Movement()
    for at_s in (0.0, 30.0, 60.0):
        moving = PartitionProgress(TOPIC, 1, int(at_s), 1000, 1000)
        movement.observe(ServiceProgress((*look(5, 9).partitions, moving), Stored()), at_s)
    assert movement.waiting_s(60.0) == STUCK_AFTER_S


def test_waiting_goes_on_while_nothing_can_be_seen() -> None:
    movement = Movement()
    movement.observe(look(5, 9), 0.0)
    # Broker or database were unavailable, and nothing was processed.
    movement.observe(look(5, 9), 300.0)
    assert movement.waiting_s(310.0) == 310.0
    # Records were processed in the meantime, and another arrived.
    movement.observe(look(9, 10), 600.0)
    assert movement.waiting_s(610.0) == 10.0


def unsent(oldest: int | None) -> ServiceProgress:
    return ServiceProgress((), Stored(outbox_oldest_id=oldest))


def test_facts_that_are_not_published_are_noticed() -> None:
    movement = Movement()
    movement.observe(unsent(7), 0.0)
    movement.observe(unsent(7), 59.0)
    assert movement.outbox_waiting_s(60.0) == STUCK_AFTER_S
    movement.observe(unsent(8), 61.0)
    assert movement.outbox_waiting_s(62.0) == 1.0
    movement.observe(unsent(None), 63.0)
    assert movement.outbox_waiting_s(1000.0) == 0.0
    movement.observe(unsent(8), 2000.0)
    assert movement.outbox_waiting_s(2001.0) == 1.0


def test_an_offset_read_after_the_end_may_be_beyond_it() -> None:
    assert look(12, 9).partitions[0].lag == 0


def test_an_exchange_waits_for_its_own_topics_and_for_the_facts() -> None:
    partitions = tuple(
        PartitionProgress(topic, 0, 0, end, end)
        for topic, end in (("exchange.a1.trades.v1", 1), ("exchange.a1-b.trades.v1", 10), ("facts.listing.v1", 100))
    )
    progress = ServiceProgress(partitions, Stored())
    assert lag_for(progress, None) == 111
    assert lag_for(progress, "a1") == 101
    assert [partition.topic for partition in partitions if partition.is_seen_by("a1")] == ["exchange.a1.trades.v1"]
