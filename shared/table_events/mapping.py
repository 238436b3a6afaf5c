"""The mapping file: which column of a table holds which field of a document, and how to read its text.

kind: trade                                  # or listing
encoding: gb18030                            # of a CSV file; default UTF-8
sheet: 成交                                   # if a workbook has several sheets
header_row: 3                                # the row with the headings; default 1
totals: [合计, 小计]                          # rows in which a cell is one of these words are no documents
members:
  trade_no: 合同编号                          # the column with this heading
  revision: {column: 版本, default: "1"}      # for an empty cell; a revision is 1 by default
  status: {column: 状态, values: {已完成: completed, 已取消: cancelled}}
  amount: {column: 金额, unit: 万元}           # default 元; converted exactly
  completed_at: {column: 成交时间, format: "%Y/%m/%d %H:%M"}   # in Shanghai, unless the format has %z
  provider.id: 卖方代码
  currency: {constant: CNY}
"""

import re
from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args

import msgspec
import yaml
from marshmallow import fields

from shared.events.decode import Kind
from shared.events.fields import Revision, Time, Yuan
from shared.events.industry_names import industry_of
from shared.events.schemas import ListingSchema, TradeSchema
from shared.table_events.cells import Cell, Merged, Moment, NumberCell, TableFileError, Unreadable
from shared.values.convert import converter
from shared.values.money import format_yuan
from shared.values.times import SHANGHAI, format_time, parse_time

# Thousands separators of spreadsheets. A comma elsewhere may be a decimal comma, so it is an error.
_THOUSANDS: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_DECIMAL: Final = re.compile(r"[0-9]{1,40}(?:\.[0-9]{1,40})?")
_YUAN: Final = re.compile(r"[0-9]+(?:\.[0-9]{1,2})?")
_YUAN_SAID: Final = ("元，最多两位小数", "yuan with at most two decimals")
FEN_PER_UNIT: Final[MappingOf[str, int]] = {"分": 1, "元": 100, "千元": 10**5, "万元": 10**6, "亿元": 10**10}
_REVISION: Final = re.compile(r"[0-9]{1,10}")
_HALF_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_CODES: Final = ("listing_no", "trade_no", "provider.id", "buyer.id")
# The year comes first, so that none can be read as another.
_DEFAULT_FORMATS: Final = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
)

MOST_HEADER_ROW: Final = 50

Unit = Literal["分", "元", "千元", "万元", "亿元"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)
_Field = fields.Field[Any]


class CellError(ValueError):
    """A cell cannot be read; the message says what is expected (中文 / English)."""


class ColumnSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The source of a field's text: a column by its heading, or a constant; `values` translates whole texts.

    `unit` is of amounts, a key of FEN_PER_UNIT; `format` of times, as `strptime` reads it.
    """

    column: str | None = None
    constant: str | int | None = None
    default: str | int | None = None
    values: dict[str, str] | None = None
    format: str | None = None
    unit: Unit = "元"


class MappingFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A mapping as it is written; `members`: a source, or the heading of its column, by field path (`provider.id`)."""

    kind: Kind
    members: dict[str, str | ColumnSource]
    encoding: str = "utf-8-sig"
    sheet: str | None = None
    header_row: Annotated[int, msgspec.Meta(ge=1, le=MOST_HEADER_ROW)] = 1
    totals: list[str] = []


to_mapping_file: Final = converter(MappingFile)


class Mapping(msgspec.Struct, frozen=True):
    """A valid mapping: `sources` by field path; `known`: the schema field of each path of the kind."""

    file: MappingFile
    sources: dict[str, ColumnSource]
    known: dict[str, _Field]

    @property
    def kind(self) -> Kind:
        return self.file.kind

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
        read = to_mapping_file(yaml.safe_load(path.read_text(encoding="utf-8")))
        "".encode(read.encoding)
    except (ValueError, LookupError, yaml.YAMLError) as error:
        raise TableFileError(f"{path}: 映射文件有误：{error}", f"{path}: invalid mapping file: {error}") from error
    return check_mapping(str(path), read)


def fields_of(kind: Kind) -> dict[str, _Field]:
    """Return the schema field of each path of a kind of documents."""
    return dict(_flat_fields((ListingSchema if kind == "listing" else TradeSchema)().fields.items()))


def check_mapping(name: str, read: MappingFile) -> Mapping:
    """Return the mapping that a file gives. TableFileError, with the name, for an unknown field or a wrong source."""
    known = fields_of(read.kind)
    sources = {"revision": ColumnSource(constant=1)}
    for member, given in read.members.items():
        source = ColumnSource(column=given) if isinstance(given, str) else given
        if member not in known:
            names = ", ".join(known)
            zh, en = f"没有此字段，可用字段：{names}", f"unknown field; known fields: {names}"
        elif (source.column is None) == (source.constant is None):
            zh, en = "column 与 constant 须有且只有一个", "must have either a column or a constant"
        elif source.unit != "元" and not isinstance(known[member], Yuan):
            zh, en = "只有金额有 unit", "only an amount has a unit"
        else:
            sources[member] = source
            continue
        raise TableFileError(f"{name}: members.{member}: {zh}", f"{name}: members.{member}: {en}")
    return Mapping(read, sources, known)


def _flat_fields(named: Iterable[tuple[str, _Field]]) -> Iterable[tuple[str, _Field]]:
    for name, field in named:
        if isinstance(field, fields.Nested):
            yield from ((f"{name}.{inner}", within) for inner, within in _flat_fields(field.schema.fields.items()))
        else:
            yield name, field


def read_field(mapping: Mapping, path: str, cell: Cell | None) -> str | int | None:
    """Return the JSON value of a field, None if empty; the constant's if `cell` is None. CellError."""
    value = _read_cell(mapping.known[path], mapping.sources[path], cell)
    if path == "product.industry" and isinstance(value, str):
        return industry_of(half_width(value))
    return half_width(value) if path in _CODES and isinstance(value, str) else value


def _read_cell(field: _Field, source: ColumnSource, cell: Cell | None) -> str | int | None:
    if isinstance(cell, Merged):
        if isinstance(field, Yuan):
            raise CellError("多行合并：请取消合并，逐行填写 / is merged over several rows: unmerge it, enter each row")
        return _read_cell(field, source, cell.cell)
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
        return _amount(half_width(text), source.unit)
    if isinstance(field, Time):
        return _time(half_width(text), source.format)
    if isinstance(field, Revision):
        if _REVISION.fullmatch(half_width(text)) is None:
            raise CellError(f"须为整数，实为 {text!r} / must be an integer, not {text!r}")
        return int(half_width(text))
    return text


def half_width(text: str) -> str:
    """Return the text with full-width letters, digits and punctuation of ASCII (U+FF01 .. U+FF5E) as ASCII."""
    return text.translate(_HALF_WIDTH).strip()


def _amount(text: str, unit: str) -> str:
    """Convert to yuan, exactly; what is not whole fen is refused."""
    plain = text.replace(",", "") if _THOUSANDS.fullmatch(text) else text
    whole, _, decimals = plain.partition(".")
    is_number = _DECIMAL.fullmatch(plain) is not None
    fen, rest = divmod(int(whole + decimals) * FEN_PER_UNIT[unit], 10 ** len(decimals)) if is_number else (0, 1)
    if rest:
        zh, en = (
            _YUAN_SAID if unit == "元" else (f"以{unit}计、换算后为整分的金额", f"an amount in {unit} of whole fen")
        )
        raise CellError(f"须为{zh}，如 5000000.00 或 5,000,000.00，实为 {text!r} / must be {en}, not {text!r}")
    return plain if unit == "元" and _YUAN.fullmatch(plain) else format_yuan(fen)


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
