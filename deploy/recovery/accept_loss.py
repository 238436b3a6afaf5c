"""`jiangbu accept-loss`: go on where a topic was made anew, or cut past where it was read, knowing what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deploy.broker.streams import REGISTERS
from shared.kafka.offset_witness import attested
from shared.kafka.partition_state import missing_records
from shared.kafka.positions import load_positions, replace_position
from shared.values.times import format_time, now

if TYPE_CHECKING:
    from deploy.recovery.stopped_service import Stopped
    from shared.kafka.partition_state import Bounds
    from shared.kafka.positions import StoredPosition


class Standing(NamedTuple):
    """Where the database stands in a partition, what the broker has, and what is missing between them, if anything."""

    position: StoredPosition
    bounds: Bounds
    missing: str | None

    @property
    def line(self) -> str:
        """For a person."""
        where = f"{self.position.topic}[{self.position.partition}]"
        if self.missing is None:
            return f"完好 ok    {where}: 自偏移 / goes on from offset {self.position.next_offset}"
        line = f"缺失 LOST  {self.missing}; 将自偏移 / would go on from offset {self.bounds.first}"
        publishers = [name for name, kind in REGISTERS.items() if self.position.topic in kind.facts]
        for name in publishers:
            line += f"; 须重新发布 / its facts must be published again: `jiangbu new-generation --service {name}`"
        return line


def standings(service: Stopped) -> list[Standing]:
    """Every partition that the service reads."""
    with service.engine.begin() as connection:
        stored = load_positions(connection)
    return [
        Standing(position, bounds, missing_records(position, bounds))
        for position, bounds in service.held(stored).values()
    ]


def accept(service: Stopped, found: list[Standing]) -> list[str]:
    """Set the positions where something is missing to the first offset that there is; what was accepted, in lines.

    What comes again is a duplicate, so reading from the beginning is safe. Positions that are well stay, and so does
    what Kafka has seen of them. Raises PartitionLostError, and then nothing was done.
    """
    instant = now()
    lost = [standing for standing in found if standing.missing is not None]
    with service.engine.begin() as connection:
        after = [
            standing.position._replace(topic_id=standing.bounds.topic_id, next_offset=standing.bounds.first)
            for standing in lost
        ]
        for standing, position in zip(lost, after, strict=True):
            replace_position(connection, standing.position, position, instant)
        service.bear_witness({(position.topic, position.partition): attested(position) for position in after})
    return [
        f"{format_time(instant)} 已接受缺失 / accepted as lost: {standing.missing};"
        f" 自偏移 / goes on from offset {standing.bounds.first}"
        for standing in lost
    ]
