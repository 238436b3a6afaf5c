"""The policy lab: awards under another policy file or reading, compared with those in force. Nothing is written."""

import csv
import io
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.commands.what_if import AwardComparison, WhatIf, what_if
from services.incentive.domain.event_rules import CutDatesError
from services.incentive.http.context import no_policy_in_force
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say_half
from services.incentive.policy.diff import compare
from services.incentive.policy.loader import read_policy
from services.incentive.policy.terms import Policy
from services.incentive.queries.readings import alternatives_of
from services.incentive.store.facts import all_facts
from services.incentive.store.payable_inputs import all_payable_inputs
from services.incentive.store.rulebook import Rulebook, rulebook_in_force
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.web.keys import require
from shared.web.problems import Problem
from shared.web.service import read_snapshot
from shared.yaml_files.tree import YamlFileError

_POLICY_MOST_BYTES: Final = 300_000
_CASES_SHOWN: Final = 200
_COLUMNS: Final = ("award_id", "ceiling_before", "payable_before", "ceiling_after", "payable_after")


class _TooLargeError(ValueError):
    """The file is larger than any policy file."""

    def __str__(self) -> str:
        return f"文件超过 {_POLICY_MOST_BYTES // 1000} KB / the file is over {_POLICY_MOST_BYTES // 1000} kB"


@blueprint.get("/lab", endpoint="lab")
@require("bureau", "auditor")
def show_lab(result: Json | None = None, faults: Sequence[str] = ()) -> ResponseReturnValue:
    """Show the forms, for another file or an alternative reading of the file in force, with a result or faults."""
    with read_snapshot() as connection:
        policy = _rulebook_in_force(connection).policy
    computable = [
        (one, [each for each in alternatives_of(one) if each.id in policy.alternatives]) for one in policy.readings
    ]
    readings = [(one, alternatives) for one, alternatives in computable if alternatives]
    return show("forms/lab", 422 if faults else 200, faults=faults, result=result, readings=readings)


@blueprint.post("/lab")
@require("bureau", "auditor")
def try_policy() -> ResponseReturnValue:
    """Compare the awards by the chosen file or reading with those in force.

    `reading` is the id of an alternative; `as=csv` downloads all awards as a table. Problem 404 if there is no such
    alternative to the file in force.
    """
    try:
        found, before, after = _compared(request.form.get("reading"))
    except (YamlFileError, CutDatesError, _TooLargeError) as error:
        return show_lab(faults=[say_half(line) for line in str(error).splitlines()])
    return _as_csv(found) if request.form.get("as") == "csv" else show_lab(_result(found, before, after))


def _compared(reading: str | None) -> tuple[WhatIf, Policy, Policy]:
    """Compare the choice with what is in force, in one snapshot of the database."""
    chosen = _chosen() if reading is None else None
    with read_snapshot() as connection:
        before = _rulebook_in_force(connection)
        after = chosen if reading is None else before.policy.alternatives.get(reading)
        if after is None:
            raise Problem(404)
        facts = all_facts(connection, before.registers, {*before.policy.item_rules, *after.item_rules})
        return what_if(facts, before, after, all_payable_inputs(connection)), before.policy, after


def _chosen() -> Policy:
    """Read the uploaded file. Raises YamlFileError or _TooLargeError."""
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
    amounts_fen = [fen for one in found.years for fen in (one.before_fen, one.after_fen, one.budget_fen)]
    terms = {one.rule: one for policy in (after, before) for one in (*policy.rules, *policy.declared.rules)}
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
        "cases": [(case, terms[case.award_id.partition("/")[0]]) for case in differing[:_CASES_SHOWN]],
        "years": found.years,
        "longest_fen": max([1, *amounts_fen]),
    }


def _most_changed_first(case: AwardComparison) -> tuple[int, int, str]:
    was, would = case.before, case.after
    return (-abs(would.payable_fen - was.payable_fen), -abs(would.ceiling_fen - was.ceiling_fen), case.award_id)
