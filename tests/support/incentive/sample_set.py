"""A year of sample events in a set without a broker, for tests of pages. All exchanges and entities are fictional."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from exchange_kit.sample.year import sample_events
from shared.settings import RegisterAddress
from tests.support.incentive.extract_makers import Makers
from tests.support.incentive.whole_set import served, whole_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.events.records import SampleRecord
    from tests.support.engines.session import FreshDatabase

YEAR = 2026
TODAY = datetime(2026, 12, 28, 2, 0, tzinfo=UTC)
SEED, EVENTS, A_BATCH = 2026, 1600, 400


@contextmanager
def sample_set(postgres: FreshDatabase, folder: Path) -> Iterator[Makers]:
    """Both registers over HTTP, the ledger, and the application of incentive."""
    with ExitStack() as opened:
        made = opened.enter_context(whole_set(postgres, folder))
        made.now = TODAY
        # Events in CloudEvents' binary mode have headers; other tests cover them.
        records = [
            one for one in sample_events(SEED, ("kmdex", "dcdex"), EVENTS, YEAR, rubbish=True) if not one.headers
        ]
        for start in range(0, len(records), A_BATCH):
            # Within a batch topics may have any order.
            batch = sorted(records[start : start + A_BATCH], key=_topic)
            for topic, some in groupby(batch, key=_topic):
                register = made.listings if ".listings." in topic else made.trades
                values = [(None, one.value) for one in some]
                register.take(topic, values, int(TODAY.timestamp() * 1000))
            made.hand_on()
        urls = [opened.enter_context(served(one.app)) for one in (made.listings, made.trades)]
        yield Makers(made, {"r1": RegisterAddress(*urls)})


def _topic(record: SampleRecord) -> str:
    return record.topic
