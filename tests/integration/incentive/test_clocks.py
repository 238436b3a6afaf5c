"""Acts by a wrong clock, and a ledger whose instants an earlier version pushed a year ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.rebuild.command import verify_all
from services.incentive.store.ledger import next_seq
from shared.postgres import clock
from shared.values.times import format_time, now, shanghai_date
from tests.support.incentive.bureau import DOCUMENTS, Bureau, empty_bureau
from tests.support.incentive.eligibility import verified
from tests.support.incentive.extract_makers import Makers, alone, makers_of, subject_of
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.incentive.pages import signed_in
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

YEAR = timedelta(days=365)
DECLARED = {
    "rule": "compute_voucher",
    "subject": subject(9),
    "item": "V-1",
    "earned_on": "2026-03-01",
    "measure": {"settled": "100000.00"},
    "documents": DOCUMENTS,
}


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


def entries(bureau: Bureau) -> int:
    with bureau.engine.connect() as connection:
        return next_seq(connection)


@pytest.mark.parametrize("error", [timedelta(minutes=1), timedelta(days=-1), YEAR, timedelta(seconds=6)])
def test_nothing_is_recorded_by_a_wrong_clock(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch, error: timedelta
) -> None:
    award_id = bureau.purchase(1)
    before = entries(bureau)
    monkeypatch.setattr(clock, "now", lambda: now() + error)
    requests: list[tuple[str, dict[str, Any]]] = [
        (f"/v1/awards/{award_id}/decisions", {"action": "apply"}),
        (f"/v1/awards/{award_id}/holds", {"kind": "manual", "reason": "r"}),
        (f"/v1/subjects/{subject(1)}/eligibility", verified()),
        ("/v1/declared", DECLARED),
        ("/v1/extracts", {}),
    ]
    for path, body in requests:
        given = headers("bureau") | {"Idempotency-Key": "wrong-clock"}
        answer = bureau.ask.client.post(path, json=body, headers=given)
        assert answer.status_code == 503, (path, answer.text)
        assert "时钟" in answer.get_json()["detail"]
        assert " s ahead of " in answer.text if error > timedelta() else " s behind " in answer.text
        assert answer.headers["Retry-After"] == "5"
    with pytest.raises(clock.WrongClockError):
        bureau.take(first_purchase(2, "2026-03-01", "5000000.00", seq=1))
    assert entries(bureau) == before
    for path, body in requests:
        _set_after_a_comparison(monkeypatch, error)
        answer = bureau.ask.client.post(path, json=body, headers=headers("bureau") | {"Idempotency-Key": "set-clock"})
        assert answer.status_code == 503, (path, answer.text)
    monkeypatch.undo()
    assert entries(bureau) == before
    bureau.done(award_id, "list")
    assert entries(bureau) == before + 1
    bureau.done(award_id, "reject")
    bureau.done(award_id, "reopen")


def _set_after_a_comparison(monkeypatch: pytest.MonkeyPatch, error: timedelta) -> None:
    """Set the clock wrong after it was compared once, which reads it twice."""
    readings = count()
    monkeypatch.setattr(clock, "now", lambda: now() + (error if next(readings) >= 2 else timedelta()))


@pytest.fixture
def pushed(postgres, tmp_path: Path) -> Iterator[tuple[Makers, Bureau]]:
    """A set in which one act was recorded by a clock a year ahead; the bureau's clock is right again."""
    with makers_of(postgres, tmp_path) as makers:
        bureau = Bureau(makers.set.ledger, makers.set.rulebook, makers.set.now, count(1000))  # keys are not used twice
        right = bureau.now
        bureau.now = now() + YEAR
        bureau.verify(subject(50))
        bureau.now = right
        yield makers, bureau


def undecided(bureau: Bureau) -> list[dict[str, Any]]:
    awards = bureau.ask.all("/v1/awards", limit=500, state="estimated")
    return [one for one in awards if one["payable"] != "0.00" and one["holds"] == ["eligibility"]]


def test_legal_days_go_by_the_wall_clock_on_a_ledger_that_is_ahead(pushed: tuple[Makers, Bureau], tmp_path) -> None:
    makers, bureau = pushed
    award = undecided(bureau)[0]
    award_id, began = award["award_id"], bureau.now
    bureau.verify(subject_of(award))
    bureau.done(award_id, "apply", "review", "joint_review")
    until = shanghai_date(began + timedelta(days=90)).isoformat()
    published = bureau.done(award_id, "publish", until=until, documents=None, **{"from": None})
    assert datetime.fromisoformat(published["at"]) > now() + YEAR - timedelta(hours=1)
    # A year has passed by the ledger's instants, and none by the calendar.
    for days in (0, 45, 45):
        bureau.later(days=days)
        status, refused = bureau.step(award_id, "approve", amount=award["payable"])
        assert (status, "approve" in refused["allowed"]) == (409, False)
        assert "the public notice is not over" in refused["detail"]
    bureau.later(days=1)
    bureau.done(award_id, "approve")
    assert bureau.step(award_id, "pay", paid_on=until)[0] == 422  # before the day of the approval
    late = shanghai_date(bureau.now + timedelta(days=1)).isoformat()
    assert bureau.step(award_id, "pay", paid_on=late)[0] == 422
    assert bureau.post("/v1/declared", DECLARED | {"earned_on": late})[0] == 422
    bureau.done(award_id, "pay")
    assert bureau.award(award_id)["state"] == "paid"
    assert bureau.award(award_id, as_of=format_time(bureau.now))["state"] == "estimated"
    makers.set.now = bureau.now
    for address, is_said in (
        (f"/awards/{award_id}?as_of={shanghai_date(bureau.now)}", True),
        (f"/awards/{award_id}", False),
    ):
        page = signed_in(makers, "auditor", "en").get(address)
        assert (page.status_code, "pushed ahead" in page.text) == (200, is_said), address
    done = alone(makers, makers.extract(evidence="registers"), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    with makers.set.ledger.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert verify_all(connection, makers.set.rulebook, None, print).is_right


def test_eligibility_must_be_valid_now_and_at_the_recorded_instant(pushed: tuple[Makers, Bureau], tmp_path) -> None:
    makers, bureau = pushed
    award = undecided(bureau)[0]
    award_id, today = award["award_id"], bureau.now
    bureau.verify(subject_of(award))
    bureau.published(award_id)
    soon, late = (shanghai_date(day).isoformat() for day in (today + timedelta(days=30), now() + 2 * YEAR))
    for given, is_held in (({"from": soon}, True), ({"until": soon}, True), ({"until": late}, False)):
        bureau.verify(subject_of(award), "failed")
        bureau.verify(subject_of(award), **given)
        status, told = bureau.step(award_id, "approve", amount=award["payable"])
        assert status == (409 if is_held else 201), (given, told)
        assert ("on hold: eligibility" in str(told)) == is_held
    done = alone(makers, makers.extract(evidence="registers"), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
