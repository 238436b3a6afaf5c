"""Bank accounts of subjects: what is shown of a number, its hash, and the rows of a payment list. Pure.

A number has few digits, so that its hash alone would give it away: the hash is of a random salt and the number.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from shared.values.money import format_yuan

_SHOWN: Final = 4  # digits, of a number that is long enough to hide the rest
PAYMENT_HEADINGS: Final = (
    "奖补 award",
    "条款 article",
    "主体 subject",
    "名称 name",
    "户名 account_name",
    "开户行 bank",
    "账号 account",
    "金额 amount",
    "凭证 voucher_no",
    "日期 paid_on",
)


class SubjectAccount(NamedTuple):
    """A confirmed account of a subject, with the whole number."""

    id: str
    subject: str
    bank: str
    number: str
    name: str
    confirmed_at: datetime


class DuePayment(NamedTuple):
    """An amount of an award to be paid, in fen, and the account that it goes to (None: none is on record)."""

    award_id: str
    article: str
    subject: str
    subject_name: str
    amount_fen: int
    account: SubjectAccount | None


def masked(number: str) -> str:
    """The number with all but its last digits hidden."""
    shown = number[-_SHOWN:] if len(number) > 2 * _SHOWN else ""
    return "*" * (len(number) - len(shown)) + shown


def account_sha256(salt: str, number: str) -> str:
    """The SHA-256, in hex, that an act has in place of the number."""
    return hashlib.sha256((salt + number).encode()).hexdigest()


def payment_rows(payments: Iterable[DuePayment]) -> list[Sequence[str]]:
    """The rows of a payment list for finance, under `PAYMENT_HEADINGS`, with whole account numbers.

    Finance fills in the voucher and the day of each payment, and sends the table back.
    """
    return [
        (
            one.award_id,
            one.article,
            one.subject,
            one.subject_name,
            *(("", "", "") if one.account is None else (one.account.name, one.account.bank, one.account.number)),
            format_yuan(one.amount_fen),
            "",
            "",
        )
        for one in payments
    ]
