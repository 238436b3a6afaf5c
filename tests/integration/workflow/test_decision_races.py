"""Fifty people decide on one award at once, each over a connection of their own: one of them succeeds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.rebuild.command import verify_all
from shared.values.times import shanghai_date
from tests.support.incentive.bureau import DOCUMENTS, FIRST, NEEDS, SECOND, THIRD, Bureau, empty_bureau
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

PEOPLE = 50


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subjects."""
    with empty_bureau(postgres) as found:
        yield found


def decided_at_once(bureau: Bureau, award_id: str, requests: list[tuple[str, dict[str, Any]]]) -> list[tuple[int, Any]]:
    """Send all requests, given by person and body, at the same moment; return the answers."""
    start = Barrier(len(requests))

    def decide(number: int) -> tuple[int, Any]:
        who, body = requests[number]
        client = bureau.ask.client.application.test_client()
        given = headers(who) | {"Idempotency-Key": f"{award_id}-{number}"}
        start.wait()
        answer = client.post(f"/v1/awards/{award_id}/decisions", json=body, headers=given)
        return answer.status_code, answer.get_json()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(decide, range(len(requests))))


# The steps before, the action, who takes it, and the state after it.
RACES = [
    ((), "apply", (FIRST, SECOND, THIRD), "applied"),
    (("apply",), "review", (FIRST, SECOND, THIRD), "reviewed"),
    (("apply", "review", "joint_review", "publish"), "approve", (THIRD,), "approved"),
    (("apply", "review", "joint_review", "publish", "approve"), "pay", (FIRST, SECOND), "paid"),
]


@pytest.mark.parametrize("number", range(len(RACES)), ids=[action for _, action, _, _ in RACES])
def test_of_fifty_decisions_at_once_one_succeeds_and_the_state_refuses_the_others(bureau: Bureau, number: int) -> None:
    before, action, people, state = RACES[number]
    award_id = bureau.purchase(number + 1)
    bureau.done(award_id, *before)
    bureau.later()
    body = {"action": action, **NEEDS.get(action, {})}
    if action == "pay":
        body["paid_on"] = shanghai_date(bureau.now).isoformat()
    answers = decided_at_once(bureau, award_id, [(people[one % len(people)], body) for one in range(PEOPLE)])
    assert sorted(status for status, _ in answers) == [201] + [409] * (PEOPLE - 1)
    refused = [next(why for why in told["why"] if why["action"] == action) for status, told in answers if status == 409]
    assert {why["code"] for why in refused} == {"state"}
    assert bureau.award(award_id)["state"] == state
    assert [one["action"] for one in bureau.decisions(award_id)] == [*before, action]
    rows = bureau.ask.all("/v1/ledger/transactions", award_id=award_id)
    assert sum(row["decision"] is not None for row in rows) == len(before) + 1


def test_of_fifty_returns_at_once_no_more_is_returned_than_was_notified(bureau: Bureau) -> None:
    """Ten returns of a tenth fit into the notice; the state refuses the others, as no notice is open any more."""
    award_id = bureau.purchase(11)
    bureau.done(award_id, "apply", "review", "joint_review", "publish", "approve", "pay")
    until = (shanghai_date(bureau.now) + timedelta(days=20)).isoformat()
    bureau.done(award_id, "notify_return", amount="100000.00", until=until)
    bureau.later()
    body = {"action": "return", "amount": "10000.00", "documents": DOCUMENTS}
    answers = decided_at_once(bureau, award_id, [(SECOND, body)] * PEOPLE)
    assert sorted(status for status, _ in answers) == [201] * 10 + [409] * (PEOPLE - 10)
    codes = {
        why["code"] for status, told in answers if status == 409 for why in told["why"] if why["action"] == "return"
    }
    assert codes == {"state"}
    assert bureau.award(award_id)["returned"] == "100000.00"


def test_nothing_of_it_differs_from_what_is_recomputed(bureau: Bureau) -> None:
    """The last test of the module: it verifies everything that the tests before it did."""
    said: list[str] = []
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        outcome = verify_all(connection, bureau.rulebook, None, said.append)
    assert said == []
    assert outcome.is_right
