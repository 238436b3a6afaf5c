"""Proof that entries are in a log: the hashes of the largest RFC 6962 subtrees without any of them. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shared.translog.merkle import Node, range_hash


class ProofNode(NamedTuple):
    """The hash of the subtree over the leaves `start` .. `end` - 1."""

    start: int
    end: int
    hash: bytes


class _Ahead:
    """An iterator of numbers with a lookahead."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._numbers = iter(numbers)
        self.next = next(self._numbers, None)

    def take(self) -> None:
        self.next = next(self._numbers, None)


def proof_nodes(size: int, since: int, entries: Iterable[int], node: Node) -> Iterator[ProofNode]:
    """Return the nodes of a tree of `size` leaves that complement some entries (in order), cut at `since`, by start."""
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
