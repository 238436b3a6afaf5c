"""The policy lab: awards under another policy file or reading, compared with those in force. Nothing is written."""

import csv
import io
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.commands.what_if import AwardComparison, WhatIf, YearComparison, what_if
from services.incentive.domain.event_rules import CutDatesError
from services.incentive.http.context import no_policy_in_force
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say_half
from services.incentive.policy.alternatives import computable_readings, with_alternative
from services.incentive.policy.diff import compare
from services.incentive.policy.loader import PolicyError, read_policy
from services.incentive.policy.terms import Policy
from services.incentive.store.acts import other_grants_of
from services.incentive.store.facts import all_facts
from services.incentive.store.rulebook import Rulebook, rulebook_in_force
from shared.postgres.database import snapshot
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.web.keys import require
from shared.web.problems import Problem
from shared.web.service import current_service

_POLICY_MOST_BYTES: Final = 300_000
_CASES_SHOWN: Final = 200
_CHART_WIDTH: Final = 620
_COLUMNS: Final = ("award_id", "ceiling_before", "payable_before", "ceiling_after", "payable_after")


class _TooLargeError(ValueError):
    """The file is larger than any policy file."""

    def __str__(self) -> str:
        return f"文件超过 {_POLICY_MOST_BYTES // 1000} KB / the file is over {_POLICY_MOST_BYTES // 1000} kB"


@blueprint.get("/lab", endpoint="lab")
@require("bureau", "auditor")
def show_lab(result: Json | None = None, faults: Sequence[str] = ()) -> ResponseReturnValue:
    """Show the forms, for another file or an alternative reading of the file in force, with a result or faults."""
    with snapshot(current_service().engine) as connection:
        readings = computable_readings(_rulebook_in_force(connection).policy)
    return show("forms/lab", 422 if faults else 200, faults=faults, result=result, readings=readings)


@blueprint.post("/lab")
@require("bureau", "auditor")
def try_policy() -> ResponseReturnValue:
    """Compare the awards by the chosen file or reading with those in force.

    `as=csv` downloads all of them as a table. Problem 404 if the file in force has no such reading.
    """
    try:
        found, before, after = _compared(request.form.get("reading"))
    except (PolicyError, CutDatesError, _TooLargeError) as error:
        return show_lab(faults=[say_half(line) for line in str(error).splitlines()])
    return _as_csv(found) if request.form.get("as") == "csv" else show_lab(_result(found, before, after))


def _compared(reading: str | None) -> tuple[WhatIf, Policy, Policy]:
    """Compare the choice with what is in force, in one snapshot of the database."""
    chosen = _chosen() if reading is None else None
    with snapshot(current_service().engine) as connection:
        before = _rulebook_in_force(connection)
        after = chosen if reading is None else with_alternative(before.policy, reading)
        if after is None:
            raise Problem(404)
        facts = all_facts(connection, before.registers)
        return what_if(facts, before, after, other_grants_of(connection)), before.policy, after


def _chosen() -> Policy:
    """Read the uploaded file. Raises PolicyError or _TooLargeError."""
    file = request.files.get("policy")
    content = b"" if file is None else file.stream.read(_POLICY_MOST_BYTES + 1)
    if len(content) > _POLICY_MOST_BYTES:
        raise _TooLargeError
    return read_policy(content, "policy" if file is None else file.filename or "policy")


def _rulebook_in_force(connection: Connection) -> Rulebook:
    """Problem 503 while no policy is in force in the ledger."""
    found = rulebook_in_force(connection)
    if found is None:
        raise no_policy_in_force()
    return found


def _as_csv(found: WhatIf) -> Response:
    """Render all awards, including those that do not differ; with a byte order mark for spreadsheets."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for case in found.cases:
        amounts = (fen for one in (case.before, case.after) for fen in (one.ceiling_fen, one.payable_fen))
        writer.writerow([case.award_id, *map(format_yuan, amounts)])
    answer = Response(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="what-if.csv"'
    return answer


def _result(found: WhatIf, before: Policy, after: Policy) -> Json:
    changes = compare(before, after)
    differing = sorted(found.differing, key=_most_changed_first)
    return {
        "before": before,
        "after": after,
        "groups": [
            (group, list(ones))
            for group, ones in groupby((one for one in changes if one.period is not None), key=lambda one: one.group)
        ],
        "wordings": sum(one.period is None for one in changes),
        "all": len(found.cases),
        "differing": len(differing),
        "cases": [_case_result(case, before, after) for case in differing[:_CASES_SHOWN]],
        "years": _years_result(found.years),
    }


def _most_changed_first(case: AwardComparison) -> tuple[int, int, str]:
    was, would = case.before, case.after
    return (-abs(would.payable_fen - was.payable_fen), -abs(would.ceiling_fen - was.ceiling_fen), case.award_id)


def _case_result(case: AwardComparison, before: Policy, after: Policy) -> Json:
    rule = case.award_id.partition("/")[0]
    terms = (before if rule in before.rule_order else after).terms(rule)
    return {
        "award_id": case.award_id,
        "name": terms.name,
        "article": terms.article,
        "before": format_yuan(case.before.payable_fen),
        "after": format_yuan(case.after.payable_fen),
        "ceiling_before": format_yuan(case.before.ceiling_fen),
        "ceiling_after": format_yuan(case.after.ceiling_fen),
        "is_there": case.before.ceiling_fen > 0,
    }


def _years_result(years: tuple[YearComparison, ...]) -> list[Json]:
    longest = max((fen for one in years for fen in (one.before_fen, one.after_fen, one.budget_fen)), default=1)

    def length(fen: int) -> float:
        return round(_CHART_WIDTH * fen / max(longest, 1), 1)

    return [
        {
            "year": one.year,
            "before": format_yuan(one.before_fen),
            "after": format_yuan(one.after_fen),
            "change": format_yuan(one.after_fen - one.before_fen),
            "budget": format_yuan(one.budget_fen),
            "left": format_yuan(one.left_fen),
            "fits": one.left_fen >= 0,
            "lengths": [length(one.before_fen), length(one.after_fen)],
            "budget_at": length(one.budget_fen),
        }
        for one in years
    ]
