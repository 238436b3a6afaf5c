"""What waits for a person: the next step of an award, why it is not the person's, and the list with its order."""

from datetime import date, datetime, timedelta

import pytest
from msgspec.structs import replace

from services.incentive.domain.workflow import ReturnNotice, replay
from services.incentive.domain.worklist.waiting import (
    SCOPES,
    SORTS,
    NextStep,
    WaitingAward,
    WaitingFilter,
    next_in,
    next_step,
    select_waiting,
)
from tests.support.incentive.workflow import BASIS, NOW, ROUND, context, history, person, published

APPROVED = (*ROUND, ("approve", 100, "c"))
PAID = (*APPROVED, ("pay", 100, "a"))


def waits(done: tuple[tuple[str, int, str], ...], by: str, payable_fen: int = 100, holds: tuple[str, ...] = ()):
    return next_step(context(replay(history(*done)), payable_fen, by, holds), None)


@pytest.mark.parametrize(
    ("done", "by", "changes", "action", "code"),
    [
        ((), "a", {}, "apply", None),
        ((), "a", {"payable_fen": 0}, None, None),
        (ROUND[:1], "a", {}, "review", None),
        (ROUND[:2], "a", {}, "joint_review", "person"),
        (ROUND[:2], "b", {}, "joint_review", None),
        (ROUND[:3], "b", {}, "publish", None),
        (ROUND, "c", {}, "approve", None),
        (ROUND, "a", {}, "approve", "person"),
        (ROUND, "b", {}, "approve", "person"),
        (ROUND, "c", {"holds": ("eligibility",)}, "approve", "hold"),
        (APPROVED, "a", {}, "pay", None),
        (APPROVED, "c", {}, "pay", "person"),
        (APPROVED, "a", {"payable_fen": 40}, "revoke", None),
        (PAID, "a", {}, None, None),
        (PAID, "a", {"payable_fen": 150}, "apply", None),
        (PAID, "a", {"payable_fen": 40}, "notify_return", None),
        ((*PAID, ("notify_return", 60, "a")), "b", {"payable_fen": 40}, "return", None),
        ((*PAID, ("notify_return", 60, "a")), "a", {"payable_fen": 40}, "return", "person"),
        ((*PAID, ("notify_return", 60, "a"), ("return", 60, "b")), "a", {"payable_fen": 40}, "recover", None),
        ((("apply", 0, "a"), ("review", 0, "a"), ("reject", 0, "b")), "a", {}, None, None),
        ((("withdraw", 0, "a"),), "a", {}, None, None),
    ],
)
def test_the_next_step_of_an_award(done, by: str, changes: dict, action: str | None, code: str | None) -> None:
    found = waits(done, by, **changes)
    assert (None if found is None else found.action) == action
    if found is not None:
        assert (None if found.refused is None else found.refused.code) == code
        assert (found.whose is None) == (found.refused is None)


def test_a_notice_whose_basis_has_changed_is_published_again() -> None:
    case = context(replay(history(*ROUND)), by="a")
    changed = replace(case, basis=replace(published(), year=2027))
    found = next_step(changed, None)
    assert found is not None
    assert (found.action, found.refused) == ("publish", None)


@pytest.mark.parametrize(
    ("holds", "whose"),
    [
        (("eligibility", "manual"), "whoever records the eligibility"),
        (("period_open",), "nobody before the year is closed"),
        (("objection",), "whoever answers the objection"),
        (("of a later version",), "somebody else"),
    ],
)
def test_a_hold_says_whose_the_award_is(holds: tuple[str, ...], whose: str) -> None:
    found = waits(ROUND, "c", holds=holds)
    assert found is not None
    assert found.whose is not None
    assert found.whose.en == whose


def test_the_first_end_after_now_is_shown() -> None:
    case = context(replace(replay(history(*ROUND)), notice_ends=NOW + timedelta(days=5)), by="c")
    later, sooner, past = (NOW + timedelta(days=days) for days in (9, 3, -3))

    def ends(eligible_until: datetime | None) -> tuple[str | None, datetime | None]:
        found = next_step(case, eligible_until)
        assert found is not None
        assert found.refused is not None
        assert found.refused.code == "notice"
        return found.until_of, found.until

    assert ends(later) == ends(past) == ends(None) == ("notice", NOW + timedelta(days=5))
    assert ends(sooner) == ("eligibility", sooner)
    with_remedies = next_step(case, None, [past, NOW + timedelta(days=4), later])
    assert with_remedies is not None
    assert (with_remedies.until_of, with_remedies.until) == ("remedy", NOW + timedelta(days=4))
    notice = ReturnNotice(BASIS, 5, sooner, person("a"))
    notified = replace(case, workflow=replace(case.workflow, return_notice=notice))
    found = next_step(notified, None)
    assert found is not None
    assert (found.until_of, found.until) == ("answer", sooner)


def award(award_id: str, action: str = "review", *, days: int = 0, fen: int = 1, until: int | None = None, **given):
    ends = None if until is None else NOW + timedelta(days=until)
    step = NextStep(action, given.pop("refused", None), None, ends, None)
    fields = {"rule": "first_purchase", "subject": "uscc:A", "subject_name": "虚构甲", "year": 2026, "state": "applied"}
    fields["notice_until"] = None
    return WaitingAward(award_id, payable_fen=fen, since=NOW + timedelta(days=days), step=step, **{**fields, **given})


def test_the_list_is_narrowed_and_sorted() -> None:
    listed = [
        award("a", days=2, fen=5),
        award("b", days=1, fen=9, until=4, rule="first_listing"),
        award("c", "pay", days=3, fen=9, until=2, subject_name="Fictional B"),
        award("d", days=0, refused=object(), subject="uscc:B", notice_until=date(2026, 6, 10)),
    ]

    def ids(**given) -> str:
        return "".join(one.award_id for one in select_waiting(listed, WaitingFilter(**given)))

    assert {scope: ids(scope=scope) for scope in SCOPES} == {"mine": "bac", "others": "d", "all": "dbac"}
    assert {sort: ids(sort=sort) for sort in SORTS} == {
        "since": "bac",
        "until": "cba",
        "payable": "bca",
        "award": "abc",
    }
    assert (ids(action="pay"), ids(rule="first_listing"), ids(name="fictional b"), ids(name="甲")) == (
        "c",
        "b",
        "c",
        "ba",
    )
    assert ids(scope="all", name="uscc:B") == ids(scope="all", notice="2026-06-10") == "d"
    assert ids(scope="all", notice="2026-06-11") == ""


def test_the_next_award_follows_the_one_that_is_shown_or_takes_its_place() -> None:
    listed = [award(name) for name in "abc"]
    assert next_in(listed, "a", 0) == (listed[1], 1)
    assert next_in(listed, "c", 2) == (None, 3)
    # What was done with is no longer listed, and the one after it has moved up.
    assert next_in(listed, "gone", 1) == (listed[1], 1)
    assert next_in(listed, "gone", 3) == (None, 3)
    assert next_in([], "a", 0) == (None, 0)
