"""Check a stored log: recompute every hash from the rows up to the newest checkpoint, and verify its signature."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import islice

from sqlalchemy import Connection

from shared.language import say
from shared.postgres.query import fetch, fetch_one, fetch_value
from shared.service_log.store import Stored, stored_hashes
from shared.translog.checkpoint import open_checkpoint
from shared.translog.merkle import HASH_BYTES, Edge, leaf_hash, split_hashes
from shared.translog.note import NoteError, VerifierKey
from shared.translog.tiles import TILE_HEIGHT, TILE_WIDTH, hashes_at
from shared.values.differences import Difference

_AT_ONCE = 16 * TILE_WIDTH  # entries: whole tiles


def compare_log(connection: Connection, stored: Stored, numbered: int) -> Iterator[Difference]:
    """Yield what is wrong with the log, within one snapshot. `numbered` is the number of entries in the database.

    Each row is compared with its leaf hash, and the log with its own hashes, so a changed row is one difference.
    Missing rows are reported by the check of the numbers, not here.
    """
    size = _size(connection)
    if size != numbered:
        yield Difference("log_hash", f"{size}", f"{numbered}")
    edge = Edge()
    for first in range(0, size, _AT_ONCE):
        leaves = split_hashes(stored_hashes(connection, 0, first, min(_AT_ONCE, size - first)))
        for seq, entry in stored(connection, first, first + len(leaves)):
            leaf = leaf_hash(entry)
            if leaf != leaves[seq - first]:
                yield Difference(say(f"日志条目 {seq}", f"log entry {seq}"), leaf.hex(), leaves[seq - first].hex())
        grown, complete = edge.grown(leaves, TILE_HEIGHT)
        for level, expected in islice(enumerate(complete), 1, None):
            yield from _compare_level(connection, level, hashes_at(level, edge.size), expected)
        edge = grown
    yield from _compare_sizes(connection, size)
    yield from _compare_checkpoint(connection, edge)


def _size(connection: Connection) -> int:
    rows = "SELECT coalesce(sum(octet_length(hashes)), 0) / %(bytes)s FROM log_hash WHERE level = 0"
    return int(fetch_value(connection, rows, Decimal, bytes=HASH_BYTES))


def _compare_level(connection: Connection, level: int, first: int, expected: Sequence[bytes]) -> Iterator[Difference]:
    stored = split_hashes(stored_hashes(connection, level, first, len(expected)))
    stored += [b""] * (len(expected) - len(stored))
    for index, (one, other) in enumerate(zip(stored, expected, strict=True), first):
        if one != other:
            yield Difference(f"log_hash {level}/{index}", one.hex() or None, other.hex())


def _compare_sizes(connection: Connection, size: int) -> Iterator[Difference]:
    """Yield levels with more hashes than the level below implies."""
    levels = "SELECT level, sum(octet_length(hashes)) / %(bytes)s FROM log_hash WHERE level > 0 GROUP BY level"
    for level, count in fetch(connection, levels, tuple[int, Decimal], bytes=HASH_BYTES):
        if count > hashes_at(level, size):
            yield Difference(f"log_hash {level}", f"{count}", f"{hashes_at(level, size)}")


_NEWEST = """
    SELECT c.id, c.size, c.peaks, c.note, k.vkey FROM log_checkpoint c JOIN log_key k ON k.id = c.key_id
    ORDER BY c.id DESC LIMIT 1
"""


def _compare_checkpoint(connection: Connection, edge: Edge) -> Iterator[Difference]:
    row = fetch_one(connection, _NEWEST, tuple[int, int, bytes, str, str])
    expected = f"{edge.size} {edge.root().hex()}"
    if row is None:
        yield Difference("log_checkpoint", None, expected)
        return
    number, size, peaks, note, vkey = row
    try:
        found = open_checkpoint(note, [VerifierKey.parse(vkey)])
    except NoteError as error:
        yield Difference(f"log_checkpoint {number}", str(error), expected)
        return
    stored = f"{found.size} {found.root.hex()}"
    if stored != expected:
        yield Difference(f"log_checkpoint {number}", stored, expected)
    elif (size, peaks) != (edge.size, b"".join(edge.peaks)):
        yield Difference(f"log_checkpoint {number} peaks", f"{size} {peaks.hex()}", b"".join(edge.peaks).hex())
