"""The budget of a year (policy.md, G7), and the pools set apart within it. Pure; amounts are fen, never prorated."""

from collections.abc import Sequence
from typing import NamedTuple

from services.incentive.policy.terms import Policy, Pool
from shared.values.json_types import Json
from shared.values.money import format_yuan


class PostedSums(NamedTuple):
    """Amounts of the awards of one rule in one budget year: approved less revoked, paid, returned, and recovered."""

    rule: str
    approved_fen: int
    paid_fen: int
    returned_fen: int
    recovered_fen: int


def used_fen(policy: Policy, sums: PostedSums) -> int:
    """The part of a budget that awards use: money that comes back makes room only if the policy file says so."""
    return sums.approved_fen - (sums.recovered_fen if policy.recovered_money == "frees_room" else 0)


def rules_of_pool(policy: Policy, pool: Pool) -> tuple[str, ...]:
    return tuple(terms.rule for terms in policy.declared.rules if terms.pool == pool)


def budget_rooms(policy: Policy, rule: str, posted: Sequence[PostedSums]) -> tuple[int, ...]:
    """Return the remainder of each budget that an award must fit into: the year's, and its pool's if it has one."""
    rooms = [policy.budget_fen - sum(used_fen(policy, one) for one in posted)]
    for pool in policy.declared.pools:
        rules = rules_of_pool(policy, pool)
        if rule in rules:
            rooms.append(pool.annual_fen - sum(used_fen(policy, one) for one in posted if one.rule in rules))
    return tuple(rooms)


def budget_json(year: int, policy: Policy, payable_fen: int, posted: Sequence[PostedSums]) -> Json:
    """The contract's budget of a year; `payable_fen` is the payable of all its awards."""
    return {
        "year": year,
        "budget": format_yuan(policy.budget_fen),
        "payable": format_yuan(payable_fen),
        "approved": format_yuan(sum(one.approved_fen for one in posted)),
        "paid": format_yuan(sum(one.paid_fen for one in posted)),
        "returned": format_yuan(sum(one.returned_fen for one in posted)),
        "available": format_yuan(policy.budget_fen - sum(used_fen(policy, one) for one in posted)),
        "exceeded": payable_fen > policy.budget_fen,
        "pools": [
            {
                "article": pool.article,
                "budget": format_yuan(pool.annual_fen),
                "approved": format_yuan(
                    sum(one.approved_fen for one in posted if one.rule in rules_of_pool(policy, pool))
                ),
            }
            for pool in policy.declared.pools
        ],
    }
