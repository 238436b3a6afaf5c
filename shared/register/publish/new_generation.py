"""A register that goes on as the next generation: all that was ever published under its keys is published anew.

History after the backup may have published keys that the second history never touches: of two conflicting contents of
one revision the other may come first this time, and then a first purchase that was published is nobody's. Such a fact
would stand for ever, and earn money. So what the topics hold counts as much as what the database has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from shared.register.head import check_register, lock_head, raise_generation
from shared.register.parties import PartyIds
from shared.register.publish.outbox import mark_dirty

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from shared.register.consumer import RegisterKind
    from shared.register.head import Head
    from shared.register.publish.outbox import DirtyKey
    from shared.register.publish.restored_backup import PublishedFact


class NewGeneration(NamedTuple):
    """The head as it is now, how many keys are on their way, and how many of them the database did not know."""

    head: Head
    keys: int
    unknown: int


def begin_generation(
    connection: Connection,
    kind: RegisterKind,
    register: str,
    published: Mapping[DirtyKey, PublishedFact],
    now: datetime,
) -> NewGeneration:
    """Raise the generation and queue every key of the database and the topics for sending. WrongRegisterError.

    `published` is the newest fact of each key in the topics.
    """
    head = lock_head(connection)
    check_register(head, register)
    # All keys at once may take longer than a batch may.
    connection.execute(text("SET LOCAL transaction_timeout = 0"))
    greatest = max((fact.generation for fact in published.values()), default=0)
    head = raise_generation(connection, head, greatest)
    # A fact names its party: those that came after the backup are put back, with the name that was published last.
    PartyIds().find(connection, [fact.party for fact in published.values() if fact.party is not None])
    known = set(kind.every_key(connection))
    mark_dirty(connection, known | published.keys(), now)
    return NewGeneration(head, len(known | published.keys()), len(published.keys() - known))
