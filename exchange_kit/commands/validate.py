"""`exchange-kit validate`."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from exchange_kit.commands.grouped import GroupedFaults
from exchange_kit.commands.options import AS_JSON, FILE, ServiceUnavailable, command, echo, exchange_id, line_result
from shared.events.validate import ACCEPTED, DUPLICATE, judge
from shared.language import say


@command(
    "validate",
    """离线校验 NDJSON 文件，结论与接收端一致。

    原因相同的行合并显示。退出码：0 全部可接受或重复，1 有将被拒收的行，2 没有行或调用有误。""",
    """Validate an NDJSON file offline, with the result that intake would give.

    Lines with the same faults are grouped. Exit code: 0 all accepted or duplicates, 1 some would be rejected, 2 no
    lines, or wrong usage.""",
)
@click.argument("file", type=FILE)
@click.option(
    "--exchange",
    callback=exchange_id,
    help=say(
        "本交易场所代号；不填则以各行 source 为准", "id of your exchange; by default the one in each line's source"
    ),
)
@AS_JSON
def validate_command(file: Path, exchange: str | None, *, as_json: bool) -> None:
    outcomes, faults = Counter[str](), GroupedFaults()
    with _reading(file) as lines:
        for verdict, _, _ in judge(lines, exchange):
            outcomes[verdict.outcome] += 1
            if verdict.refused:
                if as_json:
                    click.echo(msgspec.json.encode(verdict))
                    continue
                kind = (verdict.outcome, tuple((one.field, one.message) for one in verdict.errors))
                faults.add(verdict.line, kind, partial(line_result, verdict.line, verdict.outcome, verdict.errors))
    if not outcomes:
        raise ServiceUnavailable(say(f"{file}: 没有可校验的行", f"{file}: no line to validate"))
    faults.report_more()
    accepted, duplicates = outcomes.pop(ACCEPTED, 0), outcomes.pop(DUPLICATE, 0)
    if as_json:
        summary = {"accepted": accepted, "duplicates": duplicates, "refused": dict(sorted(outcomes.items()))}
        click.echo(json.dumps({"summary": summary}))
    else:
        echo(f"可接受：{accepted}\n重复：{duplicates}", f"accepted: {accepted}\nduplicates: {duplicates}")
        echo(f"将被拒收：{outcomes.total()}", f"would be rejected: {outcomes.total()}")
        for reason, count in sorted(outcomes.items()):
            click.echo(f"  {reason}: {count}")
    if outcomes:
        sys.exit(1)


@contextmanager
def _reading(file: Path) -> Iterator[Iterator[bytes]]:
    """Read the lines of a file; on a terminal a bar shows the progress."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    # On a terminal lines appear above the bar; in a pipe they must stay on standard output.
    bar = Progress(
        *columns, console=console, disable=not console.is_terminal, redirect_stdout=sys.stdout.isatty(), transient=True
    )
    with bar, bar.open(file, "rb", description=say("校验", "validating")) as lines:
        yield iter(lines)
