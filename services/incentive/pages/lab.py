"""The policy lab: what would be under another policy file, award by award and by year. Nothing is written."""

from typing import Any, Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.as_of import basis_in_force
from services.incentive.known_facts import facts_of_ledger
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.policy import PolicyError, read_policy
from services.incentive.policy_diff import compare
from services.incentive.recorded import grants_of
from services.incentive.rules import CutDatesError
from services.incentive.terms import Policy
from services.incentive.what_if import WhatIf, what_if
from shared.db import snapshot
from shared.money import format_yuan
from shared.web.keys import require
from shared.web.problems import Problem
from shared.web.service import current_service

_POLICY_MOST_BYTES: Final = 1 << 20
_CASES_SHOWN: Final = 200
_UNPROCESSABLE: Final = 422


@blueprint.get("/lab")
@require("bureau", "auditor")
def lab() -> ResponseReturnValue:
    """The form."""
    return show("lab", faults=(), result=None)


@blueprint.post("/lab")
@require("bureau", "auditor")
def try_policy() -> ResponseReturnValue:
    """The awards that there are, computed by the file that was chosen, beside those in force."""
    file = request.files.get("policy")
    content = b"" if file is None else file.stream.read(_POLICY_MOST_BYTES)
    try:
        policy = read_policy(content, "policy" if file is None else file.filename or "policy")
        found, before = _compared(policy)
    except (PolicyError, CutDatesError) as error:
        return show("lab", _UNPROCESSABLE, faults=str(error).splitlines(), result=None)
    return show("lab", faults=(), result=_told(found, before, policy))


def _compared(policy: Policy) -> tuple[WhatIf, Policy]:
    """In one snapshot of the ledger's database. Problem 503 while no policy is in force there."""
    with snapshot(current_service().engine) as connection:
        before = basis_in_force(connection)
        if before is None:
            said = "尚无生效的政策 / no policy is in force yet"
            raise Problem(503, said, headers={"Retry-After": "5"})
        return what_if(facts_of_ledger(connection), before, policy, grants_of(connection)), before.policy


def _told(found: WhatIf, before: Policy, after: Policy) -> dict[str, Any]:
    differing = found.differing
    longest = max((fen for one in found.years for fen in (one.before_fen, one.after_fen, one.budget_fen)), default=1)
    return {
        "before": before,
        "after": after,
        "changes": [one for one in compare(before, after) if one.period is not None],
        "all": len(found.cases),
        "differing": len(differing),
        "cases": [
            {
                "award_id": case.award_id,
                "before": format_yuan(case.before.payable_fen),
                "after": format_yuan(case.after.payable_fen),
                "ceiling_before": format_yuan(case.before.ceiling_fen),
                "ceiling_after": format_yuan(case.after.ceiling_fen),
                "is_there": case.before.ceiling_fen > 0,
            }
            for case in differing[:_CASES_SHOWN]
        ],
        "years": [
            {
                "year": one.year,
                "before": format_yuan(one.before_fen),
                "after": format_yuan(one.after_fen),
                "change": format_yuan(one.after_fen - one.before_fen),
                "budget": format_yuan(one.budget_fen),
                "left": format_yuan(one.left_fen),
                "fits": one.left_fen >= 0,
                "lengths": [round(620 * fen / max(longest, 1), 1) for fen in (one.before_fen, one.after_fen)],
                "budget_at": round(620 * one.budget_fen / max(longest, 1), 1),
            }
            for one in found.years
        ],
    }
