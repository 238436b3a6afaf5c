"""Merkle trees (RFC 6962, 2.1) of logs of which only some entries are in the extract."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence

from .bundle import Bundle
from .report import Unsound
from .signatures import HASH_BYTES, SignedCheckpoint
from .values import Span

TreeNode = tuple[int, int, bytes]  # start, end, hash
TreeLeaf = tuple[int, bytes]  # seq, hash


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The greatest power of two less than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def peaks_of(size: int) -> list[Span]:
    """The perfect subtrees that make up a tree of that size, from left to right."""
    found, start = [], 0
    while start < size:
        width = 1 << ((size - start).bit_length() - 1)
        found.append((start, start + width))
        start += width
    return found


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root hash over the hashes of such subtrees."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    root = hashes[-1]
    for peak in reversed(hashes[:-1]):
        root = node_hash(peak, root)
    return root


class PartialTree:
    """A tree computed from the entries in the extract and the hashes of the subtrees that are not.

    `leaves` are in order of seq, `nodes` in order of start. The hashes of `wanted` subtrees are kept.
    """

    def __init__(
        self, file: str, size: int, nodes: Iterable[TreeNode], leaves: Iterable[TreeLeaf], wanted: Iterable[Span] = ()
    ) -> None:
        self._file, self._nodes, self._leaves, self._wanted = file, iter(nodes), iter(leaves), set(wanted)
        self._node, self._leaf = next(self._nodes, None), next(self._leaves, None)
        self.kept: dict[Span, bytes] = {}
        self.root = self._hash(0, size) if size else hashlib.sha256(b"").digest()
        for left in (self._leaf, self._node):
            if left is not None:
                raise Unsound(f"条目 {left[0]} 位置有误", f"entry {left[0]} is out of place", file=file)

    def _hash(self, start: int, end: int) -> bytes:
        if self._node is not None and self._node[:2] == (start, end):
            found = self._node[2]
            self._node = next(self._nodes, None)
        elif end - start == 1:
            if self._leaf is None or self._leaf[0] != start:
                raise Unsound(f"缺少条目 {start}", f"entry {start} is missing", file=self._file)
            found = self._leaf[1]
            self._leaf = next(self._leaves, None)
        else:
            middle = start + split(end - start)
            found = node_hash(self._hash(start, middle), self._hash(middle, end))
        if (start, end) in self._wanted:
            self.kept[start, end] = found
        return found


def read_proof(bundle: Bundle, file: str, size: int) -> list[TreeNode]:
    """The nodes of a proof file."""
    proof = bundle.json(file)
    if not isinstance(proof, dict) or set(proof) != {"size", "nodes"} or proof["size"] != size:
        raise Unsound("与检查点的大小不符", "not of the checkpoint's size")
    nodes = []
    for start, end, encoded in proof["nodes"]:
        value = base64.b64decode(encoded, validate=True)
        if len(value) != HASH_BYTES or base64.b64encode(value).decode() != encoded:
            raise Unsound("不是哈希", "not a hash", f"{encoded:.60}")
        nodes.append((start, end, value))
    return nodes


def check_log(
    bundle: Bundle,
    files: tuple[str, str],
    checkpoint: SignedCheckpoint,
    leaves: Iterable[TreeLeaf],
    wanted: Iterable[Span],
) -> dict[Span, bytes]:
    """Check entries against the signed root hash, by the files (entries, proof); return the wanted subtrees' hashes."""
    entries, proof = files
    tree = PartialTree(entries, checkpoint.size, read_proof(bundle, proof, checkpoint.size), leaves, wanted)
    if tree.root != checkpoint.root:
        raise Unsound("条目与检查点的根哈希不符", "entries do not hash to the root in the checkpoint", file=entries)
    return tree.kept
