"""Compute awards under another policy file: the same facts under both, by award and by year. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from services.incentive.domain.awards import Award
from services.incentive.domain.entitlements import KnownFacts, compute_awards
from services.incentive.domain.facts import Declaration
from services.incentive.domain.payables.highest_only import PayableInputs, with_payables
from services.incentive.domain.risk_flags import Peers
from services.incentive.policy.terms import Policy
from services.incentive.store.rulebook import Rulebook
from shared.values.json_types import Json
from shared.values.money import format_yuan


class Amounts(NamedTuple):
    """Ceiling and payable of an award under one file, in fen; zero if there is no such award."""

    ceiling_fen: int = 0
    payable_fen: int = 0


class AwardComparison(NamedTuple):
    """One award under both files."""

    award_id: str
    before: Amounts
    after: Amounts


class YearComparison(NamedTuple):
    """The payable of a year under both files, and the other file's budget, in fen."""

    year: int
    before_fen: int
    after_fen: int
    budget_fen: int

    @property
    def left_fen(self) -> int:
        """The rest of the budget; negative if it does not suffice."""
        return self.budget_fen - self.after_fen


class WhatIf(NamedTuple):
    """All awards under either file, in code point order, and all years in order."""

    cases: tuple[AwardComparison, ...]
    years: tuple[YearComparison, ...]

    @property
    def differing(self) -> tuple[AwardComparison, ...]:
        """The awards that differ."""
        return tuple(case for case in self.cases if case.before != case.after)


def what_if(
    known: Iterable[tuple[str, KnownFacts]], rulebook: Rulebook, policy: Policy, recorded: PayableInputs
) -> WhatIf:
    """Compare the rulebook's policy with another one, under the same whitelist. Raises CutDatesError.

    `known` are all facts of each subject and exchange (`about`). G6 covers all awards of a subject and year: given only
    part of the facts, payables are those of that part. `recorded` is what persons recorded, without days: decisions by
    award_id, as an award has the same subject and year by every reading of one file.
    """
    earned: tuple[list[Award], list[Award]] = ([], [])
    policies = (rulebook.policy, policy)
    declared: list[Declaration] = []
    for _, facts in known:
        declared.extend(fact for fact in facts.of if isinstance(fact, Declaration))
        for one, awards in zip(policies, earned, strict=True):
            awards.extend(compute_awards(facts, one, rulebook.exchanges, Peers()))
    inputs = msgspec.structs.replace(recorded, days={one.award_id: one.earned_on for one in declared})
    before, after = (
        {award.award_id: award for award in with_payables(awards, one, inputs)}
        for one, awards in zip(policies, earned, strict=True)
    )
    cases = tuple(
        AwardComparison(one, _amounts(before, one), _amounts(after, one)) for one in sorted({*before, *after})
    )
    return WhatIf(cases, tuple(_years(before.values(), after.values(), policy.budget_fen)))


def _amounts(awards: Mapping[str, Award], award_id: str) -> Amounts:
    award = awards.get(award_id)
    return Amounts() if award is None else Amounts(award.ceiling_fen, award.payable_fen)


def _years(before: Iterable[Award], after: Iterable[Award], budget_fen: int) -> Iterator[YearComparison]:
    """G7 counts by the award's year, which may differ between the files."""
    before_fen, after_fen = (Counter[int](), Counter[int]())
    for sums, awards in ((before_fen, before), (after_fen, after)):
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
