"""Versions of awards rise with what the bureau sees of them, and not with the days that pass."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from services.incentive.commands.publish_awards import comparison as comparison_module
from services.incentive.commands.publish_awards.comparison import NotLeadingError, record_changes
from services.incentive.store.published.versions import uncompared_entries, unsent_versions
from tests.support.award_events.published import compared, versions
from tests.support.incentive.bureau import DOCUMENTS, Bureau, checked_waiting_lists, empty_bureau
from tests.support.incentive.ledger import (
    WHITELIST,
    changed,
    exchange_total,
    first_listing,
    first_purchase,
    provider_total,
    random_facts,
    subject,
    uscc,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REASON = {"reason": "r", "documents": DOCUMENTS}
TRADING = f"annual_listed_trading/{subject(2)}/2026"
PURCHASE = f"first_purchase/{subject(2)}"
LISTING = f"first_listing/{subject(2)}"
OTHER = f"first_purchase/{subject(3)}"
BUDGET = {'annual: "100000000.00"': 'annual: "300000.00"'}


@pytest.fixture
def bureau(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Bureau]:
    """A ledger with a budget that is too small for its awards, all of which are published."""
    with empty_bureau(postgres, changed(0, WHITELIST, **BUDGET)) as found:
        found.take(
            first_listing(2, "2026-04-01", seq=1),
            first_purchase(2, "2026-04-01", "5000000.00", seq=2),
            provider_total(2, 2026, {"kmdex": [("2026-02-01", "15000000.00")]}, seq=3),
            first_purchase(3, "2026-03-01", "5000000.00", seq=4),
            exchange_total("kmdex", 2026, [("2026-02-01", "600000000.00")], seq=5),
        )
        assert set(versions(compared(found)).values()) == {1}
        yield found


def seen(bureau: Bureau) -> dict[str, Any]:
    """All awards as the bureau sees them now."""
    return {award["award_id"]: award for award in bureau.ask.all("/v1/awards", role="bureau")}


@contextmanager
def publishing_what_changes(bureau: Bureau) -> Iterator[None]:
    """Check that each award that looks different after the block has one version more, and others have none.

    Also check the waiting lists, which are updated by the same changes.
    """
    before = seen(bureau)
    last = published(bureau)
    checked_waiting_lists(bureau)
    yield
    checked_waiting_lists(bureau)
    after = seen(bureau)
    size = bureau.ask.ok("/v1/ledger/balances")["size"]
    different = [award_id for award_id, award in after.items() if award != before.get(award_id)]
    events = compared(bureau)
    assert [event["data"] for event in events] == [
        after[award_id] | {"ledger_seq": size - 1, "version": last.get(award_id, 0) + 1} for award_id in different
    ]
    assert compared(bureau) == []


def published(bureau: Bureau) -> dict[str, int]:
    with bureau.engine.connect() as connection:
        rows = connection.execute(text("SELECT award_id, version FROM published_award")).all()
    return {one.award_id: one.version for one in rows}


def posted(bureau: Bureau, path: str, body: dict[str, Any], who: str = "bureau") -> Any:
    with publishing_what_changes(bureau):
        status, answer = bureau.post(path, body, who)
        assert status == 201, answer
    return answer


def taken(bureau: Bureau, *records: Any) -> None:
    with publishing_what_changes(bureau):
        bureau.take(*records)


def decided(bureau: Bureau, award_id: str, *actions: str, **given: Any) -> None:
    for number, action in enumerate(actions, 1):
        with publishing_what_changes(bureau):
            bureau.done(award_id, action, **(given if number == len(actions) else {}))


def verified(bureau: Bureau, who: str, status: str = "verified", **given: Any) -> None:
    with publishing_what_changes(bureau):
        bureau.verify(who, status, **given)


def test_facts(bureau: Bureau) -> None:
    first = published(bureau)
    taken(bureau, first_purchase(4, "2026-03-02", "400000.00", seq=11))
    taken(bureau, first_purchase(4, "2026-03-02", "500000.00", seq=12))  # a correction
    taken(bureau, first_purchase(4, "2026-03-02", "500000.00", seq=12))  # again
    taken(bureau, provider_total(2, 2026, {"kmdex": [("2026-02-01", "9000000.00")]}, seq=13))  # not enough any more
    taken(bureau, provider_total(2, 2026, {"kmdex": [("2026-02-01", "16000000.00")]}, seq=14))
    taken(bureau, exchange_total("kmdex", 2026, [("2026-02-01", "700000000.00")], seq=15))
    last = published(bureau)
    assert last[f"first_purchase/{subject(4)}"] == 2
    assert last[TRADING] > first[TRADING]
    # Another award of the same subject and year is suppressed, payable and suppressed again.
    assert last[PURCHASE] > first[PURCHASE]
    assert last[OTHER] == first[OTHER]


@pytest.mark.parametrize("seed", range(3))
def test_facts_in_any_order(postgres: Callable[[str], tuple[str, str]], seed: int) -> None:
    """Awards and readings of exchanges and operators depend on facts about each other."""
    rng = Random(seed)
    with empty_bureau(postgres) as bureau:
        compared(bureau)
        for start in range(1, 61, 6):
            taken(bureau, *{one.key: one for one in random_facts(rng, start, start + 6)}.values())
        assert sum(published(bureau).values()) > len(published(bureau)) > 5


def test_acts(bureau: Bureau) -> None:
    for number in (2, 3):
        verified(bureau, subject(number))
    hold = posted(bureau, f"/v1/awards/{OTHER}/holds", {"kind": "manual", "reason": "r"})
    posted(bureau, f"/v1/holds/{hold['id']}/release", {"reason": "r"})
    decided(bureau, TRADING, "apply", "review", "joint_review", "publish")
    posted(bureau, "/v1/years/2026/close", REASON)
    decided(bureau, TRADING, "approve", amount="100000.00")
    decided(bureau, TRADING, "pay")
    posted(bureau, "/v1/years/2026/reopen", REASON)
    taken(bureau, provider_total(2, 2026, {"kmdex": [("2026-02-01", "9000000.00")]}, seq=21))  # nothing is payable
    assert "over_approved" in bureau.award(TRADING)["flags"] or "offset" in bureau.award(TRADING)["flags"]
    decided(bureau, TRADING, "notify_return", amount="50000.00")
    decided(bureau, TRADING, "return", amount="50000.00")
    decided(bureau, TRADING, "recover", amount="50000.00")
    verified(bureau, subject(2), "failed", since="2026-01-01")
    assert "not_eligible" in bureau.award(TRADING)["flags"]
    decided(bureau, OTHER, "list", "review", "reject")
    decided(bureau, OTHER, "reopen")


def test_acts_that_concern_many(bureau: Bureau) -> None:
    bureau.take(first_purchase(4, "2026-03-02", "4000000.00", seq=11))
    compared(bureau)
    for award_id in (OTHER, f"first_purchase/{subject(4)}", LISTING):
        decided(bureau, award_id, "list")  # the budget holds what is behind the line
    assert any("budget" in award["holds"] for award in seen(bureau).values())
    suspended = posted(bureau, "/v1/rules/first_purchase/suspensions", {"from": "2026-03-01", "reason": "r"})
    posted(bureau, f"/v1/holds/{suspended['id']}/release", {"reason": "r"})
    with publishing_what_changes(bureau):
        grant = bureau.grant(subject(3), 2026, "5000.00", rules=["first_purchase"])
    posted(bureau, f"/v1/other-grants/{grant['id']}/withdraw", {"reason": "r"})
    related = {"subjects": [subject(2), subject(3)], "status": "related", "reason": "r", "documents": DOCUMENTS}
    posted(bureau, "/v1/related-parties", related)
    posted(
        bureau,
        f"/v1/subjects/{subject(3)}/accounts",
        {"bank": "虚构银行", "account": "6222000011112222", "name": "虚构实体3", "documents": DOCUMENTS},
    )


def test_a_budget_that_is_used_by_another_award(bureau: Bureau) -> None:
    """Awards begin and cease to be over the budget although nothing happens to them."""
    first, last = (f"first_purchase/{subject(number)}" for number in (4, 5))
    bureau.take(*(first_purchase(number, "2026-03-02", "2000000.00", seq=number) for number in (4, 5)))
    compared(bureau)
    decided(bureau, first, "list")
    decided(bureau, OTHER, "list")
    versions = published(bureau)
    taken(bureau, first_purchase(4, "2026-03-02", "4000000.00", seq=11))  # there is no longer room for both
    assert bureau.award(OTHER)["holds"] == ["eligibility", "budget"]
    decided(bureau, first, "reject")
    assert bureau.award(OTHER)["holds"] == ["eligibility"]
    assert published(bureau)[OTHER] == versions[OTHER] + 2
    assert published(bureau)[last] == versions[last]


def test_a_suspension_of_what_is_earned_no_more(bureau: Bureau) -> None:
    taken(bureau, first_purchase(3, None, seq=11))
    last = published(bureau)[OTHER]
    suspended = posted(bureau, "/v1/rules/first_purchase/suspensions", {"from": "2026-01-01", "reason": "r"})
    assert "rule_suspended" in bureau.award(OTHER)["holds"]
    posted(bureau, f"/v1/holds/{suspended['id']}/release", {"reason": "r"})
    assert published(bureau)[OTHER] == last + 2


def test_an_act_on_a_former_subject(postgres: Callable[[str], tuple[str, str]]) -> None:
    """An award that was approved for an exchange's operator shows what becomes of that operator later."""
    award_id, operator = "exchange_tiers/kmdex/2026", "91530100MAXKMDEX0C"
    with empty_bureau(postgres) as bureau:
        bureau.take(exchange_total("kmdex", 2026, [("2026-02-01", "600000000.00")], seq=1))
        bureau.verify(f"uscc:{operator}")
        assert bureau.post("/v1/years/2026/close", REASON)[0] == 201
        bureau.published(award_id)
        bureau.done(award_id, "approve")
        bureau.adopt(changed(1, WHITELIST.replace(operator, uscc(9))))
        assert bureau.award(award_id)["subject"]["id"] == uscc(9)
        compared(bureau)
        verified(bureau, f"uscc:{operator}", "failed", since="2026-01-01")
        assert published(bureau) == {award_id: 2}


def test_settings(bureau: Bureau) -> None:
    with publishing_what_changes(bureau):
        bureau.adopt(changed(1, WHITELIST, **BUDGET))
    assert set(published(bureau).values()) == {2}  # the revision of the policy is shown


def test_what_passes_with_the_days_alone(bureau: Bureau) -> None:
    verified(bureau, subject(3), until="2026-06-01")
    bureau.now = datetime(2026, 5, 31, 15, 59, tzinfo=UTC)  # a minute before the first of June in Shanghai
    assert bureau.award(OTHER)["eligibility"] == "verified"
    bureau.now = datetime(2026, 5, 31, 16, 1, tzinfo=UTC)
    assert bureau.award(OTHER)["eligibility"] == "unverified"
    assert compared(bureau) == []
    # An act on another award of the year, and on this award one that nobody sees: the expiry has no version of its own.
    posted(bureau, f"/v1/awards/{LISTING}/holds", {"kind": "manual", "reason": "r"})
    last = published(bureau)[OTHER]
    posted(
        bureau,
        f"/v1/subjects/{subject(3)}/accounts",
        {"bank": "虚构银行", "account": "6222000011112222", "name": "虚构实体3", "documents": DOCUMENTS},
    )
    assert published(bureau)[OTHER] == last
    # It is verified again, and looks as it was published: the act has changed what was seen.
    verified(bureau, subject(3))
    assert published(bureau)[OTHER] == last + 1
    # The year closes by itself; the closing day makes no version, and an act that changes nothing neither.
    bureau.now = datetime(2027, 7, 1, tzinfo=UTC)
    assert bureau.award(TRADING)["period_closed"]
    verified(bureau, subject(2))
    bureau.now = datetime(2027, 7, 2, tzinfo=UTC)
    taken(bureau)


def test_what_waits_for_the_publisher_is_counted(bureau: Bureau) -> None:
    """First the entries to compare, then the versions to send; neither if all awards are to be compared."""

    def waiting() -> tuple[tuple[int, datetime | None], tuple[int, datetime | None]]:
        with bureau.engine.connect() as connection:
            return uncompared_entries(connection), unsent_versions(connection)

    assert waiting() == ((0, None), (0, None))
    bureau.done(PURCHASE, "apply")
    with bureau.engine.connect() as connection:
        newest = "SELECT posted_at FROM ledger_transaction ORDER BY seq DESC LIMIT 1"
        posted_at = connection.execute(text(newest)).scalar()
    bureau.done(PURCHASE, "reject", reason="r")
    assert waiting() == ((2, posted_at), (0, None))
    for _ in record_changes(bureau.engine, bureau.now):
        pass
    assert waiting() == ((0, None), (1, bureau.now))
    compared(bureau)
    assert waiting() == ((0, None), (0, None))
    with bureau.engine.begin() as connection:
        connection.execute(text("DELETE FROM compared_ledger"))
    (entries, since), _ = waiting()
    assert entries > 2
    assert since is None


def test_an_interrupted_comparison_goes_on(bureau: Bureau, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison_module, "CHUNK", 2)
    bureau.adopt(changed(1, WHITELIST, **BUDGET))
    chunks = record_changes(bureau.engine, bureau.now)
    assert next(chunks) == 2
    chunks.close()
    assert sorted(published(bureau).values()) == [1] * (len(published(bureau)) - 2) + [2, 2]
    assert set(versions(compared(bureau)).values()) == {2}
    assert set(published(bureau).values()) == {2}


def test_who_no_longer_leads_records_nothing(bureau: Bureau) -> None:
    bureau.take(first_purchase(4, "2026-03-02", "400000.00", seq=11))
    asleep = record_changes(bureau.engine, bureau.now)
    next(asleep)
    events = compared(bureau)
    with pytest.raises(NotLeadingError):
        for _ in asleep:
            pass
    assert compared(bureau) == []
    assert versions(events) == {f"first_purchase/{subject(4)}": 1}
