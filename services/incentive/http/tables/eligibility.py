"""Reader of tables of eligibility: a record a row, each condition a column with its basis."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from marshmallow import ValidationError

from services.incentive.commands.declare import InputFault
from services.incentive.domain.subjects.eligibility import CONDITIONS
from services.incentive.http.act_schemas import EligibilityRequestSchema
from services.incentive.http.tables.rows import (
    day_of_cell,
    documents_of_cell,
    read_rows,
    subject_of_cell,
    too_many_cells,
)
from shared.values.json_types import Json
from shared.values.parties import parse_subject
from shared.web.problems import field_faults

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": ("主体", "统一社会信用代码", "subject"),
    "status": ("结论", "status"),
    "from": ("自", "from"),
    "until": ("至", "until"),
    "kind_of_entity": ("主体类型", "kind_of_entity"),
    "civil_liability": ("独立承担民事责任", "civil_liability"),
    "sound_accounts": ("财务制度健全", "sound_accounts"),
    "good_credit": ("信用良好", "good_credit"),
    "no_safety_accident": ("无重大安全事故", "no_safety_accident"),
    "no_environmental_accident": ("无重大环保事故", "no_environmental_accident"),
    "reason": ("事由", "reason"),
    "documents": ("文件", "documents"),
}
_REQUIRED: Final = ("subject", "status", "from")
_STATUSES: Final = {"符合": "verified", "不符合": "failed"}
_KINDS: Final = {
    "企业": "enterprise",
    "科研院所": "research_institute",
    "高等院校": "university",
    "公共服务平台": "public_platform",
    "园区运营单位": "park_operator",
    "其他": "other",
}
_NOT_MET: Final = ("不符合", "no")
_SCHEMA: Final = EligibilityRequestSchema()


class EligibilityRow(NamedTuple):
    """A row at its line (from 1): the subject, and the fields of its record (None: it has faults)."""

    line: int
    subject: str
    fields: Json | None
    faults: tuple[InputFault, ...]


def read_eligibility(content: bytes) -> list[EligibilityRow]:
    """Read a table; blank rows are skipped. Raises TableError."""
    return read_rows(content, _COLUMNS, _REQUIRED, _row)


def _row(line: int, columns: list[str], cells: list[str]) -> EligibilityRow:
    given = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    subject = subject_of_cell(given.get("subject", ""))
    if len(cells) > len(columns):
        return EligibilityRow(line, subject, None, (too_many_cells(cells, columns),))
    faults: list[InputFault] = []
    try:
        parse_subject(subject)
    except ValueError:
        faults.append(InputFault("subject", "须为统一社会信用代码 / must be a unified social credit code"))
    body = _body(given, faults)
    try:
        fields = _SCHEMA.load(body)
    except ValidationError as error:
        faults += (InputFault(one.field, one.message) for one in field_faults(error.messages))
        return EligibilityRow(line, subject, None, tuple(faults))
    return EligibilityRow(line, subject, None if faults else fields, tuple(faults))


def _body(given: Mapping[str, str], faults: list[InputFault]) -> Json:
    """Convert a row to the body of a request; empty cells are left out."""
    body: Json = {name: given[name] for name in ("reason",) if given.get(name)}
    body["status"] = _STATUSES.get(given.get("status", ""), given.get("status", ""))
    body |= {name: day_of_cell(given[name]) for name in ("from", "until") if given.get(name)}
    if given.get("kind_of_entity"):
        body["kind_of_entity"] = _KINDS.get(given["kind_of_entity"], given["kind_of_entity"])
    body["criteria"] = dict(_criteria(given))
    if given.get("documents"):
        body["documents"] = list(documents_of_cell(given["documents"], faults))
    return body


def _criteria(given: Mapping[str, str]) -> Iterator[tuple[str, Json]]:
    """The conditions that have a cell: a cell is the basis; one that begins with 不符合 or no is of one not met."""
    for name in CONDITIONS:
        cell = given.get(name, "")
        unmet = next((word for word in _NOT_MET if cell == word or cell.startswith((f"{word}:", f"{word}："))), None)
        basis = cell if unmet is None else cell.removeprefix(unmet).lstrip(":： ")
        if cell:
            yield name, {"met": unmet is None, **({"basis": basis} if basis else {})}
