"""Readiness of a service: database and broker answer, clocks agree, the consumer runs, no records are stalled."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Final, Generic, NamedTuple, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from shared.language import add_details
from shared.postgres.clock import is_wrong, wrong_clock_text
from shared.postgres.schema_version import WrongSchemaError, check_schema
from shared.process.liveness import STUCK_AFTER_S
from shared.telemetry.masking import reason_of
from shared.web.operations.broker import End, OffsetsUnavailableError
from shared.web.operations.progress import Sampler, Stored, combine, stored_snapshot
from shared.web.problems import FieldFault
from shared.web.service import ServiceInfo

# A stopped process or a cut connection never answers, and probes give up after some seconds.
ANSWER_WITHIN_S: Final = 3.0
_BROKER: Final = FieldFault("broker", "消息系统无应答 / the broker does not respond")
_DATABASE: Final = FieldFault("database", "数据库不可用 / the database is unavailable")
_log = structlog.get_logger(__name__)

T = TypeVar("T")


class SharedCall(Generic[T]):
    """A call that may hang, run in its own thread, one at a time.

    Callers join a call that is in progress, so neither threads nor connections pile up.
    """

    def __init__(self, name: str, call: Callable[[], T]) -> None:
        self._name = name
        self._call = call
        self._lock = threading.Lock()
        self._running: Future[T] | None = None

    def start(self) -> Future[T]:
        with self._lock:
            if self._running is None or self._running.done():
                self._running = Future()
                threading.Thread(target=self._run, args=(self._running,), name=self._name, daemon=True).start()
            return self._running

    def _run(self, future: Future[T]) -> None:
        try:
            future.set_result(self._call())
        except BaseException as error:  # noqa: BLE001 - raised again to the caller
            future.set_exception(error)


class ServiceState(NamedTuple):
    """Why a service is not ready (empty if it is), and whether its commits reach a standby where they must."""

    faults: list[FieldFault]
    is_replicated: bool


class Readiness:
    """Checks broker and database, with a time limit."""

    def __init__(self, sampler: Sampler) -> None:
        service = sampler.service
        self._sampler = sampler
        self._ends: SharedCall[dict[str, dict[int, End]]] = SharedCall(
            "ready-broker", lambda: sampler.broker.ends(service.topics)
        )
        self._lost: SharedCall[str | None] = SharedCall("ready-log", sampler.lost)
        self._stored: SharedCall[Stored] = SharedCall("ready-database", lambda: _stored(service))

    def state(self) -> ServiceState:
        """Check the service, within `ANSWER_WITHIN_S`.

        While commits wait for a standby that does not answer, nothing can be recorded, but reads go on: the API stays
        ready, so that proxies go on to send it requests, and stalled work is no fault of its own.
        """
        sampler = self._sampler
        faults = []
        if sampler.has_died:
            faults.append(FieldFault("progress", "进度监测已中断，见日志 / progress sampling has stopped; see the log"))
        deadline_s = time.monotonic() + ANSWER_WITHIN_S
        ends_call, stored_call, lost_call = self._ends.start(), self._stored.start(), self._lost.start()
        ends = stored = None
        try:
            ends = ends_call.result(max(0.0, deadline_s - time.monotonic()))
        except (OffsetsUnavailableError, TimeoutError) as error:
            _log.warning("broker unavailable", error=reason_of(error))
            faults += self._broker_faults()
        try:
            stored = stored_call.result(max(0.0, deadline_s - time.monotonic()))
        except (SQLAlchemyError, TimeoutError) as error:
            _log.warning("database unavailable", error=type(error).__name__)
            faults.append(_DATABASE)
        except WrongSchemaError as error:
            faults.append(FieldFault("database", str(error)))
        with suppress(TimeoutError):  # the broker does not respond
            lost = lost_call.result(max(0.0, deadline_s - time.monotonic()))
            faults += [] if lost is None else [FieldFault("database", lost)]
        if stored is not None:
            faults += _wrong_clock(stored) + _stopped_consumer(stored)
        if ends is not None:
            faults += _missing_topics(ends)
        is_replicated = stored is None or stored.replication is None or not stored.replication.is_missing
        if ends is not None and stored is not None:
            faults += self._waiting(ends, stored, may_stall=not is_replicated)
        return ServiceState(faults, is_replicated)

    def _broker_faults(self) -> list[FieldFault]:
        """Report a broker that does not respond; not until another had time to take over, because reads go on."""
        return [] if self._sampler.broker.is_electing() else [_BROKER]

    def _waiting(self, ends: dict[str, dict[int, End]], stored: Stored, *, may_stall: bool) -> list[FieldFault]:
        sampler = self._sampler
        faults = []
        if not stored.in_force:
            message = "尚未按现行设置计算 / not yet computed with the whitelist, policy or cut dates in force"
            faults.append(FieldFault("progress", message))
        try:
            progress = combine(ends, stored, sampler.broker)
        except OffsetsUnavailableError:
            return faults + self._broker_faults()
        at_s = sampler.monotonic()
        sampler.movement.observe(progress, at_s)
        if may_stall:
            return faults
        waiting_s, unsent_s = sampler.movement.waiting_s(at_s), sampler.movement.outbox_waiting_s(at_s)
        if waiting_s >= STUCK_AFTER_S:
            message = (
                f"有记录等待，{waiting_s:.0f} 秒未处理 / stalled: records waiting, none processed for {waiting_s:.0f} s"
            )
            faults.append(FieldFault("progress", message))
        if unsent_s >= STUCK_AFTER_S:
            message = (
                f"有事实等待，{unsent_s:.0f} 秒未发布 / stalled: facts waiting, none published for {unsent_s:.0f} s"
            )
            faults.append(FieldFault("outbox", message))
        return faults


def _stored(service: ServiceInfo) -> Stored:
    check_schema(service.engine, service.name)
    return stored_snapshot(service, with_counts=False)


def _wrong_clock(stored: Stored) -> list[FieldFault]:
    error_s = stored.clock_error_s
    return [FieldFault("clock", wrong_clock_text(error_s))] if is_wrong(error_s) else []


def _stopped_consumer(stored: Stored) -> list[FieldFault]:
    """Report it at once: a supervisor restarts the program again and again without success."""
    run = stored.last_run
    if run is None or not run.has_halted:
        return []
    # A bug's message may contain data, and this route needs no key.
    reason = (run.reason if run.ending == "halted" else None) or "程序错误，见其日志 / internal error, see its log"
    return [FieldFault("consumer", add_details("消费程序已停止 / the consumer has stopped", reason))]


def _missing_topics(ends: dict[str, dict[int, End]]) -> list[FieldFault]:
    missing = [topic for topic, partitions in ends.items() if not partitions]
    if not missing:
        return []
    message = f"缺少主题 / missing topics: {', '.join(missing)}: run `jiangbu topics apply`"
    return [FieldFault("topics", message)]
