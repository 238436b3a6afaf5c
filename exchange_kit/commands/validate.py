"""`exchange-kit validate`."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from exchange_kit.commands.options import FILE, exchange_id
from exchange_kit.validate import ACCEPTED, DUPLICATE, Verdict, judge


@click.command("validate")
@click.argument("file", type=FILE)
@click.option(
    "--exchange",
    callback=exchange_id,
    help="本交易所代号；不填则以各行 source 为准 / your exchange's id, else the one that each line names",
)
@click.option("--json", "as_json", is_flag=True, help="每行一个 JSON 对象，末行为汇总 / JSON lines, the summary last")
def validate_command(file: Path, exchange: str | None, *, as_json: bool) -> None:
    """离线校验 NDJSON 文件，结论与接收端一致 / Say offline what intake will make of each line of an NDJSON file.

    退出码：0 全部可接受或重复，1 有将被拒收的行，2 调用有误。
    Exit code: 0 all accepted or duplicates, 1 some would be refused, 2 a bad call.
    """
    outcomes = Counter[str]()
    with _reading(file) as lines:
        for verdict, _, _ in judge(lines, exchange):
            outcomes[verdict.outcome] += 1
            if verdict.refused:
                click.echo(msgspec.json.encode(verdict) if as_json else _refusal_text(verdict))
    accepted, duplicates = outcomes.pop(ACCEPTED, 0), outcomes.pop(DUPLICATE, 0)
    if as_json:
        summary = {"accepted": accepted, "duplicates": duplicates, "refused": dict(sorted(outcomes.items()))}
        click.echo(json.dumps({"summary": summary}))
    else:
        click.echo(f"可接受 / accepted: {accepted}\n重复 / duplicates: {duplicates}")
        click.echo(f"将被拒收 / would be refused: {outcomes.total()}")
        for reason, count in sorted(outcomes.items()):
            click.echo(f"  {reason}: {count}")
    if outcomes:
        sys.exit(1)


@contextmanager
def _reading(file: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a file; a bar on a terminal says how far they are read."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    # Lines told on a terminal go above the bar; in a pipe they must stay on standard output.
    bar = Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=sys.stdout.isatty(), transient=True
    )
    with bar, bar.open(file, "rb", description="校验 / checking") as lines:
        yield iter(lines)


def _refusal_text(verdict: Verdict) -> str:
    faults = "".join(f"\n  {error.field}: {error.message}" for error in verdict.errors)
    return f"第 {verdict.line} 行 / line {verdict.line}: {verdict.outcome}{faults}"
