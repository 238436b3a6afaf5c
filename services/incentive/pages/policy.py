"""The policy as it is computed: each article with its values and readings, and the file itself."""

from typing import Final

from flask import Response
from flask.typing import ResponseReturnValue

from services.incentive.api import asked
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.terms import Policy, Reading

_GENERAL: Final = "general."
_PROSE: Final = (".zh", ".en", ".mark", ".reading", ".basis")  # shown as readings and names


@blueprint.get("/policy")
def policy() -> ResponseReturnValue:
    """What is in force."""
    with asked() as (_, view):
        found = view.basis.policy
    return show(
        "policy",
        policy=found,
        general=[reading for reading in found.readings if reading.path.startswith(_GENERAL)],
        rules=[{"terms": terms, "readings": _readings(found, terms.rule)} for terms in found.rules],
        values=[value for value in found.values if not value.path.endswith(_PROSE)],
    )


@blueprint.get("/policy/file")
def policy_file() -> ResponseReturnValue:
    """The policy file, to read or to compare."""
    with asked() as (_, view):
        source, found = view.basis.policy_source, view.basis.policy
    answer = Response(source, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'inline; filename="{found.id}-{found.revision}.yaml"'
    return answer


def _readings(found: Policy, rule: str) -> list[Reading]:
    return [reading for reading in found.readings if reading.path.startswith(f"rules.{rule}.readings.")]
