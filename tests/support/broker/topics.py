"""Topics of a broker that tests share: those of facts, awards and checkpoints belong to everyone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kafka.admin import KafkaAdminClient

from deploy.broker.topics import apply_topics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.whitelist import Whitelist


@contextmanager
def changing_topics(kafka: str) -> Iterator[KafkaAdminClient]:
    """Yield an admin client while no other worker creates or deletes topics that it may have looked for."""
    path = Path(tempfile.gettempdir(), f"jiangbu-topics-{os.getuid()}-{kafka.rpartition(':')[2]}")
    with path.open("a", encoding="ascii") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with KafkaAdminClient(bootstrap_servers=kafka) as admin:
            yield admin


def make_topics(kafka: str, exchanges: Whitelist) -> None:
    """Create the topics of these exchanges, and those of the set, if they do not exist."""
    with changing_topics(kafka) as admin:
        apply_topics(admin, exchanges)
