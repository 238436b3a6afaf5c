"""A service's transparency log as its clients read it (C2SP tlog-tiles): checkpoint, keys, and proofs from tiles.

Nothing that comes from tiles is believed: what they are asked for is held against the roots of signed checkpoints.
"""

from functools import lru_cache
from typing import Final

from exchange_kit.api import Api, ApiError
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import (
    HASH_BYTES,
    Node,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
)
from shared.translog.note import NoteError, VerifierKey
from shared.translog.tiles import Tile, node_by_tiles

_TILES_KEPT: Final = 1024


class LogReader:
    """One service's log. Every method raises ApiError where the service gives no answer, or not a whole one."""

    def __init__(self, api: Api) -> None:
        self.api = api
        # What a tile's path names never changes; a witness that watches for months keeps those of late.
        self._tile = lru_cache(_TILES_KEPT)(self._read_tile)

    def checkpoint(self) -> bytes:
        """The newest checkpoint, a signed note; nothing of it is checked."""
        return self.api.read("/v1/log/checkpoint")

    def verifier_keys(self) -> list[VerifierKey]:
        """The keys that the service says are its log's."""
        lines = self.api.read("/v1/log/keys").decode(errors="replace").splitlines()
        try:
            return [VerifierKey.parse(line) for line in lines]
        except NoteError as error:
            raise ApiError(f"{self.api.name}: {error}", None) from error

    def check_continues(self, old: Checkpoint, new: Checkpoint) -> None:
        """Raise ProofError unless the tree of `new` begins with the whole tree of `old`."""
        proof = consistency_proof(old.size, new.size, self._node(new.size))
        check_consistency(old.size, new.size, proof, old.root, new.root)

    def inclusion(self, leaf: bytes, index: int, checkpoint: Checkpoint) -> list[bytes]:
        """The proof that the leaf hash is entry `index` of the checkpoint's tree. ProofError if it is not."""
        path = inclusion_proof(index, checkpoint.size, self._node(checkpoint.size))
        check_inclusion(leaf, index, checkpoint.size, path, checkpoint.root)
        return path

    def _node(self, size: int) -> Node:
        return node_by_tiles(size, self._tile)

    def _read_tile(self, tile: Tile) -> bytes:
        found = self.api.read(f"/v1/log/tile/{tile.path}")
        if len(found) != tile.width * HASH_BYTES:
            raise ApiError(f"{self.api.name}: 瓦片不完整 / the tile is not whole: {tile.path}", None)
        return found
