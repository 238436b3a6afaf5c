"""The bureau's desk: what waits for whom, open clawback proposals, suspended rules."""

from typing import Final

from flask.typing import ResponseReturnValue

from services.incentive.api import asked
from services.incentive.clawbacks import proposal_json
from services.incentive.operations import list_proposals
from services.incentive.pages.blueprint import asked_year, blueprint, show, years
from services.incentive.pages.forms import Refused, new_once
from services.incentive.recorded import suspensions_now
from services.incentive.schemas import FLAGS
from services.incentive.waiting import flags_in, waiting_in
from shared.money import format_yuan
from shared.web.keys import current_key, require

_PROPOSALS_MOST: Final = 100


@blueprint.get("/desk")
@require("bureau", "auditor")
def desk() -> ResponseReturnValue:
    """How much is in which state in a year, and what the next step is."""
    return show_desk(None)


def show_desk(refused: Refused | None) -> ResponseReturnValue:
    """The same, with why a form was not carried out."""
    year = asked_year()
    with asked() as (connection, view):
        waiting = waiting_in(connection, year, current_key().name, view.instant)
        proposals = list_proposals(connection, view, "open", None, _PROPOSALS_MOST)
        suspensions = suspensions_now(connection)
        flags = flags_in(connection, view, year)
    looked_for = {terms.sign: terms for terms in view.basis.policy.signs}
    return show(
        "desk",
        200 if refused is None else refused.http_status,
        year=year,
        years=years(),
        waiting=[one._asdict() | {"payable": format_yuan(one.payable_fen)} for one in waiting],
        proposals=[proposal_json(one) for one in proposals],
        suspensions=suspensions,
        flagged=[(flag, flags.get(flag, 0)) for flag in FLAGS if flag in flags or flag in looked_for],
        looked_for=looked_for,
        policy=view.basis.policy,
        refused=refused,
        once=new_once(),
    )
