"""A PostgreSQL server from its copy, as it was at an instant."""

import io
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from deploy.backup.manifest import BaseCopy, ServerCopy, StoredPart, Vault
from deploy.backup.server_copy import segment_file
from shared.operator_errors import OperatorError

_LOG_FOLDER: Final = "restored_wal"
_RESTORE_COMMAND: Final = f'cp {_LOG_FOLDER}/%f "%p"'
# True for the restored server alone, not for another one at that address.
_RECOVERED: Final = "SELECT NOT pg_is_in_recovery() AND current_setting('restore_command') = %s"
_SETTINGS: Final = ("restore_command", "recovery_target_time", "recovery_target_action", "recovery_target_timeline")
_POLL_S: Final = 0.2


def choose_base(copy: ServerCopy, until: datetime | None) -> BaseCopy:
    """Return the newest base backup that was finished by that instant. OperatorError if it is not in the copy."""
    if until is not None and until > datetime.fromisoformat(copy.until):
        raise OperatorError(f"备份至 {copy.until} 为止 / the backup ends at {copy.until}")
    fitting = [one for one in copy.bases if until is None or datetime.fromisoformat(one.finished) <= until]
    if not fitting:
        oldest = copy.bases[0].finished
        raise OperatorError(f"最早可恢复到 {oldest} / the earliest instant that can be restored is {oldest}")
    return fitting[-1]


def restore_files(vault: Vault, copy: ServerCopy, data: Path, until: datetime | None) -> None:
    """Fill the empty data folder of a stopped server; when it starts, it recovers up to `until`, or to the end.

    The files belong to the owner of the folder. Raises OperatorError if the folder is not empty, DamagedObjectError.
    """
    base = choose_base(copy, until)
    _check_empty(data)
    with tarfile.open(fileobj=_reader(vault, base.parts), mode="r|") as archive:
        archive.extractall(data, filter="data")
    (data / "backup_manifest").write_bytes(vault.get(base.manifest))
    (data / _LOG_FOLDER).mkdir(mode=0o700)
    first = base.start // copy.segment_bytes
    for one in copy.wal:
        if one.timeline == base.timeline and one.number >= first:
            name = segment_file(one.timeline, one.number, copy.segment_bytes)
            (data / _LOG_FOLDER / name).write_bytes(vault.get(one.part))
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as settings:
        settings.writelines(f"{name} = '{value}'\n" for name, value in _recovery(until).items())
    signal = data / "recovery.signal"
    part = signal.with_suffix(".part")
    part.touch()
    _give_to_owner(data)
    part.rename(signal)  # last: whoever waits for it may start the server


def _recovery(until: datetime | None) -> dict[str, str]:
    settings = {
        "restore_command": _RESTORE_COMMAND,
        "recovery_target_timeline": "current",
        "recovery_target_action": "promote",
    }
    return settings if until is None else settings | {"recovery_target_time": until.isoformat(sep=" ")}


def _check_empty(data: Path) -> None:
    if not data.is_dir() or any(data.iterdir()):
        raise OperatorError(f"{data}: 须为空目录 / must be an empty folder")


def _reader(vault: Vault, parts: tuple[StoredPart, ...]) -> io.BufferedReader:
    return io.BufferedReader(_PartsStream(map(vault.get, parts)))


class _PartsStream(io.RawIOBase):
    """The contents of parts as one stream."""

    def __init__(self, contents: Iterator[bytes]) -> None:
        super().__init__()
        self._contents = contents
        self._left = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._left:
            self._left = memoryview(next(self._contents, b""))
        size = min(len(buffer), len(self._left))
        buffer[:size] = self._left[:size]
        self._left = self._left[size:]
        return size


def _give_to_owner(data: Path) -> None:
    data.chmod(0o700)
    owner = data.stat()
    if os.geteuid() == 0:
        for folder, _, files in os.walk(data):
            os.chown(folder, owner.st_uid, owner.st_gid)
            for name in files:
                os.chown(Path(folder, name), owner.st_uid, owner.st_gid)


def await_recovered(admin_url: str, data: Path, within_s: float) -> None:
    """Wait until the server has read the log and accepts writes, and remove what the recovery needed.

    OperatorError if that takes too long.
    """
    deadline_s = time.monotonic() + within_s
    while not _is_recovered(admin_url):
        if time.monotonic() > deadline_s:
            raise OperatorError(
                f"PostgreSQL {within_s:.0f} 秒内未完成恢复，请看其日志"
                f" / PostgreSQL did not finish its recovery within {within_s:.0f} s: see its log"
            )
        time.sleep(_POLL_S)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for name in _SETTINGS:
            connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")
    shutil.rmtree(data / _LOG_FOLDER)


def _is_recovered(admin_url: str) -> bool:
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=5) as connection:
            row = connection.execute(_RECOVERED, [_RESTORE_COMMAND]).fetchone()
            return row is not None and bool(row[0])
    except psycopg.OperationalError:
        return False
