"""The service's log in its database: hashes by level, and a signed checkpoint for each transaction that grew it.

Entries and their proof are written in one transaction. Only rows are added: for n new entries one row a tile level (32
bytes an entry, and 1/256 of that a level above), and one row with the tree's right edge.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from shared.operator_errors import OperatorError
from shared.postgres.query import execute, fetch, fetch_one, fetch_value, fetch_values
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import HASH_BYTES, Edge, leaf_hash, split_hashes
from shared.translog.note import SignerKey, VerifierKey, sign
from shared.translog.tiles import MAX_ENTRY_BYTES, TILE_HEIGHT, hashes_at

# The tables of a log that only grow.
LOG_TABLES: Final = ("log_hash", "log_key", "log_checkpoint", "log_confirmed")
_CHUNK_ENTRIES = 10_000
# The first start may log many existing entries. A session idle in a transaction still times out.
_NO_LIMIT = "SET LOCAL transaction_timeout = 0"


# (connection, from, until) -> (number, entry) of the stored entries in that range
Stored = Callable[[Connection, int, int], "Iterable[tuple[int, bytes]]"]


class LogDiffersError(OperatorError):
    """The log and the numbered entries differ in size: one of them was changed by hand."""


class SignedSize(NamedTuple):
    """The log's size at the end of a transaction, and the signed note of its checkpoint."""

    size: int
    note: str
    id: int


class LogHead(NamedTuple):
    """The log's origin, and the number of entries in the database."""

    origin: str
    size: int


@dataclass(frozen=True)
class ServiceLog:
    """The log of one service: its signing key, its head, and how to read its entries.

    A writer holds the writer's lock, reads the `edge` before its transaction numbers entries, and passes it to `extend`
    afterwards. So rows that were inserted in any other way are never signed.
    """

    private: Ed25519PrivateKey
    read_head: Callable[[Connection], LogHead]
    stored: Stored

    def key(self, connection: Connection) -> VerifierKey:
        """Return the key that verifies what is signed now, under the log's origin as its name."""
        return SignerKey(self.read_head(connection).origin, self.private).verifier

    def begin(self, connection: Connection, now: datetime) -> Edge:
        """Start signing with this key, and log entries from before there was a log. LogDiffersError.

        After a change of origin (a new generation) or key the log keeps its entries and gets a new checkpoint.
        """
        execute(connection, _NO_LIMIT)
        head = self.read_head(connection)
        if newest_checkpoint(connection) is None:
            edge = self._grow(connection, Edge(), head.size)
            self._sign(connection, head, edge, now)
            return edge
        edge = self.edge(connection)
        if verifier_keys(connection)[0] != str(self.key(connection)):
            self._sign(connection, head, edge, now)
        return edge

    def edge(self, connection: Connection) -> Edge:
        """Return the log's edge. LogDiffersError unless the log has every numbered entry."""
        numbered, edge = self.read_head(connection).size, _newest_edge(connection)
        if edge.size != numbered:
            raise LogDiffersError(
                f"日志有 {edge.size} 条，数据库编号 {numbered} 条，有人手工改过；请看 rebuild --verify / the log has"
                f" {edge.size} entries and the database numbers {numbered}: somebody changed one by hand; see what"
                " `rebuild --verify` says"
            )
        return edge

    def extend(self, connection: Connection, edge: Edge, now: datetime) -> None:
        """Append the entries that this transaction numbered beyond the edge, and sign the new size.

        Entries are read back from the rows of this transaction, so what is hashed is what is stored.
        """
        head = self.read_head(connection)
        if edge.size < head.size:
            self._sign(connection, head, self._grow(connection, edge, head.size), now)

    def _grow(self, connection: Connection, edge: Edge, size: int) -> Edge:
        while edge.size < size:
            until = min(edge.size + _CHUNK_ENTRIES, size)
            leaves = _leaves(self.stored(connection, edge.size, until), edge.size, until)
            grown, complete = edge.grown(leaves, TILE_HEIGHT)
            for level, hashes in enumerate(complete):
                if hashes:
                    first = hashes_at(level, edge.size)
                    execute(connection, _ADD_HASHES, level=level, first=first, hashes=b"".join(hashes))
            edge = grown
        return edge

    def _sign(self, connection: Connection, head: LogHead, edge: Edge, now: datetime) -> None:
        key = SignerKey(head.origin, self.private)
        row = {
            "size": edge.size,
            "peaks": b"".join(edge.peaks),
            "vkey": str(key.verifier),
            "now": now,
            "note": str(sign(Checkpoint(key.name, edge.size, edge.root()).text(), key)),
        }
        if execute(connection, _ADD_CHECKPOINT, **row) == 0:
            execute(connection, _ADD_KEY, **row)
            execute(connection, _ADD_CHECKPOINT, **row)


def _leaves(entries: Iterable[tuple[int, bytes]], first: int, until: int) -> list[bytes]:
    """Hash the entries first .. until - 1. LookupError if one is missing."""
    leaves: list[bytes] = []
    for seq, entry in entries:
        if seq != first + len(leaves):
            break
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"entry {seq} has {len(entry)} bytes, which no tile can hold")
        leaves.append(leaf_hash(entry))
    if first + len(leaves) < until:
        raise LookupError(f"entry {first + len(leaves)} is not there")
    return leaves


def newest_checkpoint(connection: Connection) -> SignedSize | None:
    """Return the newest checkpoint in this snapshot; None before the first writer."""
    statement = "SELECT size, note, id FROM log_checkpoint ORDER BY id DESC LIMIT 1"
    return fetch_one(connection, statement, SignedSize)


def newest_servable(connection: Connection) -> SignedSize | None:
    """Return the newest checkpoint that may leave this server; None if there is none.

    On a standby, and where commits wait for one, that is the newest confirmed checkpoint; else the newest of all.
    """
    return fetch_one(connection, _NEWEST_SERVABLE, SignedSize)


def is_unconfirmed(connection: Connection, checkpoint_id: int) -> bool:
    """Return True if the checkpoint is newer than the confirmed ones, and another server may lack it.

    That is so where commits wait for a synchronous standby, and on a server that was demoted.
    """
    return fetch_value(connection, _IS_UNCONFIRMED, bool, id=checkpoint_id)


def confirm_checkpoint(connection: Connection, checkpoint_id: int) -> None:
    """Record that the standby has this checkpoint: a commit made after it was read has been acknowledged."""
    execute(connection, _CONFIRM, id=checkpoint_id)


def served_checkpoint(connection: Connection, since: datetime) -> str | None:
    """Return the checkpoint note with the most cosignatures among those that cover everything committed at `since`.

    Without witnesses it is the newest. None before the log's first writer. Where `newest_servable` gives confirmed
    checkpoints alone, so does this, even if they do not cover all of that.
    """
    found = fetch_one(connection, _SERVED, tuple[str, list[str] | None], since=since)
    return None if found is None else found[0] + "".join(found[1] or ())


def cosignatures(connection: Connection, checkpoint_id: int) -> dict[str, str]:
    """Return the cosignature lines of a checkpoint by witness key."""
    statement = "SELECT vkey, line FROM log_cosignature WHERE checkpoint_id = %(id)s ORDER BY vkey"
    return dict(fetch(connection, statement, tuple[str, str], id=checkpoint_id))


def verifier_keys(connection: Connection) -> list[str]:
    """Return every key that ever signed, the current one first."""
    return fetch_values(connection, _KEYS, str)


def stored_hashes(connection: Connection, level: int, first: int, count: int) -> bytes:
    """Return `count` concatenated hashes of a level from `first` on; fewer at the end of the log."""
    return b"".join(fetch_values(connection, _HASHES, bytes, level=level, start=first, end=first + count))


_NEWEST_EDGE = "SELECT size, peaks FROM log_checkpoint ORDER BY id DESC LIMIT 1"
_ADD_HASHES = "INSERT INTO log_hash (level, first, hashes) VALUES (%(level)s, %(first)s, %(hashes)s)"
_ADD_KEY = "INSERT INTO log_key (vkey) VALUES (%(vkey)s)"
_ADD_CHECKPOINT = """
    INSERT INTO log_checkpoint (size, peaks, key_id, signed_at, note)
    SELECT %(size)s, %(peaks)s, id, %(now)s, %(note)s FROM log_key WHERE vkey = %(vkey)s
"""
_KEYS = """
    SELECT vkey FROM log_key k
    ORDER BY id = (SELECT key_id FROM log_checkpoint ORDER BY id DESC LIMIT 1) DESC, id DESC
"""
# The newest checkpoint that may leave this server, by its id.
_SERVABLE_ID = """
    SELECT CASE WHEN pg_is_in_recovery() OR current_setting('synchronous_standby_names') <> ''
                THEN (SELECT max(checkpoint_id) FROM log_confirmed) ELSE (SELECT max(id) FROM log_checkpoint) END AS id
"""
_NEWEST_SERVABLE = f"SELECT size, note, id FROM log_checkpoint WHERE id = ({_SERVABLE_ID})"
_IS_UNCONFIRMED = """
    SELECT (pg_is_in_recovery() OR current_setting('synchronous_standby_names') <> '')
           AND NOT EXISTS (SELECT FROM log_confirmed WHERE checkpoint_id >= %(id)s)
"""
_CONFIRM = "INSERT INTO log_confirmed (checkpoint_id, confirmed_at) VALUES (%(id)s, clock_timestamp())"
# A checkpoint is signed before it can be seen: what was seen at `since` is covered by the newest of then.
_SERVED = f"""
    WITH servable AS MATERIALIZED ({_SERVABLE_ID})
    SELECT c.note, w.lines
    FROM log_checkpoint c
    LEFT JOIN LATERAL (
        SELECT array_agg(line ORDER BY vkey) AS lines FROM log_cosignature WHERE checkpoint_id = c.id
    ) w ON true
    WHERE c.id <= (SELECT id FROM servable) AND c.id >= least((SELECT id FROM servable), coalesce(
        (SELECT id FROM log_checkpoint WHERE signed_at <= %(since)s ORDER BY id DESC LIMIT 1), 0))
    ORDER BY coalesce(cardinality(w.lines), 0) DESC, c.id DESC
    LIMIT 1
"""
# The row in which the first of them is, and those after it.
_HASHES = f"""
    SELECT substring(hashes FROM CAST(greatest(%(start)s::bigint - first, 0) * {HASH_BYTES} + 1 AS integer)
                            FOR CAST((least(%(end)s::bigint, first + octet_length(hashes) / {HASH_BYTES})
                                      - greatest(%(start)s::bigint, first)) * {HASH_BYTES} AS integer))
    FROM log_hash
    WHERE level = %(level)s AND first < %(end)s::bigint
      AND first >= coalesce((SELECT max(first) FROM log_hash WHERE level = %(level)s AND first <= %(start)s::bigint), 0)
      AND first + octet_length(hashes) / {HASH_BYTES} > %(start)s::bigint
    ORDER BY first
"""


def _newest_edge(connection: Connection) -> Edge:
    for size, peaks in fetch(connection, _NEWEST_EDGE, tuple[int, bytes]):
        return Edge(size, tuple(split_hashes(peaks)))
    return Edge()
