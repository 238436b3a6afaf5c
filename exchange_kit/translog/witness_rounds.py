"""Rounds of a witness: check new checkpoints of the topic, then those that the services serve."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from exchange_kit.api import ApiError
from exchange_kit.translog.checkpoint_topic import CheckpointTopic, TopicError
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import RewrittenError, Seen, UnverifiedError, Witness, origin_of
from shared.settings import ClientConfig


class Round(NamedTuple):
    """The results of a round. `unavailable`: no answer, to be retried; `unverified`: not signed by a trusted key.

    `elsewhere`: logs that no service here serves, such as those of other registers and earlier generations.
    """

    seen: list[Seen]
    rewritten: list[RewrittenError]
    unavailable: list[str]
    unverified: list[str]
    elsewhere: set[str]


class Rounds:
    """Runs rounds; a checkpoint that could not be checked for lack of an answer waits for the next round."""

    def __init__(self, witness: Witness, readers: Sequence[LogReader], client_config: ClientConfig) -> None:
        self._witness = witness
        self._readers = readers
        self._client_config = client_config
        self._topic: CheckpointTopic | None = None
        self._waiting: list[bytes] = []

    def turn(self) -> Round:
        """Run one round. FolderError."""
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
            found.unavailable.append(str(error))
            self.close()  # the next round reads from the beginning, so nothing is missed

    def _read_served(self, found: Round) -> dict[str, tuple[bytes, LogReader]]:
        served = {}
        for reader in self._readers:
            try:
                data = reader.checkpoint()
                served[origin_of(data)] = (data, reader)
            except ApiError as error:
                found.unavailable.append(str(error))
            except UnverifiedError as error:
                found.unverified.append(f"{reader.api.name}: {error}")
        return served

    def _look_at(self, data: bytes, served: Mapping[str, tuple[bytes, LogReader]], found: Round) -> None:
        try:
            origin = origin_of(data)
        except UnverifiedError as error:
            found.unverified.append(str(error))
            return
        if origin in served:
            if not self._attempt(data, served[origin][1], found):
                self._waiting.append(data)
        elif len(served) < len(self._readers):
            self._waiting.append(data)  # perhaps of an unavailable service
        else:
            found.elsewhere.add(origin)

    def _attempt(self, data: bytes, reader: LogReader, found: Round) -> bool:
        """Check a checkpoint; return False if it must be retried."""
        try:
            found.seen.append(self._witness.look(data, reader))
        except RewrittenError as error:
            found.rewritten.append(error)
        except UnverifiedError as error:
            found.unverified.append(str(error))
        except ApiError as error:
            found.unavailable.append(str(error))
            return False
        return True
