"""Records of exchanges that are wrong, unreadable, or held up by their own transaction."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING

from kafka import KafkaProducer

from shared.events.decode import MAX_VALUE_BYTES
from shared.events.topics import topic_of
from tests.faults.alerts.fault import AlertFault
from tests.faults.kinds.streams import flip_last_byte
from tests.faults.world import trade_event

if TYPE_CHECKING:
    from tests.faults.alerts.scene import Scene

# The daily quota of each exchange's quarantine in these sets.
QUOTA_BYTES = 1 << 20
_MANY = 150
_TRANSACTION_TIMEOUT_MS = 900_000
_numbers = count(1)


def many_refused(scene: Scene) -> None:
    _refuse(scene, scene.rig.exchanges.ids[0], [b"rubbish"] * _MANY)


def over_quota(scene: Scene) -> None:
    """Few records, but large ones: the quarantine keeps the beginning of those beyond the quota."""
    large = b"x" * (MAX_VALUE_BYTES - 1024)
    _refuse(scene, scene.rig.exchanges.ids[1], [large] * (QUOTA_BYTES // len(large) + 4))


def revision_conflict(scene: Scene) -> None:
    number = f"CONFLICT-{next(_numbers)}"
    exchange = scene.rig.exchanges.ids[0]
    _refuse(scene, exchange, [trade_event(exchange, number, amount) for amount in ("1.00", "2.00")], refused=1)


def unreadable(scene: Scene) -> None:
    """A stored batch is damaged, and an operator has it set aside."""
    rig = scene.rig
    exchange = rig.exchanges.ids[2]
    topic = topic_of("trade", exchange)
    rig.stop_worker("trade-ingest")
    before = _quarantined(scene)
    scene.flow.send_event("trade", exchange, trade_event(exchange, f"DAMAGED-{next(_numbers)}"), partition=0)
    scene.flow.flush()
    offset = rig.ends([topic])[topic, 0] - 1
    flip_last_byte(rig.kafka.directory / "data" / f"{topic}-0" / f"{0:020d}.log")
    place = ("--topic", topic, "--partition", "0", "--offset", str(offset))
    done = rig.operate("trade-ingest", "set-aside", "--service", "trade-ingest", *place, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    rig.start_worker("trade-ingest")
    rig.wait_until(lambda: _quarantined(scene) > before, 180, "the damaged record is not set aside", 0.25)
    scene.hold(0.5)


def transaction_open(scene: Scene) -> None:
    """An exchange begins a transaction and does not end it; what others publish is taken in."""
    exchange = scene.rig.exchanges.ids[0]
    with closing(
        KafkaProducer(
            bootstrap_servers=scene.rig.bootstrap_servers,
            transactional_id=f"open-{next(_numbers)}",
            transaction_timeout_ms=_TRANSACTION_TIMEOUT_MS,
            allow_auto_create_topics=False,
        )
    ) as producer:
        producer.init_transactions()
        producer.begin_transaction()
        producer.send(topic_of("listing", exchange), b"", partition=0).get(60)
        scene.hold(17)
        producer.abort_transaction()


def _refuse(scene: Scene, exchange: str, values: list[bytes], refused: int = 0) -> None:
    """Publish trades, and wait until the refused ones are in the quarantine: all of them, if no number is given."""
    before = _quarantined(scene)
    for value in values:
        scene.flow.send_event("trade", exchange, value)
    scene.flow.flush()
    wanted = before + (refused or len(values))
    scene.rig.wait_until(lambda: _quarantined(scene) >= wanted, 180, "records are not refused", 0.25)
    scene.hold(0.5)


def _quarantined(scene: Scene) -> float:
    return sum(scene.rig.metric("trade-ingest", "jiangbu_quarantined_records").values())


RECORDS = (
    AlertFault(
        "rubbish",
        f"an exchange publishes {_MANY} records that are no JSON",
        frozenset({"JiangbuRecordsRefused trade-ingest"}),
        many_refused,
        goes_on=True,
        everyday=True,
    ),
    AlertFault(
        "quota used up",
        "an exchange publishes large records that are no JSON, above its quota of the day",
        frozenset({"JiangbuQuarantineCut trade-ingest"}),
        over_quota,
        goes_on=True,
        everyday=True,
    ),
    AlertFault(
        "revision with other content",
        "an exchange publishes two contents of one revision",
        frozenset({"JiangbuRevisionConflict trade-ingest"}),
        revision_conflict,
        goes_on=True,
        everyday=True,
    ),
    AlertFault(
        "damaged batch",
        "a byte of a stored batch is changed, and an operator sets it aside",
        frozenset({"JiangbuRecordsUnreadable trade-ingest"}),
        unreadable,
        goes_on=True,
    ),
    AlertFault(
        "open transaction",
        "a producer of an exchange begins a transaction and does not end it",
        frozenset({"JiangbuTransactionOpen listing"}),
        transaction_open,
    ),
)
