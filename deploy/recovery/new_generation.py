"""`jiangbu new-generation`: go on from an older backup, knowingly, so that the outcome is right again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kafka.structs import OffsetAndMetadata

from deploy.broker.streams import REGISTERS
from deploy.recovery.stopped_service import WorkersRunningError
from shared.kafka.offset_witness import attested
from shared.kafka.partition_state import check_partition
from shared.kafka.positions import load_positions
from shared.register.publish.new_generation import begin_generation
from shared.register.publish.restored_backup import all_published_facts
from shared.register.publish.sender import exclude_senders, fence_senders
from shared.values.times import now

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.recovery.stopped_service import Partition, Stopped
    from shared.kafka.positions import StoredPosition
    from shared.register.kind import RegisterKind

# Of a partition that the database does not know (any more): it will begin at the beginning.
_NOTHING: Final = OffsetAndMetadata(0, "", -1)


def new_generation(service: Stopped) -> list[str]:
    """Do it; lines that say what was done. Raises OperatorError, and then nothing was done."""
    kind = REGISTERS.get(service.service)
    return _older_ledger(service) if kind is None else _older_register(service, kind)


def _older_register(service: Stopped, kind: RegisterKind) -> list[str]:
    register = service.settings.register
    # A sender that comes back from the dead may publish nothing that is not seen here.
    fence_senders(service.client_config, kind.name, register, kind.facts)
    published = all_published_facts(service.client_config, kind.facts, register)
    with service.engine.begin() as connection:
        if not exclude_senders(connection):
            raise WorkersRunningError(f"`{service.service} consume` 正在发布 / is still publishing: stop it first")
        begun = begin_generation(connection, kind, register, published, now())
        lines = _go_on(service, load_positions(connection))
    number = begun.head.generation
    told = f"登记簿 / register {register}: 第 {number} 代 / generation {number}; 将重新发布 / will be published anew:"
    return [f"{told} {begun.keys} 条事实 / facts, 数据库不知道的 / unknown to the database: {begun.unknown}", *lines]


def _older_ledger(service: Stopped) -> list[str]:
    with service.engine.begin() as connection:
        lines = _go_on(service, load_positions(connection))
    told = "台账没有代次，由备份继续 / the ledger has no generation, and goes on from the backup:"
    return [f"{told} 备份之后的决定须重新录入 / decisions recorded after the backup must be entered again", *lines]


def _go_on(service: Stopped, stored: Mapping[Partition, StoredPosition]) -> list[str]:
    """Let Kafka witness what the database says, once it is clear that what follows can still be read."""
    for position, bounds in service.held(stored).values():
        check_partition(position, bounds, service.service)
    shown = service.shown()
    stands = {partition: attested(position) for partition, position in stored.items()}
    service.bear_witness({**dict.fromkeys(shown, _NOTHING), **stands})
    return [_line(partition, stored.get(partition), shown.get(partition)) for partition in sorted({*stored, *shown})]


def _line(partition: Partition, position: StoredPosition | None, shown: OffsetAndMetadata | None) -> str:
    offset = 0 if position is None else position.next_offset
    line = f"{partition[0]}[{partition[1]}]: 自偏移 / goes on from offset {offset}"
    if shown is not None and shown.offset > offset:
        line += f"; 重读 / reads again {offset} .. {shown.offset - 1}"
    return line
