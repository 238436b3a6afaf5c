"""Merkle trees (RFC 6962, section 2.1): hashes, growth at the right edge, proofs and their verification.

A node is named by its height and its index from the left; a node of height h and index i covers the leaves
i * 2^h .. (i + 1) * 2^h - 1, all of them present. Hashes are 32 bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

Node = Callable[[int, int], bytes]  # the hash of a perfect subtree by height and index


class ProofError(ValueError):
    """The proof does not lead to the root that it claims."""


def split_hashes(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]


def leaf_hash(entry: bytes) -> bytes:
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True)
class Edge:
    """The right edge of a tree: the roots of the perfect subtrees that make it up, from left to right."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if len(self.peaks) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves has {self.size.bit_count()} peaks, not {len(self.peaks)}")

    def root(self) -> bytes:
        if not self.peaks:
            return EMPTY_ROOT
        *rest, root = self.peaks
        for peak in reversed(rest):
            root = node_hash(peak, root)
        return root

    def grown(self, leaves: Sequence[bytes], every: int) -> tuple[Edge, list[Sequence[bytes]]]:
        """Return the edge after these leaf hashes, and the nodes completed at heights 0, `every`, 2 * `every`, ...

        Nodes are in order of index, and the list ends at the last height that has any. It costs about one hash a leaf.
        """
        before, after = list(self.peaks), []  # `before` ends with the lowest peak, `after` begins with it
        complete: list[Sequence[bytes]] = []
        nodes, height = leaves, 0
        while nodes or before:
            if nodes and height % every == 0:
                complete.append(nodes)
            # The old peak of a height is the left sibling of its first new node; an odd last node is the new peak.
            row = [before.pop(), *nodes] if self.size >> height & 1 else nodes
            if len(row) % 2:
                after.append(row[-1])
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
            height += 1
        return Edge(self.size + len(leaves), tuple(after[::-1])), complete


def range_hash(start: int, end: int, node: Node) -> bytes:
    """MTH(D[start:end]) of a range that is a subtree of RFC 6962's recursion; EMPTY_ROOT for an empty range."""
    count = end - start
    if count == 0:
        return EMPTY_ROOT
    if count.bit_count() == 1:
        height = count.bit_length() - 1
        return node(height, start >> height)
    middle = start + _split(count)
    return node_hash(range_hash(start, middle, node), range_hash(middle, end, node))


def inclusion_proof(index: int, size: int, node: Node) -> list[bytes]:
    """PATH(index, D[0:size]). Raises ValueError if there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_hash(middle, end, node))
            end = middle
        else:
            path.append(range_hash(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, node: Node) -> list[bytes]:
    """PROOF(old, D[0:new]); empty for equal sizes and for the empty tree. ValueError if old > new."""
    if not 0 <= old <= new:
        raise ValueError(f"no tree of {old} in one of {new}")
    if old in (0, new):
        return []
    proof = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(range_hash(middle, end, node))
            end = middle
        else:
            proof.append(range_hash(start, middle, node))
            start = middle
    if start:
        proof.append(range_hash(start, end, node))
    return proof[::-1]


def check_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError unless the leaf hash is at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    found = leaf
    for other, is_left in _siblings(index, size - 1, path):
        found = node_hash(other, found) if is_left else node_hash(found, other)
    if found != root:
        raise ProofError(f"leaf {index} is not in the tree of {size}")


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise ProofError unless the tree of `new` leaves begins with all of the tree of `old` leaves."""
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} does not continue one of {old}")
    if old in (0, new):
        if proof or old_root != (EMPTY_ROOT if old == 0 else new_root):
            raise ProofError(f"trees of {old} and {new} leaves differ")
        return
    first, *rest = proof if old.bit_count() > 1 else (old_root, *proof)
    # The proof starts at the largest subtree that ends where the old tree ends.
    height = (old & -old).bit_length() - 1
    before = after = first
    for other, is_left in _siblings((old - 1) >> height, (new - 1) >> height, rest):
        if is_left:
            before = node_hash(other, before)
        after = node_hash(other, after) if is_left else node_hash(after, other)
    if before != old_root or after != new_root:
        raise ProofError(f"the tree of {new} does not continue the one of {old}")


def _siblings(node: int, last: int, path: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each hash of the path from a node to the root, and whether it is a left sibling (RFC 9162, 2.1.3.2).

    `last` is the index of the level's last node. ProofError if the path has the wrong length.
    """
    for other in path:
        if last == 0:
            raise ProofError("the path is too long")
        is_left = bool(node & 1) or node == last
        yield other, is_left
        if is_left:
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        node, last = node >> 1, last >> 1
    if last:
        raise ProofError("the path is too short")


def _split(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1
