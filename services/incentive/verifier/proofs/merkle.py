"""Merkle trees (RFC 6962, 2.1) of logs of which only some entries are in the extract."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from ..report import Unsound
from ..values import Span

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
