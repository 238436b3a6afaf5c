"""`exchange-kit from-csv` and `from-xlsx`."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from exchange_kit.commands.options import EXCHANGE, FILE, command, echo
from shared.language import localized, say
from shared.table_events.cells import Cell, TableFileError, read_csv, read_xlsx
from shared.table_events.convert import RowError, RowEvent, TotalRow, convert
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
    @click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="NDJSON")
    def convert_table(file: Path, mapping_file: Path, exchange: str, output: Path) -> None:
        _write_events(file, mapping_file, exchange, output, rows_of)

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


def _write_events(file: Path, mapping_file: Path, exchange: str, output: Path, rows_of: RowsOf) -> None:
    """Write the events of all rows to `output`, or print the errors and exit with 1."""
    part = output.with_name(f"{output.name}.part")
    written, errors, totals = 0, 0, 0
    try:
        mapping = load_mapping(mapping_file)
        with part.open("wb") as lines:
            for found in convert(rows_of(file, mapping), mapping, exchange):
                if isinstance(found, RowEvent):
                    lines.write(found.line)
                    written += 1
                elif isinstance(found, TotalRow):
                    totals += 1
                else:
                    click.echo(_error_text(found))
                    errors += 1
        if not errors:
            part.replace(output)
    except (TableFileError, ValueError, OSError) as error:
        raise click.ClickException(localized(str(error))) from error
    finally:
        part.unlink(missing_ok=True)
    if errors:
        echo(f"{errors} 处错误，未写 {output}", f"{errors} errors, {output} not written", err=True)
        sys.exit(1)
    if totals:
        echo(f"未转换的合计行：{totals}", f"rows of totals left out: {totals}")
    echo(f"{written} 个事件 -> {output}", f"{written} events -> {output}")


def _error_text(error: RowError) -> str:
    columns = "".join(say(f"「{column}」", f' "{column}"') for column in error.columns)
    return f"{say(f'第 {error.row} 行', f'row {error.row}')}{columns}: {localized(error.message)}"
