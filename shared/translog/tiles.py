"""Tiles (C2SP tlog-tiles): 256 hashes of one level, or 256 entries, and the paths at which they are served."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.translog.merkle import HASH_BYTES, Node, node_hash, split_hashes

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_ENTRY_BYTES = 65_535
_TILES_KEPT = 64
_LEVELS = 8  # for a tree of fewer than 2^63 leaves
_PATH = re.compile(r"(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*)([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")

Read = Callable[[int, int, int], "Sequence[bytes]"]  # (level, first, count) -> `count` hashes of a level


@dataclass(frozen=True)
class Tile:
    """A tile of hashes at `level`, or of entries if that is None; `width` of its 256 places are filled."""

    level: int | None
    index: int
    width: int

    @property
    def first(self) -> int:
        return self.index * TILE_WIDTH

    @property
    def path(self) -> str:
        """The path below `tile/`."""
        number = f"{self.index % 1000:03}"
        rest = self.index // 1000
        while rest:
            number = f"x{rest % 1000:03}/{number}"
            rest //= 1000
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"{'entries' if self.level is None else self.level}/{number}{partial}"


def parse_tile(path: str) -> Tile | None:
    """Parse a path below `tile/`; None if it names no tile or is not in canonical form."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    kind, thousands, rest, width = found.groups()
    tile = Tile(
        None if kind == "entries" else int(kind),
        int(thousands.replace("x", "").replace("/", "") + rest),
        TILE_WIDTH if width is None else int(width),
    )
    return tile if tile.path == path and (tile.level or 0) < _LEVELS else None


def hashes_at(level: int, size: int) -> int:
    """Return the number of hashes that a tree of this size has at a tile level."""
    return size >> TILE_HEIGHT * level


def tile_of(level: int | None, index: int, size: int) -> Tile:
    """Return the tile at that place, as wide as a tree of this size fills it."""
    return Tile(level, index, min(TILE_WIDTH, hashes_at(level or 0, size) - index * TILE_WIDTH))


def is_within(tile: Tile, size: int) -> bool:
    """Return True if a tree of this size has everything in the tile."""
    return tile.first + tile.width <= hashes_at(tile.level or 0, size)


def node_of(read: Read) -> Node:
    """Return a function that computes nodes of any height from the hashes in tiles."""

    def node(height: int, index: int) -> bytes:
        level, above = divmod(height, TILE_HEIGHT)
        hashes = list(read(level, index << above, 1 << above))
        while len(hashes) > 1:
            hashes = [node_hash(left, right) for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
        return hashes[0]

    return node


def node_by_tiles(size: int, fetch: Callable[[Tile], bytes]) -> Node:
    """Return a function that computes nodes of a log of `size` entries from fetched tiles.

    It raises ValueError for a tile of the wrong width. Tiles are cached, because proofs need neighbouring nodes.
    """

    @lru_cache(maxsize=_TILES_KEPT)
    def hashes(level: int, index: int) -> list[bytes]:
        tile = tile_of(level, index, size)
        content = fetch(tile)
        if len(content) != tile.width * HASH_BYTES:
            raise ValueError(f"tile {tile.path} has {len(content)} bytes, not {tile.width} hashes")
        return split_hashes(content)

    def read(level: int, first: int, count: int) -> list[bytes]:
        # A node is a perfect subtree, so it lies within one tile.
        index, place = divmod(first, TILE_WIDTH)
        return hashes(level, index)[place : place + count]

    return node_of(read)


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """Encode entries, each after its length in two bytes. ValueError for an entry of over 65,535 bytes."""
    parts = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError(f"an entry of {len(entry)} bytes; a bundle holds at most {MAX_ENTRY_BYTES} of each")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)
