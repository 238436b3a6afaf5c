"""How a year's budget stands, and the list of what is being published."""

import io
from collections.abc import Iterator
from typing import Any, Final

from flask import Response
from flask.typing import ResponseReturnValue

from services.incentive.extract.workbook import write_workbook
from services.incentive.http.awards import asked, render_at
from services.incentive.http.bureau import tell_budget
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import asked_year, blueprint, show, years
from services.incentive.policy.terms import Policy
from services.incentive.queries.awards import list_awards
from services.incentive.queries.serializers import Json
from services.incentive.store.award_standing import load_award_context
from shared.values.money import format_yuan, parse_yuan
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


@blueprint.get("/budget")
@require("bureau", "auditor")
def budget() -> ResponseReturnValue:
    """The year's budget against what is payable, approved and paid."""
    year = asked_year()
    with asked(told_as_of()) as (connection, view):
        found = tell_budget(connection, view, year)
    amounts = {name: parse_yuan(found[name]) for name in ("budget", "payable", "approved", "paid", "returned")}
    spent = {"approved": amounts["approved"] - amounts["returned"], "paid": amounts["paid"]}
    longest = max(amounts["budget"], amounts["payable"], 1)
    lengths = {name: round(100 * fen / longest, 2) for name, fen in {**amounts, **spent}.items()}
    return show("budget", year=year, years=years(), budget=found, lengths=lengths)


@blueprint.get("/publicity")
@require("bureau", "auditor")
def publicity() -> ResponseReturnValue:
    """The awards that are being published, to print."""
    year = asked_year()
    rows, policy = _published(year)
    return show("publicity", year=year, years=years(), published=rows, policy=policy)


@blueprint.get("/publicity.xlsx")
@require("bureau", "auditor")
def publicity_workbook() -> Response:
    """The same as a workbook."""
    year = asked_year()
    rows, policy = _published(year)
    content = io.BytesIO()
    write_workbook(f"公示 {year}", _HEADINGS, _cells(rows, policy), {_AMOUNT}, content)
    answer = Response(content.getvalue(), content_type=_XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="publicity-{year}.xlsx"'
    return answer


def _published(year: int) -> tuple[list[Json], Policy]:
    """Awards in publicity, each with what is to be approved of it, and until when it is published."""
    with asked(told_as_of()) as (connection, view):
        policy = view.rulebook.policy
        rows = list_awards(connection, view, {"year": year, "state": "published"}, None, _PUBLISHED_MOST)
        standings = load_award_context(connection, rows, policy, view.as_of, view.instant)
    found = []
    for row in rows:
        standing = standings[row.award_id].workflow
        left_fen = row.payable_fen - sum(standing.outstanding.values())
        until = None if standing.until is None else format_time(standing.until)
        found.append(
            render_at(view, row, standings[row.award_id]) | {"amount": format_yuan(max(0, left_fen)), "until": until}
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
