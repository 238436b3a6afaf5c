"""Reader of tables of declarations (CSV): a declaration a row, every fault with its line and column.

Columns are known by their headings, Chinese or English, in any order. A rule and a grade may be written by their
Chinese names, a subject by its code alone, a day as spreadsheets write it. The rule says which value is measured.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple, TypeVar

from marshmallow import ValidationError

from services.incentive.commands.declare import DeclarationInput, InputFault
from services.incentive.domain.facts import DocumentRef
from services.incentive.http.act_schemas import DeclaredSchema
from services.incentive.policy.terms import DeclaredTerms, Grades, Policy
from shared.values.json_types import Json
from shared.web.problems import field_faults

MOST_ROWS: Final = 1_000
_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "rule": ("奖项", "rule"),
    "subject": ("主体", "统一社会信用代码", "subject"),
    "name": ("名称", "主体名称", "name"),
    "item": ("事项", "事项编号", "item"),
    "earned_on": ("取得日期", "earned_on"),
    "measure": ("计量", "measure"),
    "documents": ("文件", "documents"),
    "withdrawn": ("撤回", "withdrawn"),
}
_REQUIRED: Final = ("rule", "subject", "item", "earned_on")
_DAY: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")
_DOCUMENT: Final = re.compile(r"(.+?)\s+([0-9a-fA-F]{64})")
_YES: Final = ("是", "yes", "true", "1")
_NO: Final = ("", "否", "no", "false", "0")
_SCHEMA: Final = DeclaredSchema()
MadeRow = TypeVar("MadeRow")


class TableError(ValueError):
    """The file is not a table of declarations; the message says why."""


class Row(NamedTuple):
    """A row at its line (from 1): its declaration, or its faults."""

    line: int
    declared: DeclarationInput | None
    faults: tuple[InputFault, ...]


def read_table(content: bytes, policy: Policy) -> list[Row]:
    """Read a table in UTF-8 or GB 18030; empty lines are skipped. Raises TableError."""
    return read_rows(content, _COLUMNS, _REQUIRED, lambda line, columns, cells: _row(line, columns, cells, policy))


def read_rows(
    content: bytes,
    known: Mapping[str, tuple[str, ...]],
    required: Sequence[str],
    make: Callable[[int, list[str], list[str]], MadeRow],
    most: int = MOST_ROWS,
) -> list[MadeRow]:
    """Make each row of a table from its line, columns and cells. `known` are the headings of each column."""
    reader = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        columns = read_headings(next(reader, []), known, required)
        rows = [make(reader.line_num, columns, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise TableError(f"第 {reader.line_num} 行不是 CSV / line {reader.line_num} is not CSV: {error}") from error
    if not rows:
        raise TableError("没有数据行 / there are no rows")
    if len(rows) > most:
        raise TableError(f"一次最多 {most} 行 / at most {most} rows at once")
    return rows


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise TableError("须为 UTF-8 或 GB 18030 / must be UTF-8 or GB 18030")


def read_headings(headings: Sequence[str], known: Mapping[str, tuple[str, ...]], required: Sequence[str]) -> list[str]:
    """Return the columns by their headings; a heading with both words, such as "奖项 rule", is known by either."""
    by_heading = {heading: column for column, names in known.items() for heading in names}
    columns: list[str] = []
    for heading in headings:
        words = [heading.strip(), *heading.split()]
        column = next((by_heading[word] for word in words if word in by_heading), None)
        if column is None:
            listed = ", ".join(" ".join((names[0], names[-1])) for names in known.values())
            raise TableError(f"没有此列 / no such column: {heading!r} ({listed})")
        if column in columns:
            raise TableError(f"重复的列 / repeated column: {heading!r}")
        columns.append(column)
    missing = [" ".join((known[name][0], name)) for name in required if name not in columns]
    if missing:
        raise TableError(f"缺少列 / columns are missing: {', '.join(missing)}")
    return columns


def _row(line: int, columns: list[str], cells: list[str], policy: Policy) -> Row:
    if len(cells) > len(columns):
        return Row(line, None, (too_many_cells(cells, columns),))
    given = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    terms = _terms(given.get("rule", ""), policy)
    faults: list[InputFault] = []
    entered = _entered(given, terms, faults)
    try:
        loaded = _SCHEMA.load(entered)
    except ValidationError as error:
        found = [InputFault(fault.field, fault.message) for fault in field_faults(error.messages)]
        return Row(
            line, None, (*faults, *(fault for fault in found if fault.field not in {one.field for one in faults}))
        )
    return Row(line, None, tuple(faults)) if faults else Row(line, declaration_input(loaded), ())


def too_many_cells(cells: Sequence[str], columns: Sequence[str]) -> InputFault:
    """The fault of a row with more cells than the table has headings."""
    said = f"有 {len(cells)} 格，标题只有 {len(columns)} 列 / has {len(cells)} cells for {len(columns)} headings"
    return InputFault("", said)


def declaration_input(loaded: Json) -> DeclarationInput:
    """Build the input of a declaration from what DeclaredSchema has loaded."""
    documents = tuple(DocumentRef(**one) for one in loaded.get("documents", ()))
    rest = {name: value for name, value in loaded.items() if name not in ("documents", "measure")}
    return DeclarationInput(**rest, measure=loaded.get("measure", {}), documents=documents)


def _terms(rule: str, policy: Policy) -> DeclaredTerms | None:
    """Return the rule with this id or Chinese name."""
    return next((terms for terms in policy.declared.rules if rule in (terms.rule, terms.name.zh)), None)


def _entered(given: Mapping[str, str], terms: DeclaredTerms | None, faults: list[InputFault]) -> Json:
    """Convert a row to the body of a request."""
    entered: Json = {name: given[name] for name in ("item", "name") if given.get(name)}
    entered["rule"] = given["rule"] if terms is None else terms.rule
    subject = given.get("subject", "")
    entered["subject"] = subject if ":" in subject else f"uscc:{subject}"
    if "earned_on" in given:
        entered["earned_on"] = day_of_cell(given["earned_on"])
    if given.get("measure"):
        entered["measure"] = _measure(given["measure"], terms, faults)
    if given.get("documents"):
        entered["documents"] = list(documents_of_cell(given["documents"], faults))
    withdrawn = given.get("withdrawn", "").lower()
    if withdrawn not in (*_YES, *_NO):
        faults.append(InputFault("withdrawn", "须为是或否 / must be yes or no"))
    entered["withdrawn"] = withdrawn in _YES
    return entered


def day_of_cell(cell: str) -> str:
    """Convert 2026/3/1 to 2026-03-01; anything else is left for the schema to refuse."""
    match = _DAY.fullmatch(cell)
    try:
        return cell if match is None else date(*map(int, match.groups())).isoformat()
    except ValueError:
        return cell


def _measure(cell: str, terms: DeclaredTerms | None, faults: list[InputFault]) -> dict[str, str]:
    if terms is None:
        return {}  # the rule is what is wrong
    if terms.measure is None:
        faults.append(InputFault("measure", "该奖项没有计量 / nothing is measured for this rule"))
        return {}
    grades = terms.amount.grades if isinstance(terms.amount, Grades) else ()
    named = next((grade.grade for grade in grades if cell == grade.says.zh), cell)
    return {terms.measure.name: named}


def documents_of_cell(cell: str, faults: list[InputFault]) -> Iterator[dict[str, str]]:
    """Read `name sha256`, several separated by semicolons."""
    for part in filter(None, (piece.strip() for piece in re.split("[;；]", cell))):
        match = _DOCUMENT.fullmatch(part)
        if match is None:
            said = "须为“名称 SHA-256”，多个以分号分隔 / must be name and SHA-256, several separated by semicolons"
            faults.append(InputFault("documents", said))
            return
        yield {"name": match[1], "sha256": match[2].lower()}
