"""Applicants for a budget, as the product and as the verifier see them, and the worked cases of tests/cases/budgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from services.incentive.domain.budget import (
    BY_REWARD,
    BudgetClaim,
    BudgetYear,
    PostedSums,
    budget_year,
    counted_year,
    used_fen,
)
from services.incentive.verifier.budget import BudgetActs, behind_the_line, wanted_of
from services.incentive.verifier.budget import BudgetApplicant as VerifiedClaim
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.values import instant, yuan
from shared.values.money import parse_yuan
from shared.values.times import day_start, format_time, shanghai_date
from tests.support.cases import FOLDER, TextLoader, amount
from tests.support.reading_cases import IN_FORCE, policy_by, tree_by

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.incentive.policy.terms import Policy

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Applicant:
    """An award: what is payable and approved in fen, when it is applied for (None: no round is under way).

    `returned_fen` of what is approved was paid, returned and recovered at the instant of the approval.
    """

    name: str
    rule: str
    payable_fen: int
    applied_at: datetime | None = None
    approved_fen: int = 0
    returned_fen: int = 0
    approved_at: datetime = EPOCH
    is_paid: bool = True
    year: int = 2026
    earned_until: datetime = EPOCH

    @property
    def award_id(self) -> str:
        return f"{self.rule}/{self.name}"

    @property
    def standing_fen(self) -> int:
        return self.approved_fen - self.returned_fen

    @property
    def unpaid_fen(self) -> int:
        return 0 if self.is_paid else self.approved_fen

    def claim(self) -> BudgetClaim:
        return BudgetClaim(
            self.award_id,
            self.rule,
            self.year,
            self.payable_fen,
            self.standing_fen,
            self.unpaid_fen,
            self.applied_at or (self.approved_at if self.approved_fen else None),
            is_open=self.applied_at is not None,
            earned_until=self.earned_until,
        )

    def steps(self) -> Iterator[dict[str, Any]]:
        """The decisions that led here."""
        of_it = {"award_id": self.award_id, "year": self.year, "amount": "0.00"}
        if self.approved_fen:
            day = shanghai_date(self.approved_at).isoformat()
            made = {"at": format_time(self.approved_at), "decided_on": day}
            approved = {**of_it, **made, "amount": yuan(self.approved_fen)}
            yield {**approved, "action": "list", "amount": "0.00"}
            yield {**approved, "action": "approve"}
            if self.is_paid:
                yield {**approved, "action": "pay", "paid_on": day}
            if self.returned_fen:
                for action in ("return", "recover"):
                    yield {**approved, "action": action, "amount": yuan(self.returned_fen)}
        if self.applied_at is not None:
            yield {**of_it, "action": "apply", "at": format_time(self.applied_at)}
            yield {**of_it, "action": "review", "at": format_time(self.applied_at)}

    def verified_claim(self, acts: BudgetActs, policy: PolicyValues, now: datetime) -> VerifiedClaim:
        state = "estimated" if self.applied_at is None else "reviewed"
        wanted = wanted_of(self.payable_fen - self.standing_fen, self.unpaid_fen, state, policy)
        year = self.year if policy.budget_counts == "year_of_the_reward" else shanghai_date(now).year
        applied_us, earned_us = acts.applied_us(self.award_id), instant(format_time(self.earned_until))
        return VerifiedClaim(self.award_id, self.rule, year, wanted, self.standing_fen > 0, applied_us, earned_us)


def ranked(applicants: Iterable[Applicant], policy: Policy, year: int, now: datetime = EPOCH) -> BudgetYear:
    """The budget year by the product."""
    known, used = list(applicants), dict[str, int]()
    for one in known:
        is_by_reward = policy.budget_counts == BY_REWARD
        if (one.year if is_by_reward else shanghai_date(one.approved_at).year) == year:
            paid_fen = one.approved_fen - one.unpaid_fen
            sums = PostedSums(one.rule, one.approved_fen, paid_fen, one.returned_fen, one.returned_fen)
            used[one.rule] = used.get(one.rule, 0) + used_fen(policy, sums)
    claims = [one.claim() for one in known if counted_year(policy, one.year, now) == year]
    assert all(one.is_paid or not one.returned_fen for one in known)
    return budget_year(policy, year, claims, used)


def held_by_verifier(
    applicants: Sequence[Applicant], policy: PolicyValues, year: int, now: datetime = EPOCH
) -> set[str]:
    """The awards that the verifier finds held in a budget year."""
    acts = BudgetActs()
    for step in sorted((step for one in applicants for step in one.steps()), key=lambda step: step["at"]):
        acts.take(step)
    claims = [one.verified_claim(acts, policy, now) for one in applicants]
    wanting = [claim for claim in claims if claim.wanted and claim.year == year]
    return {name_of(award_id) for award_id in behind_the_line(wanting, acts, policy)}


def name_of(award_id: str) -> str:
    """The name of an applicant."""
    return award_id.partition("/")[2]


@dataclass(frozen=True)
class BudgetCase:
    """A worked case: what a budget and a pool have, the applicants, and who is held by each reading."""

    name: str
    budget_fen: int
    pool_fen: int
    year: int
    now: datetime
    applicants: tuple[Applicant, ...]
    held: Mapping[str, list[str]]

    def policy(self, reading: str) -> Policy:
        policy = policy_by(reading)
        pools = tuple(msgspec.structs.replace(one, annual_fen=self.pool_fen) for one in policy.declared.pools)
        rules = tuple(
            msgspec.structs.replace(one, pool=None if one.pool is None else pools[0]) for one in policy.declared.rules
        )
        declared = msgspec.structs.replace(policy.declared, rules=rules, pools=pools)
        return msgspec.structs.replace(policy, budget_fen=self.budget_fen, declared=declared)

    def values(self, reading: str) -> PolicyValues:
        values = PolicyValues(tree_by(reading))
        values.budget, values.pools = self.budget_fen, dict.fromkeys(values.pools, self.pool_fen)
        return values

    def computed(self, reading: str) -> list[str]:
        """The awards that the product holds, in order."""
        return [name_of(one) for one in ranked(self.applicants, self.policy(reading), self.year, self.now).held]

    def verified(self, reading: str) -> set[str]:
        return held_by_verifier(self.applicants, self.values(reading), self.year, self.now)


def budget_cases() -> list[BudgetCase]:
    """The cases of every file, in order of file names."""
    found = []
    for path in sorted((FOLDER / "budgets").glob("*.yaml")):
        for one in yaml.load(path.read_text("utf-8"), Loader=TextLoader):  # noqa: S506 - a SafeLoader
            if unknown := one.keys() - {"case", "budget", "pool", "year", "now", "awards", "held"}:
                raise ValueError(f"unknown members {sorted(unknown)}")
            assert IN_FORCE in one["held"], one["case"]
            found.append(
                BudgetCase(
                    one["case"],
                    _fen(one["budget"]),
                    _fen(one.get("pool", "1000万")),
                    int(one.get("year", 2026)),
                    _day(one.get("now", "2026-06-01")),
                    tuple(_applicant(award_id, *given) for award_id, given in one["awards"].items()),
                    one["held"],
                )
            )
    return found


def _applicant(award_id: str, rule: str, payable: str, given: dict[str, Any]) -> Applicant:
    more: dict[str, Any] = {}
    for name, field in (("applied", "applied_at"), ("approved_on", "approved_at"), ("earned", "earned_until")):
        if name in given:
            more[field] = _day(given[name])
    if "approved" in given:
        more["approved_fen"] = _fen(given["approved"])
    if "is_paid" in given:
        more["is_paid"] = given["is_paid"]
    return Applicant(award_id, rule, _fen(payable), year=int(given.get("year", 2026)), **more)


def _day(text: str) -> datetime:
    return day_start(date.fromisoformat(text))


def _fen(text: str) -> int:
    return parse_yuan(amount(text))
