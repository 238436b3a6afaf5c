"""Eligibility of subjects: what a record needs, the day of application, failures, holds, exchanges, the worklist."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.queries.eligibility import EndingEligibility, ending_eligibility
from services.incentive.queries.view import LedgerView
from services.incentive.rebuild.command import verify_all
from shared.values.times import shanghai_date
from tests.support.incentive.bureau import Bureau, empty_bureau
from tests.support.incentive.eligibility import ALL_MET, DOCUMENT, failed, verified
from tests.support.incentive.ledger import subject

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subjects."""
    with empty_bureau(postgres) as found:
        yield found


def record(bureau: Bureau, number: int, body: dict[str, Any]) -> tuple[int, Any]:
    return bureau.post(f"/v1/subjects/{subject(number)}/eligibility", body)


def seen(bureau: Bureau, award_id: str, **parameters: Any) -> tuple[str, bool]:
    """The award's eligibility, and whether it is held for it."""
    award = bureau.award(award_id, **parameters)
    return award["eligibility"], "eligibility" in award["holds"]


def without(name: str, of: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in of.items() if key != name}


def test_a_record_is_answered_and_listed_as_it_was_given(bureau: Bureau) -> None:
    status, answer = record(bureau, 1, verified(reason="年度复核"))
    assert status == 201
    assert (answer["status"], answer["kind_of_entity"], answer["reason"]) == ("verified", "enterprise", "年度复核")
    assert (answer["criteria"], answer["documents"]) == (ALL_MET, [DOCUMENT])
    assert (answer["from"], answer["until"]) == (
        "2020-01-01T00:00:00.000000+08:00",
        "2099-01-01T00:00:00.000000+08:00",
    )
    status, answer = record(bureau, 1, failed("2026-05-01", "no_safety_accident"))
    assert (status, answer["status"], answer["until"], answer["kind_of_entity"]) == (201, "failed", None, None)
    assert answer["criteria"] == {"no_safety_accident": {"met": False, "basis": "虚构依据"}}
    listed = bureau.ask.all(f"/v1/subjects/{subject(1)}/eligibility")
    assert [one["status"] for one in listed] == ["verified", "failed"]
    assert listed[1] == answer


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (without("from", verified()), "from"),
        (without("until", verified()), "until"),
        (without("kind_of_entity", verified()), "kind_of_entity"),
        (verified(kind_of_entity="bank"), "kind_of_entity"),
        (without("documents", verified()), "documents"),
        (verified(documents=[]), "documents"),
        (without("criteria", verified()), "criteria"),
        (verified(criteria=without("good_credit", ALL_MET)), "criteria.good_credit"),
        (verified(criteria={**ALL_MET, "good_credit": {"met": False, "basis": "b"}}), "criteria.good_credit"),
        (verified(criteria={**ALL_MET, "good_credit": {"met": True}}), "criteria.good_credit"),
        (verified(criteria={**ALL_MET, "good_credit": {"met": "yes"}}), "criteria.good_credit.met"),
        (verified(criteria={**ALL_MET, "size": {"met": True, "basis": "b"}}), "criteria.size"),
        (without("from", failed("2026-01-01")), "from"),
        (without("reason", failed("2026-01-01")), "reason"),
        (failed("2026-01-01", criteria={}), "criteria"),
        (failed("2026-01-01", criteria=ALL_MET), "criteria"),
    ],
)
def test_what_a_record_lacks_is_named(bureau: Bureau, body: dict[str, Any], field: str) -> None:
    status, answer = record(bureau, 2, body)
    assert status == 422
    assert [one["field"] for one in answer["errors"]] == [field]


def test_the_conditions_must_be_met_on_the_day_of_application_and_at_approval(bureau: Bureau) -> None:
    award_id = bureau.purchase(3, verified=False)
    bureau.published(award_id)
    applied = shanghai_date(bureau.now)
    bureau.later(days=2)
    before = bureau.now
    assert record(bureau, 3, verified(**{"from": (applied + timedelta(days=1)).isoformat()}))[0] == 201
    assert seen(bureau, award_id) == ("unverified", True)
    assert bureau.step(award_id, "approve", amount="200000.00")[0] == 409
    assert record(bureau, 3, verified(**{"from": applied.isoformat()}))[0] == 201
    assert seen(bureau, award_id) == ("verified", False)
    assert seen(bureau, award_id, as_of=before.isoformat()) == ("unverified", True)
    bureau.done(award_id, "approve", amount="200000.00")
    # One that fails after the approval holds the payment.
    assert record(bureau, 3, failed((applied + timedelta(days=3)).isoformat()))[0] == 201
    assert seen(bureau, award_id) == ("verified", False)
    bureau.later(days=1)
    assert seen(bureau, award_id) == ("failed", True)
    assert bureau.step(award_id, "pay", paid_on=shanghai_date(bureau.now).isoformat())[0] == 409
    with bureau.engine.begin() as connection:
        said: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, said.append).is_right, said


def test_a_failure_as_of_the_day_of_application_holds(bureau: Bureau) -> None:
    award_id = bureau.purchase(4)
    bureau.done(award_id, "apply")
    applied = shanghai_date(bureau.now)
    bureau.later(days=3)
    since, until = applied.isoformat(), (applied + timedelta(days=1)).isoformat()
    assert record(bureau, 4, failed(since, until=until))[0] == 201
    assert seen(bureau, award_id) == ("failed", True)
    # A new application is looked at as of its own day.
    for step in ("reject", "reopen", "apply"):
        bureau.done(award_id, step)
    assert seen(bureau, award_id) == ("verified", False)


def test_an_end_that_is_near_is_on_the_worklist(bureau: Bureau) -> None:
    bureau.purchase(5, verified=False)
    soon = (shanghai_date(bureau.now) + timedelta(days=20)).isoformat()
    assert record(bureau, 5, verified(until=soon))[0] == 201
    assert bureau.purchase(6) == f"first_purchase/{subject(6)}"
    (ending,) = ends(bureau)
    assert (ending.subject, ending.awards, shanghai_date(ending.ends_at).isoformat()) == (subject(5), 1, soon)
    assert ending.name
    earlier = bureau.now
    assert record(bureau, 5, verified(until="2030-01-01"))[0] == 201
    assert ends(bureau) == []
    assert ends(bureau, earlier) == [ending]
    # What is paid needs no further verification.
    award_id = bureau.purchase(7, verified=False)
    assert record(bureau, 7, verified(until=soon))[0] == 201
    bureau.approved(award_id, "200000.00")
    assert [one.subject for one in ends(bureau)] == [subject(7)]
    bureau.done(award_id, "pay", paid_on=shanghai_date(bureau.now).isoformat())
    assert ends(bureau) == []


def ends(bureau: Bureau, as_of: datetime | None = None) -> list[EndingEligibility]:
    with bureau.engine.connect() as connection:
        return ending_eligibility(connection, LedgerView(None, as_of, bureau.now, bureau.rulebook), 10)
