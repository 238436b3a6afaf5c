"""Parties as small integers, and the name that each had in the document accepted last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.postgres.database import change, fetch
from shared.postgres.query import pg_array

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from shared.values.parties import Party

_MOST_KNOWN = 200_000

Entity = tuple[str, str]  # id scheme, id

_NEW = "SELECT * FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[]), CAST(%(names)s AS text[]))"
_INSERT_UNKNOWN = f"INSERT INTO party (scheme, code, name) {_NEW} ON CONFLICT (scheme, code) DO NOTHING".encode()
_STORE = f"""
    INSERT INTO party AS p (scheme, code, name) {_NEW}
    ON CONFLICT (scheme, code) DO UPDATE SET name = excluded.name
    RETURNING p.id, p.scheme, p.code, p.name, old.name AS name_before
""".encode()
_FIND = b"""
    SELECT p.id, p.scheme, p.code, p.name
    FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[])) AS k(scheme, code)
    JOIN party p ON p.scheme = k.scheme AND p.code = k.code
"""
_SUBJECTS = b"SELECT id, scheme, code FROM party WHERE id = ANY(CAST(%(ids)s AS int[]))"


def entity_of(party: Party) -> Entity:
    return (party.id_scheme, party.id)


def stored_ids(connection: Connection, parties: Iterable[Party]) -> dict[Entity, int]:
    """Ids of those parties that are stored."""
    entities = {entity_of(party) for party in parties}
    parameters = {
        "schemes": pg_array(scheme for scheme, _ in entities),
        "codes": pg_array(code for _, code in entities),
    }
    return {(scheme, code): party for party, scheme, code, _ in fetch(connection, _FIND, parameters)}


def subjects_of(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """`<scheme>:<id>` of parties by their ids in the register."""
    rows = fetch(connection, _SUBJECTS, {"ids": pg_array(ids)})
    return {party: f"{scheme}:{code}" for party, scheme, code in rows}


class PartyIds:
    """Ids and names of parties, remembered between batches.

    What is remembered holds only while this worker was the register's last writer: `as_of` forgets it otherwise. What
    a batch adds is remembered once it is committed, never before.
    """

    def __init__(self) -> None:
        self._known: dict[Entity, tuple[int, str]] = {}
        self._fresh: dict[Entity, tuple[int, str]] = {}
        # An id is never another's, also where the transaction that gave it was rolled back.
        self._subjects: dict[int, str] = {}
        self._seq = -1
        self._fresh_seq = -1

    def as_of(self, next_seq: int) -> None:
        """Begin a batch at this head."""
        self._fresh = {}
        if next_seq != self._seq or len(self._subjects) > _MOST_KNOWN:
            self._known, self._subjects = {}, {}

    def until(self, next_seq: int) -> None:
        """The batch ends at this head."""
        self._fresh_seq = next_seq

    def committed(self) -> None:
        self._known.update(self._fresh)
        self._fresh = {}
        self._seq = self._fresh_seq

    def store(self, connection: Connection, parties: Iterable[Party]) -> tuple[dict[Entity, int], set[int]]:
        """Ids of parties, given in order of acceptance, and the ids of those whose name has changed."""
        names: dict[Entity, str] = {(party.id_scheme, party.id): party.name for party in parties}
        known = self._known
        unsure = [entity for entity, name in names.items() if known.get(entity, (0, ""))[1] != name]
        renamed: set[int] = set()
        if unsure:
            renamed = self._store(connection, unsure, names)
        fresh = self._fresh
        return {entity: (fresh.get(entity) or known[entity])[0] for entity in names}, renamed

    def find(self, connection: Connection, parties: Iterable[Party]) -> dict[Entity, int]:
        """Ids of parties that a fact names: new ones are stored, known ones keep the name that a document gave them."""
        names: dict[Entity, str] = {(party.id_scheme, party.id): party.name for party in parties}
        unknown = [entity for entity in names if entity not in self._fresh and entity not in self._known]
        if unknown:
            parameters = {
                "schemes": pg_array(entity[0] for entity in unknown),
                "codes": pg_array(entity[1] for entity in unknown),
                "names": pg_array(names[entity] for entity in unknown),
            }
            change(connection, _INSERT_UNKNOWN, parameters)
            for party, scheme, code, name in fetch(connection, _FIND, parameters):
                self._remember(party, scheme, code, name)
        return {entity: (self._fresh.get(entity) or self._known[entity])[0] for entity in names}

    def subjects(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, str]:
        """`<scheme>:<id>` of these parties by their ids in the register, and of others."""
        unknown = set(ids) - self._subjects.keys()
        if unknown:
            self._subjects |= subjects_of(connection, unknown)
        return self._subjects

    def _store(self, connection: Connection, unsure: list[Entity], names: dict[Entity, str]) -> set[int]:
        parameters = {
            "schemes": pg_array(entity[0] for entity in unsure),
            "codes": pg_array(entity[1] for entity in unsure),
            "names": pg_array(names[entity] for entity in unsure),
        }
        renamed = set()
        for party, scheme, code, name, name_before in fetch(connection, _STORE, parameters):
            self._remember(party, scheme, code, name)
            if name_before is not None and name_before != name:
                renamed.add(party)
        return renamed

    def _remember(self, party: int, scheme: str, code: str, name: str) -> None:
        self._fresh[scheme, code] = (party, name)
        self._subjects[party] = f"{scheme}:{code}"
