"""Official lists as documents: rendered from the bytes that were frozen, and from nothing else."""

import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from flask import Response

from services.incentive.documents.pdf import Attachment, render_pdf
from services.incentive.extract.tables import Table, csv_lines, write_table_workbook
from services.incentive.extract.xlsx import Row
from services.incentive.store.frozen.official_lists import FrozenList, find_list
from shared.events.fields import Choice
from shared.values.file_types import PDF, XLSX
from shared.values.json_types import Json
from shared.web.problems import Problem
from shared.web.query import BINARY, Blueprint, QuerySchema
from shared.web.service import viewer_snapshot

FORMATS: Final = ("json", "pdf", "xlsx", "csv")
MEDIA_TYPES: Final = {
    "json": "application/json",
    "pdf": PDF.media_type,
    "xlsx": XLSX.media_type,
    "csv": "text/csv",
}
_TAGGED_MOST: Final = 1000  # rows; the tags of a longer document would be most of it
blueprint = Blueprint("lists", __name__, description="公示名单 / lists under public notice")


# The heading of each field of a row; those of the subject are its own.
_HEADINGS: Final = {
    "number": "序号 number",
    "name": "主体 name",
    "id": "代码 code",
    "reward": "奖励事项 reward",
    "article": "条款 article",
    "year": "年度 year",
    "item": "事项 item",
    "amount": "金额 amount",
    "standing": "其中已核定 approved",
    "voucher_no": "凭证号 voucher_no",
    "paid_on": "拨付日期 paid_on",
    "account_name": "户名 account_name",
    "bank": "开户行 bank",
    "account": "账号 account",
    "award_id": "奖补 award_id",
}
_FIRST: Final = ("number", "name", "id", "reward", "article", "year", "item", "amount")


def _table(name: str, *more: str) -> Table:
    names = (*_FIRST, *more, "award_id")

    def cells(row: Json) -> Iterator[Row]:
        paid_to = row.get("account") or {}
        found = {**row, **row["subject"], "account_name": paid_to.get("name"), "bank": paid_to.get("bank")}
        found["account"] = paid_to.get("number")
        yield [found[one] for one in names]

    return Table(name, tuple(_HEADINGS[one] for one in names), cells)


_TABLES: Final = {
    "public_notice": _table("公示名单", "standing"),
    "approval_list": _table("核定名单"),
    "payment_list": _table("拨付名单", "account_name", "bank", "account", "voucher_no", "paid_on"),
}
_EXAMPLE: Final[Json] = {
    "number": 1,
    "subject": {"id_scheme": "uscc", "id": "91530100MAXGAAA018", "name": "虚构花卉数据有限公司"},
    "reward": "首次购买奖励",
    "article": "(四) 2",
    "year": 2026,
    "item": None,
    "amount": "200000.00",
    "standing": "0.00",
    "award_id": "first_purchase/uscc:91530100MAXGAAA018",
}
# A public notice as CSV, with an example for the OpenAPI document.
LIST_CSV: Final = {
    **BINARY,
    "example": "".join(f"{line.decode()}\n" for line in csv_lines(_TABLES["public_notice"], [_EXAMPLE])),
}


class ListQuery(QuerySchema):
    format = Choice(FORMATS, load_default="json")


@blueprint.operation(
    "GET /v1/lists/<sha256>",
    BINARY,
    roles=("auditor", "bureau", "service"),
    query=ListQuery,
    content_type=MEDIA_TYPES["json"],
    further_types={MEDIA_TYPES["pdf"]: BINARY, MEDIA_TYPES["xlsx"]: BINARY, MEDIA_TYPES["csv"]: LIST_CSV},
    operation_id="downloadList",
)
def download_list(arguments: Json, sha256: str) -> Response:
    """Return a list under public notice as it was posted: JSON, the bytes with that SHA-256, or PDF, XLSX or CSV."""
    with viewer_snapshot() as connection:
        found = find_list(connection, sha256)
    if found is None:
        raise Problem(404)
    return list_document(found, arguments["format"])


def list_document(found: FrozenList, format_name: str) -> Response:
    """Render a frozen list as a download."""
    name = f"{found.read['kind'].replace('_', '-')}-{found.sha256[:12]}"
    if format_name in ("xlsx", "csv"):
        return table_download(_TABLES[found.read["kind"]], found.read["rows"], name, format_name)
    return _download(found.content if format_name == "json" else _pdf(found), name, format_name)


def table_download(table: Table, rows: Iterable[Json], name: str, format_name: str) -> Response:
    """Render a table as XLSX or CSV, for a download with that name."""
    stream = io.BytesIO()
    if format_name == "xlsx":
        write_table_workbook(table, rows, stream)
    else:
        stream.writelines(line + b"\n" for line in csv_lines(table, rows))
    return _download(stream.getvalue(), name, format_name)


def _download(content: bytes, name: str, format_name: str) -> Response:
    answer = Response(content, mimetype=MEDIA_TYPES[format_name])
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.{format_name}"'
    return answer


def _pdf(found: FrozenList) -> bytes:
    content = found.read
    source = Attachment(f"{found.sha256}.json", "application/json", found.content.decode())
    made = datetime.fromisoformat(content["at"])
    return render_pdf(content["template"], content, made, source, tagged=content["count"] <= _TAGGED_MOST)
