"""Secrets as files: made where they are missing, never changed by themselves; each holder has a folder of its own.

So a program is given the folder of its own holder and sees nobody else's. Files that root makes belong to the user of
the services' image, which a container that makes them runs as. The admins of Kafka and of PostgreSQL are read by the
users of those images too: by group, so whoever makes the files is root or a member of it.
"""

import contextlib
import os
import secrets
import stat
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from shared.events.topics import prefix_of
from shared.settings import Service
from shared.translog.keyfile import new_key_pem
from shared.whitelist import Whitelist

# Users that the images run as: ours, apache/kafka, postgres.
OUR_UID: Final = 10001
KAFKA_GID: Final = 1000
POSTGRES_GID: Final = 999

ADMIN: Final = "admin"
KAFKA_PASSWORD: Final = "kafka-password"  # noqa: S105 - a file's name
DATABASE_PASSWORD: Final = "database-password"  # noqa: S105 - a file's name
SIGNING_KEY: Final = "signing-key"


class SecretsError(RuntimeError):
    """A file of secrets cannot be made, read or used; the message is one line that names it."""


@dataclass(frozen=True)
class Secret:
    """One file: whose it is, what it is for, and the group of another image that reads it too."""

    holder: str
    name: str
    gid: int | None = None

    def path(self, folder: Path) -> Path:
        return folder / self.holder / self.name


def exchange_user(exchange_id: str) -> str:
    """The exchange as a user of Kafka, and as a holder of secrets; what it may use begins with the same words."""
    return prefix_of(exchange_id).removesuffix(".")


def wanted_secrets(exchanges: Whitelist) -> Iterator[Secret]:
    """What the set needs: passwords of Kafka's users, of databases' roles, their owners, both admins; signing keys."""
    yield Secret(ADMIN, KAFKA_PASSWORD, KAFKA_GID)
    yield Secret("postgres", DATABASE_PASSWORD, POSTGRES_GID)
    for service in get_args(Service):
        yield Secret(service, KAFKA_PASSWORD)
        yield Secret(service, DATABASE_PASSWORD)
        yield Secret(service, SIGNING_KEY)
        yield Secret(f"{service}-owner", DATABASE_PASSWORD)
    for exchange_id in exchanges.ids:
        yield Secret(exchange_user(exchange_id), KAFKA_PASSWORD)


def make_secrets(folder: Path, wanted: Iterable[Secret], uid: int = OUR_UID) -> list[Path]:
    """Make the files that are missing, each with a random secret; files that are there stay as they are.

    Returns what was made. `uid` owns them if they are made by root, else whoever makes them. SecretsError.
    """
    made = []
    for secret in wanted:
        path = secret.path(folder)
        if path.exists():
            continue
        if write_secret(path, _new_content(secret), uid, secret.gid):
            made.append(path)
    return made


def write_secret(path: Path, text: str, uid: int = OUR_UID, gid: int | None = None) -> bool:
    """Make one file in a folder of its holder; False if another has made it meanwhile. SecretsError."""
    try:
        _make_folder(path.parent, uid, gid)
        return _write_new(path, text, uid, gid)
    except OSError as error:
        raise SecretsError(f"{path}: 无法建立 / cannot be made: {error.strerror}") from error


def _new_content(secret: Secret) -> str:
    return new_key_pem().rstrip("\n") if secret.name == SIGNING_KEY else new_secret()


def new_secret() -> str:
    """256 random bits, in letters, digits, `_` and `-`."""
    return secrets.token_urlsafe(32)


def read_password(path: Path) -> str | None:
    """What a file of passwords holds, without the end of its line; None if it is not there. SecretsError."""
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"{path}: 无法读取 / cannot be read: {error}") from error


@contextlib.contextmanager
def next_password(path: Path) -> Iterator[str]:
    """A new password for a file that is there: beside it until whoever uses it knows it, then in its place.

    If that fails the file stays as it is, and the new one beside it, as `NAME.next`: whoever uses it may know either.
    """
    following, password = path.with_name(f"{path.name}.next"), new_secret()
    try:
        following.unlink(missing_ok=True)
        there = path.stat()
        _write_new(following, password, there.st_uid, there.st_gid if there.st_mode & stat.S_IRGRP else None)
    except OSError as error:
        raise SecretsError(f"{path}: 无法更换 / cannot be changed: {error.strerror}") from error
    yield password
    following.replace(path)


def write_private(path: Path, text: str) -> None:
    """Replace a file by one that only its owner may read; a crash leaves the old one or the new one."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


def _make_folder(folder: Path, uid: int, gid: int | None) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    hand_over(folder, uid, gid)


def _write_new(path: Path, text: str, uid: int, gid: int | None) -> bool:
    """Make the file whole or not at all; False if another has made it meanwhile."""
    handle, part = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        hand_over(Path(part), uid, gid)
        os.link(part, path)
    except FileExistsError:
        return False
    else:
        return True
    finally:
        Path(part).unlink()


def hand_over(path: Path, uid: int, gid: int | None = None) -> None:
    """Give a file or folder, which its owner alone can read, to `uid` and let the group read it, as far as we may."""
    if os.geteuid() == 0:
        os.chown(path, uid, uid if gid is None else gid)
    elif gid in os.getgroups():
        os.chown(path, -1, gid)
    else:
        return
    if gid is not None:
        path.chmod(0o750 if path.is_dir() else 0o640)
