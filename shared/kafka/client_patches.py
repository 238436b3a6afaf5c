"""Patches of kafka-python 3.0.12; import this before creating one of its clients.

Each docstring says what happens without the patch. None of them has a public workaround.
"""

import contextlib
import time
from typing import Any, Final

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    SaslAuthenticationFailedError,
)
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.producer.sender import Sender

from shared.settings import ClientConfig

_CLOSE_TIMEOUT_S: Final = 2.0
_CONNECT_TIMEOUT_MS: Final = 4000
_ATTEMPTS: Final = 5
_PAUSE_S: Final = 0.2
_REASON: Final = "_bootstrap_failure"


def force_close_producer(producer: KafkaProducer) -> None:
    """Close a failed producer without sending its pending records.

    `close` flushes first; when that fails it leaks the sending thread, which retries for ever.
    """
    producer._sender.force_close()  # noqa: SLF001 - see above
    with contextlib.suppress(KafkaError):
        producer.close(timeout=_CLOSE_TIMEOUT_S)


def open_admin(client_config: ClientConfig) -> KafkaAdminClient:
    """Return an admin client with a connection to a broker that answers. Raises KafkaError and OSError.

    The client sends its first request to a broker chosen at random, and fails if that one is dead; once it has a
    connection it prefers that one.
    """
    admin = KafkaAdminClient(**client_config)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            admin.describe_cluster()
        except BaseException as error:
            if attempt == _ATTEMPTS or not isinstance(error, KafkaConnectionError | NodeNotReadyError):
                admin.close()
                raise
            time.sleep(_PAUSE_S)
        else:
            break
    return admin


def _clean_up_failed_bootstrap() -> None:
    """Stop the thread of a client that cannot start, and report the cause.

    Without it every attempt during an outage leaks a thread, and each cause (connection refused, untrusted certificate)
    is reported as "unable to bootstrap".
    """
    bootstrap = KafkaConnectionManager.bootstrap

    def bootstrap_or_stop(manager: Any, *arguments: Any, **options: Any) -> Any:
        try:
            return bootstrap(manager, *arguments, **options)
        except BaseException as error:
            manager._net.stop()  # noqa: SLF001 - see above
            manager.close()
            manager._net.close()  # noqa: SLF001 - see above
            if isinstance(error, KafkaTimeoutError):
                reason = getattr(manager, _REASON, None)
                raise KafkaTimeoutError(f"{error.args[0]}: {reason or 'no answer'}") from reason
            raise

    KafkaConnectionManager.bootstrap = bootstrap_or_stop


def _read_before_disconnect() -> None:
    """Read a broker's last response when it arrives together with the end of the connection.

    That response reports a wrong user or password; without the patch it is lost every other time.
    """
    for transport in (KafkaTCPTransport, KafkaSSLTransport):
        transport._sock_recv = _data_before_end(transport._sock_recv)  # noqa: SLF001 - see above


def _data_before_end(receive: Any) -> Any:
    def data_or_end(transport: Any) -> Any:
        data, end = receive(transport)
        return data, None if data else end  # the next call reports the end again

    return data_or_end


def _fail_fast_on_authentication() -> None:
    """Raise SaslAuthenticationFailedError as soon as the broker rejects user or password at the start.

    Without it the client retries until its timeout. Other causes are remembered for the timeout's message.
    """
    connect = KafkaConnectionManager._connect  # noqa: SLF001 - see above

    async def connect_and_remember(manager: Any, node: Any, connection: Any, **options: Any) -> None:
        await connect(manager, node, connection, **options)
        reason = connection.init_future.exception
        # Only during the start: a client that runs may be let in again.
        if reason is not None and manager.cluster.is_bootstrap(node.node_id):
            setattr(manager, _REASON, reason)
            if isinstance(reason, SaslAuthenticationFailedError):
                manager._auth_failures[node.node_id] = reason  # noqa: SLF001 - see above

    KafkaConnectionManager._connect = connect_and_remember  # noqa: SLF001 - see above


def _bootstrap_by_every_broker() -> None:
    """Give each broker a share of the time to start, so that one that does not answer does not take all of it.

    Without it a client chooses a broker at random and waits for it until the end, though the others would answer.
    """
    get = KafkaConnectionManager.get_connection

    def get_within_share(manager: Any, node_id: Any, timeout_ms: float | None = None, **options: Any) -> Any:
        if timeout_ms is not None and manager.cluster.is_bootstrap(node_id):
            timeout_ms /= len(manager.cluster.bootstrap_brokers())
        return get(manager, node_id, timeout_ms=timeout_ms, **options)

    KafkaConnectionManager.get_connection = get_within_share


def _leave_silent_brokers() -> None:
    """Wait no longer than 4 s for a new connection to a broker, which may be frozen or cut off.

    Without it a client waits for 10 s, and only some clients let themselves be configured.
    """
    KafkaConnectionManager.DEFAULT_CONFIG["socket_connection_setup_timeout_ms"] = _CONNECT_TIMEOUT_MS


def _do_not_time_tasks() -> None:
    """Do not warn when the library holds its own event loop for 0.1 s, as it does on a busy machine.

    A command that sets up no logs has the warning on stderr, among what it reports.
    """
    NetworkSelector.DEFAULT_CONFIG["slow_task_threshold_secs"] = 0


def _keep_transactional_requests() -> None:
    """Send a transactional request again if its coordinator cannot be connected to.

    Without it the sending thread forgets the request, and `commit_transaction` waits for ever: it expects False of
    `await_ready`, which raises.
    """
    begin = Sender.__init__

    def begin_patiently(sender: Any, client: Any, *arguments: Any, **options: Any) -> None:
        begin(sender, client, *arguments, **options)
        await_ready = client.await_ready

        def is_ready(node_id: Any, **options: Any) -> bool:
            try:
                return bool(await_ready(node_id, **options))
            except KafkaConnectionError:
                return False

        client.await_ready = is_ready

    Sender.__init__ = begin_patiently


def _drop_frames_of_timeouts() -> None:
    """Raise a timeout without the frames in which it was raised.

    The library keeps the error in a variable of one of these frames. Without the patch each poll that finds nothing
    leaves a cycle, which keeps the records of the callers alive until the garbage collector finds it.
    """
    run = NetworkSelector.run

    def run_without_frames(selector: Any, *arguments: Any) -> Any:
        try:
            return run(selector, *arguments)
        except KafkaTimeoutError as error:
            raise error.with_traceback(None) from None

    NetworkSelector.run = run_without_frames


def _look_up_new_controllers() -> None:
    """Fetch metadata when the controller is a broker that the client does not know yet.

    Without it a client that started while that broker was joining fails with UnknownBrokerIdError: it keeps only the
    number of the controller from the response that also names its host.
    """
    refresh = KafkaAdminClient._refresh_controller_id  # noqa: SLF001 - see above

    async def refresh_until_known(admin: Any, *arguments: Any, **options: Any) -> int:
        controller: int = await refresh(admin, *arguments, **options)
        cluster = admin._manager.cluster  # noqa: SLF001 - see above
        if cluster.broker_metadata(controller) is None:
            await cluster.refresh_metadata()
        return controller

    KafkaAdminClient._refresh_controller_id = refresh_until_known  # noqa: SLF001 - see above


_clean_up_failed_bootstrap()
_read_before_disconnect()
_fail_fast_on_authentication()
_bootstrap_by_every_broker()
_leave_silent_brokers()
_keep_transactional_requests()
_do_not_time_tasks()
_look_up_new_controllers()
_drop_frames_of_timeouts()
