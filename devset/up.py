"""`make up`: the whole set on one machine, until it is told to stop."""

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

from devset.folder import claim
from devset.processes import LocalError, adopt_orphans, end_descendants
from devset.stopping import Stopped, StopSignals
from devset.supervisor import LocalSet, Options, stderr_line
from shared.settings import SettingsError

# With less room left, what failed could not even say why in its log.
FULL_BYTES = 8 * 1024 * 1024


@contextlib.contextmanager
def running_set(options: Options, signals: StopSignals) -> Iterator[LocalSet]:
    """The set, started and ready; stopped in order whatever happens, and nothing of it left behind.

    The caller has installed `signals`; after a stop was asked for they change nothing any more.
    """
    adopt_orphans()
    with claim(options.folder):
        local = LocalSet(options, stderr_line, signals.check)
        try:
            local.start()
            yield local
        except LocalError as error:
            if is_full(options.folder, error):
                raise LocalError(f"磁盘已满 / the disk is full ({options.folder}): free some space; {error}") from error
            raise
        finally:
            signals.ignore()
            try:
                local.stop()
            finally:
                end_descendants()


def is_full(folder: Path, error: LocalError) -> bool:
    """Whether a full disk is behind a failure: as it says itself, or as what failed could not even write it down."""
    return os.strerror(errno.ENOSPC) in str(error) or shutil.disk_usage(folder).free < FULL_BYTES


@contextlib.contextmanager
def data_folder(given: Path | None) -> Iterator[Path]:
    """The given folder, or one of our own that is removed at the end; of a set that failed the logs are kept."""
    if given is not None:
        yield given.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="jiangbu-", ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        except LocalError:
            logs = Path(folder) / "logs"
            if logs.exists():
                stderr_line(
                    f"日志保留在 / logs are kept in {shutil.move(logs, tempfile.mkdtemp(prefix='jiangbu-logs-'))}"
                )
            raise


@contextlib.contextmanager
def told_in_one_line() -> Iterator[None]:
    """What is in the way of the set is told in one line, and the program ends with 1; a stop ends it with 0."""
    try:
        yield
    except Stopped as reason:
        stderr_line(f"已停止 / stopped: {reason}")
    except (LocalError, SettingsError) as error:
        stderr_line(f"错误 / error: {error}")
        sys.exit(1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        stderr_line(f"错误 / error: 磁盘已满 / the disk is full ({error.filename or 'data folder'}): free some space")
        sys.exit(1)


def describe(local: LocalSet) -> dict[str, object]:
    """What a caller needs to use the set: addresses and keys."""
    return {
        "kafka": local.addresses.kafka,
        "listing": local.addresses.url("listing"),
        "trade_ingest": local.addresses.url("trade-ingest"),
        "incentive": local.addresses.url("incentive"),
        "keys": local.secrets.keys,
    }


def tell(local: LocalSet, folder: Path) -> None:
    """The same for a person, on stderr."""
    known = describe(local)
    stderr_line("已就绪 / ready; Ctrl-C 停止 / stops it")
    for name in ("kafka", "listing", "trade_ingest", "incentive"):
        stderr_line(f"  {name:<14}{known[name]}")
    stderr_line(f"  {'data':<14}{folder}")
    for name, key in local.secrets.keys.items():
        stderr_line(f"  key {name:<20}{key}")
    stderr_line(f"  接口文档 / API pages: {local.addresses.url('incentive')}/docs")
    stderr_line(f"  网页，用上面的密钥登录 / pages, sign in with a key from above: {local.addresses.url('incentive')}/")


def _host_and_port(_context: click.Context, _option: click.Parameter, given: str | None) -> str | None:
    if given is None or all(re.fullmatch(r"\[?[^\s\[\]]+\]?:[0-9]{1,5}", one) for one in given.split(",")):
        return given
    raise click.BadParameter("须为 HOST:PORT / must be HOST:PORT")


@click.command(
    help="在一台机器上启动整套系统，直到 Ctrl-C / Start the whole set on one machine, until Ctrl-C.",
)
@click.option(
    "--data-dir", type=click.Path(file_okay=False, path_type=Path), help="数据目录，可续用 / kept and resumed"
)
@click.option(
    "--json", "as_json", is_flag=True, help="就绪时输出一行 JSON / one JSON line when ready; implies --any-ports"
)
@click.option("--any-ports", is_flag=True, help="使用空闲端口 / free ports instead of 8001-8003 and 9092")
@click.option("--kafka", metavar="HOST:PORT", callback=_host_and_port, help="使用已有 Kafka / use a given broker")
@click.option(
    "--exchanges",
    "exchanges_file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("exchanges.yaml"),
    help="交易场所名单 / whitelist of exchanges",
)
def main(data_dir: Path | None, as_json: bool, any_ports: bool, kafka: str | None, exchanges_file: Path) -> None:
    signals = StopSignals()
    signals.install()
    with told_in_one_line(), data_folder(data_dir) as folder:
        options = Options(folder, exchanges_file, kafka, any_ports or as_json)
        with running_set(options, signals) as local:
            if as_json:
                click.echo(json.dumps(describe(local), ensure_ascii=False))
            else:
                tell(local, folder)
            local.watch()


if __name__ == "__main__":
    main()
