"""`jiangbu new-generation`: continue from a restored older backup with the right result."""

from collections.abc import Mapping
from contextlib import closing
from typing import Final

from kafka import KafkaProducer
from kafka.structs import OffsetAndMetadata

from deploy.broker.streams import REGISTERS
from deploy.recovery.stopped_service import Partition, StoppedService
from services.incentive.commands.publish_awards.publisher import exclude_publishers
from services.incentive.commands.publish_awards.topic import TRANSACTIONAL_ID, all_versions
from services.incentive.store.published.versions import raise_versions
from shared.events.award_events import AWARDS
from shared.kafka.offset_witness import attested, witnessed_offsets
from shared.kafka.partition_state import check_partition
from shared.kafka.positions import StoredPosition, load_positions
from shared.kafka.publish.fenced_producer import fence_producers
from shared.operator_errors import OperatorError
from shared.postgres.replication import require_replication
from shared.register.kind import RegisterKind
from shared.register.publish.new_generation import begin_generation
from shared.register.publish.restored_backup import all_published_facts
from shared.register.publish.sender import exclude_senders, fence_senders
from shared.service_log.store import SignedSize, newest_checkpoint
from shared.values.times import now
from shared.worker.checkpoint_publisher import send_checkpoint

# For a partition that the database does not know: it will be read from the beginning.
_START: Final = OffsetAndMetadata(0, "", -1)
_LEDGER_CONTINUES: Final = (
    "台账由备份继续，备份之后的决定须重新录入"
    " / the ledger continues from the backup; decisions recorded after the backup must be entered again"
)


def new_generation(service: StoppedService) -> list[str]:
    """Continue from the backup; return what was done, a line each. If it raises OperatorError, nothing was changed."""
    kind = REGISTERS.get(service.service)
    if kind is not None:
        return _older_register(service, kind)
    return _older_ledger(service)


def _older_ledger(service: StoppedService) -> list[str]:
    # Fence a suspended publisher: it must not publish anything after the versions are read here.
    fence_producers(service.client_config, TRANSACTIONAL_ID, [AWARDS])
    published = all_versions(service.client_config)
    with service.engine.begin() as connection:
        if not exclude_publishers(connection):
            raise OperatorError(f"`{service.service} consume` 正在发布，请先停止 / is still publishing: stop it first")
        raise_versions(connection, published, now())
        again = (
            f"各项奖补将重新发布，版本大于 {AWARDS} 中已有的 {len(published)} 项"
            f" / all awards will be published again, with versions above those of the {len(published)} in {AWARDS}"
        )
        lines = [_LEDGER_CONTINUES, again, *_continue(service, load_positions(connection))]
        newest = newest_checkpoint(connection)
        # A checkpoint of what was lost would stop the service again.
        if newest is not None:
            _publish(service, newest)
        require_replication(connection)
    return lines


def _publish(service: StoppedService, newest: SignedSize) -> None:
    with closing(KafkaProducer(**service.client_config, acks="all", metrics_enabled=False)) as producer:
        send_checkpoint(producer, newest.note)


def _older_register(service: StoppedService, kind: RegisterKind) -> list[str]:
    register = service.register
    # Fence a paused sender: it must not publish anything after the facts are read here.
    fence_senders(service.client_config, kind.name, register, kind.facts)
    published = all_published_facts(service.client_config, kind.facts, register)
    with service.engine.begin() as connection:
        if not exclude_senders(connection):
            raise OperatorError(f"`{service.service} consume` 正在发布，请先停止 / is still publishing: stop it first")
        begun = begin_generation(connection, kind, register, published, now())
        lines = _continue(service, load_positions(connection))
    number = begun.head.generation
    done = (
        f"登记簿 {register} 进入第 {number} 代，重新发布 {begun.keys} 条事实，其中数据库不知道的 {begun.unknown} 条"
        f" / register {register} starts generation {number}: {begun.keys} facts will be published again,"
        f" {begun.unknown} unknown to the database"
    )
    return [done, *lines]


def _continue(service: StoppedService, stored: Mapping[Partition, StoredPosition]) -> list[str]:
    """Set the witnessed offsets to the stored positions, once all later records are known to exist."""
    for position, bounds in service.held(stored).values():
        check_partition(position, bounds, service.service)
    shown = witnessed_offsets(service.admin, service.group)
    stands = {partition: attested(position) for partition, position in stored.items()}
    service.set_witnessed_offsets({**dict.fromkeys(shown, _START), **stands})
    return [_line(partition, stored.get(partition), shown.get(partition)) for partition in sorted({*stored, *shown})]


def _line(partition: Partition, position: StoredPosition | None, shown: OffsetAndMetadata | None) -> str:
    offset = 0 if position is None else position.next_offset
    line = f"{partition[0]}[{partition[1]}]: offset {offset}"
    if shown is not None and shown.offset > offset:
        line += f" (重读 rereads {offset} .. {shown.offset - 1})"
    return line
