"""The patches of kafka-python fit the version that is pinned, and each is in place."""

from __future__ import annotations

import ast
import contextlib
import gc
import inspect
import socket
import subprocess
import sys
import time
import tomllib
import weakref
from importlib import import_module
from unittest.mock import MagicMock

import kafka
import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaConnectionError, KafkaTimeoutError
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaSSLTransport, KafkaTCPTransport
from kafka.producer.sender import Sender
from packaging.requirements import Requirement

from shared.kafka import client_patches
from tests.support.paths import ROOT

PATCHED = (
    (KafkaConnectionManager, "bootstrap"),
    (KafkaConnectionManager, "_connect"),
    (KafkaConnectionManager, "get_connection"),
    (KafkaTCPTransport, "_sock_recv"),
    (KafkaSSLTransport, "_sock_recv"),
    (Sender, "__init__"),
    (KafkaAdminClient, "_refresh_controller_id"),
    (NetworkSelector, "run"),
)
# Names of the library that the patches use, by the module that must still have them.
USED = {
    "kafka.net.manager": (
        "bootstrap",
        "_connect",
        "_net",
        "_auth_failures",
        "get_connection",
        "socket_connection_setup_timeout_ms",
    ),
    "kafka.net.connection": ("init_future",),
    "kafka.cluster": ("is_bootstrap", "bootstrap_brokers", "broker_metadata", "refresh_metadata"),
    "kafka.admin.client": ("_refresh_controller_id", "_manager"),
    "kafka.net.transport": ("_sock_recv",),
    "kafka.producer.kafka": ("_sender",),
    "kafka.producer.sender": ("force_close", "await_ready", "_client"),
    "kafka.net.selector": ("slow_task_threshold_secs", "run"),
}


@pytest.mark.parametrize("project", ["pyproject.toml", "exchange_kit/pyproject.toml"])
def test_exactly_the_patched_version_is_required(project: str) -> None:
    dependencies = tomllib.loads((ROOT / project).read_text("utf-8"))["project"]["dependencies"]
    (wanted,) = (one for one in map(Requirement, dependencies) if one.name == "kafka-python")
    assert str(wanted.specifier) == f"=={kafka.__version__}"
    assert client_patches.__doc__ is not None
    assert f"Patches of kafka-python {kafka.__version__};" in client_patches.__doc__


def test_each_patch_is_in_place() -> None:
    assert {getattr(owner, name).__module__ for owner, name in PATCHED} == {client_patches.__name__}


@pytest.mark.parametrize("module", USED)
def test_what_a_patch_uses_is_still_there(module: str) -> None:
    nodes = list(ast.walk(ast.parse(inspect.getsource(import_module(module)))))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    names |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    names |= {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert set(USED[module]) <= names


def test_importing_anything_of_the_package_patches() -> None:
    check = "import sys, shared.kafka.positions; sys.exit('shared.kafka.client_patches' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0


def test_a_slow_step_of_the_event_loop_is_not_reported(caplog: pytest.LogCaptureFixture) -> None:
    """A program without logs would print the library's warning to stderr."""

    async def slow() -> str:
        time.sleep(0.15)  # noqa: ASYNC251 - the fault in question
        return "done"

    loop = NetworkSelector()
    loop.start()
    try:
        assert loop.run(slow) == "done"
    finally:
        loop.stop()
        loop.close()
    assert not [record for record in caplog.records if "ran for" in record.getMessage()]


def test_a_timeout_keeps_nothing_of_its_callers() -> None:
    """A reader polls in vain many times a second, and the records that it holds then would stay with the error."""

    class Records:
        pass

    def poll_in_vain() -> weakref.ref[Records]:
        records = Records()
        with contextlib.suppress(KafkaTimeoutError):
            loop.run(fail)
        return weakref.ref(records)

    async def fail() -> None:
        raise KafkaTimeoutError("nothing came")

    loop = NetworkSelector()
    loop.start()
    gc.disable()
    try:
        assert poll_in_vain()() is None
    finally:
        gc.enable()
        loop.stop()
        loop.close()


def test_data_that_comes_with_the_end_of_a_connection_is_read_first() -> None:
    answers = iter([(b"no", "end"), (b"", "end")])
    receive = client_patches._data_before_end(lambda _: next(answers))  # noqa: SLF001 - of ours
    assert [receive(None), receive(None)] == [(b"no", None), (b"", "end")]


def test_a_client_that_starts_does_not_wait_for_one_silent_broker_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        asked = [f"127.0.0.1:{server.getsockname()[1]}" for server in (one, other)]
        with pytest.raises(KafkaTimeoutError):
            KafkaAdminClient(bootstrap_servers=asked, bootstrap_timeout_ms=3000)
        assert sum(map(connections, (one, other))) > 1


def connections(server: socket.socket) -> int:
    """Return how many connections a server could accept."""
    server.setblocking(False)
    accepted = 0
    with contextlib.suppress(BlockingIOError), contextlib.ExitStack() as opened:
        while True:
            opened.enter_context(server.accept()[0])
            accepted += 1
    return accepted


def test_a_request_stays_when_the_coordinator_cannot_be_connected_to() -> None:
    """Otherwise the commit of a transaction waits for ever after the broker was killed."""
    client, transactions = MagicMock(), MagicMock()
    client.await_ready.side_effect = KafkaConnectionError("not ready")
    request = transactions.next_request_handler.return_value
    request.needs_coordinator.return_value = True
    sender = Sender(client, None, MagicMock(), transaction_manager=transactions)
    assert sender._maybe_send_pending_request()  # noqa: SLF001 - where the request was lost
    transactions.lookup_coordinator_for_request.assert_called_once_with(request)
    transactions.retry.assert_called_once_with(request)
