"""`exchange-kit from-csv` and `from-xlsx`."""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import click

from exchange_kit.commands.options import EXCHANGE, FILE
from exchange_kit.tables.cells import Cell
from exchange_kit.tables.convert import Fault, convert, read_csv
from exchange_kit.tables.mapping import Mapping, load_mapping
from exchange_kit.tables.workbook import read_xlsx

_FILE = click.argument("file", type=FILE)
_MAPPING = click.option(
    "--mapping", "mapping_file", required=True, type=FILE, help="映射文件（YAML） / which column holds which member"
)
_OUTPUT = click.option("-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="NDJSON")


@click.command("from-csv")
@_FILE
@_MAPPING
@EXCHANGE
@_OUTPUT
def from_csv_command(file: Path, mapping_file: Path, exchange: str, output: Path) -> None:
    """按映射文件把 CSV 的每一行转成一个事件 / Make an event of each row of a CSV file, by a mapping.

    有任何错误则不写输出文件。 The output is written only if no row has a fault.
    """
    _write_events(mapping_file, exchange, output, lambda mapping: read_csv(file, mapping.encoding))


@click.command("from-xlsx")
@_FILE
@_MAPPING
@EXCHANGE
@_OUTPUT
def from_xlsx_command(file: Path, mapping_file: Path, exchange: str, output: Path) -> None:
    """按同一映射文件把工作表的每一行转成一个事件 / Make an event of each row of a sheet (XLSX), by the same mapping.

    隐藏或筛选掉的行也会读取。有任何错误则不写输出文件。
    Hidden and filtered rows are read too. The output is written only if no row has a fault.
    """
    _write_events(mapping_file, exchange, output, lambda mapping: read_xlsx(file, mapping.sheet))


def _write_events(
    mapping_file: Path, exchange: str, output: Path, rows_of: Callable[[Mapping], Iterable[Sequence[Cell]]]
) -> None:
    """The events of all rows to `output`, or their faults to standard output and exit code 1."""
    part = output.with_name(f"{output.name}.part")
    written, faults = 0, 0
    try:
        mapping = load_mapping(mapping_file)
        with part.open("wb") as lines:
            for found in convert(rows_of(mapping), mapping, exchange):
                if isinstance(found, bytes):
                    lines.write(found)
                    written += 1
                else:
                    click.echo(_fault_text(found))
                    faults += 1
        if not faults:
            part.replace(output)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    if faults:
        click.echo(f"{faults} 处错误，未写 {output} / faults, nothing was written", err=True)
        sys.exit(1)
    click.echo(f"{written} 个事件 / events -> {output}")


def _fault_text(fault: Fault) -> str:
    columns = "".join(f"「{column}」" for column in fault.columns)
    return f"第 {fault.row} 行{columns} / row {fault.row}: {fault.message}"
