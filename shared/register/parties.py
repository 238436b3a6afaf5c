"""Parties as small integers, with the name from the document accepted last."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from shared.postgres.query import execute, fetch, pg_array, pg_arrays
from shared.values.parties import Party

_CACHE_SIZE = 200_000

Entity = tuple[str, str]  # id scheme, id


class StoredParty(NamedTuple):
    id: int
    scheme: str
    code: str
    name: str


_NEW = "SELECT * FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[]), CAST(%(names)s AS text[]))"
_INSERT_UNKNOWN = f"INSERT INTO party (scheme, code, name) {_NEW} ON CONFLICT (scheme, code) DO NOTHING"
_STORE = f"""
    INSERT INTO party AS p (scheme, code, name) {_NEW}
    ON CONFLICT (scheme, code) DO UPDATE SET name = excluded.name
    RETURNING p.id, p.scheme, p.code, p.name, old.name AS name_before
"""
_FIND = """
    SELECT p.id, p.scheme, p.code, p.name
    FROM unnest(CAST(%(schemes)s AS text[]), CAST(%(codes)s AS text[])) AS k(scheme, code)
    JOIN party p ON p.scheme = k.scheme AND p.code = k.code
"""
_SUBJECTS = "SELECT id, scheme, code FROM party WHERE id = ANY(CAST(%(ids)s AS int[]))"


def entity_of(party: Party) -> Entity:
    return (party.id_scheme, party.id)


def stored_parties(connection: Connection, entities: Iterable[Entity]) -> list[StoredParty]:
    """Return those of these parties that are stored, in any order."""
    return fetch(connection, _FIND, StoredParty, **pg_arrays(entities, "schemes", "codes"))


def stored_ids(connection: Connection, parties: Iterable[Party]) -> dict[Entity, int]:
    stored = stored_parties(connection, {entity_of(party) for party in parties})
    return {(scheme, code): party for party, scheme, code, _ in stored}


def subjects_of(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    """Return the subject, `<scheme>:<id>`, of each party id."""
    rows = fetch(connection, _SUBJECTS, tuple[int, str, str], ids=pg_array(ids))
    return {party: f"{scheme}:{code}" for party, scheme, code in rows}


class PartyIds:
    """Ids and names of parties, cached between batches.

    The cache is valid only while this worker was the register's last writer: `as_of` clears it otherwise. Parties that
    a batch adds are cached once the batch is committed, never before.
    """

    def __init__(self) -> None:
        self._known: dict[Entity, tuple[int, str]] = {}
        self._fresh: dict[Entity, tuple[int, str]] = {}
        # Ids are never reused, not even those of a transaction that was rolled back.
        self._subjects: dict[int, str] = {}
        self._seq = -1
        self._fresh_seq = -1

    def as_of(self, next_seq: int) -> None:
        """Begin a batch at this head."""
        self._fresh = {}
        if next_seq != self._seq or len(self._subjects) > _CACHE_SIZE:
            self._known, self._subjects = {}, {}

    def until(self, next_seq: int) -> None:
        """End the batch at this head."""
        self._fresh_seq = next_seq

    def committed(self) -> None:
        self._known.update(self._fresh)
        self._fresh = {}
        self._seq = self._fresh_seq

    def store(self, connection: Connection, parties: Iterable[Party]) -> tuple[dict[Entity, int], set[int]]:
        """Store parties, given in order of acceptance; return their ids, and the ids of those whose name changed."""
        names: dict[Entity, str] = {(party.id_scheme, party.id): party.name for party in parties}
        known = self._known
        changed = [entity for entity, name in names.items() if known.get(entity, (0, ""))[1] != name]
        renamed: set[int] = set()
        if changed:
            parameters = pg_arrays(((*entity, names[entity]) for entity in changed), "schemes", "codes", "names")
            rows = fetch(connection, _STORE, tuple[int, str, str, str, str | None], **parameters)
            for party, scheme, code, name, name_before in rows:
                self._remember(party, scheme, code, name)
                if name_before is not None and name_before != name:
                    renamed.add(party)
        fresh = self._fresh
        return {entity: (fresh.get(entity) or known[entity])[0] for entity in names}, renamed

    def find(self, connection: Connection, parties: Iterable[Party]) -> dict[Entity, int]:
        """Return the ids of parties that a fact names; new ones are stored, known ones keep their document's name."""
        names: dict[Entity, str] = {(party.id_scheme, party.id): party.name for party in parties}
        unknown = [entity for entity in names if entity not in self._fresh and entity not in self._known]
        if unknown:
            parameters = pg_arrays(((*entity, names[entity]) for entity in unknown), "schemes", "codes", "names")
            execute(connection, _INSERT_UNKNOWN, **parameters)
            for party, scheme, code, name in fetch(connection, _FIND, StoredParty, **parameters):
                self._remember(party, scheme, code, name)
        return {entity: (self._fresh.get(entity) or self._known[entity])[0] for entity in names}

    def subjects(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, str]:
        """Return a mapping that has the subject of each of these party ids, and of others."""
        unknown = set(ids) - self._subjects.keys()
        if unknown:
            self._subjects |= subjects_of(connection, unknown)
        return self._subjects

    def _remember(self, party: int, scheme: str, code: str, name: str) -> None:
        self._fresh[scheme, code] = (party, name)
        self._subjects[party] = f"{scheme}:{code}"
