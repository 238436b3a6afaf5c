"""The budget of a year (policy.md, G7), and of single articles. Pure; amounts are fen. Nothing is ever prorated."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from services.incentive.domain.holds import Room
from services.incentive.policy.terms import Policy
from shared.values.money import format_yuan


class BudgetPool(NamedTuple):
    """What a year has for the rewards of an article, within the budget of the whole policy; `rules` draw on it."""

    article: str
    budget_fen: int
    rules: tuple[str, ...]


class Posted(NamedTuple):
    """What was approved, paid and returned for the rewards of one rule in one year."""

    rule: str
    approved_fen: int
    paid_fen: int
    returned_fen: int

    @property
    def outstanding_fen(self) -> int:
        return self.approved_fen - self.returned_fen


def pools_of(policy: Policy) -> tuple[BudgetPool, ...]:
    """The pools that a policy file sets apart, each with the rules that draw on it."""
    return tuple(
        BudgetPool(
            pool.article, pool.annual_fen, tuple(terms.rule for terms in policy.declared.rules if terms.pool == pool)
        )
        for pool in policy.declared.pools
    )


def rooms(policy: Policy, rule: str, posted: Sequence[Posted]) -> tuple[Room, ...]:
    """What is left of each budget that a reward of a rule must fit into: the year's, and its pool's if it has one."""
    found = [Room(policy.budget_fen - sum(one.outstanding_fen for one in posted))]
    found += [
        Room(pool.budget_fen - sum(one.outstanding_fen for one in _of(pool, posted)))
        for pool in pools_of(policy)
        if rule in pool.rules
    ]
    return tuple(found)


def budget_json(year: int, policy: Policy, payable_fen: int, posted: Sequence[Posted]) -> dict[str, Any]:
    """The contract's budget of a year; `payable_fen` is what is payable of all its rewards."""
    approved_fen = sum(one.approved_fen for one in posted)
    returned_fen = sum(one.returned_fen for one in posted)
    return {
        "year": year,
        "budget": format_yuan(policy.budget_fen),
        "payable": format_yuan(payable_fen),
        "approved": format_yuan(approved_fen),
        "paid": format_yuan(sum(one.paid_fen for one in posted)),
        "returned": format_yuan(returned_fen),
        "available": format_yuan(policy.budget_fen - approved_fen + returned_fen),
        "exceeded": payable_fen > policy.budget_fen,
        "pools": [
            {
                "article": pool.article,
                "budget": format_yuan(pool.budget_fen),
                "approved": format_yuan(sum(one.approved_fen for one in _of(pool, posted))),
            }
            for pool in pools_of(policy)
        ],
    }


def _of(pool: BudgetPool, posted: Iterable[Posted]) -> list[Posted]:
    return [one for one in posted if one.rule in pool.rules]
