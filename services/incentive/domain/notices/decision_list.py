"""Lists of batches: what was approved, or paid, in one batch, as of the instant of its decisions. Pure."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, NamedTuple

from services.incentive.domain.awards import item_of
from services.incentive.domain.subjects.accounts import masked
from services.incentive.policy.terms import Policy
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.parties import parse_subject
from shared.values.times import format_time

# The kind of list of each action that has one beside `publish`.
KINDS: Final = {"approve": "approval_list", "pay": "payment_list"}
_TEMPLATE: Final = "decision_list/1"


class DecidedAward(NamedTuple):
    """A decision of a batch, with name and article of its award when it was taken, and the account that was paid to."""

    award_id: str
    subject: str
    name: str
    rule: str
    article: str
    year: int
    amount_fen: int
    voucher_no: str | None
    paid_on: date | None
    account_name: str | None = None
    bank: str | None = None
    account_number: str | None = None


class DecidedBatch(NamedTuple):
    """A batch: its id and action, who decided, and when."""

    batch_id: str
    action: str
    by: str
    at: datetime


def decision_list(batch: DecidedBatch, decided: Iterable[DecidedAward], policy: Policy, *, is_whole: bool) -> Json:
    """The list of a batch, in order of its decisions; `policy` is the one of that instant.

    Account numbers are masked unless `is_whole`.
    """
    found = list(decided)
    return {
        "kind": KINDS[batch.action],
        "template": _TEMPLATE,
        "policy": {"document_no": policy.document_no, "title": policy.title.zh},
        "authority": None if policy.statements is None else policy.statements.authority,
        "batch_id": batch.batch_id,
        "by": batch.by,
        "at": format_time(batch.at),
        "count": len(found),
        "total": format_yuan(sum(one.amount_fen for one in found)),
        "rows": [_row(number, one, policy, is_whole) for number, one in enumerate(found, 1)],
    }


def _row(number: int, one: DecidedAward, policy: Policy, is_whole: bool) -> Json:
    scheme, code = parse_subject(one.subject)
    return {
        "number": number,
        "award_id": one.award_id,
        "subject": {"id_scheme": scheme, "id": code, "name": one.name},
        "reward": policy.terms(one.rule).name.zh,
        "article": one.article,
        "year": one.year,
        "item": item_of(one.award_id),
        "amount": format_yuan(one.amount_fen),
        "voucher_no": one.voucher_no,
        "paid_on": None if one.paid_on is None else one.paid_on.isoformat(),
        "account": _account(one, is_whole),
    }


def _account(one: DecidedAward, is_whole: bool) -> Json | None:
    if one.account_number is None:
        return None
    number = one.account_number if is_whole else masked(one.account_number)
    return {"name": one.account_name, "bank": one.bank, "number": number}
