"""The mapping file: which column of a table holds which field of a document, and how to read its text.

kind: trade                                  # or listing
encoding: gb18030                            # of a CSV file; default UTF-8
sheet: 成交                                   # if a workbook has several sheets
members:
  trade_no: 合同编号                          # the column with this heading
  revision: {column: 版本, default: "1"}      # for an empty cell; a revision is 1 by default
  status: {column: 状态, values: {已完成: completed, 已取消: cancelled}}
  completed_at: {column: 成交时间, format: "%Y/%m/%d %H:%M"}   # in Shanghai, unless the format has %z
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

from exchange_kit.tables.rows import Cell, Moment, NumberCell, TableFileError, Unreadable
from shared.events.decode import Kind
from shared.events.fields import Revision, Time, Yuan
from shared.events.schemas import ListingSchema, TradeSchema
from shared.values.money import parse_yuan
from shared.values.times import SHANGHAI, format_time, parse_time

# Thousands separators of spreadsheets. A comma elsewhere may be a decimal comma, so it is an error.
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]{1,2})?")
_REVISION: Final = re.compile(r"[0-9]{1,10}")
_DEFAULT_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")

_Field = fields.Field[Any]


class CellError(ValueError):
    """A cell cannot be read; the message says what is expected (中文 / English)."""


class ColumnSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The source of a field's text: a column by its heading, or a constant; `values` translates whole texts."""

    column: str | None = None
    constant: str | int | None = None
    default: str | int | None = None
    values: dict[str, str] | None = None
    format: str | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: Kind
    members: dict[str, str | ColumnSource]
    encoding: str = "utf-8-sig"
    sheet: str | None = None


class Mapping(msgspec.Struct, frozen=True):
    """`sources` by field path (`provider.id`); `known`: the schema field of each path of the kind."""

    kind: Kind
    encoding: str
    sheet: str | None
    sources: dict[str, ColumnSource]
    known: dict[str, _Field]

    def columns_of(self, path: str) -> list[str]:
        """Return the headings from which a field, or its nested fields, are read."""
        return [
            source.column
            for member, source in self.sources.items()
            if source.column is not None and (member == path or member.startswith(f"{path}."))
        ]


def load_mapping(path: Path) -> Mapping:
    """Load a mapping file. TableFileError if it is invalid or names an unknown field."""
    try:
        read = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), _File)
        "".encode(read.encoding)
    except (ValueError, LookupError, yaml.YAMLError) as error:
        raise TableFileError(f"{path}: 映射文件有误：{error}", f"{path}: invalid mapping file: {error}") from error
    known = dict(_flat_fields((ListingSchema if read.kind == "listing" else TradeSchema)().fields.items()))
    sources = {"revision": ColumnSource(constant=1)}
    for member, given in read.members.items():
        source = ColumnSource(column=given) if isinstance(given, str) else given
        if member not in known:
            names = ", ".join(known)
            zh, en = f"没有此字段，可用字段：{names}", f"unknown field; known fields: {names}"
        elif (source.column is None) == (source.constant is None):
            zh, en = "column 与 constant 须有且只有一个", "must have either a column or a constant"
        else:
            sources[member] = source
            continue
        raise TableFileError(f"{path}: members.{member}: {zh}", f"{path}: members.{member}: {en}")
    return Mapping(read.kind, read.encoding, read.sheet, sources, known)


def _flat_fields(named: Iterable[tuple[str, _Field]]) -> Iterable[tuple[str, _Field]]:
    for name, field in named:
        if isinstance(field, fields.Nested):
            yield from ((f"{name}.{inner}", within) for inner, within in _flat_fields(field.schema.fields.items()))
        else:
            yield name, field


def read_cell(field: _Field, source: ColumnSource, cell: Cell | None) -> str | int | None:
    """Return the field's JSON value, None if empty; the constant's if `cell` is None. CellError."""
    if isinstance(cell, Unreadable):
        raise CellError(cell.message)
    if isinstance(cell, Moment):
        return _moment(field, source, cell)
    if isinstance(cell, NumberCell):
        return _value(field, source, _number_text(field, source, cell))
    return _value(field, source, str(source.constant) if cell is None else cell.strip())


def _moment(field: _Field, source: ColumnSource, cell: Moment) -> str:
    if not isinstance(field, Time):
        raise CellError("是日期：请将该列设为文本格式后重填 / is a date: format the column as text and re-enter it")
    if not (cell.has_time or (source.format is not None and "%H" not in source.format)):
        raise CellError(
            "只有日期，没有时刻；如确指当日零点，在映射文件该字段处写 format: '%Y-%m-%d'"
            " / is a date without a time; if midnight is meant, set format: '%Y-%m-%d' in the mapping"
        )
    return format_time(cell.at.replace(tzinfo=SHANGHAI))


def _number_text(field: _Field, source: ColumnSource, cell: NumberCell) -> str:
    """Return the number's text; an identifier must be stored exactly as displayed."""
    if isinstance(field, Time):
        raise CellError("是数字，不是日期：请将该列设为日期时间格式 / is a number: format the column as date and time")
    if cell.shown or source.values is not None or isinstance(field, Yuan | Revision):
        return cell.text
    raise CellError(
        f"是数字 {cell.text}，所存与所见可能不同：请将该列设为文本格式后重填"
        f" / is the number {cell.text}, perhaps displayed differently: format the column as text and re-enter it"
    )


def _value(field: _Field, source: ColumnSource, text: str) -> str | int | None:
    if not text:
        if source.default is None:
            return None
        text = str(source.default)
    elif source.values is not None:
        if text not in source.values:
            words = source.values
            raise CellError(
                f"须为 {'、'.join(words)} 之一，实为 {text!r} / must be one of {', '.join(words)}, not {text!r}"
            )
        text = source.values[text]
    if isinstance(field, Yuan):
        return _amount(text)
    if isinstance(field, Time):
        return _time(text, source.format)
    if isinstance(field, Revision):
        if _REVISION.fullmatch(text) is None:
            raise CellError(f"须为整数，实为 {text!r} / must be an integer, not {text!r}")
        return int(text)
    return text


def _amount(text: str) -> str:
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    try:
        parse_yuan(plain)
    except ValueError as error:
        raise CellError(
            f"须为元，最多两位小数，如 5000000.00 或 5,000,000.00，实为 {text!r}"
            f" / must be yuan with at most two decimals, not {text!r}"
        ) from error
    return plain


def _time(text: str, form: str | None) -> str:
    """Convert to the contract's form; a time without an offset is in Shanghai."""
    if form is None:
        try:
            return format_time(parse_time(text))
        except ValueError:
            pass  # not in the contract's form
    for known in _DEFAULT_FORMATS if form is None else (form,):
        try:
            instant = datetime.strptime(text, known)  # noqa: DTZ007 - the zone is set below
            return format_time(instant if instant.tzinfo is not None else instant.replace(tzinfo=SHANGHAI))
        except (ValueError, OverflowError):
            continue
    wanted = form or _DEFAULT_FORMATS[0]
    example = datetime(2026, 3, 1, 10, 0, 5, tzinfo=SHANGHAI).strftime(wanted)
    raise CellError(f"须为时间，如 {example}，实为 {text!r} / must be a time such as {example}, not {text!r}")
