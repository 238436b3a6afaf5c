"""Awards, red flags and balances as the contract shows them. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import asdict

from services.incentive.domain.awards import LAST_DAY
from services.incentive.domain.risk_flags import RiskFlag
from services.incentive.domain.workflow import OVER_APPROVED
from services.incentive.policy.terms import Policy
from services.incentive.store.award_context import AwardContext
from services.incentive.store.awards import AnyAwardRow
from services.incentive.store.rows import BalanceRow
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.parties import parse_subject
from shared.values.times import format_time

Visible = Collection[str] | None
# Red flags are for those who decide: they may result from trades on other exchanges.
FLAGS_FOR_ALL: Final = (LAST_DAY, OVER_APPROVED)


def award_json(
    row: AnyAwardRow, context: AwardContext, *, whole: bool, visible: Visible, policy: Policy, now: datetime
) -> Json:
    """An award; without amounts and data of other exchanges if it is not wholly visible.

    `visible` are the exchanges whose documents the reader may see (None: all).
    """
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
        "period_closed": policy.period_closed(row.year, now),
        "base": format_yuan(row.base_fen) if whole else None,
        "rate": None if row.rate is None else f"{row.rate:f}",
        "cap": None if row.cap_fen is None else format_yuan(row.cap_fen),
        "ceiling": format_yuan(row.ceiling_fen) if whole else None,
        "payable": format_yuan(row.payable_fen) if whole else None,
        "suppressed_by": row.suppressed_by if whole else None,
        "approved": format_yuan(standing.approved_fen) if whole else None,
        "paid": format_yuan(standing.paid_fen) if whole else None,
        "returned": format_yuan(standing.returned_fen) if whole else None,
        "state": standing.state,
        "eligibility": context.eligibility,
        "holds": list(context.holds),
        "flags": [flag for flag in (*row.flags, *context.flags) if visible is None or flag in FLAGS_FOR_ALL],
        "partial": not whole,
        "updated_at": format_time(changed_at),
        "evidence": _evidence(row.evidence, visible),
    }


def risk_flag_json(found: RiskFlag, policy: Policy) -> Json:
    """A red flag: what was found, in which facts, and trades as examples."""
    name = next(terms.name for terms in policy.risk_flags if terms.flag == found.flag)
    return {
        "sign": found.flag,
        "name": {"zh": name.zh, "en": name.en},
        "text": {"zh": found.text.zh, "en": found.text.en},
        "evidence": [asdict(ref) for ref in found.refs],
        "trades": [asdict(trade) for trade in found.trades],
    }


def _evidence(evidence: Sequence[Json], visible: Visible) -> list[Json]:
    """Evidence items that name a visible exchange, reduced to visible exchanges."""
    if visible is None:
        return list(evidence)
    items = [{**item, "exchanges": [name for name in item["exchanges"] if name in visible]} for item in evidence]
    return [item for item in items if item["exchanges"]]


def balance_json(row: BalanceRow) -> Json:
    """An account's sums and its balance, credit less debit."""
    debit_fen, credit_fen = int(row.debit_fen), int(row.credit_fen)
    return {
        "account": row.account,
        "debit": format_yuan(debit_fen),
        "credit": format_yuan(credit_fen),
        "balance": format_yuan(credit_fen - debit_fen),
    }
