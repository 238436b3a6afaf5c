"""Commands and settings of the services' programs in the set."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from devset.folder import SERVICE_KEY
from devset.postgres import Database
from shared.language import say
from shared.settings import Service

# In the order in which records pass through them.
SERVICES: Final[tuple[Service, ...]] = ("listing", "trade-ingest", "incentive")


@dataclass(frozen=True)
class Addresses:
    """Kafka's bootstrap servers, and HOST:PORT of each service's API."""

    kafka: str
    apis: Mapping[str, str]

    def url(self, service: str) -> str:
        return f"http://{self.apis[service]}"


class ApiAddresses(NamedTuple):
    """The addresses of each copy of the APIs, and those that lead to a copy that is ready: as many as copies."""

    copies: tuple[Addresses, ...]
    fronts: tuple[Addresses, ...]


def module(service: str) -> str:
    return f"services.{service.replace('-', '_')}"


def command(service: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module(service), *arguments]


def serving(service: str, bind: str) -> tuple[str, ...]:
    """Return the arguments of the service's API. Incentive serves the pages and costly queries: it gets two workers."""
    return ("serve", "--bind", bind, *(("--workers", "2") if service == "incentive" else ()))


def admin_settings(addresses: Addresses, exchanges_file: Path) -> dict[str, str]:
    """Return the settings of operators' commands, without the database."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": addresses.kafka,
        "EXCHANGES_FILE": str(exchanges_file),
        "REGISTERS": registers(addresses),
        "INCENTIVE_URL": addresses.url("incentive"),
    }


def registers(addresses: Addresses) -> str:
    """Return the setting that names the register's APIs."""
    return f"r1={addresses.url('listing')},{addresses.url('trade-ingest')}"


def environment(
    addresses: Addresses, database: Database, exchanges_file: Path, keys_file: Path, given: Mapping[str, str]
) -> dict[str, str]:
    """Return the settings of a service's programs; `given` are the caller's settings that the set passes on."""
    read = {"DATABASE_READ_URL": database.read_url} if database.read_url else {}
    return {
        **given,
        **read,
        "PATH": os.defpath,
        "LC_CTYPE": "C.UTF-8",
        "LC_MESSAGES": say("zh_CN.UTF-8", "en_US.UTF-8"),  # the caller's language: their last output is shown
        "PYTHONUNBUFFERED": "1",
        "KAFKA_BOOTSTRAP_SERVERS": addresses.kafka,
        "DATABASE_URL": database.service_url,
        "EXCHANGES_FILE": str(exchanges_file),
        "API_KEYS_FILE": str(keys_file),
        "SIGNING_KEY_FILE": str(keys_file.with_name("signing-key")),
        "SERVICE_KEY_FILE": str(keys_file.with_name(SERVICE_KEY)),
        "REGISTERS": registers(addresses),
    }
