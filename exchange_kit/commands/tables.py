"""`exchange-kit from-csv` and `from-xlsx`."""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click
import msgspec

from exchange_kit.commands.grouped import GroupedFaults
from exchange_kit.commands.options import AS_JSON, EXCHANGE, FILE, command, echo
from shared.language import localized, say
from shared.table_events.cells import Cell, TableFileError, read_csv, read_xlsx
from shared.table_events.convert import Converted, RowError, RowEvent, TotalRow, convert
from shared.table_events.mapping import Mapping, load_mapping

RowsOf = Callable[[Path, Mapping], Iterable[Sequence[Cell]]]


def _table_command(name: str, zh: str, en: str, rows_of: RowsOf) -> click.Command:
    @command(name, zh, en)
    @click.argument("file", type=FILE)
    @click.option(
        "--mapping",
        "mapping_file",
        required=True,
        type=FILE,
        help=say("映射文件（YAML）：哪一列是哪个字段", "mapping file (YAML): which column holds which field"),
    )
    @EXCHANGE
    @click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="NDJSON")
    @click.option("--dry-run", is_flag=True, help=say("只检查，不写输出文件", "only check, write nothing"))
    @AS_JSON
    def convert_table(
        file: Path, mapping_file: Path, exchange: str, output: Path | None, *, dry_run: bool, as_json: bool
    ) -> None:
        if output is None and not dry_run:
            raise click.UsageError(say("须有 --output 或 --dry-run", "--output or --dry-run is needed"))
        _write_events(file, mapping_file, exchange, None if dry_run else output, rows_of, as_json=as_json)

    return convert_table


from_csv_command = _table_command(
    "from-csv",
    "按映射文件把 CSV 的每一行转成一个事件。有任何错误则不写输出文件。",
    "Convert each row of a CSV file to an event by a mapping. Nothing is written if any row has an error.",
    lambda file, mapping: read_csv(file, mapping.file.encoding),
)
from_xlsx_command = _table_command(
    "from-xlsx",
    "按映射文件把工作表的每一行转成一个事件，隐藏或筛选掉的行也会读取。有任何错误则不写输出文件。",
    "Convert each row of an XLSX sheet to an event by a mapping; hidden and filtered rows are read too. Nothing is"
    " written if any row has an error.",
    lambda file, mapping: read_xlsx(file, mapping.file.sheet),
)


def _write_events(
    file: Path, mapping_file: Path, exchange: str, output: Path | None, rows_of: RowsOf, *, as_json: bool
) -> None:
    """Write the events of all rows to `output`, if there is one, or print the errors and exit with 1."""
    part = None if output is None else output.with_name(f"{output.name}.part")
    try:
        mapping = load_mapping(mapping_file)
        with nullcontext() if part is None else part.open("wb") as lines:
            counts = _convert_rows(convert(rows_of(file, mapping), mapping, exchange), lines, as_json=as_json)
        if part is not None and output is not None and counts.events and not counts.errors:
            part.replace(output)
    except (TableFileError, ValueError, OSError) as error:
        raise click.ClickException(localized(str(error))) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)
    _report(counts, output, as_json=as_json)
    if counts.errors or not counts.events:
        sys.exit(1)


class _Counts(NamedTuple):
    events: int
    errors: int
    totals: int


def _convert_rows(found: Iterable[Converted], lines: BinaryIO | None, *, as_json: bool) -> _Counts:
    """Write the events, if there is a file for them, and print the errors, those of one kind together."""
    events, errors, totals, faults = 0, 0, 0, GroupedFaults()
    for one in found:
        if isinstance(one, RowEvent):
            events += 1
            if lines is not None:
                lines.write(one.line)
        elif isinstance(one, TotalRow):
            totals += 1
        else:
            errors += 1
            if as_json:
                click.echo(msgspec.json.encode(one))
            else:
                faults.add(one.row, (*one.columns, one.message), partial(_error_text, one))
    faults.report_more()
    return _Counts(events, errors, totals)


def _report(counts: _Counts, output: Path | None, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"summary": counts._asdict()}))
        return
    if counts.totals:
        echo(f"未转换的合计行：{counts.totals}", f"rows of totals left out: {counts.totals}")
    if counts.errors:
        echo(
            f"{counts.errors} 处错误，未写 {output or '任何文件'}",
            f"{counts.errors} errors, {output or 'nothing'} not written",
            err=True,
        )
    elif not counts.events:
        echo("没有可转换的行，未写输出文件", "no row to convert, nothing written", err=True)
    else:
        where = "" if output is None else f" -> {output}"
        echo(f"{counts.events} 个事件{where}", f"{counts.events} events{where}")


def _error_text(error: RowError) -> str:
    columns = "".join(say(f"「{column}」", f' "{column}"') for column in error.columns)
    return f"{say(f'第 {error.row} 行', f'row {error.row}')}{columns}: {localized(error.message)}"
