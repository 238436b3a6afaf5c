"""Prometheus metrics summed over all worker processes of an API, in memory-mapped files of prometheus_client.

Each worker writes its own files, named by its place and not by its process ID: a worker that replaces one that died
continues in the same files. So a counter never falls, and files do not pile up.
"""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import values

from shared.values.json_types import Json


class _Place:
    """The place of this worker process; None in the process that starts the workers."""

    number: int | None = None


@contextmanager
def shared_metrics() -> Iterator[Json]:
    """Share all metrics that are created from here on between workers; yields the hooks for gunicorn.

    The files are in a new folder below TMPDIR, which the process that started the workers removes at its end.
    """
    folder = tempfile.mkdtemp(prefix="jiangbu-metrics-")
    owner_pid = os.getpid()
    # prometheus_client reads its folder from the environment only.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder  # noqa: TID251 - see above
    values.ValueClass = values.MultiProcessValue(lambda: _Place.number)  # type: ignore[no-untyped-call]
    try:
        yield {"pre_fork": _choose_place, "post_fork": _take_place}
    finally:
        # Workers leave this block too.
        if os.getpid() == owner_pid:
            shutil.rmtree(folder, ignore_errors=True)


def metrics_are_shared() -> bool:
    return values.ValueClass is not values.MutexValue


def _choose_place(arbiter: Any, worker: Any) -> None:
    """Give the worker the first place that no living worker has."""
    taken = {other.place for other in arbiter.WORKERS.values()}
    worker.place = next(number for number in itertools.count(1) if number not in taken)


def _take_place(_arbiter: Any, worker: Any) -> None:
    _Place.number = worker.place
