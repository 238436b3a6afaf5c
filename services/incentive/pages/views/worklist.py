"""The bureau's desk: what waits for whom, open clawback proposals, suspended rules."""

from typing import Final

from flask.typing import ResponseReturnValue

from services.incentive.domain.clawbacks import proposal_json
from services.incentive.http.awards import asked
from services.incentive.http.schemas import FLAGS
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import asked_year, blueprint, show, years
from services.incentive.pages.form_body import Refused, new_once
from services.incentive.queries.awards import list_proposals
from services.incentive.queries.serializers import sign_json
from services.incentive.queries.unattached_flags import signs_alone
from services.incentive.queries.worklist import flags_in, waiting_in
from services.incentive.store.act_queries import suspensions_told
from shared.values.money import format_yuan
from shared.web.keys import current_key, require

_PROPOSALS_MOST: Final = 100
_ALONE_MOST: Final = 50


@blueprint.get("/desk")
@require("bureau", "auditor")
def desk() -> ResponseReturnValue:
    """How much is in which state in a year, and what the next step is."""
    return show_desk(None)


def show_desk(refused: Refused | None) -> ResponseReturnValue:
    """The same, with why a form was not carried out."""
    year = asked_year()
    with asked(told_as_of()) as (connection, view):
        waiting = waiting_in(connection, view, year, current_key().name)
        proposals = list_proposals(connection, view, "open", None, _PROPOSALS_MOST)
        suspensions = suspensions_told(connection, view.as_of)
        flags = flags_in(connection, view, year)
        alone = signs_alone(connection, view, year, _ALONE_MOST + 1)
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
        alone=[(one, sign_json(one.found, view.basis.policy)) for one in alone[:_ALONE_MOST]],
        more_alone=len(alone) > _ALONE_MOST,
        policy=view.basis.policy,
        refused=refused,
        once=new_once(),
    )
