"""Secrets in files: created if missing, never changed automatically, in one folder for each holder.

A program gets the folder of its own holder and sees no other. Files that root creates belong to the user of the
services' image, as which a container that creates them runs. The passwords of the Kafka and PostgreSQL admins are also
readable by the groups of those images, so they are created by root or by a member of these groups.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, get_args

from deploy.backup.sealed import new_backup_key
from shared.durable_files import create_file
from shared.events.topics import prefix_of
from shared.operator_errors import OperatorError
from shared.settings import Service
from shared.translog.keyfile import new_key_pem
from shared.whitelist import Whitelist

# Users of the images: ours, apache/kafka, postgres.
OUR_UID: Final = 10001
KAFKA_GID: Final = 1000
POSTGRES_GID: Final = 999

ADMIN: Final = "admin"
READERS: Final = ("bureau", "auditor")  # Kafka users that read awards
BACKUP: Final = "backup"  # the Kafka user that reads what exchanges publish, and holder of the backups' key
KAFKA_PASSWORD: Final = "kafka-password"  # noqa: S105 - a file's name
DATABASE_PASSWORD: Final = "database-password"  # noqa: S105 - a file's name
SIGNING_KEY: Final = "signing-key"
SESSION_KEY: Final = "session-key"
BACKUP_KEY: Final = "backup-key"


class SecretsError(OperatorError):
    """A secret's file cannot be created, read or used; the message is one line that names it."""


class Secret(NamedTuple):
    """A secret's file: its holder, its purpose, and the group of another image that may read it."""

    holder: str
    name: str
    gid: int | None = None

    def path(self, folder: Path) -> Path:
        return folder / self.holder / self.name


def exchange_user(exchange_id: str) -> str:
    """Return the name of an exchange as a Kafka user and as a holder of secrets, which is the prefix of its topics."""
    return prefix_of(exchange_id).removesuffix(".")


def wanted_secrets(exchanges: Whitelist) -> Iterator[Secret]:
    """Yield all secrets of the set.

    Passwords of Kafka users and database roles, signing keys, the session key, the key of the backups.
    """
    yield Secret(ADMIN, KAFKA_PASSWORD, KAFKA_GID)
    yield Secret("postgres", DATABASE_PASSWORD, POSTGRES_GID)
    for service in get_args(Service):
        yield Secret(service, KAFKA_PASSWORD)
        yield Secret(service, DATABASE_PASSWORD)
        yield Secret(service, SIGNING_KEY)
        yield Secret(f"{service}-owner", DATABASE_PASSWORD)
    yield Secret("incentive", SESSION_KEY)
    for user in (*READERS, BACKUP):
        yield Secret(user, KAFKA_PASSWORD)
    yield Secret(BACKUP, BACKUP_KEY)
    for exchange_id in exchanges.ids:
        yield Secret(exchange_user(exchange_id), KAFKA_PASSWORD)


def make_secrets(folder: Path, wanted: Iterable[Secret], uid: int = OUR_UID) -> list[Path]:
    """Create the missing files, each with a random secret; existing files stay. Returns the new files.

    `uid` owns them if root creates them, else the creator. SecretsError.
    """
    made = []
    for secret in wanted:
        path = secret.path(folder)
        if path.exists():
            continue
        if write_secret(path, _new_content(secret.name), uid, secret.gid):
            made.append(path)
    return made


def _new_content(name: str) -> str:
    if name == SIGNING_KEY:
        return new_key_pem().rstrip("\n")
    return new_backup_key() if name == BACKUP_KEY else new_secret()


def write_secret(path: Path, text: str, uid: int = OUR_UID, gid: int | None = None) -> bool:
    """Create a file in its holder's folder; False if another process was first. SecretsError."""
    try:
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            hand_over(path.parent, uid, gid)
        return create_file(path, f"{text}\n", lambda part: hand_over(part, uid, gid))
    except OSError as error:
        raise SecretsError(f"{path}: 无法建立 / cannot be created: {error.strerror}") from error


def new_secret() -> str:
    """Return 256 random bits as letters, digits, `_` and `-`."""
    return secrets.token_urlsafe(32)


def read_password(path: Path) -> str | None:
    """Read a password without its newline; None if the file does not exist. SecretsError."""
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"{path}: 无法读取 / cannot be read: {error}") from error


@contextlib.contextmanager
def next_password(path: Path) -> Iterator[str]:
    """Rotate a password: provide a new one, stored as `NAME.next` until the block succeeds, then in place of the old.

    If the block fails, both files stay, because either password may be in use.
    """
    following, password = path.with_name(f"{path.name}.next"), new_secret()
    try:
        following.unlink(missing_ok=True)
        there = path.stat()
        gid = there.st_gid if there.st_mode & stat.S_IRGRP else None
        create_file(following, f"{password}\n", lambda part: hand_over(part, there.st_uid, gid))
    except OSError as error:
        raise SecretsError(f"{path}: 无法更换 / cannot be replaced: {error.strerror}") from error
    yield password
    following.replace(path)


def hand_over(path: Path, uid: int, gid: int | None = None) -> None:
    """Give a private file or folder to `uid` and let group `gid` read it, as far as the process may do so."""
    if os.geteuid() == 0:
        os.chown(path, uid, uid if gid is None else gid)
    elif gid in os.getgroups():
        os.chown(path, -1, gid)
    else:
        return
    if gid is not None:
        path.chmod(0o750 if path.is_dir() else 0o640)
