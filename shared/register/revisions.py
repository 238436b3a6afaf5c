"""Resolution of a batch: which documents are accepted, and which of them is the current state of its number.

The highest revision is the state. Older revisions that arrive late are stored and change nothing. The same revision
again is a duplicate if its content is the same, else a conflict: the one stored first stays. A batch may hold several
revisions of a number; they are taken in order, so the outcome is the same as with one document at a time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from shared.kafka.handler import Record

D = TypeVar("D")  # a document: equal by value when its content is the same

Key = tuple[str, str]  # exchange, number


class Arrival(msgspec.Struct, Generic[D], gc=False):
    """A valid document as it arrived."""

    exchange: str
    number: str
    revision: int
    document: D
    record: Record
    binary_mode: bool


class AcceptedEntry(msgspec.Struct, Generic[D], gc=False):
    """An accepted document: entry `seq` of the register."""

    seq: int
    arrival: Arrival[D]


@dataclass
class Resolution(Generic[D]):
    """The outcome of a batch.

    `states`: the new state of each number whose state is an entry of this batch.
    `displaced`: the seq of the first entry that replaced the stored state of a number.
    `past`: entries of this batch that are not the state, with the seq of their replacement; None if they never were.
    """

    next_seq: int
    states: dict[Key, AcceptedEntry[D]] = field(default_factory=dict)
    displaced: dict[Key, int] = field(default_factory=dict)
    past: list[tuple[AcceptedEntry[D], int | None]] = field(default_factory=list)
    duplicates: list[Arrival[D]] = field(default_factory=list)
    conflicts: list[Arrival[D]] = field(default_factory=list)
    accepted: list[AcceptedEntry[D]] = field(default_factory=list)


# Documents of either kind.
AnyArrival = Arrival[Any]
AnyEntry = AcceptedEntry[Any]
AnyResolution = Resolution[Any]


def resolve(
    arrivals: Iterable[Arrival[D]],
    stored_revisions: Mapping[Key, int],
    stored_documents: Mapping[tuple[str, str, int], D],
    next_seq: int,
) -> Resolution[D]:
    """Resolve documents in order and number the accepted ones from `next_seq`.

    `stored_revisions`: the revision of each stored state. `stored_documents`: the stored document, current or past, of
    every arrival whose revision is not higher than the stored one.
    """
    outcome: Resolution[D] = Resolution(next_seq)
    fresh_documents: dict[tuple[str, str, int], D] = {}
    for arrival in arrivals:
        key = (arrival.exchange, arrival.number)
        state = outcome.states.get(key)
        current = state.arrival.revision if state is not None else stored_revisions.get(key)
        if current is not None and arrival.revision <= current:
            version = (*key, arrival.revision)
            known = fresh_documents.get(version)
            if known is None:
                known = stored_documents.get(version)
            if known is not None:
                (outcome.duplicates if known == arrival.document else outcome.conflicts).append(arrival)
                continue
        entry = AcceptedEntry(outcome.next_seq, arrival)
        outcome.next_seq += 1
        outcome.accepted.append(entry)
        fresh_documents[(*key, arrival.revision)] = arrival.document
        if current is not None and arrival.revision < current:
            outcome.past.append((entry, None))
            continue
        if state is not None:
            outcome.past.append((state, entry.seq))
        elif current is not None:
            outcome.displaced[key] = entry.seq
        outcome.states[key] = entry
    return outcome
