"""A ranking of the claims on a budget is computed once for each state of them, and never outlives that state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.store import budgets
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import WHITELIST, changed, first_purchase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase

EXCHANGE = "exchange:kmdex"
HELD, FREE = ["budget"], list[str]()


@pytest.fixture
def bureau(postgres: FreshDatabase) -> Iterator[Bureau]:
    """A bureau with a budget of 500,000 yuan a year, for two of its awards."""
    with empty_bureau(postgres, changed(0, WHITELIST, **{'annual: "100000000.00"': 'annual: "500000.00"'})) as found:
        yield found


@pytest.fixture
def rankings(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """The budget years that are ranked, one set for each computation."""
    found: list[set[int]] = []
    load = budgets.load_posted

    def counted(connection: Any, policy: Any, years: Any, as_of: Any) -> Any:
        found.append(set(years))
        return load(connection, policy, years, as_of)

    monkeypatch.setattr(budgets, "load_posted", counted)
    return found


def holds(bureau: Bureau, *award_ids: str, role: str = "auditor") -> list[list[str]]:
    return [bureau.ask.ok(f"/v1/awards/{award_id}", role)["holds"] for award_id in award_ids]


def test_answers_share_a_ranking_until_a_claim_changes(bureau: Bureau, rankings: list[set[int]]) -> None:
    awards = [bureau.purchase(number) for number in (1, 2, 3)]
    for award_id in awards:
        bureau.done(award_id, "list")
    rankings.clear()
    assert holds(bureau, *awards) == [FREE, FREE, HELD]
    assert holds(bureau, *awards, role=EXCHANGE) == [FREE, FREE, HELD]
    assert len(bureau.ask.ok("/v1/awards", hold="budget")["items"]) == 1
    assert rankings == [{2026}]
    # An award that is not applied for claims nothing.
    fourth = bureau.purchase(4)
    rankings.clear()
    assert holds(bureau, *awards, fourth) == [FREE, FREE, HELD, FREE]
    assert rankings == []


def test_a_decision_and_a_correction_each_end_a_ranking(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in (1, 2, 3)]
    for award_id in awards:
        bureau.done(award_id, "list")
    assert holds(bureau, *awards) == [FREE, FREE, HELD]
    bureau.done(awards[0], "reject")
    assert holds(bureau, *awards) == [FREE, FREE, FREE]
    bureau.done(awards[0], "reopen")
    bureau.done(awards[0], "apply")
    assert holds(bureau, *awards) == [FREE, FREE, HELD]
    bureau.take(first_purchase(2, "2026-03-01", "1000000.00", seq=9))
    assert holds(bureau, *awards) == [FREE, FREE, FREE]


def test_the_budget_of_a_year_is_ranked_once_and_again_after_a_change(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in (1, 2, 3)]
    ranked: list[int] = []

    def asked() -> list[str]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(budgets, "load_budget_years", lambda *a, **b: ranked.append(1) or load(*a, **b))
            return bureau.ask.ok("/v1/budget", year=2026)["held"]

    load = budgets.load_budget_years
    for award_id in awards:
        bureau.done(award_id, "list")
    assert [asked(), asked()] == [[awards[2]]] * 2
    assert len(ranked) == 1
    bureau.done(awards[0], "reject")
    assert [asked(), asked()] == [[]] * 2
    assert len(ranked) == 2
