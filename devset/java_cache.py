"""What Java makes of Kafka's classes, kept beside the jars: a broker that finds it starts in half the time."""

from __future__ import annotations

import fcntl
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from devset.jars import kafka_jars
from devset.kafka import Kafka, java_cache
from devset.processes import LocalError, free_ports

if TYPE_CHECKING:
    from devset.jars import Say

WRITTEN_WITHIN_S = 120.0


def prepared_kafka(cache: Path, repository: str | None, say: Say) -> list[Path]:
    """Kafka's jars, as `kafka_jars` gives them, with the cache of their classes; made once for all callers.

    Everything works without it, only slower; so what keeps it from being made is told, and no more. LocalError.
    """
    jars = kafka_jars(cache, repository, say)
    kept = java_cache(jars)
    with (kept.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            say("正在预备 Kafka 的类，仅此一次 / preparing the classes of Kafka, this once")
            for old in kept.parent.glob("*.aot"):
                old.unlink()
            try:
                _make(jars, kept)
            except LocalError as error:
                say(str(error))
    return jars


def _make(jars: list[Path], kept: Path) -> None:
    """Start a broker that writes the cache when it ends."""
    part = kept.with_suffix(".part")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        port, controller_port = free_ports(2)
        options = (f"-XX:AOTCacheOutput={part}",)
        broker = Kafka(folder / "kafka", port, controller_port, jars, folder / "kafka.log", options)
        program = broker.launch()
        broker.await_ready()
        program.stop(signal.SIGTERM, WRITTEN_WITHIN_S)
        if not part.exists():
            raise LocalError(f"Java 未写出缓存 / Java wrote no cache: {program.last_words()}")
    part.rename(kept)
