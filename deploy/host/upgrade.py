"""`jiangbu upgrade` and `jiangbu rollback`: change the version that the units of one host run.

The rule of a rollback: programs accept their own revision of the tables alone, so that one can go back as long as no
database has a migration that the older version lacks. There are no downward migrations, as they would delete records.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, get_args

import requests

from deploy.environment import settings_in
from deploy.host.layout import TARGET, HostError, Version, current_version, make_current, previous_version
from deploy.host.versions import Revisions, differing, migrations_between
from shared.language import say
from shared.settings import Service

_READY_TIMEOUT_S: Final = 120.0
_READY_PAUSE_S: Final = 0.5
_URL: Final = re.compile(r"https?://[^,;\s]+")


def upgrade(version: Version, config: Path) -> Iterator[str]:
    """Make a version current: roles, topics and rights, migrations, restart. Yields a line for each step; repeatable.

    Programs stand still only if a database is migrated. If a step fails, the version that was current goes on if the
    tables are still its own. HostError, also if a database is newer than the version; errors of psycopg.
    """
    pending = differing(version, config)
    _refuse_newer(version, pending)
    if pending:
        yield f"停止程序以升级表结构 / stopping the programs to migrate: {', '.join(one.text for one in pending)}"
        _systemctl("stop", TARGET)
    try:
        yield from _prepare(version, config, pending)
    except HostError:
        _start_current_again(version, config)
        raise
    yield from _switch(version, config)


def rollback(running: Version, name: str | None, config: Path) -> Iterator[str]:
    """Make an older version current again: `name`, by default the previous one. Yields a line for each step.

    HostError if a migration lies between, and then nothing has been changed; errors of psycopg.
    """
    version = previous_version(running.prefix) if name is None else Version(running.prefix / "versions" / name)
    if version is None:
        raise HostError("没有上一版本 / there is no previous version; name one of the folder `versions`")
    _refuse_newer(version, differing(version, config))
    yield from _switch(version, config)


def _refuse_newer(version: Version, revisions: list[Revisions]) -> None:
    if between := ", ".join(migrations_between(revisions)):
        raise HostError(
            f"数据库比版本 {version.name} 新，须先恢复升级前的转储 / a migration lies between, restore the dumps from"
            f" before the upgrade first: {between}"
        )


def _prepare(version: Version, config: Path, pending: list[Revisions]) -> Iterator[str]:
    admin, secrets = settings_in(config, "admin"), str(config / "secrets")
    yield from _run([version.program("jiangbu"), "databases", "apply", secrets], admin)
    yield from _run([version.program("jiangbu"), "topics", "apply", "--secrets", secrets], admin)
    for one in pending:
        settings = settings_in(config, one.service, f"{one.service}-owner")
        yield from _run([version.program(one.service), "migrate"], settings)
        yield f"已升级 / migrated: {one.text}"


def _run(command: Sequence[str | Path], settings: Mapping[str, str]) -> Iterator[str]:
    """Run a program with these settings alone; yield the lines that it prints. HostError."""
    environment = {"PATH": os.defpath, "LANG": say("zh_CN.UTF-8", "en_US.UTF-8"), **settings}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)  # noqa: S603 - ours
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        reason = words[-1].removeprefix("Error: ") if words else done.returncode
        raise HostError(f"{Path(command[0]).name} {command[1]}: {reason}")
    yield from done.stdout.splitlines()


def _start_current_again(version: Version, config: Path) -> None:
    current = current_version(version.prefix)
    if current is not None and not differing(current, config):
        _systemctl("start", TARGET)


def _switch(version: Version, config: Path) -> Iterator[str]:
    try:
        make_current(version)
    except OSError as error:
        raise HostError(f"{version.prefix}: 无法切换 / cannot be switched: {error.strerror}") from error
    yield f"现行版本 / current: {version.name}"
    _systemctl("daemon-reload")
    _systemctl("restart", TARGET)
    _await_ready(config)
    yield f"{len(get_args(Service))} 个接口已就绪 / {len(get_args(Service))} APIs are ready"


def _systemctl(*arguments: str) -> None:
    program = shutil.which("systemctl")
    if program is None:
        raise HostError("没有 systemctl / there is no systemctl")
    done = subprocess.run([program, *arguments], check=False, capture_output=True, text=True)  # noqa: S603 - systemd's
    if done.returncode:
        raise HostError(f"systemctl {' '.join(arguments)}: {done.stderr.strip() or done.returncode}")


def _await_ready(config: Path) -> None:
    """Wait until each API answers that it is ready. HostError with the reason of the first that does not."""
    admin = settings_in(config, "admin")
    urls = [*_URL.findall(admin.get("REGISTERS", "")), admin["INCENTIVE_URL"]]
    deadline = time.monotonic() + _READY_TIMEOUT_S
    with requests.Session() as session:
        session.trust_env = False
        for url in urls:
            while (reason := _not_ready(session, url)) is not None:
                if time.monotonic() > deadline:
                    raise HostError(f"{url}: 未就绪 / is not ready: {reason} (journalctl -u 'jiangbu-*')")
                time.sleep(_READY_PAUSE_S)


def _not_ready(session: requests.Session, url: str) -> str | None:
    try:
        answer = session.get(f"{url}/readyz", timeout=10)
    except requests.RequestException as error:
        return type(error).__name__
    return None if answer.ok else answer.text.strip()
