"""The worklist of the bureau: awards by next step, open clawback proposals, suspended rules, red flags."""

from typing import Final

from flask.typing import ResponseReturnValue

from services.incentive.domain.clawbacks import clawback_json
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import FLAGS
from services.incentive.pages.as_of_param import told_as_of
from services.incentive.pages.blueprint import asked_year, blueprint, show, years
from services.incentive.pages.form_body import FormRefusal, new_once
from services.incentive.queries.clawbacks import list_clawbacks
from services.incentive.queries.serializers import risk_flag_json
from services.incentive.queries.unattached_flags import list_unattached_flags
from services.incentive.queries.worklist import count_flags, list_worklist
from services.incentive.store.acts import list_suspensions
from shared.values.money import format_yuan
from shared.web.keys import current_key, require

_PROPOSALS_MOST: Final = 100
_ALONE_MOST: Final = 50


@blueprint.get("/worklist")
@require("bureau", "auditor")
def worklist() -> ResponseReturnValue:
    """How much is in which state in a year, and what the next step is."""
    return show_worklist(None)


def show_worklist(refused: FormRefusal | None) -> ResponseReturnValue:
    """The same, with why a form was not carried out."""
    year = asked_year()
    with ledger_view(told_as_of()) as (connection, view):
        waiting = list_worklist(connection, view, year, current_key().name)
        proposals = list_clawbacks(connection, view, "open", None, _PROPOSALS_MOST)
        suspensions = list_suspensions(connection, view.as_of)
        flags = count_flags(connection, view, year)
        alone = list_unattached_flags(connection, view, year, _ALONE_MOST + 1)
    looked_for = {terms.flag: terms for terms in view.rulebook.policy.risk_flags}
    return show(
        "views/worklist",
        200 if refused is None else refused.http_status,
        year=year,
        years=years(),
        waiting=[one._asdict() | {"payable": format_yuan(one.payable_fen)} for one in waiting],
        proposals=[clawback_json(one) for one in proposals],
        suspensions=suspensions,
        flagged=[(flag, flags.get(flag, 0)) for flag in FLAGS if flag in flags or flag in looked_for],
        looked_for=looked_for,
        alone=[(one, risk_flag_json(one.found, view.rulebook.policy)) for one in alone[:_ALONE_MOST]],
        more_alone=len(alone) > _ALONE_MOST,
        policy=view.rulebook.policy,
        refused=refused,
        once=new_once(),
    )
