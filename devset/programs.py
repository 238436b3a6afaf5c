"""The services' own programs in the set: how each is called, and with which settings."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from devset.folder import SERVICE_KEY
from devset.postgres import Database

# In the order in which their answers depend on each other.
SERVICES = ("listing", "trade-ingest", "incentive")


@dataclass(frozen=True)
class Addresses:
    """Where things answer: Kafka's bootstrap servers, and HOST:PORT of each service's API."""

    kafka: str
    apis: Mapping[str, str]

    def url(self, service: str) -> str:
        return f"http://{self.apis[service]}"


def module(service: str) -> str:
    return f"services.{service.replace('-', '_')}"


def command(service: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module(service), *arguments]


def serving(service: str, bind: str) -> tuple[str, ...]:
    """Arguments of its API. Incentive's works most for an answer, and people wait for it: it has both cores."""
    return ("serve", "--bind", bind, *(("--workers", "2") if service == "incentive" else ()))


def environment(
    addresses: Addresses, database: Database, exchanges_file: Path, keys_file: Path, given: Mapping[str, str]
) -> dict[str, str]:
    """Settings of a service's programs; `given` are those of the caller that the set does not decide."""
    registers = f"r1={addresses.url('listing')},{addresses.url('trade-ingest')}"
    return {
        **given,
        "PATH": os.defpath,
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "KAFKA_BOOTSTRAP_SERVERS": addresses.kafka,
        "DATABASE_URL": database.service_url,
        "EXCHANGES_FILE": str(exchanges_file),
        "API_KEYS_FILE": str(keys_file),
        "SIGNING_KEY_FILE": str(keys_file.with_name("signing-key")),
        "SERVICE_KEY_FILE": str(keys_file.with_name(SERVICE_KEY)),
        "REGISTERS": registers,
    }
