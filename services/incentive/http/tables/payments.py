"""Reader of finance's table of payments: a payment a row, each with its voucher and day.

The payment list that finance was given may come back with all its columns; those of no use here are not read.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from marshmallow import ValidationError

from services.incentive.commands.batches import MOST_AWARDS
from services.incentive.commands.declare import InputFault
from services.incentive.http.act_schemas import PaymentRowSchema
from services.incentive.http.tables.rows import amount_of_cell, day_of_cell, read_rows, too_many_cells
from shared.values.json_types import Json
from shared.web.problems import FieldFault, Problem, field_faults

_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "award_id": ("奖补", "award_id", "award"),
    "amount": ("金额", "amount"),
    "voucher_no": ("凭证", "凭证号", "voucher_no", "voucher"),
    "paid_on": ("日期", "拨付日期", "paid_on", "day"),
    # Columns of payment lists.
    "article": ("条款", "article"),
    "subject": ("主体", "subject"),
    "name": ("名称", "name"),
    "account_name": ("户名", "account_name"),
    "bank": ("开户行", "bank"),
    "account": ("账号", "account"),
}
_READ: Final = ("award_id", "amount", "voucher_no", "paid_on")
_SCHEMA: Final = PaymentRowSchema()


class PaymentRow(NamedTuple):
    """A row at its line (from 1): the fields of the payment (None: it has faults)."""

    line: int
    fields: Json | None
    faults: tuple[InputFault, ...]


def read_payments(content: bytes, today: date) -> dict[str, Json]:
    """The payments of a table by award_id, each with `amount`, `voucher_no`, `paid_on`.

    Raises TableError; Problem 422 with each fault by line and column.
    """
    rows = read_rows(content, _COLUMNS, _READ, _row, MOST_AWARDS)
    faults = [FieldFault(f"{row.line}.{one.field}", one.message) for row in rows for one in row.faults]
    found: dict[str, Json] = {}
    for row in rows:
        if row.fields is None:
            continue
        award_id = row.fields.pop("award_id")
        if award_id in found:
            faults.append(FieldFault(f"{row.line}.award_id", "奖补重复 / an award is named twice"))
        if row.fields["paid_on"] > today:
            faults.append(FieldFault(f"{row.line}.paid_on", "不得晚于今天 / must not be in the future"))
        found[award_id] = row.fields
    if faults:
        raise Problem(422, errors=faults)
    return found


def _row(line: int, columns: list[str], cells: list[str]) -> PaymentRow:
    if len(cells) > len(columns):
        return PaymentRow(line, None, (too_many_cells(cells, columns),))
    given = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    body = {name: given[name] for name in _READ if given.get(name)}
    body |= {"amount": amount_of_cell(given.get("amount", "")), "paid_on": day_of_cell(given.get("paid_on", ""))}
    try:
        return PaymentRow(line, _SCHEMA.load(body), ())
    except ValidationError as error:
        return PaymentRow(line, None, tuple(InputFault(one.field, one.message) for one in field_faults(error.messages)))
