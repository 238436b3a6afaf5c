"""Advice to a seller: which trades do not count, and whether they would make it reach the threshold."""

from __future__ import annotations

import pytest

from services.incentive.domain.event_rules import SubjectFacts
from services.incentive.domain.facts import Bucket, NotCounted, ProviderTotal, Share
from services.incentive.domain.subjects.advice import Advice, advice_for
from tests.support.incentive.totals import CUT_AT, P1, POLICY, bucket


def told(year: int, counted: list[Bucket], unmatched: list[Bucket], *others: NotCounted) -> list[Advice]:
    share = Share(tuple(counted), tuple(unmatched), others)
    total = ProviderTotal(P1, year, CUT_AT, {"kmdex": share, "dcdex": share}, generation=1, seq=1, register="r1")
    return list(advice_for("kmdex", year, SubjectFacts(totals={year: [total]}), POLICY))


# Both exchanges have the same, so 3,000,000 counted each leave 4,000,000 missing.
@pytest.mark.parametrize(("yuan", "would_reach"), [("3999999.99", False), ("4000000", True)])
def test_matching_what_this_exchange_left_unmatched_would_reach_the_threshold(yuan: str, *, would_reach: bool) -> None:
    (found,) = told(2026, [bucket("2026-03-01", "3000000")], [bucket("2026-04-01", yuan, 2)])
    assert (found.reason, found.trades, found.would_reach) == ("unmatched", 2, would_reach)


def test_what_was_before_the_policy_would_not_help_and_what_is_reached_needs_no_help() -> None:
    early, late = bucket("2025-09-01", "12000000"), bucket("2025-11-01", "9000000")
    assert not told(2025, [], [early])[0].would_reach
    assert not told(2025, [late], [late])[0].would_reach


def test_each_reason_has_its_own_text_and_an_unknown_one_is_its_own() -> None:
    reasons = ("mode", "mirrored", "cancelled", "not_on_whitelist", "unheard_of")
    found = told(2026, [], [bucket("2026-04-01", "1")], *(NotCounted(one, 500, 1) for one in reasons))
    assert {one.reason for one in found} == {"unmatched", *reasons}
    assert len({one.text for one in found}) == len(found)
    assert next(one.text.zh for one in found if one.reason == "unheard_of") == "unheard_of"
    assert [one.would_reach for one in found] == [False] * len(found)
