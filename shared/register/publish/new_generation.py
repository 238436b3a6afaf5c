"""Continuation of a restored register as a new generation: everything ever published under its keys is sent again.

The history after the backup may have published keys that the new history never touches: of two conflicting contents of
a revision the other one may come first this time, and then a published first purchase belongs to nobody. Such a fact
would stay for ever and earn money. So the keys in the topics count as much as those in the database.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import execute
from shared.register.head import Head, check_register, lock_head, raise_generation
from shared.register.kind import RegisterKind
from shared.register.parties import PartyIds
from shared.register.publish.outbox import DirtyKey, mark_dirty
from shared.register.publish.restored_backup import PublishedFact


class NewGeneration(NamedTuple):
    """The new head, the number of keys to publish, and how many of them the database did not know."""

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
    """Raise the generation and put every key of the database and of the topics into the outbox.

    `published`: the newest fact of each key in the topics. Raises WrongRegisterError.
    """
    head = lock_head(connection)
    check_register(head, register)
    # All keys at once may take longer than a batch may.
    execute(connection, "SET LOCAL transaction_timeout = 0")
    greatest = max((fact.generation for fact in published.values()), default=0)
    head = raise_generation(connection, head, greatest)
    # A fact names its party: restore the parties that came after the backup, with the name published last.
    PartyIds().find(connection, [fact.party for fact in published.values() if fact.party is not None])
    known = set(kind.all_fact_keys(connection))
    mark_dirty(connection, known | published.keys(), now)
    return NewGeneration(head, len(known | published.keys()), len(published.keys() - known))
