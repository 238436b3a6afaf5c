"""Publishing checkpoints to `logs.checkpoints.v1`."""

from __future__ import annotations

from itertools import pairwise

from tests.support.translog.service_log import INTERVAL_S, Topic, fill, publishing
from tests.support.until import until


def test_the_newest_is_published_when_it_grew_and_not_more_often_than_it_may(listing, kafka) -> None:
    topic = Topic(kafka)
    try:
        with publishing(listing, kafka), publishing(listing, kafka):
            until(lambda: topic.has(listing, 1))
            size = 1
            for turn in range(30):
                fill(listing, 1000 * turn, 2)
                size += 2
            until(lambda: topic.has(listing, size))
            fill(listing, 500, 1)
            until(lambda: topic.has(listing, size + 1))
    finally:
        topic.consumer.close()
    sizes = topic.sizes(listing)
    assert sizes == sorted(set(sizes))
    times = [record.timestamp for record in topic.records]
    assert all(later - earlier >= INTERVAL_S * 1000 for earlier, later in pairwise(times)), times


def test_another_goes_on_when_the_one_that_publishes_ends(listing, kafka) -> None:
    topic = Topic(kafka)
    try:
        with publishing(listing, kafka) as first:
            until(lambda: topic.has(listing, 1))
            with publishing(listing, kafka):
                first.stop.set()
                fill(listing, 0, 5)
                until(lambda: topic.has(listing, 6))
    finally:
        topic.consumer.close()
