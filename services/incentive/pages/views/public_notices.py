"""Public notices: the lists posted in a year, and the awards under notice now, as a page and as a workbook."""

import io
from datetime import timedelta
from typing import Final

from flask import Response
from flask.typing import ResponseReturnValue

from services.incentive.extract.xlsx import Row, write_workbook
from services.incentive.http.notices.public import head_json
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year, show
from services.incentive.policy.terms import Policy
from services.incentive.queries.awards import list_awards, render_in_context
from services.incentive.store.award_context import load_award_context
from services.incentive.store.frozen.official_lists import notices_of_year
from shared.values.file_types import XLSX
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import shanghai_date
from shared.web.keys import require

_NOTICES_MOST: Final = 5000
_LISTS_MOST: Final = 500
_HEADINGS: Final = (
    "序号 No.",
    "主体 Subject",
    "代码 Code",
    "奖项 Reward",
    "条款 Article",
    "年度 Year",
    "金额（元） Amount (yuan)",
    "公示末日 Last day",
)
_AMOUNT: Final = 6  # the column


@blueprint.get("/public-notices")
@require("bureau", "auditor")
def public_notices() -> ResponseReturnValue:
    """Show the lists that were posted, each to print, and the awards under public notice."""
    year = requested_year()
    rows, policy = _load(year)
    with page_view() as (connection, view):
        posted = [head_json(one) for one in notices_of_year(connection, year, view.as_of, _LISTS_MOST)]
    return show("views/public_notices", year=year, published=rows, posted=posted, policy=policy)


@blueprint.get("/public-notices.xlsx")
@require("bureau", "auditor")
def public_notices_workbook() -> Response:
    """Download the same list as a workbook."""
    year = requested_year()
    rows, policy = _load(year)
    content = io.BytesIO()
    cells = (_cells(number, row, policy) for number, row in enumerate(rows, 1))
    write_workbook(f"公示 {year}", _HEADINGS, cells, {_AMOUNT}, content)
    answer = Response(content.getvalue(), content_type=XLSX.media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="public-notice-{year}.xlsx"'
    return answer


def _load(year: int) -> tuple[list[Json], Policy]:
    """Load the awards under public notice, each with the amount still to approve and the end of its notice."""
    with page_view() as (connection, view):
        policy = view.rulebook.policy
        rows = list_awards(connection, view, {"year": year, "state": "published"}, _NOTICES_MOST)
        contexts = load_award_context(connection, rows, policy, view.as_of, view.instant)
    shown = []
    for row in rows:
        context = contexts[row.award_id]
        left_fen = max(0, row.payable_fen - sum(context.workflow.outstanding.values()))
        ends = context.workflow.notice_ends
        # The last day: a notice ends when the next one begins.
        until = None if ends is None else shanghai_date(ends - timedelta(microseconds=1)).isoformat()
        shown.append(render_in_context(view, row, context) | {"amount": format_yuan(left_fen), "until": until})
    return shown, policy


def _cells(number: int, row: Json, policy: Policy) -> Row:
    subject, until = row["subject"], row["until"]
    name = policy.terms(row["rule"]).name.zh
    return [number, subject["name"], subject["id"], name, row["article"], row["year"], row["amount"], until]
