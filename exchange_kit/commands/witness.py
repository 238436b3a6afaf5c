"""`exchange-kit witness`."""

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Final

import click

from exchange_kit.api import Api
from exchange_kit.commands.options import FILE, ServiceUnavailable, command, echo
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import RewrittenError, Seen, Witness
from exchange_kit.translog.witness_folder import DEFAULT_FOLDER, FolderError, WitnessFolder
from exchange_kit.translog.witness_rounds import Round, Rounds
from shared.language import localized, say
from shared.settings import AccessSettings, SettingsError, load_kafka_settings
from shared.translog.note import NoteError, VerifierKey
from shared.values.times import now

_RETRY_FOR_S: Final = 30.0
_INTERVAL_S: Final = 2.0
_FIRST_KEY: Final = ("第一次见到，信任其公钥，请与另行获得的核对", "first seen, key trusted; compare it with your copy")
_NEW_KEY: Final = ("换了公钥，历史相延续", "signed with a new key, same history")

WITNESS_FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    help=say("见证目录：密钥和所见检查点", "folder of the witness: its key and the checkpoints that it saw"),
)
KEYS = click.option(
    "--keys",
    "keys_file",
    type=FILE,
    help=say("只信任此文件中的日志公钥，每行一个", "trust only the log keys in this file, one a line"),
)


@command(
    "witness",
    """见证三个日志只增不改，并签署检查点。

    退出码：0 一切如常，1 历史被改写（证据写入见证目录），2 有的未能核对。""",
    """Check that the three logs only grow, and cosign their checkpoints.

    Exit code: 0 all is well, 1 history was rewritten (evidence is in the folder), 2 could not check everything.""",
)
@WITNESS_FOLDER
@click.option("--name", help=say("见证名，第一次启动时定下", "name of the witness, set at the first start"))
@KEYS
@click.option(
    "--watch", is_flag=True, help=say("一直见证，直到 Ctrl-C 或历史被改写", "keep watching until Ctrl-C or an alarm")
)
def witness_command(folder: Path, name: str | None, keys_file: Path | None, *, watch: bool) -> None:
    try:
        kept = WitnessFolder(folder.expanduser(), name)
        click.echo(f"{say('见证公钥', 'witness key')}: {kept.vkey}")
        witness = Witness(kept, None if keys_file is None else load_keys(keys_file), now)
        readers, kafka = log_readers(AccessSettings()), load_kafka_settings().client_config()
        with closing(Rounds(witness, readers, kafka)) as rounds:
            code = _watch(rounds) if watch else _once(rounds)
    except (FolderError, SettingsError, OSError, NoteError) as error:
        raise ServiceUnavailable(localized(str(error))) from error
    except KeyboardInterrupt:
        return
    sys.exit(code)


def log_readers(access: AccessSettings) -> list[LogReader]:
    """Return readers of the three services' logs."""
    urls = {
        "listing": access.listing_url,
        "trade-ingest": access.trade_ingest_url,
        "incentive": access.incentive_url,
    }
    return [LogReader(Api.with_key(name, url, access.key)) for name, url in urls.items()]


def load_keys(file: Path) -> list[VerifierKey]:
    """Load verifier keys from a file, one a line. NoteError."""
    return [VerifierKey.parse(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def _once(rounds: Rounds) -> int:
    """Run one round; repeat it for up to 30 s while a service does not respond."""
    deadline = time.monotonic() + _RETRY_FOR_S
    reporter = _Reporter()
    while True:
        found = rounds.turn()
        reporter.report(found)
        if found.rewritten:
            return 1
        if not found.unavailable:
            break
        if time.monotonic() > deadline:
            return 2
        time.sleep(_INTERVAL_S)
    reporter.report_sizes()
    return 2 if reporter.unverified else 0


def _watch(rounds: Rounds) -> int:
    """Run rounds until one finds that history was rewritten."""
    reporter = _Reporter()
    while not reporter.report(rounds.turn()).rewritten:
        time.sleep(_INTERVAL_S)
    return 1


class _Reporter:
    """Prints what is new in a round."""

    def __init__(self) -> None:
        self.unverified: set[str] = set()
        self._unavailable: set[str] = set()
        self._elsewhere: set[str] = set()
        self._sizes: dict[str, int] = {}

    def report(self, found: Round) -> Round:
        for seen in found.seen:
            self._report_seen(seen)
        for line in sorted(set(found.unavailable) - self._unavailable):
            echo(f"{line}；继续等待", f"{line}; waiting", err=True)
        if self._unavailable and not found.unavailable:
            echo("全部恢复应答", "all respond again", err=True)
        self._unavailable = set(found.unavailable)
        for line in sorted(set(found.unverified) - self.unverified):
            echo(f"未签署，检查点没有可信的签名：{line}", f"not cosigned, no trusted signature: {line}", err=True)
        self.unverified |= set(found.unverified)
        for origin in sorted(found.elsewhere - self._elsewhere):
            echo(
                f"{origin}：此处的服务不提供这一日志，未核对",
                f"{origin}: served by no service here, not checked",
                err=True,
            )
        self._elsewhere |= found.elsewhere
        for rewritten in found.rewritten:
            report_alarm(rewritten)
        return found

    def report_sizes(self) -> None:
        for origin, size in self._sizes.items():
            echo(f"{origin}：{size} 条，只增不改", f"{origin}: {size} entries, append-only")

    def _report_seen(self, seen: Seen) -> None:
        origin, size = seen.checkpoint.origin, seen.checkpoint.size
        for key in seen.keys:
            text = _FIRST_KEY if seen.state == "first" else _NEW_KEY
            click.echo(f"{origin}: {say(*text)}: {key}")
        if seen.state != "known":
            echo(f"{origin}：{size} 条，已签署", f"{origin}: {size} entries, cosigned")
        self._sizes[origin] = max(size, self._sizes.get(origin, 0))


def report_alarm(found: RewrittenError) -> None:
    """Report rewritten history, and where the evidence is."""
    click.echo(f"{say('警报', 'ALARM')}: {localized(str(found))}", err=True)
    for name, one in ((say("见过", "seen"), found.one), (say("出示", "shown"), found.other)):
        click.echo(f"  {name}: {one.checkpoint.size} {one.checkpoint.root.hex()}", err=True)
    evidence = say("两个检查点及签名，可作证据", "both checkpoints with their signatures, as evidence")
    click.echo(f"  {evidence}: {found.evidence}", err=True)
