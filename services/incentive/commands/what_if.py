"""What would be if another policy file were in force: the same facts under both, award by award and by year. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from services.incentive.domain.postings import Award, Grants, award_of, with_payables
from services.incentive.domain.risk_flags import Peers
from services.incentive.policy.terms import Policy
from services.incentive.store.awards import KnownFacts, compute_entitlements
from services.incentive.store.rulebook import Rulebook
from shared.values.money import format_yuan

Json = dict[str, Any]


class Amounts(NamedTuple):
    """What an award comes to under one file, in fen; zero where there is no such award."""

    ceiling_fen: int = 0
    payable_fen: int = 0


class AwardComparison(NamedTuple):
    """One award under both files."""

    award_id: str
    before: Amounts
    after: Amounts


class YearComparison(NamedTuple):
    """What is payable of a year under both files, and the budget that the other one has, in fen."""

    year: int
    before_fen: int
    after_fen: int
    budget_fen: int

    @property
    def left_fen(self) -> int:
        """What the budget leaves; below zero where it does not suffice."""
        return self.budget_fen - self.after_fen


class WhatIf(NamedTuple):
    """All awards that there are under either file, in code point order, and all years in order."""

    cases: tuple[AwardComparison, ...]
    years: tuple[YearComparison, ...]

    @property
    def differing(self) -> tuple[AwardComparison, ...]:
        """Those that are not the same under both."""
        return tuple(case for case in self.cases if case.before != case.after)


def what_if(known: Iterable[tuple[str, KnownFacts]], before: Rulebook, policy: Policy, grants: Grants) -> WhatIf:
    """Compare what is in force with another policy, by the same whitelist. Raises CutDatesError.

    `known` are all facts of each subject and exchange (`about`). G6 is over all awards of a subject and year: of a part
    of the facts, payables are those of that part. `grants` are those of other municipal policies.
    """
    after = replace(before, policy=policy)
    earned: tuple[list[Award], list[Award]] = ([], [])
    for about, facts in known:
        for rulebook, awards in zip((before, after), earned, strict=True):
            awards.extend(
                award_of(about, award, rulebook.policy) for award in compute_entitlements(facts, rulebook, Peers())
            )
    was, would = (
        {award.award_id: award for award in with_payables(awards, rulebook.policy.rule_order, grants)}
        for rulebook, awards in zip((before, after), earned, strict=True)
    )
    cases = tuple(AwardComparison(one, _amounts(was, one), _amounts(would, one)) for one in sorted({*was, *would}))
    return WhatIf(cases, tuple(_years(was.values(), would.values(), policy.budget_fen)))


def _amounts(awards: Mapping[str, Award], award_id: str) -> Amounts:
    award = awards.get(award_id)
    return Amounts() if award is None else Amounts(award.ceiling_fen, award.payable_fen)


def _years(was: Iterable[Award], would: Iterable[Award], budget_fen: int) -> Iterator[YearComparison]:
    """G7: counted by the reward's year, which may be another under another file."""
    before_fen, after_fen = (Counter[int](), Counter[int]())
    for sums, awards in ((before_fen, was), (after_fen, would)):
        for award in awards:
            sums[award.year] += award.payable_fen
    for year in sorted({*before_fen, *after_fen}):
        yield YearComparison(year, before_fen[year], after_fen[year], budget_fen)


def what_if_json(found: WhatIf) -> Json:
    """The contract's form (section 7)."""
    return {
        "awards": [
            {"award_id": case.award_id, "before": _amounts_json(case.before), "after": _amounts_json(case.after)}
            for case in found.cases
        ],
        "years": [
            {
                "year": one.year,
                "before": format_yuan(one.before_fen),
                "after": format_yuan(one.after_fen),
                "budget": format_yuan(one.budget_fen),
            }
            for one in found.years
        ],
    }


def _amounts_json(amounts: Amounts) -> Json:
    return {"ceiling": format_yuan(amounts.ceiling_fen), "payable": format_yuan(amounts.payable_fen)}
