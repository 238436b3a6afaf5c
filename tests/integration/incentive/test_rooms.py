"""Payables that move within a subject and year: credited, not clawed back; only what exceeds all of them is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.policy.loader import read_policy
from services.incentive.rebuild.command import verify_all
from shared.postgres.query import fetch
from tests.support.incentive.bureau import DOCUMENTS, Bureau, empty_bureau
from tests.support.incentive.ledger import first_listing, first_purchase, provider_total, subject
from tests.support.incentive.ledger import rulebook as project_rulebook
from tests.support.policy.revisions import later_policy

if TYPE_CHECKING:
    from collections.abc import Iterator

OFFSET, OVER = ["offset"], ["over_approved"]


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger that all tests of the module share; each uses its own subjects."""
    with empty_bureau(postgres) as found:
        yield found


def trading(number: int, amount: str, seq: int) -> Any:
    return provider_total(number, 2025, {"kmdex": [("2025-11-01", amount)]}, seq=seq)


def listing(bureau: Bureau, number: int) -> str:
    """Create and approve an award of 20,000 for a first listing."""
    bureau.take(first_listing(number, "2025-11-05", seq=1))
    bureau.verify(subject(number))
    award_id = f"first_listing/{subject(number)}"
    bureau.approved(award_id, "20000.00")
    return award_id


def open_clawbacks(bureau: Bureau, number: int) -> list[tuple[str, str]]:
    found = bureau.ask.all("/v1/clawbacks", state="open")
    return [(one["award_id"], one["amount"]) for one in found if one["subject"] == subject(number)]


def flagged(bureau: Bureau, flag: str, number: int, **parameters: Any) -> list[str]:
    found = bureau.ask.all("/v1/awards", flag=flag, subject=subject(number), **parameters)
    return [one["award_id"] for one in found]


def test_a_higher_kind_later_is_paid_by_difference(bureau: Bureau) -> None:
    """Details 6: 20,000 approved for a first listing, 300,000 for the year's trading later."""
    first = listing(bureau, 1)
    bureau.take(trading(1, "15000000.00", 2))
    second = f"annual_listed_trading/{subject(1)}/2025"
    before, after = bureau.award(first), bureau.award(second)
    assert (before["payable"], before["suppressed_by"], before["flags"]) == ("0.00", second, OFFSET)
    assert (after["payable"], after["flags"]) == ("300000.00", [])
    assert open_clawbacks(bureau, 1) == []
    assert (flagged(bureau, "offset", 1), flagged(bureau, "over_approved", 1)) == ([first], [])
    # The standing amount is paid; it is credited to the higher award.
    assert bureau.done(first, "pay")["amount"] == "20000.00"
    bureau.published(second)
    status, refused = bureau.step(second, "approve", amount="280000.01")
    assert (status, "280000.00" in str(refused) or "300000.00" in str(refused)) == (409, True)
    bureau.done(second, "approve", amount="280000.00")
    assert bureau.award(first)["flags"] == OFFSET
    assert bureau.award(second)["flags"] == []
    # Seen by the exchange whose documents it rests on, as of an instant too.
    assert bureau.ask.ok(f"/v1/awards/{first}", "exchange:kmdex")["flags"] == OFFSET
    assert bureau.award(first, as_of=before["updated_at"])["flags"] == OFFSET


def test_an_excess_of_the_room_is_of_the_latest_approved_first(bureau: Bureau) -> None:
    first = listing(bureau, 2)
    bureau.take(trading(2, "15000000.00", 2))
    second = f"annual_listed_trading/{subject(2)}/2025"
    bureau.approved(second, "280000.00")
    bureau.take(trading(2, "14500000.00", 3))  # 290,000 are payable, 300,000 stand
    assert open_clawbacks(bureau, 2) == [(first, "10000.00")]
    assert (bureau.award(first)["flags"], bureau.award(second)["flags"]) == (["over_approved", "offset"], [])
    assert flagged(bureau, "over_approved", 2) == flagged(bureau, "offset", 2) == [first]
    bureau.take(trading(2, "13000000.00", 4))  # 260,000
    assert open_clawbacks(bureau, 2) == [(second, "20000.00"), (first, "20000.00")]
    assert (bureau.award(first)["flags"], bureau.award(second)["flags"]) == (OVER, OVER)
    assert bureau.step(second, "pay")[1]["allowed"] == ["revoke"]
    bureau.done(second, "revoke", amount="20000.00")
    assert bureau.done(first, "revoke", amount="20000.00")["to"] == "returned"
    assert open_clawbacks(bureau, 2) == []
    assert [bureau.award(one)["flags"] for one in (first, second)] == [[], []]


def test_a_rejected_award_gives_way_and_comes_back(bureau: Bureau) -> None:
    first = listing(bureau, 3)
    bureau.take(trading(3, "15000000.00", 2))
    second = f"annual_listed_trading/{subject(3)}/2025"
    bureau.done(second, "apply", "reject")
    assert [bureau.award(one)["payable"] for one in (first, second)] == ["20000.00", "0.00"]
    assert bureau.award(second)["suppressed_by"] is None
    assert (bureau.award(first)["flags"], open_clawbacks(bureau, 3)) == ([], [])
    bureau.done(second, "reopen")
    assert [bureau.award(one)["payable"] for one in (first, second)] == ["0.00", "300000.00"]
    assert bureau.award(first)["flags"] == OFFSET


def test_the_allowance_has_a_room_of_its_own(bureau: Bureau) -> None:
    first = listing(bureau, 4)
    declared = {"rule": "talent_living_allowance", "subject": subject(4), "item": "T-1", "earned_on": "2025-11-06"}
    allowance = bureau.post("/v1/declared", declared | {"documents": DOCUMENTS})[1]
    assert allowance["payable"] == "50000.00"
    bureau.take(first_listing(4, None, seq=2))
    assert open_clawbacks(bureau, 4) == [(first, "20000.00")]
    assert bureau.award(first)["flags"] == OVER


def test_what_was_approved_without_eligibility_comes_back_whole(bureau: Bureau) -> None:
    """A condition that failed on the day of an approval: of two awards, the one approved on that day or later."""
    first = listing(bureau, 5)
    bureau.done(first, "pay")
    before = bureau.award(first)
    bureau.later(days=2)
    bureau.take(trading(5, "15000000.00", 2))
    second = f"annual_listed_trading/{subject(5)}/2025"
    bureau.approved(second, "280000.00")
    bureau.later(days=2)
    day = (bureau.now - timedelta(days=2)).date().isoformat()
    bureau.verify(subject(5), "failed", **{"from": day})
    (proposal,) = [one for one in bureau.ask.all("/v1/clawbacks", state="open") if one["award_id"] == second]
    assert (proposal["ground"], proposal["amount"], proposal["state"]) == ("eligibility", "280000.00", "open")
    assert proposal["id"] == f"{second}/1"
    assert (bureau.award(first)["flags"], bureau.award(second)["flags"]) == (OFFSET, ["not_eligible"])
    assert flagged(bureau, "not_eligible", 5) == [second]
    assert flagged(bureau, "not_eligible", 5, as_of=before["updated_at"]) == []
    assert bureau.ask.ok(f"/v1/awards/{second}", "exchange:kmdex")["flags"] == ["not_eligible"]
    # From the day of the first approval on.
    bureau.verify(subject(5), "failed", **{"from": "2025-01-01"})
    assert open_clawbacks(bureau, 5) == [(second, "280000.00"), (first, "20000.00")]
    # The record was wrong.
    bureau.verify(subject(5), **{"from": "2025-01-01"})
    assert open_clawbacks(bureau, 5) == []


def test_a_notice_does_not_end_a_proposal_and_returned_money_is_a_claim_until_it_comes_back(bureau: Bureau) -> None:
    award_id = bureau.purchase(6)
    bureau.approved(award_id, "200000.00")
    bureau.done(award_id, "pay")
    bureau.take(first_purchase(6, "2026-03-01", "5000000.00", seq=2, refunded="3000000.00"))
    assert open_clawbacks(bureau, 6) == [(award_id, "100000.00")]
    bureau.done(award_id, "notify_return", amount="100000.00")
    assert open_clawbacks(bureau, 6) == [(award_id, "100000.00")]
    bureau.take(first_purchase(6, "2026-03-01", "5000000.00", seq=3, refunded="2000000.00"))
    assert open_clawbacks(bureau, 6) == [(award_id, "50000.00")]
    bureau.done(award_id, "return", amount="50000.00")
    assert open_clawbacks(bureau, 6) == []
    before = bureau.award(award_id)
    assert amounts_of(before) == ("200000.00", "200000.00", "50000.00", "0.00")
    claim = f"claim:{subject(6)}:{award_id}"
    assert balance(bureau, claim) == "-50000.00"
    assert bureau.step(award_id, "recover", amount="50000.01")[0] == 409
    bureau.done(award_id, "recover", amount="20000.00")
    assert bureau.award(award_id)["recovered"] == "20000.00"
    bureau.done(award_id, "recover", amount="30000.00")
    assert (bureau.award(award_id)["recovered"], balance(bureau, claim)) == ("50000.00", "0.00")
    assert amounts_of(bureau.award(award_id, as_of=before["updated_at"])) == amounts_of(before)
    rows = bureau.ask.all("/v1/ledger/transactions", award_id=award_id, kind="recovery")
    assert [[entry["account"] for entry in row["entries"]] for row in rows] == [["treasury", claim]] * 2
    # An exchange that sees the whole award sees what came back of it.
    assert bureau.ask.ok(f"/v1/awards/{award_id}", "exchange:kmdex")["recovered"] == "50000.00"


def amounts_of(award: Any) -> tuple[str, ...]:
    return tuple(award[name] for name in ("approved", "paid", "returned", "recovered"))


def balance(bureau: Bureau, account: str) -> str:
    (found,) = [one["balance"] for one in bureau.ask.all("/v1/ledger/balances") if one["account"] == account]
    return str(found)


def test_over_the_whole_life_the_payables_of_all_years_bound_an_approval(postgres) -> None:
    """20,000 approved for 2025, 300,000 payable for 2026: the standing amount is credited, whatever its year."""
    readings = {
        "    reading: year\n": "    reading: whole_life\n",
        "      reading: whole_life\n": "      reading: year\n",
    }
    source = later_policy(0, **readings)
    policy = read_policy(source.encode(), "policy.yaml")
    of_life = replace(project_rulebook(), policy=policy, policy_source=source)
    with empty_bureau(postgres, of_life) as found:
        first = listing(found, 1)
        found.take(provider_total(1, 2026, {"kmdex": [("2026-02-01", "15000000.00")]}, seq=2))
        second = f"annual_listed_trading/{subject(1)}/2026"
        assert [found.award(one)["payable"] for one in (first, second)] == ["0.00", "300000.00"]
        assert (found.award(first)["flags"], open_clawbacks(found, 1)) == (OFFSET, [])
        assert found.post("/v1/years/2026/close", {"reason": "r", "documents": []})[0] == 201
        found.published(second)
        status, refused = found.step(second, "approve", amount="280000.01")
        assert (status, "in all years" in refused["detail"]) == (409, True)
        assert found.done(second, "approve")["amount"] == "280000.00"
        assert open_clawbacks(found, 1) == []


def test_rooms_in_which_nothing_can_exceed_are_left_out(bureau: Bureau) -> None:
    award_id = bureau.purchase(7)
    bureau.approved(award_id, "200000.00")
    approved = bureau.award(award_id)["updated_at"]
    assert used_rooms(bureau, 7) == []
    bureau.take(first_purchase(7, "2026-03-01", "3000000.00", seq=2))
    assert used_rooms(bureau, 7) == [("first_purchase", 15_000_000, 20_000_000)]
    assert used_rooms(bureau, 7, approved) == []
    bureau.take(first_purchase(7, "2026-03-01", "5000000.00", seq=3))
    assert used_rooms(bureau, 7) == []
    bureau.verify(subject(7), "failed")
    assert used_rooms(bureau, 7) == [("first_purchase", 20_000_000, 20_000_000)]


def used_rooms(bureau: Bureau, number: int, as_of: str | None = None) -> list[tuple[str, int, int]]:
    """Return the awards of a subject in rooms in which something may exceed: rule, payable and standing amount."""
    statement = """
        SELECT rule, payable_fen, standing_fen
        FROM room_uses(ARRAY[CAST(%(subject)s AS text)], NULL, %(is_of_life)s, CAST(%(as_of)s AS timestamptz))
        ORDER BY rule
    """
    with bureau.engine.connect() as connection:
        of_year, of_life = (
            fetch(
                connection, statement, tuple[str, int, int], subject=subject(number), is_of_life=is_of_life, as_of=as_of
            )
            for is_of_life in (False, True)
        )
    assert of_year == of_life
    return of_year


def test_what_is_stored_follows_from_facts_and_acts(bureau: Bureau) -> None:
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        told: list[str] = []
        assert verify_all(connection, bureau.rulebook, None, told.append).is_right, told


def test_rooms_are_planned_for_what_is_asked(bureau: Bureau) -> None:
    """A plan for all subjects and one, now and of the past, takes twice as long as one for what is asked."""
    statement = "SELECT unnest(proconfig) FROM pg_proc WHERE proname = 'room_uses'"
    with bureau.engine.connect() as connection:
        settings = [setting for (setting,) in fetch(connection, statement, tuple[str])]
    assert "plan_cache_mode=force_custom_plan" in settings
    assert any(setting.startswith("search_path=pg_catalog") for setting in settings)
