"""Public notices: the awards under public notice in a year, as a page to print and as a workbook."""

import io
from collections.abc import Iterator
from typing import Any, Final

from flask import Response
from flask.typing import ResponseReturnValue

from services.incentive.extract.xlsx import write_workbook
from services.incentive.http.awards import render_in_context
from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import asked_year, blueprint, show, years
from services.incentive.policy.terms import Policy
from services.incentive.queries.awards import list_awards
from services.incentive.queries.serializers import Json
from services.incentive.store.award_context import load_award_context
from shared.values.money import format_yuan
from shared.values.times import format_time
from shared.web.keys import require

_PUBLISHED_MOST: Final = 5000
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADINGS: Final = (
    "序号 No.",
    "主体 Subject",
    "代码 Code",
    "奖项 Award",
    "条款 Article",
    "年度 Year",
    "金额（元） Amount, yuan",
    "公示至 Published until",
)
_AMOUNT: Final = 6  # the column


@blueprint.get("/public-notices")
@require("bureau", "auditor")
def public_notices() -> ResponseReturnValue:
    """List the awards under public notice, to print."""
    year = asked_year()
    rows, policy = _published(year)
    return show("views/public_notices", year=year, years=years(), published=rows, policy=policy)


@blueprint.get("/public-notices.xlsx")
@require("bureau", "auditor")
def public_notices_workbook() -> Response:
    """Download the same list as a workbook."""
    year = asked_year()
    rows, policy = _published(year)
    content = io.BytesIO()
    write_workbook(f"公示 {year}", _HEADINGS, _cells(rows, policy), {_AMOUNT}, content)
    answer = Response(content.getvalue(), content_type=_XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="public-notice-{year}.xlsx"'
    return answer


def _published(year: int) -> tuple[list[Json], Policy]:
    """Load the awards under public notice, each with the amount still to approve and the end of its notice."""
    with ledger_view(told_as_of()) as (connection, view):
        policy = view.rulebook.policy
        rows = list_awards(connection, view, {"year": year, "state": "published"}, None, _PUBLISHED_MOST)
        standings = load_award_context(connection, rows, policy, view.as_of, view.instant)
    found = []
    for row in rows:
        standing = standings[row.award_id].workflow
        left_fen = row.payable_fen - sum(standing.outstanding.values())
        until = None if standing.until is None else format_time(standing.until)
        found.append(
            render_in_context(view, row, standings[row.award_id])
            | {"amount": format_yuan(max(0, left_fen)), "until": until}
        )
    return found, policy


def _cells(rows: list[Json], policy: Policy) -> Iterator[list[Any]]:
    for number, row in enumerate(rows, 1):
        subject, until = row["subject"], row["until"]
        yield [
            number,
            subject["name"],
            subject["id"],
            policy.terms(row["rule"]).name.zh,
            row["article"],
            row["year"],
            row["amount"],
            None if until is None else until[:16].replace("T", " "),
        ]
