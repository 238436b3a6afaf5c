"""Eligibility of many subjects by one table: all records or none, and the consequences for their awards."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection

from services.incentive.commands.acting import Acting, ActRequest, BureauContext, write_acts
from services.incentive.commands.acts import draft_eligibility
from services.incentive.commands.decisions import contexts_at
from services.incentive.domain.rooms import NOT_ELIGIBLE
from services.incentive.domain.workflow import Actor
from services.incentive.store.award_context import AwardContext
from services.incentive.store.awards import awards_of_subjects
from services.incentive.store.ledger import lock_ledger_for_request, next_instant
from services.incentive.store.rulebook import check_settings
from shared.values.json_types import Json

_ELIGIBILITY: Final = "eligibility"  # the kind of act, and the hold


class TableConsequences(NamedTuple):
    """The awards that the records hold or release, and those for which a clawback proposal opens."""

    held: tuple[str, ...] = ()
    released: tuple[str, ...] = ()
    not_eligible: tuple[str, ...] = ()


def record_eligibility_table(
    connection: Connection,
    bureau: BureauContext,
    actor: Actor,
    records: Sequence[tuple[str, Json]],
    *,
    is_preview: bool,
) -> TableConsequences:
    """Record the eligibility of each subject, given with its fields, in one transaction.

    A preview does the same and rolls the transaction back, so that its consequences are those of the records. Needs a
    transaction that has done nothing before. Raises SettingsChangedError.
    """
    lock_ledger_for_request(connection)
    edge = bureau.log.edge(connection)
    rulebook, now = check_settings(connection, bureau.rulebook), bureau.clock()
    table = ActRequest(actor, None, _ELIGIBILITY, "table", {"records": [list(one) for one in records]})
    acting = Acting(connection, table, rulebook, now, next_instant(connection, now))
    awards = awards_of_subjects(connection, sorted({subject for subject, _ in records}))
    before = contexts_at(acting, awards)
    drafts = [
        draft_eligibility(acting._replace(request=ActRequest(actor, None, _ELIGIBILITY, subject, fields)))
        for subject, fields in records
    ]
    write_acts(acting, drafts)
    found = _compared(before, contexts_at(acting, awards))
    if is_preview:
        connection.rollback()
    else:
        bureau.log.extend(connection, edge, now)
    return found


def _compared(before: Mapping[str, AwardContext], after: Mapping[str, AwardContext]) -> TableConsequences:
    def gained(earlier: Mapping[str, AwardContext], later: Mapping[str, AwardContext], what: str) -> tuple[str, ...]:
        found = (
            award_id
            for award_id, context in later.items()
            if what in (*context.holds, *context.flags)
            and what not in (*earlier[award_id].holds, *earlier[award_id].flags)
        )
        return tuple(sorted(found))

    return TableConsequences(
        held=gained(before, after, _ELIGIBILITY),
        released=gained(after, before, _ELIGIBILITY),
        not_eligible=gained(before, after, NOT_ELIGIBLE),
    )
