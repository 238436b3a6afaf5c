"""Proof that entries are in a log: the hashes of the largest RFC 6962 subtrees without any of them. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.translog.merkle import Node, range_hash


class ProofNode(NamedTuple):
    """The hash of the subtree over the leaves `start` .. `end` - 1."""

    start: int
    end: int
    hash: bytes


def proof_nodes(size: int, since: int, entries: Iterable[int], node: Node) -> Iterator[ProofNode]:
    """Return the nodes of a tree of `size` leaves that complement some entries (in order), cut at `since`, by start."""
    following = iter(entries)
    entry = next(following, None)
    subtrees = [(0, size)] if size else []
    while subtrees:
        start, end = subtrees.pop()
        if (entry is None or entry >= end) and not start < since < end:
            yield ProofNode(start, end, range_hash(start, end, node))
        elif end - start == 1:
            entry = next(following, None)
        else:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            subtrees += [(middle, end), (start, middle)]
