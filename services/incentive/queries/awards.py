"""Awards as a reader sees them and the contract shows them."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from services.incentive.domain.awards import LAST_DAY, rests_on
from services.incentive.domain.budget import EACH_ALONE, BudgetHolds
from services.incentive.domain.holds import ASSESSMENT, BUDGET, BY_HAND, PERIOD_OPEN, RULE_SUSPENDED
from services.incentive.domain.rooms import NOT_ELIGIBLE, OFFSET, OVER_APPROVED
from services.incentive.domain.workflow import FIRST_STATE, WAIVED
from services.incentive.policy.terms import Policy
from services.incentive.queries.readings import READING_FLAG, hangs_on, readings_of_awards
from services.incentive.queries.view import IS_WHOLE, LedgerView
from services.incentive.store.acts import LAST_STEP_SQL, waived_awards
from services.incentive.store.as_of import is_of_subject
from services.incentive.store.award_context import AwardContext, load_award_context
from services.incentive.store.budgets import load_budget_holds
from services.incentive.store.rooms import flagged_awards, load_excesses
from services.incentive.store.rows import SeenAward
from shared.postgres.query import fetch, fetch_one, fetch_values, pg_array
from shared.postgres.sorted_rows import ChosenRows, Key, RowsInMemory, SortedRows, Sorts, SqlRows, column, first_rows
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.parties import parse_subject
from shared.values.times import format_time

Visible = Collection[str] | None
# Red flags are for those who decide: they may result from trades on other exchanges, or of other subjects.
FLAGS_OF_EXCESS: Final = (OVER_APPROVED, OFFSET, NOT_ELIGIBLE)
FLAGS_OF_DECISIONS: Final = (*FLAGS_OF_EXCESS, WAIVED)
FLAGS_FOR_ALL: Final = (LAST_DAY, *FLAGS_OF_DECISIONS)

# Condition: the subject's name contains the text, whatever the case of Latin letters.
_HAS_NAME: Final = "strpos(lower(award.subject_name), lower(CAST(%(name)s AS text))) > 0"
# Conditions that spare the computation of a hold for awards that cannot have it.
_CAN_HAVE: Final = {
    RULE_SUSPENDED: "award.rule IN (SELECT rule FROM suspension)",
    PERIOD_OPEN: "award.ceiling_fen > 0 AND award.rule IN ('annual_listed_trading', 'exchange_tiers')",
    ASSESSMENT: "award.ceiling_fen > 0 AND award.rule = ANY(%(assessed)s)",
    **dict.fromkeys(BY_HAND, "award.award_id IN (SELECT award_id FROM hold)"),
}


# Condition: the viewer sees base and ceiling. An award that it sees names its exchange.
_IS_DOCUMENTED: Final = "whole OR cardinality(exchanges) = 1"


def _ceiling_fen(row: SeenAward) -> int:
    return row.ceiling_fen if row.whole or len(row.exchanges) == 1 else -1


# An amount that the viewer may not see sorts as null does: first.
_AWARD_ID: Final = column("award_id", str)
AWARD_SORTS: Final[Sorts] = {
    **dict.fromkeys(("award_id", "rule"), (_AWARD_ID,)),  # an award's id begins with its rule
    "year": (column("year", int), _AWARD_ID),
    "subject.name": (column("subject_name", str, 'subject_name COLLATE "C"'), _AWARD_ID),
    "ceiling": (
        Key(int, f"CASE WHEN {_IS_DOCUMENTED} THEN ceiling_fen ELSE -1 END", _ceiling_fen),
        _AWARD_ID,
    ),
    "payable": (
        Key(int, "CASE WHEN whole THEN payable_fen ELSE -1 END", lambda row: row.payable_fen if row.whole else -1),
        _AWARD_ID,
    ),
}
Render = Callable[[Sequence[SeenAward]], Iterable[Json]]


def find_awards(
    connection: Connection, view: LedgerView, filters: Mapping[str, object], render: Render
) -> SortedRows[SeenAward]:
    """Open the awards by the filters of the API."""
    if view.exchange is not None and filters.get("exchange", view.exchange) != view.exchange:
        return RowsInMemory[SeenAward]([], lambda row: {"award_id": row.award_id})
    if "hold" not in filters:
        return _filtered(connection, view, filters, render)
    hold, policy = filters["hold"], view.rulebook.policy
    budgets = load_budget_holds(connection, policy, _years(connection, view), view.as_of, view.instant)
    if hold == BUDGET and policy.budget_order != EACH_ALONE:  # the ranking names them
        return _filtered(connection, view, {**filters, "over": pg_array(budgets.held)}, render)

    def held(rows: Sequence[SeenAward]) -> list[SeenAward]:
        contexts = load_award_context(connection, rows, policy, view.as_of, view.instant, budgets)
        return [row for row in rows if hold in contexts[row.award_id].holds]

    return ChosenRows(_filtered(connection, view, filters, render), held)


def list_awards(
    connection: Connection, view: LedgerView, filters: Mapping[str, object], limit: int
) -> Sequence[SeenAward]:
    """The first awards in code point order of `award_id`, at most `limit`, by the filters of the API."""
    return first_rows(find_awards(connection, view, filters, lambda _: ()), AWARD_SORTS, limit)


def _years(connection: Connection, view: LedgerView) -> list[int]:
    statement = f"SELECT DISTINCT award.year FROM {view.awards} ORDER BY award.year"
    return fetch_values(connection, statement, int, as_of=view.as_of)


def _filtered(
    connection: Connection, view: LedgerView, filters: Mapping[str, object], render: Render
) -> SqlRows[SeenAward]:
    conditions = [f"award.{name} = %({name})s" for name in ("exchange", "rule", "year") if name in filters]
    if "subject" in filters:
        conditions.append(is_of_subject(view.as_of))
    if "name" in filters:
        conditions.append(_HAS_NAME)
    if "state" in filters:
        conditions.append(f"coalesce((SELECT to_state FROM ({LAST_STEP_SQL}) s), '{FIRST_STATE}') = %(state)s")
    if "over" in filters:
        conditions.append("award.award_id = ANY(CAST(%(over)s AS text[]))")
    if filters.get("hold") in _CAN_HAVE:
        conditions.append(_CAN_HAVE[str(filters["hold"])])
    flag = str(filters.get("flag", ""))
    if flag:
        conditions.append(_is_flagged(flag, view))
        filters = {**filters, "flagged": _flagged(connection, view, flag)}
    select = " AND ".join([view.select_awards, *(f"({one})" for one in conditions)])
    assessed = [one.rule for one in view.rulebook.policy.declared.rules if one.assessed == "needed"]
    parameters = {"assessed": assessed, **filters, **view.parameters, "reading": flag.removeprefix(READING_FLAG)}
    return SqlRows(connection, select, SeenAward, parameters, render)


def _is_flagged(flag: str, view: LedgerView) -> str:
    """Condition: the award has the flag, or depends on the reading, and the viewer may see that."""
    if flag.startswith(READING_FLAG):
        return hangs_on(view)
    if view.viewer is not None and flag not in FLAGS_FOR_ALL:
        return "false"
    if flag not in FLAGS_OF_DECISIONS:
        return "award.flags @> ARRAY[CAST(%(flag)s AS text)]"
    return f"award.award_id = ANY(%(flagged)s) AND {'true' if view.exchange is None else IS_WHOLE}"


def _flagged(connection: Connection, view: LedgerView, flag: str) -> list[str]:
    """The awards with a flag that follows from decisions; none for other flags."""
    if flag == WAIVED:
        return waived_awards(connection, view.as_of)
    if flag not in FLAGS_OF_EXCESS:
        return []
    return sorted(flagged_awards(load_excesses(connection, view.rulebook.policy, view.as_of))[flag])


def find_award(connection: Connection, view: LedgerView, award_id: str) -> SeenAward | None:
    """One award; None if the viewer sees no such award."""
    statement = f"{view.select_awards} AND award.award_id = %(award_id)s"
    return fetch_one(connection, statement, SeenAward, award_id=award_id, **view.parameters)


def awards_by_id(connection: Connection, view: LedgerView, award_ids: Collection[str]) -> Sequence[SeenAward]:
    """Those of these awards that the viewer sees, in code point order."""
    statement = f"{view.select_awards} AND award.award_id = ANY(CAST(%(award_ids)s AS text[])) ORDER BY award.award_id"
    return fetch(connection, statement, SeenAward, award_ids=pg_array(award_ids), **view.parameters)


def awards_of_year(connection: Connection, view: LedgerView, subject: str, year: int) -> Sequence[SeenAward]:
    """The awards of a subject in a year that the viewer sees, in order of award_id."""
    of_year = f"({is_of_subject(view.as_of)}) AND award.year = %(year)s"
    statement = f"{view.select_awards} AND {of_year} ORDER BY award.award_id"
    return fetch(connection, statement, SeenAward, subject=subject, year=year, **view.parameters)


def awards_of_subject(connection: Connection, view: LedgerView, subject: str) -> Sequence[SeenAward]:
    """The awards of a subject in all years that the viewer sees, in order of award_id."""
    return awards_of_subjects(connection, view, [subject]).get(subject, [])


def awards_of_subjects(
    connection: Connection, view: LedgerView, subjects: Collection[str]
) -> dict[str, list[SeenAward]]:
    """The awards of subjects in all years that the viewer sees, by subject and in order of award_id."""
    condition = is_of_subject(view.as_of, "ANY(CAST(%(subjects)s AS text[]))")
    statement = f"{view.select_awards} AND ({condition}) ORDER BY award.award_id"
    found: dict[str, list[SeenAward]] = {}
    for row in fetch(connection, statement, SeenAward, subjects=list(subjects), **view.parameters):
        found.setdefault(row.subject, []).append(row)
    return found


def award_renderer(
    connection: Connection, view: LedgerView, rows: Sequence[SeenAward], budgets: BudgetHolds | None = None
) -> Callable[[SeenAward], Json]:
    """Load the context and the readings of these awards at once, and return what renders each.

    `budgets` are the holds by budgets of the awards' years; None: they are loaded.
    """
    contexts = load_award_context(connection, rows, view.rulebook.policy, view.as_of, view.instant, budgets)
    readings = readings_of_awards(connection, view, rows)
    return lambda row: render_in_context(view, row, contexts[row.award_id], readings[row.award_id])


def render_in_context(
    view: LedgerView, row: SeenAward, context: AwardContext, readings: Sequence[str] | None = None
) -> Json:
    """Render the contract's Award of a row whose context is loaded, with the readings on which its payable hangs."""
    return award_json(row, context, view.visible, view.rulebook.policy, readings, sees_red_flags=view.viewer is None)


def award_json(
    row: SeenAward,
    context: AwardContext,
    visible: Visible,
    policy: Policy,
    readings: Sequence[str] | None = None,
    *,
    sees_red_flags: bool = True,
) -> Json:
    """An award; without amounts and data of other exchanges if it is not wholly visible.

    `readings` are those on which its payable hangs (None: not shown or not known). `visible` are the exchanges whose
    documents the reader may see (None: all). Base and ceiling follow from documents alone: who may see all of these
    sees both, even if an award that it may not see wholly decides what is payable. Red flags are for those who decide.
    """
    is_documented = row.whole or rests_on(row.exchanges, visible)

    def documented(fen: int) -> str | None:
        return format_yuan(fen) if is_documented else None

    def yuan(fen: int) -> str | None:
        return format_yuan(fen) if row.whole else None

    scheme, code = parse_subject(row.subject)
    standing = context.workflow
    changed_at = row.recorded_at if context.changed_at is None else max(row.recorded_at, context.changed_at)
    return {
        "award_id": row.award_id,
        "rule": row.rule,
        "article": row.article,
        "policy": {"id": row.policy_id, "revision": row.policy_revision},
        "subject": {"id_scheme": scheme, "id": code, "name": row.subject_name},
        "exchange": row.exchange if visible is None or row.exchange in visible else None,
        "year": row.year,
        "period_closed": context.period_closed,
        "base": documented(row.base_fen),
        "rate": None if row.rate is None else f"{row.rate:f}",
        "cap": None if row.cap_fen is None else format_yuan(row.cap_fen),
        "ceiling": documented(row.ceiling_fen),
        "payable": yuan(row.payable_fen),
        "suppressed_by": row.suppressed_by if row.whole else None,
        "approved": yuan(standing.approved_fen),
        "paid": yuan(standing.paid_fen),
        "returned": yuan(standing.returned_fen),
        "recovered": yuan(standing.recovered_fen),
        "state": standing.state,
        "kind": policy.kind_of(row.rule),
        "readings": None if readings is None else list(readings),
        "eligibility": context.eligibility,
        "holds": list(context.holds),
        "flags": _flags(row, context, sees_red_flags=sees_red_flags),
        "partial": not row.whole,
        "updated_at": format_time(changed_at),
        "evidence": _evidence(row.evidence, visible),
    }


def _flags(row: SeenAward, context: AwardContext, *, sees_red_flags: bool) -> list[str]:
    """The flags that a reader may see; those of an excess go with the approved amount."""
    flags = [*row.flags, *(context.flags if row.whole else ())]
    return [flag for flag in flags if sees_red_flags or flag in FLAGS_FOR_ALL]


def _evidence(evidence: Sequence[Json], visible: Visible) -> list[Json]:
    """Evidence items that name a visible exchange, reduced to visible exchanges."""
    if visible is None:
        return list(evidence)
    items = [{**item, "exchanges": [name for name in item["exchanges"] if name in visible]} for item in evidence]
    return [item for item in items if item["exchanges"]]
