"""Settings of the set's programs as files of systemd and the shell; passwords are in files that a setting names."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.api_keys import API_KEY, HASHES
from deploy.databases import database_of, owner_role, service_role
from deploy.secrets import (
    ADMIN,
    BACKUP,
    BACKUP_KEY,
    DATABASE_PASSWORD,
    KAFKA_PASSWORD,
    SESSION_KEY,
    SIGNING_KEY,
    Secret,
)
from shared.settings import DEFAULT_REGISTER, SecurityProtocol, Service


class Whereabouts(NamedTuple):
    """The places of programs' files, of the broker and of the two registers' APIs.

    `security` is None for a broker that asks nobody for a password.
    """

    config: Path
    secrets: Path
    kafka: str
    listing_url: str
    trade_ingest_url: str
    security: SecurityProtocol | None
    kafka_authority: Path | None = None

    def file(self, holder: str, name: str) -> str:
        """Return the path of a secret."""
        return str(Secret(holder, name).path(self.secrets))


def common_settings(where: Whereabouts, user: str) -> dict[str, str]:
    """Return the settings of every program that is `user` for Kafka."""
    settings = {
        "SECRETS_IN_FILES": "1",
        "EXCHANGES_FILE": str(where.config / "exchanges.yaml"),
        "REGISTERS": f"{DEFAULT_REGISTER}={where.listing_url},{where.trade_ingest_url}",
        "KAFKA_BOOTSTRAP_SERVERS": where.kafka,
    }
    if where.security is None:
        return settings
    if where.kafka_authority is not None:
        settings["KAFKA_SSL_CA_FILE"] = str(where.kafka_authority)
    return settings | {
        "KAFKA_SECURITY_PROTOCOL": where.security,
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": user,
        "KAFKA_SASL_PASSWORD_FILE": where.file(user, KAFKA_PASSWORD),
    }


def service_settings(where: Whereabouts, service: Service, database_url: str) -> dict[str, str]:
    """Return the settings of a service's API and consumer."""
    settings = {
        **common_settings(where, service),
        "DATABASE_URL": database_url,
        "DATABASE_PASSWORD_FILE": where.file(service, DATABASE_PASSWORD),
        "API_KEYS_FILE": str(where.secrets / HASHES),
        "SIGNING_KEY_FILE": where.file(service, SIGNING_KEY),
    }
    if service == "incentive":
        settings |= {
            "SERVICE_KEY_FILE": where.file("service", API_KEY),
            "SESSION_KEY_FILE": where.file(service, SESSION_KEY),
        }
    return settings


def owner_settings(where: Whereabouts, service: Service, owner_url: str) -> dict[str, str]:
    """Return what migrations need besides the settings of their service."""
    return {
        "DATABASE_OWNER_URL": owner_url,
        "DATABASE_OWNER_PASSWORD_FILE": where.file(f"{service}-owner", DATABASE_PASSWORD),
    }


def admin_settings(where: Whereabouts, admin_url: str) -> dict[str, str]:
    """Return what commands of operators need, as the admin of both engines, besides the address of incentive's API."""
    return {**common_settings(where, ADMIN), **_superuser(where, admin_url), **_backup_key(where)}


def backup_settings(where: Whereabouts, admin_url: str) -> dict[str, str]:
    """Return the settings of the backup, which for Kafka is a user that can only read what exchanges publish."""
    return {**common_settings(where, BACKUP), **_superuser(where, admin_url), **_backup_key(where)}


def _superuser(where: Whereabouts, admin_url: str) -> dict[str, str]:
    return {
        "DATABASE_ADMIN_URL": admin_url,
        "DATABASE_ADMIN_PASSWORD_FILE": where.file("postgres", DATABASE_PASSWORD),
    }


def _backup_key(where: Whereabouts) -> dict[str, str]:
    return {"BACKUP_KEY_FILE": where.file(BACKUP, BACKUP_KEY)}


def login(service: Service) -> tuple[str, str, str]:
    """Return the database of a service, and its roles: that of its programs and the owner."""
    name = database_of(service)
    return name, service_role(name), owner_role(name)


def environment_text(settings: Mapping[str, str]) -> str:
    """Return the text of a file of settings, which a shell and systemd read alike."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in settings.items())


def read_environment(*files: Path) -> dict[str, str]:
    """Read files of settings, as systemd does: a later one wins, and one that does not exist says nothing. OSError."""
    words = (shlex.split(file.read_text("utf-8"), comments=True) for file in files if file.exists())
    return {name: value for line in words for name, _, value in (word.partition("=") for word in line)}


def settings_in(config: Path, *whose: str) -> dict[str, str]:
    """Return the settings in a folder of a service, its owner or `admin`; what `own.env` has wins.

    OSError if one of their files is missing.
    """
    files = [config / f"{one}.env" for one in whose]
    for file in files:
        file.stat()  # a file that does not exist is passed over below
    return read_environment(*files, config / "own.env")
