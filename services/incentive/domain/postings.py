"""Postings of the ledger: the ceiling now less the ceiling posted so far. Pure (contract, section 5)."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from services.incentive.domain.awards import Award
from services.incentive.domain.facts import FactRef
from services.incentive.policy.terms import Policy
from shared.values.json_types import Json
from shared.values.money import format_yuan

SETTINGS: Final = "settings"  # the kind of a transaction that puts a policy, whitelist or registers in force
_ACCOUNT: Final = re.compile(r"entitlement:(?P<subject>[^:]+:[^:]+):(?P<award_id>[^:]+/.+):(?P<year>[0-9]{4})")


class LedgerEntry(msgspec.Struct, frozen=True, gc=False):
    """One line of a transaction: exactly one side is over zero."""

    account: str
    debit_fen: int
    credit_fen: int


class Posting(msgspec.Struct, frozen=True, gc=False):
    """A transaction that is not numbered yet. `amount_fen` is the award's net change.

    `decision_id` and `decision_sha256` name the act of a person, for all kinds but `entitlement` and `settings`. Award,
    subject and year are None if the act is not about any. `subject_before` and `year_before` are set if the award had
    another subject or year with an amount posted. `article` is None for `settings` alone.
    """

    award_id: str | None
    amount_fen: int
    entries: tuple[LedgerEntry, ...]
    subject: str | None
    year: int | None
    policy_id: str
    policy_revision: int
    article: str | None
    cause: Json
    kind: str = "entitlement"
    subject_before: str | None = None
    year_before: int | None = None
    decision_id: str | None = None
    decision_sha256: str | None = None


class EntitlementAccount(NamedTuple):
    """The account of an award's ceiling: one for each subject and year that the award ever had."""

    subject: str
    award_id: str
    year: int

    @property
    def rule(self) -> str:
        return self.award_id.partition("/")[0]

    @property
    def name(self) -> str:
        return f"entitlement:{self.subject}:{self.award_id}:{self.year}"


def read_account(name: str) -> EntitlementAccount | None:
    """Parse an account's name; None if it is not an award's account."""
    match = _ACCOUNT.fullmatch(name)
    return None if match is None else EntitlementAccount(match["subject"], match["award_id"], int(match["year"]))


def decision_entries(kind: str, subject: str, award_id: str, year: int, amount_fen: int) -> tuple[LedgerEntry, ...]:
    """Debit and credit of a decision that moves money; none of another kind."""
    of_award, budget = f"{subject}:{award_id}", f"budget:{year}"
    accounts = {
        "approval": (budget, f"approved:{of_award}"),
        "payment": (f"paid:{of_award}", "treasury"),
        "revocation": (f"approved:{of_award}", budget),
        "return": (f"claim:{of_award}", f"returned:{of_award}"),
        "recovery": ("treasury", f"claim:{of_award}"),
    }
    if kind not in accounts:
        return ()
    debit, credit = accounts[kind]
    return LedgerEntry(debit, amount_fen, 0), LedgerEntry(credit, 0, amount_fen)


def entitlement_posting(
    before: Award | None, after: Award, arrived: Sequence[FactRef] = (), occasion: tuple[str, str] = ("", "")
) -> Posting | None:
    """The transaction from one state of an award to the next; None if there is nothing to post.

    A change of subject, year or policy revision reverses the old and posts the new. `arrived` are the facts just
    taken in, which are the cause if the award's own evidence did not change; `occasion` (Chinese, English) begins the
    cause's text.
    """
    now_fen, before_fen = after.ceiling_fen, 0 if before is None else before.ceiling_fen
    if before is None or _basis(before) == _basis(after):
        entries = _entries(_account(after), now_fen - before_fen)
    else:
        entries = _entries(_account(before), -before_fen) + _entries(_account(after), now_fen)
    if not entries:
        return None
    left = before if before_fen > 0 else None
    return Posting(
        award_id=after.award_id,
        amount_fen=now_fen - before_fen,
        entries=entries,
        subject=after.subject,
        year=after.year,
        subject_before=left.subject if left is not None and left.subject != after.subject else None,
        year_before=left.year if left is not None and left.year != after.year else None,
        policy_id=after.policy_id,
        policy_revision=after.policy_revision,
        article=after.article,
        cause={"facts": _cause_facts(before, after, arrived), "text": _cause_text(before, after, occasion)},
    )


def correction_posting(
    account: EntitlementAccount,
    actual_fen: int,
    expected_fen: int,
    article: str,
    policy: Policy,
    facts: Sequence[FactRef],
) -> Posting:
    """The transaction that corrects an account's balance to what follows from the facts of its award.

    Raises ValueError if the two are equal.
    """
    entries = _entries(account, expected_fen - actual_fen)
    if not entries:
        raise ValueError("nothing to correct")
    actual, expected = format_yuan(actual_fen), format_yuan(expected_fen)
    return Posting(
        award_id=account.award_id,
        amount_fen=expected_fen - actual_fen,
        entries=entries,
        subject=account.subject,
        year=account.year,
        policy_id=policy.id,
        policy_revision=policy.revision,
        article=article,
        cause={
            "facts": [msgspec.structs.asdict(ref) for ref in facts],
            "text": f"重建更正，账户余额由 {actual} 元更正为 {expected} 元 / "
            f"corrected by a rebuild: account balance from {actual} to {expected} yuan",
        },
    )


def settings_posting(policy_id: str, policy_revision: int, text: tuple[str, str]) -> Posting:
    """The transaction that puts a policy, whitelist or registers in force; `text` is its reason (Chinese, English).

    It posts nothing and belongs to no award.
    """
    return Posting(
        award_id=None,
        amount_fen=0,
        entries=(),
        subject=None,
        year=None,
        policy_id=policy_id,
        policy_revision=policy_revision,
        article=None,
        cause={"facts": [], "text": f"{text[0]} / {text[1]}"},
        kind=SETTINGS,
    )


def _account(award: Award) -> EntitlementAccount:
    return EntitlementAccount(award.subject, award.award_id, award.year)


def _basis(award: Award) -> tuple[str, int, str, int]:
    return award.subject, award.year, award.policy_id, award.policy_revision


def _entries(account: EntitlementAccount, change_fen: int) -> tuple[LedgerEntry, ...]:
    """Debit and credit of a change of an award's ceiling; a decrease is posted the other way round."""
    policy, entitlement = f"policy:{account.rule}:{account.year}", account.name
    if change_fen > 0:
        return LedgerEntry(policy, change_fen, 0), LedgerEntry(entitlement, 0, change_fen)
    if change_fen < 0:
        return LedgerEntry(entitlement, -change_fen, 0), LedgerEntry(policy, 0, -change_fen)
    return ()


def _cause_facts(before: Award | None, after: Award, arrived: Iterable[FactRef]) -> list[Json]:
    """Facts of the award's evidence that are newer than before; else those that arrived; else all of its evidence."""
    known = set() if before is None else {evidence.ref for evidence in before.evidence}
    refs = [evidence.ref for evidence in after.evidence]
    return [msgspec.structs.asdict(ref) for ref in [ref for ref in refs if ref not in known] or arrived or refs]


def _cause_text(before: Award | None, after: Award, occasion: tuple[str, str]) -> str:
    now = format_yuan(after.ceiling_fen)
    if before is None:
        return f"{occasion[0]}首次测算，上限 {now} 元 / {occasion[1]}first earned, ceiling {now} yuan"
    zh, en = [], []
    if before.subject != after.subject:
        zh.append(f"主体由 {before.subject} 变为 {after.subject}")
        en.append(f"subject changed from {before.subject} to {after.subject}")
    if before.year != after.year:
        zh.append(f"年度由 {before.year} 变为 {after.year}")
        en.append(f"year changed from {before.year} to {after.year}")
    if (before.policy_id, before.policy_revision) != (after.policy_id, after.policy_revision):
        zh.append(f"政策版本变为 {after.policy_id} 第 {after.policy_revision} 版")
        en.append(f"policy changed to {after.policy_id} revision {after.policy_revision}")
    earlier = format_yuan(before.ceiling_fen)
    zh.append(f"上限由 {earlier} 元变为 {now} 元" if earlier != now else f"上限仍为 {now} 元")
    en.append(f"ceiling changed from {earlier} to {now} yuan" if earlier != now else f"ceiling unchanged at {now} yuan")
    return occasion[0] + "，".join(zh) + " / " + occasion[1] + ", ".join(en)
