"""Limits of the verifier's memory so small that everything goes through its disk."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest import mock

from services.incentive.verifier import bundle
from services.incentive.verifier.approvals import budget_queues, replay
from services.incentive.verifier.storage import disk

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMITS = (
    (disk, "ROWS_KEPT", 1),
    (disk, "VALUES_KEPT", 1),
    (disk, "SORTED_IN_MEMORY", 1),
    (budget_queues, "MOST_OF_BLOCK", 2),
    (replay, "STALE_KEPT", 1),
    (bundle, "CHUNK_BYTES", 97),
)


@contextmanager
def tiny_limits() -> Iterator[None]:
    with ExitStack() as changed:
        for module, name, value in LIMITS:
            changed.enter_context(mock.patch.object(module, name, value))
        yield
