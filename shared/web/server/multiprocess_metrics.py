"""Figures that all worker processes of an API count together, in memory-mapped files of prometheus_client's.

Each worker writes files of its own. They are named by the worker's place and not by its process: who replaces a worker
that died goes on in its files. So a count never falls, and files do not pile up.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from prometheus_client import values

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Place:
    """Which of the workers this process is; none in the process that starts them."""

    number: int | None = None


@contextmanager
def shared_metrics() -> Iterator[dict[str, Any]]:
    """Make all figures that are created from here on those of all workers; gives the hooks that gunicorn needs.

    The files stand in a new folder below TMPDIR, which ends with the process that starts the workers.
    """
    folder = tempfile.mkdtemp(prefix="jiangbu-metrics-")
    owner_pid = os.getpid()
    # prometheus_client asks for it nowhere else.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # noqa: TID251 - see above
    values.ValueClass = values.MultiProcessValue(lambda: _Place.number)  # type: ignore[no-untyped-call]
    try:
        yield {"pre_fork": _choose_place, "post_fork": _take_place}
    finally:
        # Workers end by leaving this block too.
        if os.getpid() == owner_pid:
            shutil.rmtree(folder, ignore_errors=True)


def metrics_are_shared() -> bool:
    """Whether figures are those of all workers."""
    return values.ValueClass is not values.MutexValue


def _choose_place(arbiter: Any, worker: Any) -> None:
    """The first that no living worker has; one that ended is no longer among the arbiter's."""
    taken = {other.place for other in arbiter.WORKERS.values()}
    worker.place = next(number for number in itertools.count(1) if number not in taken)


def _take_place(_arbiter: Any, worker: Any) -> None:
    _Place.number = worker.place
