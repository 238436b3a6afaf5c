"""Limits over several items (G11): an operator's ladder, limits of a year and over all years."""

from datetime import date

import msgspec

from services.incentive.domain.payables.highest_only import payables
from services.incentive.domain.payables.item_limits import Claim, UsedLimits
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE

POLICY = load_policy(POLICY_FILE)
WAN = 1_000_000  # fen of 10,000 yuan


def claim(rule: str, item: str, year: int, wan: int, cap: int = 0, *, worth: int | None = None) -> Claim:
    """A claim of so many 万元; `cap` is the amount of a tier, `worth` less than the ceiling if it is set aside."""
    worth_fen = (wan if worth is None else worth) * WAN
    return Claim(f"{rule}/{item}", rule, year, worth_fen, cap * WAN, 0, date(year, 3, 1), wan * WAN)


def tier(exchange: str, year: int, wan: int, cap: int, *, worth: int | None = None) -> Claim:
    return claim("exchange_tiers", f"{exchange}/{year}", year, wan, cap, worth=worth)._replace(day=date.min)


def paid(*claims: Claim) -> list[tuple[int, str | None]]:
    """The payable of each claim in fen, and what suppresses it."""
    found = payables(claims, POLICY, {})
    return [tuple(found[one.award_id]) for one in claims]


def test_of_two_tiers_of_a_year_the_greater_uses_the_ladder_first() -> None:
    assert paid(tier("a", 2026, 100, 100), tier("b", 2026, 300, 300)) == [
        (0, "exchange_tiers/b/2026"),
        (300 * WAN, None),
    ]


def test_the_ladder_rises_with_a_tier_in_its_own_year_and_not_before() -> None:
    assert paid(tier("a", 2026, 100, 100), tier("b", 2026, 100, 100), tier("c", 2027, 300, 300)) == [
        (100 * WAN, None),
        (0, "exchange_tiers/a/2026"),
        (200 * WAN, None),
    ]


def test_the_ladder_is_that_of_the_highest_tier_of_the_year_even_if_less_is_earned_for_it() -> None:
    """A tier of 500 of which 100 is left by difference, and two of 300."""
    assert paid(tier("a", 2026, 100, 500), tier("b", 2026, 300, 300), tier("c", 2026, 300, 300)) == [
        (0, "exchange_tiers/b/2026"),
        (300 * WAN, None),
        (200 * WAN, None),
    ]


def test_the_ladder_rises_with_no_tier_that_is_worth_nothing_and_no_other_reward() -> None:
    """A rejected tier of 500, and a reward of a rule with a greater cap that its kind suppresses."""
    rejected, other = tier("a", 2026, 500, 500, worth=0), claim("first_purchase", "uscc:A", 2026, 20, cap=900)
    assert paid(rejected, other, tier("b", 2026, 300, 300), tier("c", 2026, 300, 300)) == [
        (0, None),
        (0, "exchange_tiers/b/2026"),
        (300 * WAN, None),
        (0, "exchange_tiers/b/2026"),
    ]


def test_what_used_up_the_ladder_is_the_greatest_tier_that_is_paid() -> None:
    """Of 2028 the ladder has nothing left: by b, the greater of two that are paid, and not by a, which is not."""
    tiers = (tier("c", 2026, 100, 100), tier("b", 2027, 300, 300), tier("a", 2028, 300, 300), tier("d", 2029, 300, 300))
    assert paid(*tiers) == [
        (100 * WAN, None),
        (200 * WAN, None),
        (0, "exchange_tiers/b/2027"),
        (0, "exchange_tiers/b/2027"),
    ]


def test_a_limit_of_a_year_begins_with_each_year() -> None:
    years = [claim("data_services", f"uscc:A/{year}/1", year, 50) for year in (2026, 2027)]
    assert paid(*years) == [(50 * WAN, None), (50 * WAN, None)]


def test_a_cumulative_limit_is_used_in_the_order_of_years() -> None:
    """Of years whose set is not in their order."""
    years = [claim("ai_model", f"uscc:A/{year}/1", year, 30) for year in (2031, 2032)]
    assert paid(*years) == paid(*years[::-1])[::-1] == [(30 * WAN, None), (20 * WAN, None)]
    within = UsedLimits(POLICY, years).within(years[::-1])
    assert [within[one.award_id] for one in years] == [30 * WAN, 20 * WAN]


def test_what_is_paid_together_over_years_is_forgotten_until_it_is_added() -> None:
    years = [claim("ai_model", f"uscc:A/{year}/1", year, 30) for year in (2026, 2027)]
    limits = UsedLimits(POLICY, years)
    assert sum(limits.within(years).values()) == sum(limits.within(years).values()) == 50 * WAN
    limits.add(years[:1], limits.within(years[:1]))
    assert limits.within(years[1:]) == {years[1].award_id: 20 * WAN}


def test_equal_kinds_are_ranked_by_the_first_of_their_rules_in_the_file() -> None:
    """A kind of the first and the last event rule, beside one of a rule between them."""
    rules = {one.rule: one for one in POLICY.rules}
    last = msgspec.structs.replace(rules["exchange_tiers"], kind=rules["first_listing"].kind)
    policy = msgspec.structs.replace(
        POLICY, rules=tuple(last if one.rule == last.rule else one for one in POLICY.rules), exchange_tiers=last
    )
    listing, between = (
        claim("first_listing", "uscc:A", 2026, 10),
        claim("annual_listed_trading", "uscc:A/2026", 2026, 20),
    )
    found = payables([listing, between, tier("a", 2026, 10, 10)], policy, {})
    assert [one.payable_fen // WAN for one in found.values()] == [10, 0, 10]


def test_a_minimum_holds_where_no_limit_cuts_payables() -> None:
    """Limits cut ceilings, so none is left for payables; what is approved already stays."""
    minimum_after = POLICY.alternatives["compute_voucher/minimum_before_limits"]
    policy = msgspec.structs.replace(minimum_after, limits_cut="ceilings")
    least_fen = policy.least_payable("compute_voucher")
    assert least_fen > 100
    assert policy.payable_limits("compute_voucher") == ()
    one = claim("compute_voucher", "uscc:A/v", 2026, 1)
    for worth_fen, standing_fen, paid_fen in (
        (least_fen, 0, least_fen),
        (least_fen - 1, 0, 0),
        (least_fen - 1, 100, 100),
    ):
        asked = one._replace(worth_fen=worth_fen, standing_fen=standing_fen)
        assert UsedLimits(policy, [asked]).within([asked]) == {one.award_id: paid_fen}
