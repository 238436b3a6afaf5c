"""Whether a service is ready: database and broker answer, its consumer works, and nothing waits in vain."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.postgres.schema_version import WrongSchemaError, check_schema
from shared.process.liveness import STUCK_AFTER_S
from shared.telemetry.masking import reason_of
from shared.web.operations.broker import BrokerUnavailableError, End
from shared.web.operations.progress import Stored, combine, stored_snapshot
from shared.web.operations.sampler import Sampler
from shared.web.problems import FieldFault
from shared.web.service import ServiceInfo

# A stopped process or a cut line answers nothing at all, and probes give up after some seconds.
ANSWER_WITHIN_S: Final = 3.0
_BROKER: Final = FieldFault("broker", "消息系统无应答 / the broker does not answer")
_DATABASE: Final = FieldFault("database", "数据库不可用 / the database does not answer as it should")
_log = structlog.get_logger(__name__)

T = TypeVar("T")


class _Question(Generic[T]):
    """Asks what may never answer, from a thread of its own, one call at a time.

    Who asks while a call hangs joins it: so neither threads nor connections pile up.
    """

    def __init__(self, name: str, call: Callable[[], T]) -> None:
        self._name = name
        self._call = call
        self._lock = threading.Lock()
        self._asked: Future[T] | None = None

    def ask(self) -> Future[T]:
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                threading.Thread(target=self._run, args=(self._asked,), name=self._name, daemon=True).start()
            return self._asked

    def _run(self, asked: Future[T]) -> None:
        try:
            asked.set_result(self._call())
        except BaseException as error:  # noqa: BLE001 - raised again where it was asked for
            asked.set_exception(error)


class Readiness:
    """Looks at broker and database for whoever asks, and tells in time of what hangs."""

    def __init__(self, sampler: Sampler) -> None:
        service = sampler.service
        self._sampler = sampler
        self._ends: _Question[dict[str, dict[int, End]]] = _Question(
            "ready-broker", lambda: sampler.broker.ends(service.topics)
        )
        self._stored: _Question[Stored] = _Question("ready-database", lambda: _stored(service))

    def faults(self) -> list[FieldFault]:
        """Why the service is not ready, empty when it is; within `ANSWER_WITHIN_S`, whatever hangs."""
        sampler = self._sampler
        faults = []
        if sampler.has_died:
            faults.append(FieldFault("progress", "进度监测已中断 / the watch over progress has ended; see the log"))
        deadline_s = time.monotonic() + ANSWER_WITHIN_S
        asked_ends, asked_stored = self._ends.ask(), self._stored.ask()
        ends = stored = None
        try:
            ends = asked_ends.result(max(0.0, deadline_s - time.monotonic()))
        except (BrokerUnavailableError, TimeoutError) as error:
            _log.warning("broker not available", error=reason_of(error))
            faults.append(_BROKER)
        try:
            stored = asked_stored.result(max(0.0, deadline_s - time.monotonic()))
        except (SQLAlchemyError, TimeoutError) as error:
            _log.warning("database not available", error=type(error).__name__)
            faults.append(_DATABASE)
        except WrongSchemaError as error:
            faults.append(FieldFault("database", str(error)))
        if stored is not None:
            faults += _stopped_consumer(stored)
        if ends is not None:
            faults += _missing_topics(ends)
        if ends is None or stored is None:
            return faults
        return [*faults, *self._waiting(ends, stored)]

    def _waiting(self, ends: dict[str, dict[int, End]], stored: Stored) -> list[FieldFault]:
        """What is not as it should be although both answer."""
        sampler = self._sampler
        faults = []
        if not stored.in_force:
            message = "尚未按现行设置计算 / not yet counted by the whitelist, policy or cut dates in force"
            faults.append(FieldFault("progress", message))
        try:
            progress = combine(ends, stored, sampler.broker)
        except BrokerUnavailableError:
            return [*faults, _BROKER]
        at_s = sampler.monotonic()
        sampler.movement.observe(progress, at_s)
        waiting_s, unsent_s = sampler.movement.waiting_s(at_s), sampler.movement.outbox_waiting_s(at_s)
        if waiting_s >= STUCK_AFTER_S:
            message = f"有记录等待，{waiting_s:.0f} 秒未处理 / records wait, and none was handled for {waiting_s:.0f} s"
            faults.append(FieldFault("progress", message))
        if unsent_s >= STUCK_AFTER_S:
            message = f"有事实等待，{unsent_s:.0f} 秒未发布 / facts wait, and none was published for {unsent_s:.0f} s"
            faults.append(FieldFault("outbox", message))
        return faults


def _stored(service: ServiceInfo) -> Stored:
    check_schema(service.engine, service.name)
    return stored_snapshot(service, with_counts=False)


def _stopped_consumer(stored: Stored) -> list[FieldFault]:
    """Told at once: a supervisor starts the program again and again, and it does not get to work."""
    run = stored.last_run
    if run is None or not run.has_halted:
        return []
    # The text of a fault of ours may hold what it failed on, and who asks need not show a key.
    reason = run.reason if run.ending == "halted" else "程序错误，见其日志 / a fault of ours, see its log"
    return [FieldFault("consumer", f"消费程序已停止 / the consumer has stopped: {reason}")]


def _missing_topics(ends: dict[str, dict[int, End]]) -> list[FieldFault]:
    missing = [topic for topic, partitions in ends.items() if not partitions]
    if not missing:
        return []
    message = f"缺少主题 / topics are missing: {', '.join(missing)}: run `jiangbu topics apply`"
    return [FieldFault("topics", message)]
