"""Highest only (就高不重复, reading G6)."""

import itertools

import pytest

from services.incentive.domain.highest_only import payables

ORDER = ("first_listing", "first_purchase", "annual_listed_trading", "exchange_tiers")
LISTING = ("first_listing/uscc:A", "first_listing")
PURCHASE = ("first_purchase/uscc:A", "first_purchase")
ANNUAL = ("annual_listed_trading/uscc:A/2026", "annual_listed_trading")
TIER_A = ("exchange_tiers/a-x/2026", "exchange_tiers")
TIER_B = ("exchange_tiers/b-x/2026", "exchange_tiers")
DECLARED = ("data_services/uscc:A/2026/1", "data_services")


@pytest.mark.parametrize(
    ("awards", "winner"),
    [
        ([(*LISTING, 2), (*ANNUAL, 3)], ANNUAL),
        ([(*LISTING, 3), (*ANNUAL, 2)], LISTING),
        ([(*LISTING, 5), (*PURCHASE, 5)], LISTING),
        ([(*PURCHASE, 5), (*ANNUAL, 5)], PURCHASE),
        ([(*TIER_A, 5), (*TIER_B, 5)], TIER_A),
        ([(*TIER_A, 5), (*TIER_B, 6)], TIER_B),
        ([(*DECLARED, 5), (*TIER_B, 5)], TIER_B),
        ([(*DECLARED, 5), (*LISTING, 4)], DECLARED),
    ],
)
def test_the_highest_wins_then_the_file_s_order_then_the_smaller_id(awards, winner):
    for order in itertools.permutations(awards):
        due = payables(order, ORDER)
        for award_id, _, ceiling_fen in awards:
            expected = (ceiling_fen, None) if award_id == winner[0] else (0, winner[0])
            assert due[award_id] == expected


def test_the_order_is_the_policy_file_s():
    awards = [(*LISTING, 5), (*PURCHASE, 5)]
    assert payables(awards, ("first_purchase", "first_listing"))[LISTING[0]] == (0, PURCHASE[0])


def test_nothing_neither_suppresses_nor_is_suppressed():
    due = payables([(*LISTING, 0), (*ANNUAL, 3), (*PURCHASE, 0)], ORDER)
    assert due == {LISTING[0]: (0, None), ANNUAL[0]: (3, None), PURCHASE[0]: (0, None)}
    assert payables([(*LISTING, 0)], ORDER) == {LISTING[0]: (0, None)}
    assert payables([], ORDER) == {}
