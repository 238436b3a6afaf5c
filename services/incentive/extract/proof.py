"""What proves that entries are in a log: the hashes of the largest subtrees of RFC 6962 without any of them. Pure."""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from shared.tlog.merkle import HASH_BYTES, Node, range_hash
from shared.tlog.tiles import TILE_WIDTH, hashes_at, node_of

_TILES_KEPT = 64


class ProofNode(NamedTuple):
    """The hash of the subtree over the leaves `start` .. `end` - 1."""

    start: int
    end: int
    hash: bytes


class _Ahead:
    """Numbers in order, of which the next can be looked at."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = iter(numbers)
        self.next = next(self._numbers, None)

    def take(self) -> None:
        self.next = next(self._numbers, None)


def proof_nodes(size: int, since: int, entries: Iterable[int], node: Node) -> Iterator[ProofNode]:
    """The nodes of a tree of `size` leaves beside some of its entries (in order), cut at `since`, in order of start."""
    if size:
        yield from _nodes(0, size, since, _Ahead(entries), node)


def _nodes(start: int, end: int, since: int, entries: _Ahead, node: Node) -> Iterator[ProofNode]:
    is_empty = entries.next is None or entries.next >= end
    if is_empty and not start < since < end:
        yield ProofNode(start, end, range_hash(start, end, node))
    elif end - start == 1:
        entries.take()
    else:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        yield from _nodes(start, middle, since, entries, node)
        yield from _nodes(middle, end, since, entries, node)


def node_by_tiles(size: int, fetch: Callable[[int, int, int], bytes]) -> Node:
    """Nodes of a log of `size` entries; `fetch` gives the hashes of a tile by level, index and width.

    Tiles are kept for a while, as neighbouring nodes are asked for one after the other.
    """

    @lru_cache(maxsize=_TILES_KEPT)
    def tile(level: int, index: int) -> bytes:
        width = min(TILE_WIDTH, hashes_at(level, size) - index * TILE_WIDTH)
        hashes = fetch(level, index, width)
        if len(hashes) != width * HASH_BYTES:
            raise ValueError(f"tile {level}/{index} has {len(hashes)} bytes, not {width} hashes")
        return hashes

    def read(level: int, first: int, count: int) -> list[bytes]:
        # Within one tile: a node is a perfect subtree.
        index, place = divmod(first, TILE_WIDTH)
        hashes = tile(level, index)
        return [hashes[at : at + HASH_BYTES] for at in range(place * HASH_BYTES, (place + count) * HASH_BYTES, 32)]

    return node_of(read)
