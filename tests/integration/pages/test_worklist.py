"""The worklist names all that waits, of every year: steps, running notices, objections, accounts to confirm."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.support.incentive.bureau import DOCUMENTS, FIRST, SECOND, THIRD, Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.incentive.pages import signed_in_to

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUND = ("apply", "review", "joint_review", "publish")


@pytest.fixture
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


def page(bureau: Bureau, address: str, who: str = FIRST, language: str = "en") -> str:
    return signed_in_to(bureau.ask.client.application, who, language).get(address).text


def section(text: str, name: str) -> str:
    return text.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]


def waiting(bureau: Bureau, award_id: str, query: str = "scope=all", who: str = FIRST) -> str:
    """Return the row of an award on the list of what waits, or nothing."""
    rows = page(bureau, f"/worklist/waiting?{query}", who).split("<tr>")
    return next((re.sub(r"<[^>]+>", " ", row) for row in rows if f"/awards/{award_id}?" in row), "")


def test_a_case_of_an_earlier_year_waits_with_the_others(bureau: Bureau) -> None:
    bureau.take(first_purchase(1, "2025-11-03", "5000000.00", seq=1), first_purchase(2, "2026-03-01", seq=1))
    old, new = (f"first_purchase/{subject(number)}" for number in (1, 2))
    bureau.later(days=40)
    assert "40 days" in waiting(bureau, old)
    assert waiting(bureau, new)
    assert "2025" in waiting(bureau, old, "scope=all&year=2025")
    assert not waiting(bureau, old, "scope=all&year=2026")
    assert 'href="/worklist/waiting"' in page(bureau, "/worklist?year=2026")


def test_an_award_that_is_paid_waits_again_if_something_is_due(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    bureau.done(award_id, *ROUND, "approve")
    assert "Pay" in waiting(bureau, award_id)
    bureau.done(award_id, "pay")
    assert not waiting(bureau, award_id)
    bureau.take(first_purchase(1, "2026-03-01", "1000000.00", seq=2))
    assert "Notify the return" in waiting(bureau, award_id)
    bureau.take(first_purchase(1, "2026-03-01", "5000000.00", seq=3))
    assert not waiting(bureau, award_id)
    bureau.verify(subject(1), "failed")
    assert "Notify the return" in waiting(bureau, award_id)
    bureau.verify(subject(1))
    bureau.take(first_purchase(1, "2025-11-03", "5000000.00", seq=4))
    assert "Notify the return" in waiting(bureau, award_id)
    bureau.done(award_id, "notify_return", amount="200000.00")
    assert "Decide the return" in waiting(bureau, award_id, who=SECOND)
    bureau.done(award_id, "return", amount="200000.00")
    bureau.take(first_purchase(1, None, seq=5))
    assert "Recover" in waiting(bureau, award_id)


def test_notices_are_listed_by_their_last_day(bureau: Bureau) -> None:
    over, running = bureau.purchase(1), bureau.purchase(2)
    bureau.done(over, *ROUND)
    bureau.done(running, *ROUND[:3])
    bureau.done(running, "publish", **{"from": "2026-06-01", "until": "2026-06-30"})
    rows = section(page(bureau, "/worklist"), "notices").split("<tr>")[2:]
    assert ["2026-01-31" in rows[0], "Over: waits for approval" in rows[0]] == [True, True]
    assert ["2026-06-30" in rows[1], "Running" in rows[1]] == [True, True]
    bureau.done(over, "approve")
    assert "2026-01-31" not in section(page(bureau, "/worklist"), "notices")


def test_an_objection_that_the_bureau_registered_is_listed_until_it_is_answered(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    body = {"kind": "objection", "reason": "重复享受", "by": "虚构甲公司", "received_on": "2026-05-20"}
    status, hold = bureau.post(f"/v1/awards/{award_id}/holds", body)
    assert status == 201
    told = section(page(bureau, "/worklist"), "objections")
    assert [part in told for part in (award_id, "重复享受", "虚构甲公司", "2026-05-20")] == [True] * 4
    bureau.post(f"/v1/holds/{hold['id']}/release", {"reason": "r", "outcome": "dismissed"})
    assert award_id not in section(page(bureau, "/worklist"), "objections")


def test_an_account_waits_for_its_confirmation_and_a_payment_shows_it_masked(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    address = f"/v1/subjects/{subject(1)}/accounts"
    account = {"bank": "虚构银行", "account": "6222000011112222", "name": "虚构实体1", "documents": DOCUMENTS}
    status, recorded = bureau.post(address, account, FIRST)
    assert status == 201
    told = section(page(bureau, "/worklist", SECOND), "accounts")
    assert [part in told for part in ("************2222", "62220000", "key of bureau", "虚构银行")] == [
        True,
        False,
        True,
        True,
    ]
    assert bureau.post(f"/v1/accounts/{recorded['id']}/confirm", {}, SECOND)[0] == 201
    assert "************2222" not in section(page(bureau, "/worklist", SECOND), "accounts")
    bureau.done(award_id, *ROUND, "approve", "pay")
    told = section(page(bureau, f"/awards/{award_id}", THIRD), "decisions")
    assert [part in told for part in ("************2222", "62220000", "虚构银行")] == [True, False, True]
