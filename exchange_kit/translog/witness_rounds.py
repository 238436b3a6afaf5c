"""Rounds of a witness: what came to the topic of checkpoints, then what each service serves."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from exchange_kit.api import ApiError
from exchange_kit.translog.checkpoint_topic import CheckpointTopic, TopicError
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import Rewritten, Seen, Unverified, Witness, origin_of


class Round(NamedTuple):
    """What a round brought. `away`: what gave no answer, and is asked again; `unverified`: what no key of a log signed.

    `elsewhere`: logs that no service here serves, such as those of other registers and of earlier generations.
    """

    seen: list[Seen]
    rewritten: list[Rewritten]
    away: list[str]
    unverified: list[str]
    elsewhere: set[str]


class Rounds:
    """Goes round again and again; what could not be proved for want of an answer waits for the next."""

    def __init__(self, witness: Witness, readers: Sequence[LogReader], client_config: Mapping[str, Any]) -> None:
        self._witness = witness
        self._readers = readers
        self._client_config = client_config
        self._topic: CheckpointTopic | None = None
        self._waiting: list[bytes] = []

    def turn(self) -> Round:
        """One round; FolderError when nothing can be kept."""
        found = Round([], [], [], [], set())
        self._read_topic(found)
        served = self._read_served(found)
        waiting, self._waiting = self._waiting, []
        for data in waiting:
            self._look_at(data, served, found)
        for data, reader in served.values():
            self._attempt(data, reader, found)
        return found

    def close(self) -> None:
        if self._topic is not None:
            self._topic.close()
            self._topic = None

    def _read_topic(self, found: Round) -> None:
        try:
            if self._topic is None:
                self._topic = CheckpointTopic(self._client_config)
            self._waiting += self._topic.new()
        except TopicError as error:
            found.away.append(str(error))
            self.close()  # the next is read from the beginning, so nothing is missed

    def _read_served(self, found: Round) -> dict[str, tuple[bytes, LogReader]]:
        served = {}
        for reader in self._readers:
            try:
                data = reader.checkpoint()
                served[origin_of(data)] = (data, reader)
            except ApiError as error:
                found.away.append(str(error))
            except Unverified as error:
                found.unverified.append(f"{reader.api.name}: {error}")
        return served

    def _look_at(self, data: bytes, served: Mapping[str, tuple[bytes, LogReader]], found: Round) -> None:
        try:
            origin = origin_of(data)
        except Unverified as error:
            found.unverified.append(str(error))
            return
        if origin in served:
            if not self._attempt(data, served[origin][1], found):
                self._waiting.append(data)
        elif len(served) < len(self._readers):
            self._waiting.append(data)  # of one that is away, perhaps
        else:
            found.elsewhere.add(origin)

    def _attempt(self, data: bytes, reader: LogReader, found: Round) -> bool:
        """Whether there is an outcome."""
        try:
            found.seen.append(self._witness.look(data, reader))
        except Rewritten as error:
            found.rewritten.append(error)
        except Unverified as error:
            found.unverified.append(str(error))
        except ApiError as error:
            found.away.append(str(error))
            return False
        return True
