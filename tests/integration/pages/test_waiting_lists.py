"""An updated waiting list equals a newly computed one, whatever was recorded and however much time has passed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.domain.steps import ACTIONS
from services.incentive.http.context import EXTENSION
from services.incentive.queries.casework import waiting_lists
from services.incentive.queries.view import LedgerView
from shared.postgres.database import snapshot
from tests.support.incentive.bureau import (
    DOCUMENTS,
    FIRST,
    NEEDS,
    PERSONS,
    SECOND,
    THIRD,
    Bureau,
    checked_waiting_lists,
    empty_bureau,
)
from tests.support.incentive.ledger import WHITELIST, changed, first_purchase, random_facts, subject

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from sqlalchemy import Connection

    from services.incentive.domain.worklist.waiting import WaitingAward
    from services.incentive.http.context import IncentiveContext

SMALL_BUDGET = {'annual: "100000000.00"': 'annual: "300000.00"'}
IN_PROPORTION = {
    **SMALL_BUDGET,
    "reading: order_of_application": "reading: x",
    "reading: in_proportion": "reading: order_of_application",
    "reading: x": "reading: in_proportion",
}
ROUNDS = 40
Computed = list["Collection[str] | None"]  # the awards that each computation looked at; None: all


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> Computed:
    """Record which awards are computed for the kept lists."""
    found: Computed = []

    def noted(
        connection: Connection, view: Any, actor: Any, award_ids: Collection[str] | None = None
    ) -> list[WaitingAward]:
        found.append(award_ids)
        return load_waiting(connection, view, actor, award_ids)

    load_waiting = waiting_lists.load_waiting
    monkeypatch.setattr(waiting_lists, "load_waiting", noted)
    return found


@pytest.fixture
def bureau(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Bureau]:
    """Twenty awards of subjects that are eligible."""
    with empty_bureau(postgres) as found:
        found.take(*(first_purchase(number, "2026-03-01", "3000000.00", seq=1) for number in range(1, 21)))
        found.verify_many([subject(number) for number in range(1, 21)])
        yield found


def award_id(number: int) -> str:
    return f"first_purchase/{subject(number)}"


@pytest.mark.parametrize("seed", range(4))
def test_after_any_acts_and_facts(postgres: Callable[[str], tuple[str, str]], seed: int) -> None:
    rng = Random(seed)
    with empty_bureau(postgres, changed(0, WHITELIST, **(IN_PROPORTION if seed == 3 else SMALL_BUDGET))) as bureau:
        steps, sizes = 0, set[int]()
        for turn in range(ROUNDS):
            steps += something(bureau, rng, turn)
            sizes.update(map(len, checked_waiting_lists(bureau)))
        assert steps > 3
        assert len(sizes) > 2


def something(bureau: Bureau, rng: Random, turn: int) -> bool:
    """Record something at random, or let time pass; return True if a step was taken, which may be refused."""
    awards = sorted(one["award_id"] for one in bureau.ask.all("/v1/awards", role="bureau"))
    kind = rng.randrange(12) if awards else 0
    match kind:
        case 0 | 1:
            bureau.take(*{one.key: one for one in random_facts(rng, 10 * turn + 1, 10 * turn + 9)}.values())
        case 2:
            bureau.later(minutes=rng.choice((1, 700, 2_000, 60_000)))
        case 3 | 4:
            ends = bureau.now + timedelta(minutes=rng.choice((300, 3_000, 50_000, 500_000)))
            begins = bureau.now - timedelta(days=400) if rng.random() < 0.7 else bureau.now + timedelta(minutes=200)
            given = {"from": begins.isoformat(timespec="seconds"), "until": ends.isoformat(timespec="seconds")}
            bureau.verify(subject(rng.randint(1, 3)), rng.choice(("verified", "verified", "failed")), **given)
        case 5:
            path, body = rng.choice(
                (
                    (f"/v1/awards/{rng.choice(awards)}/holds", {"kind": "manual", "reason": "r"}),
                    ("/v1/rules/first_purchase/suspensions", {"from": "2026-03-01", "reason": "r"}),
                    ("/v1/years/2026/close", {"reason": "r", "documents": DOCUMENTS}),
                    ("/v1/years/2026/reopen", {"reason": "r", "documents": DOCUMENTS}),
                )
            )
            bureau.post(path, body)
        case _:
            return taken_step(bureau, rng, rng.choice(awards))
    return False


def taken_step(bureau: Bureau, rng: Random, award_id: str) -> bool:
    """Take a step that a person may take, if there is one."""
    person = rng.choice((FIRST, SECOND, THIRD))
    action = rng.choice([name for name in ACTIONS if name in NEEDS or name in ("apply", "review", "list")])
    for name in ("apply", "review", "joint_review", "publish", "approve", "pay", action):
        if bureau.step(award_id, name, person)[0] == 201:
            return True
    return False


def test_a_decision_has_only_its_own_award_computed_again(bureau: Bureau, computed: Computed) -> None:
    checked_waiting_lists(bureau)
    assert computed == [None] * len(PERSONS)
    computed.clear()
    checked_waiting_lists(bureau)
    assert computed == []
    bureau.done(award_id(7), "apply")
    checked_waiting_lists(bureau)
    assert computed == [{award_id(7)}] * len(PERSONS)


def test_periods_that_end_during_the_day(bureau: Bureau, computed: Computed) -> None:
    """A verification that ends, one that begins, and one that comes near to its end, without any record."""
    bureau.now = datetime(2026, 4, 1, 1, 0, tzinfo=UTC)
    bureau.verify(subject(1), until="2026-04-01T14:00:00+08:00")
    bureau.verify(subject(2), **{"from": "2026-04-01T15:00:00+08:00"})
    bureau.verify(subject(3), until="2026-05-01T16:00:00+08:00")  # within the 30 days before which it is shown
    checked_waiting_lists(bureau)
    computed.clear()
    for hour, number in ((6, 1), (7, 2), (8, 3)):
        bureau.now = datetime(2026, 4, 1, hour, 0, tzinfo=UTC)
        checked_waiting_lists(bureau)
        assert computed == [{award_id(number)}] * len(PERSONS), hour
        computed.clear()


def test_a_new_day_an_older_state_and_a_clock_set_back_have_all_computed_again(
    bureau: Bureau, computed: Computed
) -> None:
    checked_waiting_lists(bureau)
    first = bureau.now
    for now in (first + timedelta(days=1), first + timedelta(days=1, seconds=-10)):
        computed.clear()
        bureau.now = now
        checked_waiting_lists(bureau)
        assert computed == [None] * len(PERSONS), now
    # A server that is behind: the list is that of its snapshot.
    context: IncentiveContext = bureau.ask.client.application.extensions[EXTENSION]
    view = LedgerView(None, None, bureau.now, bureau.rulebook)
    with snapshot(bureau.engine) as behind:
        before = context.waiting.load(behind, view, PERSONS[0])
        bureau.done(award_id(7), "apply", "review")
        checked_waiting_lists(bureau)
        assert context.waiting.load(behind, view, PERSONS[0]) == before
    checked_waiting_lists(bureau)


def test_new_settings_have_all_computed_again(bureau: Bureau, computed: Computed) -> None:
    checked_waiting_lists(bureau)
    computed.clear()
    kept = bureau.ask.client.application.extensions[EXTENSION]
    bureau.adopt(changed(1, WHITELIST))
    bureau.ask.client.application.extensions[EXTENSION] = kept
    checked_waiting_lists(bureau)
    assert computed == [None] * len(PERSONS)


def test_an_award_that_another_one_moves_over_the_budget(postgres: Callable[[str], tuple[str, str]]) -> None:
    """Nothing is recorded about the award itself, and its approval is refused from then on."""
    with empty_bureau(postgres, changed(0, WHITELIST, **SMALL_BUDGET)) as bureau:
        first, last = bureau.purchase(1, "2000000.00"), bureau.purchase(2, "3000000.00")
        bureau.published(first)
        bureau.published(last)
        bureau.later(days=60)

        def refused() -> str | None:
            *_, third = checked_waiting_lists(bureau)
            step = next(one.step for one in third if one.award_id == last)
            assert step.action == "approve"
            return None if step.refused is None else step.refused.code

        assert refused() is None
        bureau.take(first_purchase(1, "2026-03-01", "5000000.00", seq=2))
        assert refused() == "hold"


def test_only_the_lists_of_a_few_persons_are_kept(
    bureau: Bureau, computed: Computed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting_lists, "_MOST_KEPT", 2)
    checked_waiting_lists(bureau)
    computed.clear()
    checked_waiting_lists(bureau)
    assert computed == [None] * len(PERSONS)  # each takes the place of the one asked next
