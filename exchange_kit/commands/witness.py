"""`exchange-kit witness`."""

import sys
import time
from pathlib import Path
from typing import Final

import click

from exchange_kit.api import Api
from exchange_kit.commands.options import FILE, AskingFailed
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import Rewritten, Seen, Witness
from exchange_kit.translog.witness_folder import DEFAULT_FOLDER, FolderError, WitnessFolder
from exchange_kit.translog.witness_rounds import Round, Rounds
from shared.settings import AccessSettings, SettingsError, load_access_settings, load_kafka_settings
from shared.translog.note import NoteError, VerifierKey
from shared.values.times import now

_PATIENCE_S: Final = 30.0
_AGAIN_AFTER_S: Final = 2.0

WITNESS_FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    help="见证目录：密钥和所见检查点 / the witness's key and the checkpoints that it saw",
)
KEYS = click.option(
    "--keys", "keys_file", type=FILE, help="只信任此文件中的公钥，每行一个 / believe these keys alone, one a line"
)


@click.command("witness")
@WITNESS_FOLDER
@click.option("--name", help="见证名，第一次启动时定下 / the name to cosign under, settled at the first start")
@click.option(
    "--keys",
    "keys_file",
    type=FILE,
    help="只信任此文件中的日志公钥，每行一个 / believe these log keys alone, one a line",
)
@click.option("--watch", is_flag=True, help="一直见证，直到 Ctrl-C 或历史被改写 / go on until Ctrl-C or an alarm")
def witness_command(folder: Path, name: str | None, keys_file: Path | None, *, watch: bool) -> None:
    """见证三个日志只增不改，并签署检查点 / See that the three logs only grow, and cosign their checkpoints.

    退出码：0 一切如常，1 历史被改写（证据写入见证目录），2 有的未能核对。
    Exit code: 0 all is well, 1 history was rewritten (the evidence is in the folder), 2 something could not be checked.
    """
    rounds = None
    try:
        kept = WitnessFolder(folder.expanduser(), name)
        click.echo(f"见证公钥 / the witness's key: {kept.vkey}")
        witness = Witness(kept, None if keys_file is None else load_keys(keys_file), now)
        rounds = Rounds(witness, log_readers(load_access_settings()), load_kafka_settings().client_config())
        code = _watch(rounds) if watch else _once(rounds)
    except (FolderError, SettingsError, OSError, NoteError) as error:
        raise AskingFailed(str(error)) from error
    except KeyboardInterrupt:
        return
    finally:
        if rounds is not None:
            rounds.close()
    sys.exit(code)


def log_readers(access: AccessSettings) -> list[LogReader]:
    """The logs of the three services."""
    urls = {
        "listing": access.address.listing,
        "trade-ingest": access.address.trade_ingest,
        "incentive": access.incentive_url,
    }
    return [LogReader(Api.with_key(name, url, access.key)) for name, url in urls.items()]


def load_keys(file: Path) -> list[VerifierKey]:
    """The keys of a file of one a line. NoteError if one is none."""
    return [VerifierKey.parse(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _once(rounds: Rounds) -> int:
    """One round, and more while something gives no answer, for a while."""
    deadline = time.monotonic() + _PATIENCE_S
    told = _Told()
    while True:
        found = rounds.turn()
        told.tell(found)
        if found.rewritten:
            return 1
        if not found.away:
            break
        if time.monotonic() > deadline:
            return 2
        time.sleep(_AGAIN_AFTER_S)
    told.tell_sizes()
    return 2 if told.unverified else 0


def _watch(rounds: Rounds) -> int:
    """Rounds until one finds history rewritten."""
    told = _Told()
    while not told.tell(rounds.turn()).rewritten:
        time.sleep(_AGAIN_AFTER_S)
    return 1


class _Told:
    """What was told already is not told again, unless it was otherwise meanwhile."""

    def __init__(self) -> None:
        self.unverified: set[str] = set()
        self._away: set[str] = set()
        self._elsewhere: set[str] = set()
        self._sizes: dict[str, int] = {}

    def tell(self, found: Round) -> Round:
        for seen in found.seen:
            self._tell_seen(seen)
        for line in sorted(set(found.away) - self._away):
            click.echo(f"{line}; 继续等待 / waiting", err=True)
        if self._away and not found.away:
            click.echo("都有应答了 / all answer again", err=True)
        self._away = set(found.away)
        for line in sorted(set(found.unverified) - self.unverified):
            click.echo(f"未签署，检查点的签名不被认可 / not cosigned, no signature that counts: {line}", err=True)
        self.unverified |= set(found.unverified)
        for origin in sorted(found.elsewhere - self._elsewhere):
            click.echo(f"{origin}: 此处的服务不提供这一日志，未核对 / served by no service here, not checked", err=True)
        self._elsewhere |= found.elsewhere
        for rewritten in found.rewritten:
            tell_alarm(rewritten)
        return found

    def tell_sizes(self) -> None:
        for origin, size in self._sizes.items():
            click.echo(f"{origin}: {size} 条，只增不改 / entries, it only grew")

    def _tell_seen(self, seen: Seen) -> None:
        origin, size = seen.checkpoint.origin, seen.checkpoint.size
        for key in seen.keys:
            said = "第一次见到，信任其公钥，请与另行获得的核对 / first seen, and its key trusted: compare it with yours"
            other = "换了公钥，历史相延续 / signs with another key, and goes on with the same history"
            click.echo(f"{origin}: {said if seen.state == 'first' else other}: {key}")
        if seen.state != "known":
            click.echo(f"{origin}: {size} 条，已签署 / entries, cosigned")
        self._sizes[origin] = max(size, self._sizes.get(origin, 0))


def tell_alarm(found: Rewritten) -> None:
    """Say what was found, and where the evidence is."""
    click.echo(f"警报 / ALARM: {found}", err=True)
    for name, one in (("见过 / seen", found.one), ("出示 / shown", found.other)):
        click.echo(f"  {name}: {one.checkpoint.size} {one.checkpoint.root.hex()}", err=True)
    said = "两个检查点及签名，可作证据 / both checkpoints with their signatures, as evidence"
    click.echo(f"  {said}: {found.evidence}", err=True)
