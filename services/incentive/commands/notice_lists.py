"""Lists under public notice.

They are prepared beforehand, and frozen under the ledger's lock with the decisions that post them.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from services.incentive.commands.acting import Acting, Draft
from services.incentive.domain.acts import DecisionPart
from services.incentive.domain.notices.days import calendar_json, notice_days
from services.incentive.domain.notices.official_list import (
    Issuer,
    ListedAward,
    NoticePeriod,
    PreparedList,
    prepared_list,
    public_notice_list,
)
from services.incentive.domain.workflow import ApprovedAmounts, ApprovedFor, to_published_basis
from services.incentive.store.award_context import AwardContext
from services.incentive.store.awards import AnyAwardRow
from services.incentive.store.frozen.official_lists import insert_notice_list
from shared.values.json_types import Json

_WITH_DAYS: Final = ("publish", "notify_return")


def prepare_notice_list(
    acting: Acting, drafts: Sequence[Draft], awards: Mapping[str, AnyAwardRow], contexts: Mapping[str, AwardContext]
) -> PreparedList | None:
    """One list of all that these decisions publish, but for its instant; None if they publish nothing.

    All of them have one period, as the decisions of a request do. `awards` and `contexts` are by award_id.
    """
    parts = [draft.part for draft in drafts]
    published = [part for part in parts if isinstance(part, DecisionPart) and part.action == "publish"]
    if not published:
        return None
    listed = [_listed(part, awards[part.award_id], contexts[part.award_id]) for part in published]
    terms = acting.policy.statements
    issuer = Issuer(None, None) if terms is None else Issuer(terms.authority, terms.contact)
    period = _period(published[0])
    return prepared_list(public_notice_list(listed, period, acting.policy, issuer, acting.instant), period)


def freeze_notice_list(acting: Acting, drafts: Sequence[Draft], prepared: PreparedList | None) -> list[Draft]:
    """Freeze a prepared list, and return the drafts in the same order.

    Each decision with a notice names the days of the calendar that it was counted by, and those that publish the list.
    """
    sha256 = None if prepared is None else insert_notice_list(acting.connection, prepared, acting.instant)
    calendars: dict[date, Json] = {}
    return [_with_list(acting, draft, sha256, calendars) for draft in drafts]


def _with_list(acting: Acting, draft: Draft, sha256: str | None, calendars: dict[date, Json]) -> Draft:
    part = draft.part
    if not isinstance(part, DecisionPart) or part.action not in _WITH_DAYS or part.notice_from is None:
        return draft
    policy, start = acting.policy, part.notice_from
    if start not in calendars:
        calendars[start] = calendar_json(notice_days(start, policy.notice_working_days, policy.public_notice))
    notice_list = sha256 if part.action == "publish" else None
    return draft._replace(part=part._replace(calendar=calendars[start], notice_list=notice_list))


def _period(part: DecisionPart) -> NoticePeriod:
    if part.notice_from is None or part.notice_until is None or part.notice_where is None:
        raise ValueError(f"{part.award_id}: published without days or place")
    return NoticePeriod(part.notice_from, part.notice_until, part.notice_where)


def _listed(part: DecisionPart, award: AnyAwardRow, context: AwardContext) -> ListedAward:
    """An award as it is published: its payable and its standing amount."""
    basis = to_published_basis(part.published)
    amounts = context.workflow.amounts.get(ApprovedFor(award.subject, award.year), ApprovedAmounts())
    return ListedAward(
        award_id=award.award_id,
        subject=award.subject,
        name=award.subject_name,
        rule=award.rule,
        article=award.article,
        year=award.year,
        item=basis.item,
        payable_fen=basis.payable_fen,
        standing_fen=amounts.standing_fen,
    )
