"""Rules of a partition, as plain data: how bytes between two nodes are treated."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection


class Treatment(Enum):
    """Treatment of bytes in transit: held bytes arrive late, as TCP repeats them after a partition."""

    PASS = auto()
    HOLD = auto()
    DROP = auto()


class Link(NamedTuple):
    """How bytes are treated from the client to the server and back, and by how much each portion is delayed."""

    there: Treatment = Treatment.PASS
    back: Treatment = Treatment.PASS
    delay_s: float = 0.0


OPEN = Link()
HELD = Link(Treatment.HOLD, Treatment.HOLD)
# (source, target) -> how connections between these nodes are treated; all others are open. The source is "" for who is
# on no node.
Rule = Mapping[tuple[str, str], Link]


def separated(nodes: Collection[str], others: Collection[str]) -> Rule:
    """Return the rule of a partition between two groups of nodes; who is in neither reaches both."""
    one_way = {(one, other) for one in nodes for other in others}
    return dict.fromkeys(one_way | {(other, one) for one, other in one_way}, HELD)
