"""`make up`: run the whole set on one machine until it is stopped."""

import contextlib
import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click

from devset.engines import Engines, OneOfEach
from devset.folder import claim
from devset.ha.engines import three_of_each
from devset.processes import LocalError, adopt_orphans, end_descendants
from devset.programs import SERVICES
from devset.stopping import StopRequested, StopSignals
from devset.supervisor import LocalSet, Options, choose_ports, stderr_line
from shared.language import LocalizedError, localized, say
from shared.settings import SettingsError

EXCHANGES_FILE = Path("exchanges.yaml")
# With less free space a failed program may be unable to write the cause into its log.
FULL_BYTES = 8 * 1024 * 1024


@contextlib.contextmanager
def running_set(options: Options, signals: StopSignals) -> Iterator[LocalSet]:
    """Run a set: it is ready in the context, and stopped in order at its end, with no process left behind.

    The caller has installed `signals`. They are ignored while the set stops.
    """
    adopt_orphans()
    with claim(options.folder):
        ports = choose_ports(options)
        local = LocalSet(options, _engines(options, ports["kafka"]), ports, stderr_line, signals.check)
        try:
            local.start()
            yield local
        except LocalizedError as error:
            if is_full(options.folder, error):
                raise LocalError(f"{_disk_full(str(options.folder))}; {error}") from error
            raise
        finally:
            signals.ignore()
            try:
                local.stop()
            finally:
                end_descendants()


def _engines(options: Options, kafka_port: int) -> Engines:
    if options.ha:
        return three_of_each(options.folder, kafka_port, stderr_line)
    return OneOfEach(options.folder, kafka_port, options.kafka, stderr_line)


def is_full(folder: Path, error: LocalizedError) -> bool:
    """Return True if a full disk caused the error: the message says so, or almost no space is left."""
    return os.strerror(errno.ENOSPC) in str(error) or shutil.disk_usage(folder).free < FULL_BYTES


@contextlib.contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """Yield the given folder, or a temporary one. If the set fails, the logs of a temporary folder are kept."""
    if given is not None:
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="jiangbu-", ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        except LocalizedError:
            logs = Path(folder) / "logs"
            if logs.exists():
                kept = shutil.move(logs, tempfile.mkdtemp(prefix="jiangbu-logs-"))
                stderr_line(say(f"日志保留在 {kept}", f"logs are kept in {kept}"))
            raise


@contextlib.contextmanager
def exit_on_error() -> Iterator[None]:
    """Print an error in one line and exit with 1; a requested stop ends the program with 0."""
    try:
        yield
    except StopRequested as reason:
        stderr_line(say(f"已停止：{reason}", f"stopped: {reason}"))
        return
    except (LocalizedError, SettingsError) as error:
        message = localized(str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        message = _disk_full(error.filename or "data folder")
    else:
        return
    stderr_line(say(f"错误：{message}", f"error: {message}"))
    sys.exit(1)


def _disk_full(place: str) -> str:
    return say(f"磁盘已满（{place}），请腾出空间", f"the disk is full ({place}): free some space")


def describe(local: LocalSet) -> dict[str, object]:
    """Return the addresses and keys of the set; with several copies of the programs also the addresses of all APIs."""
    copies = {_name(service): [copy.url(service) for copy in local.copies] for service in SERVICES}
    every = {"apis": copies} if len(local.copies) > 1 else {}
    return {"kafka": local.addresses.kafka, **_urls(local), **every, "keys": local.secrets.keys}


def _urls(local: LocalSet) -> dict[str, str]:
    return {_name(service): local.addresses.url(service) for service in SERVICES}


def _name(service: str) -> str:
    return service.replace("-", "_")


def print_addresses(local: LocalSet, folder: Path) -> None:
    """Print the addresses and keys of the set to stderr."""
    stderr_line(say("已就绪；按 Ctrl-C 停止", "ready; Ctrl-C stops it"))
    for name, place in {"kafka": local.addresses.kafka, **_urls(local), "data": folder}.items():
        stderr_line(f"  {name:<14}{place}")
    for name, key in local.secrets.keys.items():
        stderr_line(f"  key {name:<20}{key}")
    url = local.addresses.url("incentive")
    stderr_line(say(f"  接口文档：{url}/docs", f"  API documentation: {url}/docs"))
    stderr_line(say(f"  网页（用上面的密钥登录）：{url}/", f"  pages, sign in with a key from above: {url}/"))


def _host_and_port(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    if given is None or all(re.fullmatch(r"\[?[^\s\[\]]+\]?:[0-9]{1,5}", one) for one in given.split(",")):
        return given
    raise click.BadParameter(say("须为 HOST:PORT", "must be HOST:PORT"))


@click.command(
    help=say("在一台机器上启动整套系统，直到 Ctrl-C。", "Run the whole set on one machine until Ctrl-C."),
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help=say("数据目录，保留并可续用", "data folder, which is kept and can be reused"),
)
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help=say("就绪时输出一行 JSON；同时使用空闲端口", "print one JSON line when ready; implies --any-ports"),
)
@click.option(
    "--any-ports",
    is_flag=True,
    help=say("使用空闲端口，不用 8001–8003 与 9092", "use free ports instead of 8001-8003 and 9092"),
)
@click.option("--ha", is_flag=True, help=say("高可用：三个节点", "highly available: three machines"))
@click.option(
    "--kafka", metavar="HOST:PORT", callback=_host_and_port, help=say("使用已有的 Kafka", "use an existing broker")
)
@click.option(
    "--exchanges",
    "exchanges_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=EXCHANGES_FILE,
    help=say("交易场所名单", "whitelist of exchanges"),
)
def main(
    data_dir: Path | None, as_json: bool, any_ports: bool, ha: bool, kafka: str | None, exchanges_file: Path
) -> None:
    if ha and kafka:
        raise click.UsageError(say("--ha 自带 Kafka，不能与 --kafka 同用", "--ha has its own Kafka: leave --kafka out"))
    signals = StopSignals()
    signals.install()
    with exit_on_error(), data_folder(data_dir) as folder:
        options = Options(folder, exchanges_file, kafka, any_ports or as_json, ha)
        with running_set(options, signals) as local:
            if as_json:
                click.echo(json.dumps(describe(local), ensure_ascii=False))
            else:
                print_addresses(local, folder)
            local.watch()


if __name__ == "__main__":
    main()
