"""What the ledger posts: the ceiling now less the ceiling posted so far. Pure (contract, section 5)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import msgspec

from services.incentive.domain.event_rules import Entitlement, EvidenceItem
from services.incentive.domain.facts import FactRef
from services.incentive.domain.highest_only import OTHER_GRANT, payables
from services.incentive.policy.terms import Policy
from shared.values.money import format_yuan

_ACCOUNT: Final = re.compile(r"entitlement:(?P<subject>[^:]+:[^:]+):(?P<award_id>[^:]+/.+):(?P<year>[0-9]{4})")


class Award(msgspec.Struct, frozen=True, gc=False):
    """An award as the ledger has it. Its ceiling is what is posted for it; amounts are fen.

    `about` says whose facts it follows from: `<scheme>:<id>` or `exchange/<id>`. `subject` is `<scheme>:<id>`.
    `payable_fen` and `suppressed_by` are those under 就高不重复 (G6), not posted.
    """

    award_id: str
    about: str
    rule: str
    article: str
    policy_id: str
    policy_revision: int
    subject: str
    subject_name: str
    exchange: str | None
    year: int
    base_fen: int
    rate: Decimal | None
    cap_fen: int | None
    ceiling_fen: int
    payable_fen: int
    suppressed_by: str | None
    flags: tuple[str, ...]
    evidence: tuple[EvidenceItem, ...]

    @property
    def exchanges(self) -> tuple[str, ...]:
        """All exchanges that the evidence names, in code point order."""
        if len(self.evidence) == 1:
            return tuple(sorted(self.evidence[0].exchanges))
        return tuple(sorted({exchange for evidence in self.evidence for exchange in evidence.exchanges}))


class LedgerEntry(msgspec.Struct, frozen=True, gc=False):
    """One line of a transaction: exactly one side is over zero."""

    account: str
    debit_fen: int
    credit_fen: int


class Posting(msgspec.Struct, frozen=True, gc=False):
    """A transaction that is not numbered yet. `amount_fen` is what changes for the award, net.

    `decision_id` and `decision_sha256` name what a person did, for every kind but `entitlement`; award, subject and
    year are None where that is not of any. `subject_before` and `year_before` say what it moved away from: where that
    is another, and something was posted there.
    """

    award_id: str | None
    amount_fen: int
    entries: tuple[LedgerEntry, ...]
    subject: str | None
    year: int | None
    subject_before: str | None
    year_before: int | None
    policy_id: str
    policy_revision: int
    article: str
    cause: dict[str, Any]
    kind: str = "entitlement"
    decision_id: str | None = None
    decision_sha256: str | None = None


class OtherGrant(NamedTuple):
    """What another municipal policy granted somebody in a year. `name` is `other_grant/<id>`, as in `suppressed_by`."""

    name: str
    amount_fen: int


Grants = Mapping[tuple[str, int], Sequence[OtherGrant]]  # by subject and year


def award_of(about: str, earned: Entitlement, policy: Policy) -> Award:
    """The award that is earned now. Its payable is set by `with_payables`."""
    return Award(
        award_id=earned.award_id,
        about=about,
        rule=earned.rule,
        article=earned.article,
        policy_id=policy.id,
        policy_revision=policy.revision,
        subject=earned.subject.subject,
        subject_name=earned.subject.name,
        exchange=earned.exchange,
        year=earned.year,
        base_fen=earned.base_fen,
        rate=earned.rate,
        cap_fen=earned.cap_fen,
        ceiling_fen=earned.ceiling_fen,
        payable_fen=0,
        suppressed_by=None,
        flags=earned.flags,
        evidence=earned.evidence,
    )


def zero_out(award: Award, policy: Policy, newest: Mapping[str, FactRef]) -> Award:
    """An award that is earned no more: it stays, with amounts of zero and its last subject, exchange and year.

    Its evidence is the newest version of the facts that it rested on (`newest`, by fact), still with the exchanges
    whose documents made up the amount: who took it back may see that.
    """
    evidence = tuple(EvidenceItem(newest.get(item.ref.fact, item.ref), item.exchanges) for item in award.evidence)
    return msgspec.structs.replace(
        award,
        policy_id=policy.id,
        policy_revision=policy.revision,
        base_fen=0,
        ceiling_fen=0,
        payable_fen=0,
        suppressed_by=None,
        flags=(),
        evidence=evidence,
    )


def with_payables(awards: Iterable[Award], rule_order: Sequence[str], grants: Grants) -> list[Award]:
    """The same awards, with what G6 leaves payable. Needs all awards of each subject and year that it is given.

    `grants` are those of other municipal policies, which compete with them.
    """
    groups: dict[tuple[str, int], list[Award]] = {}
    for award in awards:
        groups.setdefault((award.subject, award.year), []).append(award)
    settled = []
    for of_whom, group in groups.items():
        competing = [(award.award_id, award.rule, award.ceiling_fen) for award in group]
        competing += [(grant.name, OTHER_GRANT, grant.amount_fen) for grant in grants.get(of_whom, ())]
        answers = payables(competing, rule_order)
        for award in group:
            payable_fen, suppressed_by = answers[award.award_id]
            if (award.payable_fen, award.suppressed_by) == (payable_fen, suppressed_by):
                settled.append(award)
            else:
                settled.append(msgspec.structs.replace(award, payable_fen=payable_fen, suppressed_by=suppressed_by))
    return settled


def entitlement_posting(
    before: Award | None, after: Award, arrived: Sequence[FactRef] = (), occasion: tuple[str, str] = ("", "")
) -> Posting | None:
    """The transaction that takes the ledger from one state of an award to the next; None where nothing is to post.

    A change of subject, year or policy revision reverses the old and posts the new. `arrived` are the facts about the
    same that have just come, for a cause that is none of the award's own evidence; `occasion` (Chinese,
    English) stands first in the cause's text.
    """
    moved = before is not None and _rulebook(before) != _rulebook(after)
    if before is None:
        entries = _entries(_account(after), after.ceiling_fen)
    elif moved:
        entries = _entries(_account(before), -before.ceiling_fen) + _entries(_account(after), after.ceiling_fen)
    else:
        entries = _entries(_account(after), after.ceiling_fen - before.ceiling_fen)
    if not entries:
        return None
    left = before if before is not None and before.ceiling_fen > 0 else None
    return Posting(
        award_id=after.award_id,
        amount_fen=after.ceiling_fen - (0 if before is None else before.ceiling_fen),
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


class EntitlementAccount(NamedTuple):
    """Where an award's ceiling stands in the ledger: one account for each subject and year that it ever had."""

    subject: str
    award_id: str
    year: int

    @property
    def rule(self) -> str:
        """The rule that the award is of."""
        return self.award_id.partition("/")[0]

    @property
    def name(self) -> str:
        """Its name in the ledger."""
        return f"entitlement:{self.subject}:{self.award_id}:{self.year}"


def read_account(name: str) -> EntitlementAccount | None:
    """The account of that name; None where it is no award's."""
    match = _ACCOUNT.fullmatch(name)
    return None if match is None else EntitlementAccount(match["subject"], match["award_id"], int(match["year"]))


def correction_posting(
    account: EntitlementAccount,
    stands_fen: int,
    follows_fen: int,
    article: str,
    policy: Policy,
    facts: Sequence[FactRef],
) -> Posting:
    """The transaction that takes an account's balance from what it is to what follows from the facts of its award.

    Raises ValueError where the two are the same.
    """
    entries = _entries(account, follows_fen - stands_fen)
    if not entries:
        raise ValueError("nothing is to be corrected")
    stands, follows = format_yuan(stands_fen), format_yuan(follows_fen)
    return Posting(
        award_id=account.award_id,
        amount_fen=follows_fen - stands_fen,
        entries=entries,
        subject=account.subject,
        year=account.year,
        subject_before=None,
        year_before=None,
        policy_id=policy.id,
        policy_revision=policy.revision,
        article=article,
        cause={
            "facts": _facts_json(facts),
            "text": f"重建更正，账户余额由 {stands} 元更正为 {follows} 元 / "
            f"corrected by a rebuild, balance of the account {stands} becomes {follows} yuan",
        },
    )


def _account(award: Award) -> EntitlementAccount:
    return EntitlementAccount(award.subject, award.award_id, award.year)


def _rulebook(award: Award) -> tuple[str, int, str, int]:
    return award.subject, award.year, award.policy_id, award.policy_revision


def _entries(account: EntitlementAccount, change_fen: int) -> tuple[LedgerEntry, ...]:
    """Debit and credit of a change of an award's ceiling; a fall is posted the other way round."""
    policy, entitlement = f"policy:{account.rule}:{account.year}", account.name
    if change_fen > 0:
        return LedgerEntry(policy, change_fen, 0), LedgerEntry(entitlement, 0, change_fen)
    if change_fen < 0:
        return LedgerEntry(entitlement, -change_fen, 0), LedgerEntry(policy, 0, -change_fen)
    return ()


def _cause_facts(before: Award | None, after: Award, arrived: Sequence[FactRef]) -> list[dict[str, Any]]:
    """The facts that the award rests on and that are newer than before; else those that came; else all it rests on."""
    known = set() if before is None else {evidence.ref for evidence in before.evidence}
    refs = [evidence.ref for evidence in after.evidence]
    return _facts_json([ref for ref in refs if ref not in known] or arrived or refs)


def _facts_json(refs: Iterable[FactRef]) -> list[dict[str, Any]]:
    return [{"fact": ref.fact, "generation": ref.generation, "seq": ref.seq} for ref in refs]


def _cause_text(before: Award | None, after: Award, occasion: tuple[str, str]) -> str:
    now = format_yuan(after.ceiling_fen)
    if before is None:
        return f"{occasion[0]}首次测算，上限 {now} 元 / {occasion[1]}first earned, ceiling {now} yuan"
    zh, en = [], []
    if before.subject != after.subject:
        zh.append(f"主体由 {before.subject} 变为 {after.subject}")
        en.append(f"subject {before.subject} becomes {after.subject}")
    if before.year != after.year:
        zh.append(f"年度由 {before.year} 变为 {after.year}")
        en.append(f"year {before.year} becomes {after.year}")
    if (before.policy_id, before.policy_revision) != (after.policy_id, after.policy_revision):
        zh.append(f"政策版本变为 {after.policy_id} 第 {after.policy_revision} 版")
        en.append(f"policy becomes {after.policy_id} revision {after.policy_revision}")
    then = format_yuan(before.ceiling_fen)
    zh.append(f"上限由 {then} 元变为 {now} 元" if then != now else f"上限仍为 {now} 元")
    en.append(f"ceiling {then} becomes {now} yuan" if then != now else f"ceiling stays {now} yuan")
    return occasion[0] + "，".join(zh) + " / " + occasion[1] + ", ".join(en)
