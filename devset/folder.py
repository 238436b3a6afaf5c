"""The data folder of a set: who uses it, its secrets, and the files that programs get."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from deploy.api_keys import ROLES, key_entry
from deploy.secrets import write_private
from devset.processes import LocalError

# Less is not enough for an empty set: PostgreSQL's write-ahead log and Kafka's indexes take their room at once.
NEEDED_BYTES = 500 * 1024 * 1024
SERVICE_KEY = "service-key"  # the file, beside that of the keys' hashes


@dataclass(frozen=True)
class Secrets:
    """Made at the first start, the same ever after; `keys` are API keys by name."""

    database_password: str
    keys: dict[str, str]


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Make the folder and hold it; LocalError when another set runs on it, or there is no room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise LocalError(
            f"无法使用数据目录 / cannot use the data folder {folder}: {error.strerror}; choose another"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise LocalError(
                f"数据目录已被使用 / the data folder {folder} is in use by another running set "
                f"(pid {file.read().strip() or '?'}): stop it, or choose another --data-dir"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        free = shutil.disk_usage(folder).free
        if free < NEEDED_BYTES:
            raise LocalError(
                f"磁盘空间不足 / only {free >> 20} MB are free for {folder}, {NEEDED_BYTES >> 20} MB are needed: "
                "free some, or choose another --data-dir"
            )
        yield


def load_secrets(folder: Path, exchange_ids: Iterable[str]) -> Secrets:
    """Secrets of this folder; what is missing is made: all at the first start, keys of exchanges that are new later."""
    path = folder / "secrets.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    names = [*ROLES, *(f"exchange:{exchange_id}" for exchange_id in exchange_ids)]
    known: dict[str, str] = kept.get("keys", {})
    found = Secrets(
        database_password=kept.get("database_password") or secrets.token_urlsafe(24),
        keys={name: known.get(name) or secrets.token_urlsafe(32) for name in names},
    )
    # Keys of exchanges that are off the whitelist now are kept for when they are back.
    write_private(
        path, json.dumps({"database_password": found.database_password, "keys": known | found.keys}, indent=1)
    )
    return found


def write_key_files(path: Path, keys: dict[str, str]) -> None:
    """What services get to know of the keys: names, roles, hashes; beside it the one that they ask each other with."""
    # The key of an exchange is named as its role.
    entries = [key_entry(f"local {name}", ROLES.get(name, name), key) for name, key in keys.items()]
    write_private(path, yaml.safe_dump(entries, allow_unicode=True, sort_keys=False))
    write_private(path.with_name(SERVICE_KEY), f"{keys['service']}\n")
