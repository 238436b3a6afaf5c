"""The worklist counts what replaying the decisions of each award gives, now and as of every act."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from services.incentive.domain.workflow import STATES, Actor, replay
from services.incentive.queries.view import LedgerView
from services.incentive.queries.worklist import NoticeRound, Worklist, WorklistRow, list_worklist
from services.incentive.store.award_context import decisions_of
from services.incentive.store.rows import SeenAward
from shared.postgres.database import snapshot
from shared.postgres.query import fetch, fetch_values
from shared.values.times import day_start, shanghai_date
from tests.support.incentive.bureau import SECOND, THIRD, Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from services.incentive.domain.workflow import Decision

ROUND: Final = ("apply", "review", "joint_review", "publish")
BARRING: Final = {"reviewed": ("review",), "published": ("review", "joint_review"), "approved": ("approve",)}
RUNNING: Final = {"from": "2026-06-01", "until": "2026-06-30"}


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A ledger with awards of two years in most states, some of them in their second round."""
    with empty_bureau(postgres) as found:
        awards = [found.purchase(number) for number in range(1, 10)]
        found.done(awards[1], *ROUND[:2])
        found.done(awards[2], *ROUND, **RUNNING)
        found.take(first_purchase(4, "2026-03-01", "3000000.00", seq=2))
        found.done(awards[3], *ROUND)
        found.take(first_purchase(4, "2026-03-01", "4000000.00", seq=3))
        found.done(awards[3], "publish", **RUNNING)
        found.done(awards[4], *ROUND, "approve", "pay")
        found.take(first_purchase(5, "2026-03-01", "1000000.00", seq=2))
        found.returned(awards[4], "20000.00")
        found.done(awards[5], "apply", "review", "withdraw", "apply")
        assert found.step(awards[5], "review", SECOND)[0] == 201
        found.done(awards[6], *ROUND, "approve")
        found.done(awards[7], "apply", "review", "reject")
        found.take(first_purchase(10, "2025-11-03", "5000000.00", seq=1))
        found.verify(subject(10))
        found.done(f"first_purchase/{subject(10)}", *ROUND)
        yield found


def test_the_counts_are_those_of_the_replayed_decisions(bureau: Bureau) -> None:
    with snapshot(bureau.engine) as connection:
        instants = fetch_values(connection, "SELECT DISTINCT recorded_at FROM act ORDER BY recorded_at", datetime)
        views = [LedgerView(None, as_of, bureau.now, bureau.rulebook) for as_of in (None, *instants)]
        for view in views:
            for year in (2025, 2026):
                found = list_worklist(connection, view, year, Actor("nobody", None))
                assert found == expected(connection, view, year, None), view.as_of
        for who in (Actor("bureau", None), Actor(SECOND, None), Actor(THIRD, None)):
            found = list_worklist(connection, views[0], 2026, who)
            assert found == expected(connection, views[0], 2026, who)
            assert sum(one.own for one in found.states) > 0


def test_a_notice_runs_until_its_last_day_has_ended_in_shanghai(bureau: Bureau) -> None:
    ends = day_start(date(2026, 7, 1))
    with snapshot(bureau.engine) as connection:
        for now, running in ((ends - timedelta(microseconds=1), 2), (ends, 0)):
            view = LedgerView(None, None, now, bureau.rulebook)
            found = list_worklist(connection, view, 2026, Actor("nobody", None))
            assert [one.in_notice for one in found.states if one.state == "published"] == [running]
    assert found.notices == [
        NoticeRound(date(2026, 1, 31), 1, 20_000_000),
        NoticeRound(date(2026, 6, 30), 2, 40_000_000),
    ]


def expected(connection: Connection, view: LedgerView, year: int, reader: Actor | None) -> Worklist:
    """Count in Python what the statement counts."""
    awards = fetch(connection, view.select_awards, SeenAward, **view.parameters)
    decisions = decisions_of(connection, [one.award_id for one in awards], view.as_of)
    sums = {state: Counter[str]() for state in STATES}
    notices: dict[date, Counter[str]] = {}
    for award in awards:
        taken = decisions.get(award.award_id, [])
        found = replay(taken)
        ends = found.notice_ends if found.state == "published" else None
        if ends is not None:
            day = shanghai_date(ends - timedelta(microseconds=1))
            notices.setdefault(day, Counter()).update(awards=1, payable_fen=award.payable_fen)
        if award.year == year:
            sums[found.state].update(
                awards=1,
                payable_fen=award.payable_fen,
                own=is_barred(taken, found.state, reader),
                in_notice=int(ends is not None and ends > view.instant),
                returned=int(any(one.action == "return" for one in taken)),
            )
    states = [WorklistRow(state, *(sums[state][name] for name in WorklistRow._fields[1:])) for state in STATES]
    rounds = [NoticeRound(day, one["awards"], one["payable_fen"]) for day, one in sorted(notices.items())]
    return Worklist(states, rounds)


def is_barred(taken: list[Decision], state: str, reader: Actor | None) -> int:
    """1 if the reader took a step of the last round after which another person must take the next one."""
    begun = max((place for place, one in enumerate(taken) if one.action in ("apply", "list")), default=0)
    return int(
        reader is not None
        and any(one.action in BARRING.get(state, ()) and reader.is_same_person(one.actor) for one in taken[begun:])
    )
