"""The budget of a year: who is held because the money ends before, on API routes, at past instants, for exchanges."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.rebuild.command import verify_all
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.ledger import WHITELIST, changed, first_purchase, subject
from tests.support.incentive.pages import signed_in_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELD = ["budget"]


def scarce(postgres: Callable[[str], tuple[str, str]], annual: str, **values: str) -> Any:
    """A bureau with another budget of a year."""
    return empty_bureau(postgres, changed(0, WHITELIST, **{'annual: "100000000.00"': f'annual: "{annual}"', **values}))


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    """A bureau with a budget of 500,000 yuan a year."""
    with scarce(postgres, "500000.00") as found:
        yield found


def held(bureau: Bureau, year: int = 2026, **parameters: Any) -> list[str]:
    found: list[str] = bureau.ask.ok("/v1/budget", year=year, **parameters)["held"]
    return found


def holds(bureau: Bureau, *award_ids: str, **parameters: Any) -> list[list[str]]:
    return [bureau.award(one, **parameters)["holds"] for one in award_ids]


def test_all_behind_the_line_are_held_and_nobody_else(bureau: Bureau) -> None:
    one, two, three = (bureau.purchase(number) for number in (3, 2, 1))
    small = bureau.purchase(4, "400000.00")  # 20,000 yuan, behind the line
    assert (held(bureau), holds(bureau, one, two, three, small)) == ([], [[]] * 4)
    for award_id in (one, two, three, small):
        bureau.done(award_id, "list")
    assert held(bureau) == [three, small]
    assert holds(bureau, one, two, three, small) == [[], [], HELD, HELD]
    assert [one["award_id"] for one in bureau.ask.all("/v1/awards", hold="budget")] == sorted([three, small])
    # An award that is held for another reason keeps its place.
    hold = bureau.post(f"/v1/awards/{one}/holds", {"kind": "manual", "reason": "r"})[1]
    assert (held(bureau), holds(bureau, one)) == ([three, small], [["manual"]])
    bureau.post(f"/v1/holds/{hold['hold_id']}/release", {"reason": "r"})
    bureau.done(small, "review", "joint_review", "publish")
    status, refused = bureau.step(small, "approve", amount="20000.00")
    assert (status, "budget" in str(refused)) == (409, True)
    # What is refused gives its room back, and has its place again once it is reopened and applied for.
    bureau.done(one, "reject")
    assert (held(bureau), holds(bureau, three, small)) == ([], [[], []])
    bureau.done(one, "reopen")
    assert held(bureau) == []
    bureau.done(one, "apply")
    assert held(bureau) == [three, small]
    bureau.done(two, "review", "joint_review", "publish")
    bureau.done(two, "approve", amount="200000.00")
    assert held(bureau) == [three, small]
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        told: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, told.append).is_right, told


def test_a_past_answer_stays_and_a_correction_moves_the_line(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in range(1, 4)]
    said = []
    for award_id in awards:
        bureau.done(award_id, "apply")
        said.append((bureau.award(award_id)["updated_at"], held(bureau), holds(bureau, *awards)))
    bureau.take(first_purchase(1, "2026-03-01", "1000000.00", seq=9))
    assert (held(bureau), holds(bureau, *awards)) == ([], [[]] * 3)
    assert [(at, held(bureau, as_of=at), holds(bureau, *awards, as_of=at)) for at, _, _ in said] == said
    assert said[-1][1] == awards[2:]
    at = said[-1][0]
    assert [one["award_id"] for one in bureau.ask.all("/v1/awards", hold="budget", as_of=at)] == awards[2:]
    assert bureau.ask.all("/v1/awards", hold="budget") == []


def test_an_exchange_learns_whether_its_award_fits(bureau: Bureau) -> None:
    other = f"first_purchase/{subject(1)}"
    bureau.take(first_purchase(1, "2026-03-01", "5000000.00", seq=1, exchange="dcdex"))
    bureau.verify(subject(1))
    own = [bureau.purchase(number) for number in (2, 3)]
    for award_id in (other, *own):
        bureau.done(award_id, "apply")
    seen = bureau.ask.all("/v1/awards", "exchange:kmdex")
    assert [(one["award_id"], one["holds"]) for one in seen] == [(own[0], []), (own[1], HELD)]
    assert [one["award_id"] for one in bureau.ask.all("/v1/awards", "exchange:kmdex", hold="budget")] == own[1:]


def test_a_share_in_proportion_limits_an_approval(postgres) -> None:
    swapped = {"reading: order_of_application": "reading: x", "reading: in_proportion": "reading: order_of_application"}
    with scarce(postgres, "300000.00", **swapped, **{"reading: x": "reading: in_proportion"}) as bureau:
        one, two = (bureau.purchase(number) for number in (1, 2))
        bureau.published(one)
        bureau.published(two)
        assert (held(bureau), holds(bureau, one, two)) == ([], [[], []])
        assert bureau.step(one, "approve", amount="150000.01")[0] == 409
        bureau.done(one, "approve", amount="150000.00")
        assert bureau.step(two, "approve", amount="150000.01")[0] == 409
        bureau.done(two, "approve", amount="150000.00")
        assert bureau.ask.ok("/v1/budget", year=2026)["available"] == "0.00"


def test_the_page_shows_the_queue_to_the_line_and_what_is_expected(bureau: Bureau) -> None:
    awards = [bureau.purchase(number) for number in (3, 2, 1)]
    expected = bureau.purchase(4, "400000.00")
    for award_id in awards:
        bureau.done(award_id, "list")
    at = bureau.award(awards[1])["updated_at"]
    page = signed_in_to(bureau.ask.client.application, "auditor").get("/budget?year=2026").text
    queue, behind = page[page.index('id="queue"') : page.index('id="expected"')], page[page.index('id="expected"') :]
    assert re.findall(r"/awards/([^\"?]+)", queue) == awards
    assert queue.index(awards[1]) < queue.index("资金到此为止") < queue.index(awards[2])
    assert (queue.count("放得下"), queue.count("预算不足"), queue.count("100,000.00")) == (2, 1, 1)
    assert "已申报待核定 3 项，合计 600,000.00 元；尚可核定 500,000.00 元。" in queue
    assert (expected in behind, "1 项，合计 20,000.00 元" in behind) == (True, True)
    english = signed_in_to(bureau.ask.client.application, "auditor", "en").get("/budget?year=2026").text
    assert "The money ends before place 3" in english
    then = signed_in_to(bureau.ask.client.application, "auditor").get("/budget", query_string={"as_of": at[:19]})
    assert "资金到此为止" not in then.text


def test_the_page_of_a_long_queue_goes_on(postgres) -> None:
    with scarce(postgres, "100000000.00") as bureau:
        bureau.take(*(first_purchase(number, "2026-03-01", "1000000.00", seq=1) for number in range(1, 103)))
        for number in range(1, 103):
            bureau.done(f"first_purchase/{subject(number)}", "list")
        client = signed_in_to(bureau.ask.client.application, "bureau")
        first, second = (client.get(f"/budget?year=2026&start={start}").text for start in (0, 100))
        assert [one.count("放得下") for one in (first, second)] == [100, 2]
        assert ("start=100" in first, "start=200" in second, "资金到此为止" in first + second) == (True, False, False)
        assert "94,900,000.00" in second  # left after the last
