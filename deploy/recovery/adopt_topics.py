"""Continue a service on topics that were restored from a backup: the same offsets under another topic id."""

from collections.abc import Mapping

from deploy.recovery.stopped_service import StoppedService
from shared.kafka.partition_state import Bounds, missing_records
from shared.kafka.positions import StoredPosition, load_positions, replace_position
from shared.operator_errors import OperatorError
from shared.values.times import now


def adopt_topics(service: StoppedService, copied_ids: Mapping[str, str]) -> list[str]:
    """Move the service's positions to the topics that exist now; return a line for each that loses its offset.

    `copied_ids`: the id that each restored topic had when it was copied. A position in one of them keeps its offset,
    unless that lies beyond the copy: then, as in a topic that is not restored, the partition is read from its beginning
    again, which is safe. OperatorError if a position is of another topic than the one that was copied; nothing has
    changed then.
    """
    instant, lines = now(), []
    with service.engine.begin() as connection:
        for position, bounds in service.held(load_positions(connection)).values():
            after = _adopted(position, bounds, copied_ids.get(position.topic))
            if after.next_offset != position.next_offset:
                where = f"{service.service}: {position.topic}[{position.partition}]"
                lines.append(
                    f"{where}: 由 {after.next_offset} 起重读，原位点 {position.next_offset}"
                    f" / is read again from {after.next_offset}, was at {position.next_offset}"
                )
            if after != position:
                replace_position(connection, position, after, instant)
    return lines


def _adopted(position: StoredPosition, bounds: Bounds, copied_id: str | None) -> StoredPosition:
    """Return the position in the topic that exists now."""
    if position.topic_id == bounds.topic_id:
        return position
    if copied_id is not None and position.topic_id != copied_id:
        raise OperatorError(
            f"{position.topic}[{position.partition}]: 数据库读的是另一主题 {position.topic_id}，备份的是 {copied_id}"
            f" / the database has read another topic, {position.topic_id}, than was backed up, {copied_id}"
        )
    kept = position._replace(topic_id=bounds.topic_id)
    if copied_id is not None and missing_records(kept, bounds) is None:
        return kept
    return kept._replace(next_offset=bounds.first)
