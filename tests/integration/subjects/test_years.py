"""Closing and reopening of years: what holds the totals of a year, now, as of the past and for an exchange."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from services.incentive.rebuild.command import verify_all
from tests.support.incentive.bureau import SHA256, Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, provider_total, subject

if TYPE_CHECKING:
    from collections.abc import Iterator

REASON = {"reason": "全年数据已核对", "documents": [{"name": "结账单.pdf", "sha256": SHA256}]}
AWARD = f"annual_listed_trading/{subject(1)}/2026"


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        found.take(provider_total(1, 2026, {"kmdex": [("2026-04-01", "15000000.00")]}, seq=1))
        yield found


def seen(bureau: Bureau, **parameters: Any) -> tuple[bool, bool]:
    """Whether the year of the award is closed, and whether the award is held for it."""
    award = bureau.award(AWARD, **parameters)
    return award["period_closed"], "period_open" in award["holds"]


def explained(bureau: Bureau) -> bool:
    """Whether the explanation says that the amount is provisional."""
    return "暂定" in bureau.ask.ok(f"/v1/awards/{AWARD}/explanation")["text"]["zh"]


def test_a_year_is_closed_and_reopened_by_acts(bureau: Bureau) -> None:
    assert (seen(bureau), explained(bureau)) == ((False, True), True)
    before = bureau.award(AWARD)
    status, closed = bureau.post("/v1/years/2026/close", REASON, key="once")
    assert status == 201
    assert (closed["year"], closed["status"], closed["reason"]) == (2026, "closed", REASON["reason"])
    assert (closed["by"], closed["documents"]) == ("key of bureau", REASON["documents"])
    assert (seen(bureau), explained(bureau)) == ((True, False), False)
    assert bureau.award(AWARD)["payable"] == before["payable"]
    assert bureau.post("/v1/years/2026/close", REASON, key="once") == (201, closed)
    assert bureau.post("/v1/years/2026/reopen", REASON, key="once")[0] == 409
    assert bureau.post("/v1/years/2026/close", REASON)[0] == 409
    # An event that arrives after the year is closed changes the ceiling as before.
    bureau.take(provider_total(1, 2026, {"kmdex": [("2026-04-01", "16000000.00")]}, seq=2))
    assert bureau.award(AWARD)["payable"] == "320000.00"
    status, reopened = bureau.post("/v1/years/2026/reopen", REASON)
    assert (status, reopened["status"]) == (201, "open")
    assert seen(bureau) == (False, True)
    assert bureau.post("/v1/years/2026/reopen", REASON)[0] == 409
    assert seen(bureau, as_of=before["updated_at"]) == (False, True)
    assert seen(bureau, as_of=closed["at"]) == (True, False)
    listed = {one["year"]: one for one in bureau.ask.all("/v1/years")}
    assert [one["status"] for one in listed[2026]["acts"]] == ["closed", "open"]
    assert (listed[2025]["closed"], listed[2025]["closing_day"], listed[2025]["acts"]) == (True, "2026-03-31", [])
    assert not listed[2026]["closed"]
    entry = bureau.ask.all("/v1/ledger/transactions", kind="decision")[-1]
    assert (entry["seq"], entry["article"], entry["award_id"]) == (reopened["transaction"], "(四) 3、(六) 2", None)
    with bureau.engine.begin() as connection:
        said: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, said.append).is_right, said


def test_the_closing_day_closes_what_was_reopened_before_it(bureau: Bureau) -> None:
    for action in ("close", "reopen"):
        assert bureau.post(f"/v1/years/2026/{action}", REASON)[0] == 201
    bureau.now = datetime(2027, 3, 31, 15, 59, 59, tzinfo=UTC)
    assert seen(bureau) == (False, True)
    bureau.now = datetime(2027, 3, 31, 16, tzinfo=UTC)
    assert seen(bureau) == (True, False)
    assert bureau.post("/v1/years/2026/reopen", REASON)[0] == 201
    assert seen(bureau) == (False, True)


def test_refusals(bureau: Bureau) -> None:
    for year, status in (("2027", 409), ("1999", 404), ("x", 404)):
        assert bureau.post(f"/v1/years/{year}/close", REASON)[0] == status
    assert bureau.post("/v1/years/2026/close", {"documents": []})[0] == 422
    assert bureau.post("/v1/years/2026/close", REASON, who="auditor")[0] == 403
    with pytest.raises(IntegrityError, match="year_closing_status_check"), bureau.engine.begin() as connection:
        connection.execute(text("INSERT INTO year_closing VALUES ('x', 2026, 'shut', 'r', '[]')"))


def test_an_exchange_learns_that_a_year_is_closed_and_not_why(bureau: Bureau) -> None:
    bureau.take(first_purchase(2, "2026-03-01", "5000000.00", seq=1))
    assert bureau.post("/v1/years/2026/close", REASON)[0] == 201
    shown = bureau.ask.ok("/v1/years", role="exchange:kmdex")["items"]
    assert [(one["year"], one["closed"], one["acts"]) for one in shown] == [(2025, True, []), (2026, True, [])]
    assert bureau.ask.ok(f"/v1/awards/{AWARD}", role="exchange:kmdex")["period_closed"]
