"""The mapping file: which column of a table holds which member of a document, and how its text is read.

kind: trade                                  # or listing
encoding: gb18030                            # of a CSV file; UTF-8 if absent
sheet: 成交                                   # of a workbook that has several
members:
  trade_no: 合同编号                          # the column with this heading
  revision: {column: 版本, default: "1"}      # for an empty cell; a revision is 1 where nothing is said
  status: {column: 状态, values: {已完成: completed, 已取消: cancelled}}
  completed_at: {column: 成交时间, format: "%Y/%m/%d %H:%M"}   # in Shanghai, unless it has %z
  provider.id: 卖方代码
  currency: {constant: CNY}
"""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from marshmallow import fields

from exchange_kit.tables.cells import Cell, Moment, Number, Unreadable
from shared.events.decode import Kind
from shared.events.fields import Revision, Time, Yuan
from shared.events.schemas import ListingSchema, TradeSchema
from shared.values.money import parse_yuan
from shared.values.times import SHANGHAI, format_time, parse_time

# What spreadsheets write between thousands. A comma anywhere else may be a decimal one, and is not guessed at.
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?")
_REVISION: Final = re.compile(r"[0-9]{1,10}")
_DEFAULT_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


class MappingError(ValueError):
    """A mapping file is wrong; the message says where."""


class CellError(ValueError):
    """A cell's text cannot be read; the message says what is expected, Chinese first."""


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a member's text comes from: a column by its heading, or a constant; `values` replaces whole texts."""

    column: str | None = None
    constant: str | int | None = None
    default: str | int | None = None
    values: dict[str, str] | None = None
    format: str | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Kind
    members: dict[str, str | Source]
    encoding: str = "utf-8-sig"
    sheet: str | None = None


class Mapping(msgspec.Struct, frozen=True):
    """`sources` by the path of a member (`provider.id`), `known` the field of each path that the kind has."""

    kind: Kind
    encoding: str
    sheet: str | None
    sources: dict[str, Source]
    known: dict[str, fields.Field[Any]]

    def columns_of(self, path: str) -> list[str]:
        """The headings behind a member, or behind what is in it."""
        return [
            source.column
            for member, source in self.sources.items()
            if source.column is not None and (member == path or member.startswith(f"{path}."))
        ]


def load_mapping(path: Path) -> Mapping:
    """The mapping of a YAML file; MappingError if it is none, or names a member that the kind has not."""
    try:
        read = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), _File)
        "".encode(read.encoding)
    except (ValueError, LookupError, yaml.YAMLError) as error:
        raise MappingError(f"{path}: 映射文件有误 / the mapping file is wrong: {error}") from error
    known = dict(_members((ListingSchema if read.kind == "listing" else TradeSchema)().fields.items()))
    sources = {"revision": Source(constant=1)}
    for member, given in read.members.items():
        source = Source(column=given) if isinstance(given, str) else given
        if member not in known:
            said = f"没有此成员，可用 / no such member, there are: {', '.join(known)}"
            raise MappingError(f"{path}: members.{member}: {said}")
        if (source.column is None) == (source.constant is None):
            said = "column 与 constant 须有且只有一个 / must have either a column or a constant"
            raise MappingError(f"{path}: members.{member}: {said}")
        sources[member] = source
    return Mapping(read.kind, read.encoding, read.sheet, sources, known)


def _members(named: Iterable[tuple[str, fields.Field[Any]]]) -> Iterable[tuple[str, fields.Field[Any]]]:
    for name, field in named:
        if isinstance(field, fields.Nested):
            yield from ((f"{name}.{inner}", within) for inner, within in _members(field.schema.fields.items()))
        else:
            yield name, field


def read_cell(field: fields.Field[Any], source: Source, cell: Cell | None) -> str | int | None:
    """The member's JSON value, None if there is none; of the constant if `cell` is None.

    CellError says what is expected of the cell.
    """
    if isinstance(cell, Unreadable):
        raise CellError(cell.message)
    if isinstance(cell, Moment):
        return _moment(field, source, cell)
    if isinstance(cell, Number):
        return _value(field, source, _number_text(field, source, cell))
    return _value(field, source, str(source.constant) if cell is None else cell.strip())


def _moment(field: fields.Field[Any], source: Source, cell: Moment) -> str:
    if not isinstance(field, Time):
        raise CellError("是日期：请将该列设为文本格式后重填 / is a date: format the column as text, and enter it again")
    if not (cell.has_time or (source.format is not None and "%H" not in source.format)):
        said = "只有日期，没有时刻；如确指当日零点，在映射文件该成员处写 format: '%Y-%m-%d'"
        raise CellError(f"{said} / is a day without a time; such a format in the mapping says that midnight is meant")
    return format_time(cell.at.replace(tzinfo=SHANGHAI))


def _number_text(field: fields.Field[Any], source: Source, cell: Number) -> str:
    """The number's text; only as it is shown where it is a name, as others know it by what is shown."""
    if isinstance(field, Time):
        raise CellError("是数字，不是日期：请将该列设为日期时间格式 / is a number: format the column as date and time")
    if cell.shown or source.values is not None or isinstance(field, Yuan | Revision):
        return cell.text
    said = "是数字，所存与所见可能不同：请将该列设为文本格式后重填"
    raise CellError(
        f"{said} / is a number, kept otherwise than it may be shown: format the column as text, and enter it again; "
        f"实存 / kept is {cell.text}"
    )


def _value(field: fields.Field[Any], source: Source, text: str) -> str | int | None:
    if not text:
        if source.default is None:
            return None
        text = str(source.default)
    elif source.values is not None:
        if text not in source.values:
            words = source.values
            raise CellError(f"须为 {'、'.join(words)} 之一 / must be one of {', '.join(words)}; 实为 / is {text!r}")
        text = source.values[text]
    if isinstance(field, Yuan):
        return _amount(text)
    if isinstance(field, Time):
        return _time(text, source.format)
    if isinstance(field, Revision):
        if _REVISION.fullmatch(text) is None:
            raise CellError(f"须为整数 / must be an integer; 实为 / is {text!r}")
        return int(text)
    return text


def _amount(text: str) -> str:
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    try:
        parse_yuan(plain)
    except ValueError as error:
        said = "须为元，最多两位小数，如 5000000.00 或 5,000,000.00 / must be yuan with at most two decimals"
        raise CellError(f"{said}; 实为 / is {text!r}") from error
    return plain


def _time(text: str, form: str | None) -> str:
    """As the contract writes it. Without an offset it is Shanghai's."""
    if form is None:
        try:
            return format_time(parse_time(text))
        except ValueError:
            pass  # not the contract's own way
    for known in _DEFAULT_FORMATS if form is None else (form,):
        try:
            instant = datetime.strptime(text, known)  # noqa: DTZ007 - the zone is set below
            return format_time(instant if instant.tzinfo is not None else instant.replace(tzinfo=SHANGHAI))
        except (ValueError, OverflowError):
            continue
    wanted = form or _DEFAULT_FORMATS[0]
    example = datetime(2026, 3, 1, 10, 0, 5, tzinfo=SHANGHAI).strftime(wanted)
    raise CellError(f"须为时间，如 {example} / must be a time such as {example}; 实为 / is {text!r}")
