"""Reader of tables of declarations: a declaration a row, every fault with its line and column.

Columns are known by their headings, Chinese or English, in any order. A rule and a grade may be written by their
Chinese names, a subject by its code alone, a day as spreadsheets write it. The rule says which value is measured.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from marshmallow import ValidationError

from services.incentive.commands.declare import DeclarationInput, InputFault
from services.incentive.domain.facts import DocumentRef
from services.incentive.http.act_schemas import DeclaredSchema
from services.incentive.http.tables.rows import (
    amount_of_cell,
    day_of_cell,
    documents_of_cell,
    read_rows,
    subject_of_cell,
    too_many_cells,
)
from services.incentive.policy.terms import DeclaredTerms, Fixed, Grades, Policy
from shared.values.json_types import Json
from shared.web.problems import field_faults

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "rule": ("奖项", "rule"),
    "subject": ("主体", "统一社会信用代码", "subject"),
    "name": ("名称", "主体名称", "name"),
    "item": ("事项", "事项编号", "item"),
    "earned_on": ("取得日期", "earned_on"),
    "measure": ("计量", "measure"),
    "assessed": ("评定金额", "assessed"),
    "documents": ("文件", "documents"),
    "withdrawn": ("撤回", "withdrawn"),
}
_REQUIRED: Final = ("rule", "subject", "item", "earned_on")
_YES: Final = ("是", "yes", "true", "1")
_NO: Final = ("", "否", "no", "false", "0")
_SCHEMA: Final = DeclaredSchema()


class Row(NamedTuple):
    """A row at its line (from 1): its declaration, or its faults."""

    line: int
    declared: DeclarationInput | None
    faults: tuple[InputFault, ...]


def read_table(content: bytes, policy: Policy) -> list[Row]:
    """Read a table; blank rows are skipped. Raises TableError."""
    return read_rows(content, _COLUMNS, _REQUIRED, lambda line, columns, cells: _row(line, columns, cells, policy))


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


def declaration_input(loaded: Json) -> DeclarationInput:
    """Build the input of a declaration from what DeclaredSchema has loaded."""
    documents = tuple(DocumentRef(**one) for one in loaded.get("documents", ()))
    rest = {name: value for name, value in loaded.items() if name not in ("documents", "measure")}
    return DeclarationInput(**rest, measure=loaded.get("measure") or {}, documents=documents)


def _terms(rule: str, policy: Policy) -> DeclaredTerms | None:
    """Return the rule with this id or Chinese name."""
    return next((terms for terms in policy.declared.rules if rule in (terms.rule, terms.name.zh)), None)


def _entered(given: Mapping[str, str], terms: DeclaredTerms | None, faults: list[InputFault]) -> Json:
    """Convert a row to the body of a request."""
    entered: Json = {name: given[name] for name in ("item", "name") if given.get(name)}
    if given.get("assessed"):
        entered["assessed"] = amount_of_cell(given["assessed"])
    entered["rule"] = given["rule"] if terms is None else terms.rule
    entered["subject"] = subject_of_cell(given.get("subject", ""))
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


def _measure(cell: str, terms: DeclaredTerms | None, faults: list[InputFault]) -> dict[str, str]:
    if terms is None:
        return {}  # the rule is what is wrong
    if terms.measure is None:
        faults.append(InputFault("measure", "该奖项没有计量 / nothing is measured for this rule"))
        return {}
    grades = terms.amount.grades if isinstance(terms.amount, Grades) else ()
    if isinstance(terms.amount, Fixed | Grades):
        return {terms.measure.name: next((grade.grade for grade in grades if cell == grade.says.zh), cell)}
    return {terms.measure.name: amount_of_cell(cell)}
