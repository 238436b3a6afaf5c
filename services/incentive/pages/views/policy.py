"""The policy as it is computed: each article with its values and readings, and the file itself."""

from typing import Final

from flask import Response
from flask.typing import ResponseReturnValue

from services.incentive.http.context import ledger_view
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.policy.terms import Policy, Reading

_GENERAL: Final = "general."
_PROSE: Final = (".zh", ".en", ".mark", ".reading", ".basis")  # shown as readings and names


@blueprint.get("/policy")
def policy() -> ResponseReturnValue:
    """What is in force."""
    with ledger_view(told_as_of()) as (_, view):
        found = view.rulebook.policy
    return show(
        "views/policy",
        policy=found,
        general=_readings(found, _GENERAL),
        rules=[
            {"terms": terms, "readings": _readings(found, f"rules.{terms.rule}.readings.")} for terms in found.rules
        ],
        declared=[
            {"terms": terms, "readings": _readings(found, f"declared.rules.{terms.rule}.readings.")}
            for terms in found.declared.rules
        ],
        of_declared=_readings(found, "declared.readings."),
        values=[value for value in found.values if not value.path.endswith(_PROSE)],
    )


@blueprint.get("/policy/file")
def policy_file() -> ResponseReturnValue:
    """The policy file, to read or to compare."""
    with ledger_view(told_as_of()) as (_, view):
        source, found = view.rulebook.policy_source, view.rulebook.policy
    answer = Response(source, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'inline; filename="{found.id}-{found.revision}.yaml"'
    return answer


def _readings(found: Policy, below: str) -> list[Reading]:
    return [reading for reading in found.readings if reading.path.startswith(below)]
