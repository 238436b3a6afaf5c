"""Client of a service's transparency log (C2SP tlog-tiles): checkpoint, keys, and proofs from tiles.

Tiles are not trusted: proofs made of them are verified against the roots of signed checkpoints.
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

_CACHED_TILES: Final = 1024


class LogReader:
    """Reader of one service's log. Every method raises ApiError if the service gives no or an incomplete answer."""

    def __init__(self, api: Api) -> None:
        self.api = api
        # The content of a tile path never changes; the cache is bounded for a witness that runs for months.
        self._tile = lru_cache(_CACHED_TILES)(self._read_tile)

    def checkpoint(self) -> bytes:
        """Return the newest checkpoint, a signed note, unverified."""
        return self.api.read("/v1/log/checkpoint")

    def verifier_keys(self) -> list[VerifierKey]:
        """Return the keys that the service claims for its log."""
        lines = self.api.read("/v1/log/keys").decode(errors="replace").splitlines()
        try:
            return [VerifierKey.parse(line) for line in lines]
        except NoteError as error:
            raise ApiError(f"{self.api.name}: {error}") from error

    def check_continues(self, old: Checkpoint, new: Checkpoint) -> None:
        """Raise ProofError unless the tree of `new` begins with the whole tree of `old`."""
        proof = consistency_proof(old.size, new.size, self._node(new.size))
        check_consistency(old.size, new.size, proof, old.root, new.root)

    def inclusion(self, leaf: bytes, index: int, checkpoint: Checkpoint) -> list[bytes]:
        """Return the verified proof that the leaf hash is entry `index` of the checkpoint's tree. ProofError."""
        path = inclusion_proof(index, checkpoint.size, self._node(checkpoint.size))
        check_inclusion(leaf, index, checkpoint.size, path, checkpoint.root)
        return path

    def _node(self, size: int) -> Node:
        return node_by_tiles(size, self._tile)

    def _read_tile(self, tile: Tile) -> bytes:
        found = self.api.read(f"/v1/log/tile/{tile.path}")
        if len(found) != tile.width * HASH_BYTES:
            name, path = self.api.name, tile.path
            raise ApiError(f"{name}: 日志分块不完整: {path}", f"{name}: incomplete tile: {path}")
        return found
