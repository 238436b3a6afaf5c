"""`jiangbu backup drill`: restore a backup into engines beside the running set, and compare."""

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from deploy.backup.manifest import BackupManifest, Vault
from deploy.backup.restore import (
    RestoredSet,
    compare_logs,
    continue_services,
    restore_broker,
    verify_services,
)
from deploy.backup.server_restore import await_recovered, restore_files
from shared.operator_errors import OperatorError
from shared.settings import KafkaSettings
from shared.whitelist import Whitelist

_RECOVERED_WITHIN_S: Final = 3600.0
_STOPPED_WITHIN_S: Final = 60.0
_PORT: Final = "5432"  # only part of the name of the socket, in a folder of its own
# Settings of the server that was copied would connect the drill with the running set; these replace them.
_ALONE: Final = {
    "listen_addresses": "",
    "archive_mode": "off",
    "synchronous_standby_names": "",
    "primary_conninfo": "",
    "hot_standby": "off",  # its limits need not be those of the server that was copied
    "ssl": "off",
    "shared_preload_libraries": "",
    "fsync": "off",
}


class DrillPlace(NamedTuple):
    """Where a drill restores: an empty broker, a folder, and PostgreSQL's programs, run by `account` if we are root."""

    kafka: KafkaSettings
    folder: Path
    programs: Path
    account: str


def drill(
    place: DrillPlace, vault: Vault, manifest: BackupManifest, whitelist: Whitelist, until: datetime | None
) -> Iterator[str]:
    """Restore everything and compare; yield lines with seconds. OperatorError if anything differs."""
    clock = _Clock()
    with tempfile.TemporaryDirectory(prefix="drill-", dir=place.folder) as name:
        folder = Path(name)
        data = _owned_folder(folder, place.account)
        restore_files(vault, manifest.server, data, until)
        yield clock.line("数据库文件 / database files")
        with _running_server(place, folder, data) as admin_url:
            await_recovered(admin_url, data, _RECOVERED_WITHIN_S)
            yield clock.line("数据库恢复 / databases recovered")
            restored = RestoredSet(place.kafka, admin_url, whitelist)
            yield from restore_broker(restored, vault, manifest)
            yield clock.line("主题 / topics")
            yield from _compared(restored, manifest, until)
            yield clock.line("比对 / compared")


def _compared(restored: RestoredSet, manifest: BackupManifest, until: datetime | None) -> Iterator[str]:
    differing = list(compare_logs(restored, manifest, until))
    yield from continue_services(restored, manifest, adopts_topics=True)
    differing += verify_services(restored, from_kafka=("listing",))
    if differing:
        raise OperatorError(f"与备份不符 / differs: {'; '.join(differing)}")


class _Clock:
    def __init__(self) -> None:
        self._last_s = time.monotonic()

    def line(self, what: str) -> str:
        """Return a line with the seconds since the last one."""
        began_s, self._last_s = self._last_s, time.monotonic()
        return f"{what}: {self._last_s - began_s:.1f} s"


def _owned_folder(folder: Path, account: str) -> Path:
    """Make the empty data folder; PostgreSQL refuses to run as root."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam(account)
        except KeyError as error:
            raise OperatorError(f"没有账号 / no such account: {account}") from error
        for one in (folder, data):
            os.chown(one, owner.pw_uid, owner.pw_gid)
    return data


@contextmanager
def _running_server(place: DrillPlace, folder: Path, data: Path) -> Iterator[str]:
    """Run the restored server on a socket in the folder, which others cannot enter; yield the URL of its superuser."""
    access = folder / "pg_hba.conf"
    access.write_text("local all all trust\n", "ascii")
    access.chmod(0o644)
    settings = {**_ALONE, "unix_socket_directories": str(folder), "hba_file": str(access), "port": _PORT}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    account = None if os.geteuid() else place.account
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(  # noqa: S603 - the operator named the programs
            [str(place.programs / "postgres"), "-D", str(data), *options],
            stdout=log,
            stderr=log,
            cwd=folder,
            user=account,
            group=None if account is None else pwd.getpwnam(account).pw_gid,
            extra_groups=None if account is None else (),
        )
    try:
        yield f"postgresql://postgres@/postgres?host={folder}&port={_PORT}"
    finally:
        server.send_signal(signal.SIGINT)  # ends sessions
        server.wait(_STOPPED_WITHIN_S)
