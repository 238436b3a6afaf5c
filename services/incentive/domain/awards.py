"""The award as the ledger has it, and the evidence that it rests on. Pure."""

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Final

import msgspec

from services.incentive.domain.facts import FactRef
from services.incentive.policy.terms import DeclaredTerms, Policy, RuleTerms, Tiers
from shared.values.parties import Party

LAST_DAY: Final = "last_day"  # the flag of an award that the alternative reading of G1 would change
_PARTS_BEFORE_ITEM: Final = 3  # rule, subject, year


def item_of(award_id: str) -> str | None:
    """The item of a declared reward, as its declaration names it; None for a reward without one."""
    parts = award_id.split("/")
    return "/".join(parts[_PARTS_BEFORE_ITEM:]) or None


class EvidenceItem(msgspec.Struct, frozen=True):
    """A fact that an award rests on, and the exchanges whose documents make up its amount."""

    ref: FactRef
    exchanges: tuple[str, ...]


class Award(msgspec.Struct, frozen=True, gc=False):
    """An award as the ledger has it. Its ceiling is what is posted for it; amounts are fen.

    `about` names the subject or exchange whose facts it follows from: `<scheme>:<id>` or `exchange/<id>`. `subject` is
    `<scheme>:<id>`. `payable_fen` and `suppressed_by` follow from 就高不重复 (G6) and are not posted.
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


def rests_on(exchanges: Collection[str], visible: Collection[str] | None) -> bool:
    """Return True if the documents of an award are all of `visible` exchanges (None: all are)."""
    return visible is None or all(exchange in visible for exchange in exchanges)


def award_of(  # noqa: PLR0913 - the columns that a rule decides
    policy: Policy,
    terms: RuleTerms | DeclaredTerms,
    subject: Party,
    award_id: str,
    *,
    exchange: str | None,
    year: int,
    base_fen: int = 0,
    rate: Decimal | None = None,
    cap_fen: int | None = None,
    ceiling_fen: int = 0,
    changed: bool = False,
    evidence: tuple[EvidenceItem, ...],
) -> Award:
    """The award by a rule, before `with_payables` sets its payable.

    `exchange` is None for a total over exchanges; `changed`: the alternative reading of G1 would change the ceiling.
    """
    return Award(
        award_id=award_id,
        about=f"exchange/{exchange}" if isinstance(terms, Tiers) else subject.subject,
        rule=terms.rule,
        article=terms.article,
        policy_id=policy.id,
        policy_revision=policy.revision,
        subject=subject.subject,
        subject_name=subject.name,
        exchange=exchange,
        year=year,
        base_fen=base_fen,
        rate=rate,
        cap_fen=cap_fen,
        ceiling_fen=ceiling_fen,
        payable_fen=0,
        suppressed_by=None,
        flags=(LAST_DAY,) if changed else (),
        evidence=evidence,
    )


def zero_out(award: Award, policy: Policy, newest: Mapping[str, FactRef]) -> Award:
    """Set the amounts of an award that is no longer earned to zero; it keeps its last subject, exchange and year.

    Its evidence becomes the `newest` version of its facts, still with the exchanges whose documents made up the amount:
    they may see that it is no longer earned.
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
