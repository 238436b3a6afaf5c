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
from shared.kafka.publish.publish_records import publish
from shared.settings import KafkaSettings
from tests.support.paths import ROOT
from tests.support.procedures import carry_out
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from shared.events.records import SampleRecord
    from shared.kafka.publish.publish_records import PublishResult

COMPOSE_FILE = ROOT / "docker-compose.yml"
# Containers that keep running; all others are steps that end.
PROGRAMS = ("postgres", "kafka", *(f"{service}-{part}" for service in SERVICES for part in ("api", "consumer")))
HEALTHY_WITHIN_S = 300.0
READY_WITHIN_S = 900.0
LOOK_EVERY_S = 0.3
_LABEL = "com.docker.compose"
# Records per exchange during a restart: enough that some are in flight whenever a container stops. The last ones are
# held back until all restarts are done, however long those take.
EVENTS_A_SECOND = 12.0
KEPT_BACK = 50

_READ_SECRETS = """
import json, pathlib
folder = pathlib.Path("/secrets")
files = [path for path in folder.rglob("*") if path.is_file()]
print(json.dumps({str(path.relative_to(folder)): path.read_text().strip() for path in files}))
"""


class ComposeError(AssertionError):
    """A failed docker command; the message is its output."""


@dataclass
class Stack:
    """A Docker Compose project with its own ports and image."""

    folder: Path
    project: str = field(default_factory=lambda: f"jiangbu-test-{os.getpid()}")
    files: tuple[Path, ...] = (COMPOSE_FILE,)
    ready_after_s: float | None = None
    # Seconds until the services restarted together were healthy again, by their names.
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
        """The address at which exchanges reach the broker."""
        return f"127.0.0.1:{self.ports['KAFKA_PORT']}"

    def compose(self, *arguments: str, timeout_s: float = 600.0) -> str:
        """Run `docker compose` and return its output. Raises ComposeError."""
        files = [word for file in self.files for word in ("-f", file)]
        command = ["docker", "compose", "--env-file", self.env_file, *files]
        return run([*command, "-p", self.project, *arguments], timeout_s)

    def carry_out(self, procedure: str, **options: Any) -> str:
        """Carry out a procedure of docs/en/operations with the settings of this project."""
        settings = {
            "COMPOSE_FILE": str(COMPOSE_FILE),
            "COMPOSE_ENV_FILES": str(self.env_file),
            "COMPOSE_PROJECT_NAME": self.project,
        }
        return carry_out(procedure, os.environ | settings, timeout_s=600.0, **options)

    def doctor(self) -> str:
        """Run the doctor and return its report; ComposeError with the report if it finds a fault."""
        return self.compose("run", "--rm", "--no-deps", "-T", "doctor")

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """Inspect the containers of services, including stopped ones.

        It asks the engine itself, as this is polled and `docker compose` takes many times as long.
        """
        of_project = ["--filter", f"label={_LABEL}.project={self.project}", "--filter", f"label={_LABEL}.oneoff=False"]
        ids = run(["docker", "ps", "--all", "--quiet", *of_project]).split()
        found: list[dict[str, Any]] = json.loads(run(["docker", "inspect", *ids])) if ids else []
        return [one for one in found if one["Config"]["Labels"][f"{_LABEL}.service"] in services]

    def container(self, service: str) -> dict[str, Any]:
        (found,) = self.containers(service)
        return found

    def await_healthy(self, *services: str) -> None:
        """Wait until all containers of these services run and are healthy."""

        def waiting() -> dict[str, Any]:
            states = {one["Name"]: one["State"] for one in self.containers(*services)}
            return {name: state for name, state in states.items() if _health(state) != "healthy"}

        until(lambda: not waiting(), HEALTHY_WITHIN_S, lambda: json.dumps(waiting(), ensure_ascii=False, indent=1))

    @cached_property
    def secrets(self) -> dict[str, str]:
        """The contents of the files that the first step created, by path."""
        said = self.compose("run", "--rm", "--no-deps", "-T", "secrets", "python", "-c", _READ_SECRETS)
        found: dict[str, str] = json.loads(said.splitlines()[-1])
        return found

    def client(self, holder: str) -> Client:
        """Return a client with the API key of this holder of secrets."""
        ports = {service: self.ports[f"{service.replace('-', '_').upper()}_PORT"] for service in SERVICES}
        addresses = Addresses(self.broker, {service: f"127.0.0.1:{port}" for service, port in ports.items()})
        return Client.with_key(addresses, self.secrets[f"{holder}/api-key"])

    def kafka_config(self, user: str) -> dict[str, Any]:
        """Return keyword arguments for a Kafka client that connects from outside as this user."""
        password = self.secrets[f"{user}/kafka-password"]
        return KafkaSettings((self.broker,), "SASL_PLAINTEXT", "SCRAM-SHA-512", user, password).client_config()

    def send(self, records: Sequence[SampleRecord], hurry: threading.Event) -> Events:
        """Start sending events as their exchanges, at a steady rate until `hurry` is set, then the rest at once."""
        return Events(self, records, hurry)


class Events:
    """Events being sent to a broker, in one thread per exchange."""

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
        """Return True while every exchange has records left to send."""
        return all(thread.is_alive() for thread in self._threads)

    def finish(self) -> None:
        """Send the remaining events, and check that the broker has acknowledged every event."""
        self._hurry.set()
        for thread in self._threads:
            thread.join(timeout=180)
            assert not thread.is_alive()
        failures = [failure for published in self._published.values() for failure in published.failures]
        assert failures == []
        assert sum(published.acknowledged.total() for published in self._published.values()) == self._count


def why_unavailable() -> str | None:
    """Return the reason why the set cannot run on this machine, None if it can."""
    try:
        run(["docker", "version"], timeout_s=120)
        run(["docker", "compose", "version"], timeout_s=120)
    except (OSError, subprocess.TimeoutExpired, ComposeError) as error:
        words = str(error).splitlines()[-1]
        return f"没有可用的 Docker / no Docker engine with compose answers: {words}"
    return None


def run(command: Sequence[str | Path], timeout_s: float = 300.0) -> str:
    """Run a command and return its output. Raises ComposeError if it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=timeout_s)
    if done.returncode != 0:
        raise ComposeError(f"{command}: {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def _health(state: dict[str, Any]) -> str:
    return state["Health"]["Status"] if state["Running"] and "Health" in state else state["Status"]
