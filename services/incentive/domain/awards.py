"""The award as the ledger has it. Pure."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from services.incentive.domain.event_rules import Entitlement, EvidenceItem
from services.incentive.domain.facts import FactRef
from services.incentive.policy.terms import Policy


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


def award_of(about: str, earned: Entitlement, policy: Policy) -> Award:
    """The award of an entitlement, before `with_payables` sets what is payable."""
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
    """An award that is no longer earned: it stays, with amounts of zero and its last subject, exchange and year.

    Its evidence becomes the `newest` version of its facts, still with the exchanges whose documents made up the amount:
    they may see that it was taken away.
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
