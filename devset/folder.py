"""The data folder of a set: its lock, its secrets, and the key files of its programs."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from deploy.api_keys import ROLES, key_entry
from deploy.secrets import KAFKA_PASSWORD, Secret, exchange_user
from devset.processes import LocalError
from shared.durable_files import replace_file

# An empty set needs as much: PostgreSQL's write-ahead log and Kafka's indexes are allocated at the start.
NEEDED_BYTES = 500 * 1024 * 1024
LOCK_FILE = "lock"
ADMIN_FILE = "admin.env"  # the settings of operators' commands
SERVICE_KEY = "service-key"  # a file in the folder of the key hashes


class Secrets(NamedTuple):
    """Secrets created at the first start and kept; `keys` are API keys by name."""

    database_password: str
    keys: dict[str, str]


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Create the folder and lock it. LocalError if another set uses it or the disk has no room."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_FILE).open("a+", encoding="ascii")
    except OSError as error:
        raise LocalError(
            f"无法使用数据目录 {folder}：{error.strerror}；请另选目录",
            f"cannot use the data folder {folder}: {error.strerror}; choose another",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            pid = file.read().strip() or "?"
            raise LocalError(
                f"数据目录 {folder} 已被另一套运行中的系统（pid {pid}）使用：请先停止它，或用 --data-dir 另选目录",
                f"the data folder {folder} is in use by another running set (pid {pid}): stop it, or choose"
                " another --data-dir",
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        free = shutil.disk_usage(folder).free
        if free < NEEDED_BYTES:
            free_mb, needed_mb = free >> 20, NEEDED_BYTES >> 20
            raise LocalError(
                f"磁盘空间不足：{folder} 仅余 {free_mb} MB，需要 {needed_mb} MB；请腾出空间，或用 --data-dir 另选目录",
                f"only {free_mb} MB are free for {folder}, {needed_mb} MB are needed: free some, or choose another"
                " --data-dir",
            )
        yield


def load_secrets(folder: Path, exchange_ids: Iterable[str]) -> Secrets:
    """Load the secrets of the folder; create those that are missing: all, or the keys of new exchanges."""
    path = folder / "secrets.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    password: str = kept.get("database_password") or secrets.token_urlsafe(24)
    names = [*ROLES, *(f"exchange:{exchange_id}" for exchange_id in exchange_ids)]
    known: dict[str, str] = kept.get("keys", {})
    keys = {name: known.get(name) or secrets.token_urlsafe(32) for name in names}
    # Keys of exchanges that left the whitelist are kept: an exchange that returns has the same key.
    replace_file(path, json.dumps({"database_password": password, "keys": known | keys}, indent=1))
    return Secrets(password, keys)


def write_key_files(path: Path, keys: dict[str, str]) -> None:
    """Write names, roles and hashes of the keys, and in another file the key that services use among themselves."""
    # The name of an exchange's key is its role.
    entries = [key_entry(f"local {name}", ROLES.get(name, name), key) for name, key in keys.items()]
    replace_file(path, yaml.safe_dump(entries, allow_unicode=True, sort_keys=False))
    replace_file(path.with_name(SERVICE_KEY), f"{keys['service']}\n")


def write_upload_users(folder: Path, exchange_ids: Iterable[str]) -> None:
    """Let all exchanges send by browser; the broker of a set on one machine asks for no password, so any will do."""
    for exchange_id in exchange_ids:
        path = Secret(exchange_user(exchange_id), KAFKA_PASSWORD).path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, "unused\n")
