"""Page of the policy as it is computed: each article with its values and readings, and the file itself."""

from typing import Final

from flask import Response
from flask.typing import ResponseReturnValue

from services.incentive.domain.postings import SETTINGS
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.policy.terms import Policy, Reading
from services.incentive.queries.ledger import list_transactions
from shared.web.keys import EVERY_KIND, require

_MOST_SETTINGS: Final = 500
_PROSE: Final = (".zh", ".en", ".mark", ".reading", ".basis")  # shown as readings and names


@blueprint.get("/policy")
@require(*EVERY_KIND)
def policy() -> ResponseReturnValue:
    with page_view() as (connection, view):
        found = view.rulebook.policy
        put_in_force = list_transactions(connection, view, {"kind": SETTINGS}, _MOST_SETTINGS)
    return show(
        "views/policy",
        policy=found,
        put_in_force=put_in_force,
        general=_readings(found, "general."),
        rules=[{"terms": one, "readings": _readings(found, f"rules.{one.rule}.readings.")} for one in found.rules],
        declared=[
            {"terms": one, "readings": _readings(found, f"declared.rules.{one.rule}.readings.")}
            for one in found.declared.rules
        ],
        of_declared=_readings(found, "declared.readings."),
        values=[value for value in found.values if not value.path.endswith(_PROSE)],
    )


@blueprint.get("/policy/file")
@require(*EVERY_KIND)
def policy_file() -> ResponseReturnValue:
    """Show the policy file, to read or to compare."""
    with page_view() as (_, view):
        source, found = view.rulebook.policy_source, view.rulebook.policy
    answer = Response(source, content_type="text/plain; charset=utf-8")
    answer.headers["Content-Disposition"] = f'inline; filename="{found.id}-{found.revision}.yaml"'
    return answer


def _readings(found: Policy, prefix: str) -> list[Reading]:
    return [reading for reading in found.readings if reading.path.startswith(prefix)]
