"""The set of docker-compose.yml as an operator has it: commands, addresses, secrets, containers, and sending events."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from devset.client import Client
from devset.processes import free_ports
from devset.programs import SERVICES, Addresses
from exchange_kit.publish import publish
from shared.settings import KafkaSettings
from tests.support.paths import ROOT
from tests.support.procedures import carry_out
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from exchange_kit.publish import PublishResult
    from exchange_kit.records import SampleRecord

COMPOSE_FILE = ROOT / "docker-compose.yml"
# Containers that go on; all others are steps that end.
PROGRAMS = ("postgres", "kafka", *(f"{service}-{part}" for service in SERVICES for part in ("api", "consumer")))
HEALTHY_WITHIN_S = 300.0
LOOK_EVERY_S = 0.3
_LABEL = "com.docker.compose"
# Of each exchange, while something is restarted: enough that records are under way whenever it goes. The last ones are
# kept until nothing is restarted any more, however long that took.
EVENTS_A_SECOND = 12.0
KEPT_BACK = 50

_READ_SECRETS = """
import json, pathlib
folder = pathlib.Path("/secrets")
files = [path for path in folder.rglob("*") if path.is_file()]
print(json.dumps({str(path.relative_to(folder)): path.read_text().strip() for path in files}))
"""


class ComposeError(AssertionError):
    """A command of docker failed; the message is what it said."""


@dataclass
class Stack:
    """A project of docker compose with ports and an image of its own."""

    folder: Path
    project: str = field(default_factory=lambda: f"jiangbu-test-{os.getpid()}")
    ready_after_s: float | None = None
    # What was restarted together, and how long that took until all of it was healthy again.
    restarts_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = ("KAFKA_PORT", "LISTING_PORT", "TRADE_INGEST_PORT", "INCENTIVE_PORT")
        self.ports = dict(zip(names, free_ports(len(names)), strict=True))
        self.image = f"jiangbu:{self.project}"
        settings = self.ports | {"KAFKA_OUTSIDE_ADDRESS": self.broker, "JIANGBU_IMAGE": self.image}
        self.env_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()), "utf-8")

    @property
    def env_file(self) -> Path:
        return self.folder / ".env"

    @property
    def broker(self) -> str:
        """Where exchanges reach the broker."""
        return f"127.0.0.1:{self.ports['KAFKA_PORT']}"

    def compose(self, *arguments: str, timeout_s: float = 600.0) -> str:
        """Output of `docker compose`. ComposeError."""
        command = ["docker", "compose", "--env-file", self.env_file, "-f", COMPOSE_FILE]
        return run([*command, "-p", self.project, *arguments], timeout_s)

    def carry_out(self, procedure: str, **options: Any) -> str:
        """A procedure of docs/en/operations, in the folder of the set as it were."""
        settings = {
            "COMPOSE_FILE": str(COMPOSE_FILE),
            "COMPOSE_ENV_FILES": str(self.env_file),
            "COMPOSE_PROJECT_NAME": self.project,
        }
        return carry_out(procedure, os.environ | settings, timeout_s=600.0, **options)

    def doctor(self) -> str:
        """What it says of the set; ComposeError with what it says if something is wrong."""
        return self.compose("run", "--rm", "--no-deps", "-T", "doctor")

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """What the engine says of the containers of services, ended ones included.

        Asked of the engine itself: `docker compose` takes many times as long for it, and is asked again and again.
        """
        of_project = ["--filter", f"label={_LABEL}.project={self.project}", "--filter", f"label={_LABEL}.oneoff=False"]
        ids = run(["docker", "ps", "--all", "--quiet", *of_project]).split()
        found: list[dict[str, Any]] = json.loads(run(["docker", "inspect", *ids])) if ids else []
        return [one for one in found if one["Config"]["Labels"][f"{_LABEL}.service"] in services]

    def container(self, service: str) -> dict[str, Any]:
        (found,) = self.containers(service)
        return found

    def await_healthy(self, *services: str) -> None:
        """Until all containers of these services run and are healthy."""

        def waiting() -> dict[str, Any]:
            states = {one["Name"]: one["State"] for one in self.containers(*services)}
            return {name: state for name, state in states.items() if _health(state) != "healthy"}

        until(lambda: not waiting(), HEALTHY_WITHIN_S, lambda: json.dumps(waiting(), ensure_ascii=False, indent=1))

    @cached_property
    def secrets(self) -> dict[str, str]:
        """Contents of the files that the first step made, by path."""
        said = self.compose("run", "--rm", "--no-deps", "-T", "secrets", "python", "-c", _READ_SECRETS)
        found: dict[str, str] = json.loads(said.splitlines()[-1])
        return found

    def client(self, holder: str) -> Client:
        """Asks with the API key of that holder of secrets."""
        ports = {service: self.ports[f"{service.replace('-', '_').upper()}_PORT"] for service in SERVICES}
        addresses = Addresses(self.broker, {service: f"127.0.0.1:{port}" for service, port in ports.items()})
        return Client.with_key(addresses, self.secrets[f"{holder}/api-key"])

    def kafka_config(self, user: str) -> dict[str, Any]:
        """Keyword arguments of a client that comes from outside as that user."""
        password = self.secrets[f"{user}/kafka-password"]
        return KafkaSettings((self.broker,), "SASL_PLAINTEXT", "SCRAM-SHA-512", user, password).client_config()

    def send(self, records: Sequence[SampleRecord], hurry: threading.Event) -> Events:
        """Begin to send events, each as its exchange; in a steady stream until `hurry` is set, then the rest."""
        return Events(self, records, hurry)


class Events:
    """Events under way to a broker, from each exchange in a thread of its own."""

    def __init__(self, stack: Stack, records: Sequence[SampleRecord], hurry: threading.Event) -> None:
        self._hurry = hurry
        self._published: dict[str, PublishResult] = {}
        self._count = len(records)
        of_exchange: dict[str, list[SampleRecord]] = {}
        for record in records:
            of_exchange.setdefault(record.exchange, []).append(record)
        self._threads = [
            threading.Thread(target=self._send, args=(exchange, sent, stack.kafka_config(f"exchange.{exchange}")))
            for exchange, sent in of_exchange.items()
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, exchange: str, records: list[SampleRecord], config: dict[str, Any]) -> None:
        self._published[exchange] = publish(self._paced(records), config, lambda _: None)

    def _paced(self, records: list[SampleRecord]) -> Iterator[SampleRecord]:
        began_s = time.monotonic()
        for number, record in enumerate(records):
            due_s = began_s + number / EVENTS_A_SECOND - time.monotonic()
            self._hurry.wait(None if number >= len(records) - KEPT_BACK else max(0.0, due_s))
            yield record

    def flow(self) -> bool:
        """Whether there is more to send."""
        return all(thread.is_alive() for thread in self._threads)

    def finish(self) -> None:
        """Send what is left, and see that the broker has acknowledged every event."""
        self._hurry.set()
        for thread in self._threads:
            thread.join(timeout=180)
            assert not thread.is_alive()
        failures = [failure for published in self._published.values() for failure in published.failures]
        assert failures == []
        assert sum(published.acknowledged.total() for published in self._published.values()) == self._count


def run(command: Sequence[str | Path], timeout_s: float = 60.0) -> str:
    """Output of a command, which must end well. ComposeError."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout_s)
    if done.returncode != 0:
        raise ComposeError(f"{command}: {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def _health(state: dict[str, Any]) -> str:
    return state["Health"]["Status"] if state["Running"] and "Health" in state else state["Status"]
