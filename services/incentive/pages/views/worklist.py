"""Page of the bureau's worklist: awards of a year by state and flag; of all years, what else waits and until when."""

from typing import Final

from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.commands.declared_tables import confirmable
from services.incentive.domain.clawbacks import clawback_json
from services.incentive.domain.subjects.accounts import masked
from services.incentive.http.context import current_actor
from services.incentive.http.schemas import FLAGS
from services.incentive.pages.as_of_param import page_view
from services.incentive.pages.blueprint import blueprint, requested_year
from services.incentive.pages.form_body import FormRefusal, show_form
from services.incentive.queries.casework.pending import accounts_to_confirm, registered_objections
from services.incentive.queries.clawbacks import open_clawbacks
from services.incentive.queries.eligibility import ending_eligibility
from services.incentive.queries.risk_flags import list_unattached_flags, risk_flag_json
from services.incentive.queries.statements import open_statements
from services.incentive.queries.view import LedgerView
from services.incentive.queries.worklist import count_flags, list_worklist
from services.incentive.queries.years import list_years
from services.incentive.store.acts import list_suspensions
from services.incentive.store.frozen.declared_tables import TABLE_SORTS, find_tables, sent_table_json
from services.incentive.store.public.objections import OBJECTION_SORTS, find_objections, objection_json
from services.incentive.store.rooms import load_excesses
from shared.postgres.sorted_rows import first_rows
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import format_time, shanghai_date
from shared.web.keys import require

_CLAWBACKS_MOST: Final = 100
_TABLES_MOST: Final = 100
_OBJECTIONS_MOST: Final = 100
_UNATTACHED_MOST: Final = 50
_ENDING_MOST: Final = 100
_STATEMENTS_MOST: Final = 100
_ACCOUNTS_MOST: Final = 100


@blueprint.get("/worklist", endpoint="worklist")
@require("bureau", "auditor")
def show_worklist(refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show the worklist of a year, with why a form was refused."""
    year = requested_year()
    with page_view() as (connection, view):
        worklist = list_worklist(connection, view, year, current_actor())
        excesses = load_excesses(connection, view.rulebook.policy, view.as_of)
        clawbacks = open_clawbacks(connection, view, excesses)[:_CLAWBACKS_MOST]
        suspensions = list_suspensions(connection, view.as_of)
        closings = list_years(connection, view)
        ending = ending_eligibility(connection, view, _ENDING_MOST)
        today = shanghai_date(view.instant)
        statements = open_statements(connection, view, today, _STATEMENTS_MOST + 1)
        counts = count_flags(connection, view, year, excesses)
        pending = _pending(connection, view)
        unattached = list_unattached_flags(connection, view, year, _UNATTACHED_MOST + 1)
    policy = view.rulebook.policy
    terms = {one.flag: one for one in policy.risk_flags}
    return show_form(
        "views/worklist",
        refused,
        year=year,
        waiting=[one._asdict() | {"payable": format_yuan(one.payable_fen)} for one in worklist.states],
        notices=[one._asdict() | {"is_over": one.until < today} for one in worklist.notices],
        proposals=[clawback_json(one) for one in clawbacks],
        suspensions=suspensions,
        **pending,
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


def _pending(connection: Connection, view: LedgerView) -> Json:
    """Load what waits for somebody of the bureau beside the awards' steps, of all years."""
    accounts = accounts_to_confirm(connection, view, _ACCOUNTS_MOST + 1)
    return {
        "objections": [
            objection_json(one)
            for state in ("received", "held")
            for one in first_rows(
                find_objections(connection, state, None, view.as_of), OBJECTION_SORTS, _OBJECTIONS_MOST
            )
        ],
        "registered": registered_objections(connection, view, _OBJECTIONS_MOST),
        "to_confirm": [
            one._asdict() | {"number": masked(one.number), "since": format_time(one.recorded_at)}
            for one in accounts[:_ACCOUNTS_MOST]
        ],
        "tables": [
            (sent_table_json(one), confirmable(one, current_actor()))
            for one in first_rows(find_tables(connection, "pending"), TABLE_SORTS, _TABLES_MOST)
        ],
        "more_accounts": len(accounts) > _ACCOUNTS_MOST,
    }
