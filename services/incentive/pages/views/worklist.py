"""Page of the bureau's worklist: awards by next step, open clawback proposals, red flags, suspensions, years."""

from typing import Final

from flask.typing import ResponseReturnValue

from services.incentive.commands.declared_tables import confirmable
from services.incentive.domain.clawbacks import clawback_json
from services.incentive.http.context import current_actor
from services.incentive.http.notices.objections import objection_json
from services.incentive.http.schemas import FLAGS
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year
from services.incentive.pages.form_body import FormRefusal, show_form
from services.incentive.queries.clawbacks import list_clawbacks
from services.incentive.queries.eligibility import ending_eligibility
from services.incentive.queries.risk_flags import list_unattached_flags, risk_flag_json
from services.incentive.queries.statements import open_statements
from services.incentive.queries.worklist import count_flags, list_worklist
from services.incentive.queries.years import list_years
from services.incentive.store.acts import list_suspensions
from services.incentive.store.frozen.declared_tables import list_tables, sent_table_json
from services.incentive.store.objections import list_objections
from shared.values.money import format_yuan
from shared.values.times import shanghai_date
from shared.web.keys import require

_CLAWBACKS_MOST: Final = 100
_TABLES_MOST: Final = 100
_OBJECTIONS_MOST: Final = 100
_UNATTACHED_MOST: Final = 50
_ENDING_MOST: Final = 100
_STATEMENTS_MOST: Final = 100


@blueprint.get("/worklist", endpoint="worklist")
@require("bureau", "auditor")
def show_worklist(refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show the worklist of a year, with why a form was refused."""
    year = requested_year()
    with page_view() as (connection, view):
        waiting = list_worklist(connection, view, year, current_actor())
        clawbacks = list_clawbacks(connection, view, "open", None, _CLAWBACKS_MOST)
        suspensions = list_suspensions(connection, view.as_of)
        closings = list_years(connection, view)
        ending = ending_eligibility(connection, view, _ENDING_MOST)
        statements = open_statements(connection, view, shanghai_date(view.instant), _STATEMENTS_MOST + 1)
        counts = count_flags(connection, view, year)
        waiting_objections = [
            objection_json(one)
            for state in ("received", "held")
            for one in list_objections(connection, state, None, view.as_of, None, _OBJECTIONS_MOST)
        ]
        tables = list_tables(connection, "pending", None, _TABLES_MOST)
        unattached = list_unattached_flags(connection, view, year, _UNATTACHED_MOST + 1)
    policy = view.rulebook.policy
    terms = {one.flag: one for one in policy.risk_flags}
    return show_form(
        "views/worklist",
        refused,
        year=year,
        waiting=[one._asdict() | {"payable": format_yuan(one.payable_fen)} for one in waiting],
        proposals=[clawback_json(one) for one in clawbacks],
        suspensions=suspensions,
        tables=[(sent_table_json(one), confirmable(one, current_actor())) for one in tables],
        objections=waiting_objections,
        closings=closings,
        ending=[one._asdict() | {"ends_on": shanghai_date(one.ends_at).isoformat()} for one in ending],
        statements=statements[:_STATEMENTS_MOST],
        more_statements=len(statements) > _STATEMENTS_MOST,
        flagged=[(flag, counts.get(flag, 0)) for flag in FLAGS if flag in counts or flag in terms],
        flag_terms=terms,
        unattached=[(one, risk_flag_json(one.found, policy)) for one in unattached[:_UNATTACHED_MOST]],
        more_unattached=len(unattached) > _UNATTACHED_MOST,
        policy=policy,
    )
