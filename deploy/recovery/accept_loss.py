"""`jiangbu accept-loss`: continue after a topic was recreated, or truncated beyond the stored position."""

from typing import NamedTuple

from deploy.broker.streams import REGISTERS
from deploy.recovery.stopped_service import StoppedService
from shared.kafka.offset_witness import attested
from shared.kafka.partition_state import Bounds, missing_records
from shared.kafka.positions import StoredPosition, load_positions, replace_position
from shared.language import join
from shared.values.times import format_time, now


class PartitionCheck(NamedTuple):
    """The stored position in a partition, the broker's bounds, and the missing records, if any."""

    position: StoredPosition
    bounds: Bounds
    missing: str | None

    @property
    def line(self) -> str:
        """A line for a person."""
        where = f"{self.position.topic}[{self.position.partition}]"
        if self.missing is None:
            return f"ok: {where}: offset {self.position.next_offset}"
        republish = [
            f"须重新发布事实 / publish its facts again: `jiangbu new-generation --service {name}`"
            for name, kind in REGISTERS.items()
            if self.position.topic in kind.facts
        ]
        return "LOST: " + join(self.missing, f"-> offset {self.bounds.first}", *republish)


def check_partitions(service: StoppedService) -> list[PartitionCheck]:
    with service.engine.begin() as connection:
        stored = load_positions(connection)
    return [
        PartitionCheck(position, bounds, missing_records(position, bounds))
        for position, bounds in service.held(stored).values()
    ]


def accept(service: StoppedService, found: list[PartitionCheck]) -> list[str]:
    """Move positions with missing records to the first existing offset; return what was accepted, a line each.

    Reading from the beginning is safe, because repeated records are duplicates. Other positions and their offsets in
    Kafka stay. If it raises PartitionLostError, nothing was changed.
    """
    instant = now()
    offsets, lines = {}, []
    with service.engine.begin() as connection:
        for position, bounds, missing in found:
            if missing is not None:
                after = position._replace(topic_id=bounds.topic_id, next_offset=bounds.first)
                replace_position(connection, position, after, instant)
                offsets[after.topic, after.partition] = attested(after)
                accepted = f"{format_time(instant)} 已接受缺失 / accepted as lost"
                lines.append(join(accepted, missing, f"-> offset {bounds.first}"))
        service.set_witnessed_offsets(offsets)
    return lines
