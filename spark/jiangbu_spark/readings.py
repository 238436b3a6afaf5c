"""Readings of a policy file: those that are computed here, and the file by each of its alternatives."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Tree = dict[str, Any]

# By clause of `general`: the readings that are computed here, or that no ceiling and no payable depends on.
CLAUSES: dict[str, set[str]] = {
    "in_force": {"through_the_day_of_the_same_date"},
    "first": {"whole_known_life"},
    "attribution": {"completed_at_and_listed_at"},
    "base": {"net_of_refunds_in_the_original_year"},
    "rounding": {"down_to_the_fen_once_at_the_end", "half_up_to_the_fen", "down_to_the_yuan"},
    "highest_only": {"kinds_compete", "all_compete", "same_matter"},
    "highest_only_scope": {"year"},
    "allowance": {"persons", "employers"},
    "other_grants": {"same_matter", "all_of_year", "highest"},
    "limits": {"payables"},
    "voucher_limits": {"side_by_side", "together"},
    "operators_ladder": {"operator", "exchange"},
    "steps": {"ceilings"},
    "items": {"whoever_declares", "each_subject"},
    "subjects": {"entities_with_a_code"},
}
OF_NO_AMOUNT = {
    "open_years", "budget", "budget_order", "recovered_money", "second_person", "higher_policies", "district_grants",
    "higher_grants", "public_notice", "related_parties", "period_closing", "eligibility_day", "corrections",
}  # fmt: skip
# By question of a rule.
QUESTIONS: dict[str, set[str]] = {
    "products": {"one_for_all_products"},
    "withdrawal": {"withdrawn_stays_the_first"},
    "mirrored": {"mirrored_listings_do_not_count", "mirrored_trades_do_not_count"},
    "kinds": {"any_kind_and_mode"},
    "refund": {"refunded_stays_the_first"},
    "receiver": {"provider_receives"},
    "reaching": {"at_least_means_ge", "at_least_means_gt"},
    "matching": {"listing_of_the_same_provider_before_the_trade", "mode_as_the_exchange_states"},
    "part_years": {"part_of_the_year_in_force", "whole_calendar_year"},
    "exceeding": {"over_means_gt", "over_means_ge"},
    "passing": {"passed_by_a_trade_in_force_and_never_before", "total_in_force_alone", "never_in_an_earlier_year"},
    "deduction": {"less_what_was_earned_under_this_policy", "less_steps_before_the_policy_too"},
    "exchanges": {"each_exchange_has_its_own"},
    "operators_day": {"operator_of_the_years_last_day"},
    "delisting": {"operator_within_the_listing", "operators_own_period", "operator_of_the_last_listed_day"},
    "succession": {"steps_of_the_exchange", "steps_of_the_operator"},
    "per": {"once_for_each_item", "once_for_each_subject"},
    "firsts": {"first_over_the_whole_life", "once_under_this_policy"},
    "assessments": {"within_a_limit_of_the_year", "once_for_each_provider", "each_by_itself"},
    "history": {
        "less_what_was_earned_under_this_policy",
        "less_steps_before_the_policy_too",
        "steps_before_the_policy_are_ignored",
    },
    "minimum": {"minimum_before_limits", "minimum_after_limits"},
    "frequency": {"rate_for_each_year", "rate_once"},
    "years": {"calendar_years_from_the_first", "any_years_with_a_reward"},
}
# Terms of a declared rule that its readings set: how often a reward is earned, and for what.
FIELDS: dict[str, Tree] = {
    "once_for_each_subject": {"per": "subject"},
    "once_for_each_item": {"per": "item"},
    "first_over_the_whole_life": {"earned": "first"},
    "once_under_this_policy": {"earned": "once"},
    "rate_for_each_year": {"earned": "yearly"},
    "rate_once": {"earned": "once"},
    "within_a_limit_of_the_year": {"earned": "once", "per": "item"},
    "once_for_each_provider": {"earned": "once", "per": "subject"},
    "each_by_itself": {"earned": "once", "per": "item", "limits": []},
}


def alternatives(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield name and file of each alternative that the file can choose and that an amount may depend on.

    In each file one reading takes the place of the one in force: `rounding=down_to_the_yuan`.
    """
    for name, place, other in _others(tree):
        changed = deepcopy(tree)
        _at(changed, place).update({member: value for member, value in other.items() if member not in _TEXTS})
        yield name, changed


def texts_of(tree: Tree) -> dict[str, str]:
    """Describe alternatives in Chinese, by the names of `alternatives`; a rule's text begins with the rule's name."""
    found = {}
    for name, place, other in _others(tree):
        rule = "" if place[0] == "general" else f"{_at(tree, place[:-2])['name']['zh']}："
        found[name] = f"{rule}{other['zh']}"
    return found


Place = tuple[str | int, ...]
_TEXTS = {"zh", "en"}


def _others(tree: Tree) -> Iterator[tuple[str, Place, Tree]]:
    for place in _places(tree):
        terms = _at(tree, place)
        for other in (terms.get("alternative", {}), *terms.get("others", ())):
            # An alternative without a reading or a value needs data that nobody has.
            if other.keys() - _TEXTS:
                yield f"{_name(tree, place)}={other.get('reading', 'alternative')}", place, other


def _places(tree: Tree) -> Iterator[Place]:
    for clause in tree["general"]:
        if clause not in OF_NO_AMOUNT:
            yield "general", clause
    declared: list[Place] = [("declared", "rules")] if "declared" in tree else []
    for section in [("rules",), *declared]:
        for number, rule in enumerate(_at(tree, section)):
            yield from ((*section, number, "readings", question) for question in range(len(rule.get("readings", ()))))


def _at(tree: Tree, place: Place) -> Any:
    found: Any = tree
    for step in place:
        found = found[step]
    return found


def _name(tree: Tree, place: Place) -> str:
    if place[0] == "general":
        return str(place[1])
    return f"{_at(tree, place[:-2])['rule']}.{_at(tree, place)['question']}"
