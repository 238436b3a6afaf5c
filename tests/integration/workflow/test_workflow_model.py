"""Random steps of three people with a few awards over the API: each is taken or refused as a model of them says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.incentive.domain.notices.days import notice_end
from services.incentive.rebuild.command import verify_all
from shared.values.times import shanghai_date
from tests.support.incentive.bureau import DOCUMENTS, FIRST, SECOND, THIRD, Bureau, empty_bureau
from tests.support.incentive.ledger import first_purchase, subject
from tests.support.incentive.workflow_model import ACTIONS, Ask, Award

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PEOPLE = (FIRST, SECOND, THIRD)
AWARDS = 2
# What a first purchase costs, and what it earns: 5 %, at most 200,000 (in yuan).
EARNS = {1_000_000: 50_000, 3_000_000: 150_000, 5_000_000: 200_000}
AMOUNTS = (1, 50_000, 150_000, 200_000)
NEEDS_AMOUNT = ("revoke", "notify_return", "return", "recover")
TAKES_AMOUNT = ("approve", "pay", *NEEDS_AMOUNT)
# Codes that a step is refused with; `basis_changed` needs another subject, item or policy, which no step here brings.
CODES = {"state", "person", "notice", "hold", "room", "document", "clawback"}
# How often a turn is one of these.
TURNS = (*["take"] * 4, *["ask"] * 5, "correct", "hold", "wait")
STEPS, RUNS = 25, 25
USUAL = (
    Ask("apply", FIRST),
    Ask("review", FIRST),
    Ask("joint_review", SECOND),
    Ask("publish", SECOND),
    Ask("approve", THIRD, 150_000),
    Ask("pay", FIRST),
    Ask("notify_return", FIRST, 50_000),
    Ask("return", SECOND, 50_000),
)
# Steps that begin a round again or end it: too many of them, and few awards are ever paid.
RARE = ("reject", "reopen", "withdraw", "list")
numbers = count(1)  # of subjects: each run has its own


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


class Casework(RuleBasedStateMachine):
    """The bureau's work, and the model of each award."""

    def __init__(self, bureau: Bureau, taken: dict[str, int], refused: dict[str, int]) -> None:
        super().__init__()
        self.bureau, self.taken, self.refused = bureau, taken, refused
        self.awards: dict[str, Award] = {}
        self.seqs: dict[str, int] = {}
        self.changed: str | None = None

    @initialize(steps=st.tuples(*[st.integers(0, len(USUAL))] * AWARDS))
    def begin(self, steps: tuple[int, ...]) -> None:
        """Begin with awards that are some of the usual steps ahead."""
        for place, much in enumerate(steps):
            self.awards[self.bureau.purchase(next(numbers))] = Award(EARNS[5_000_000])
            for ask in USUAL[:much]:
                self.send(place, ask)

    def award_id(self, place: int) -> str:
        return list(self.awards)[place]

    @rule(
        turn=st.sampled_from(TURNS),
        place=st.integers(0, AWARDS - 1),
        choice=st.integers(0, 10_000),
        person=st.sampled_from(PEOPLE),
        amount=st.sampled_from(AMOUNTS),
        document=st.booleans(),
        over=st.booleans(),
    )
    def take_a_turn(
        self, turn: str, place: int, choice: int, person: str, amount: int, document: bool, over: bool
    ) -> None:
        """Do one thing. One rule does them all: of several rules, Hypothesis leaves some out of each run."""
        match turn:
            case "take":
                self.take_a_step_that_is_allowed(place, choice)
            case "ask":
                asks = [Ask(one, person, amount if one in TAKES_AMOUNT else None, document, over) for one in ACTIONS]
                self.ask_for_any_step(place, choice, asks)
            case "correct":
                self.correct_the_purchase(place, list(EARNS)[choice % len(EARNS)])
            case "hold":
                self.hold_or_release(place)
            case "wait":
                self.days_pass()

    def take_a_step_that_is_allowed(self, place: int, choice: int) -> None:
        award = self.awards[self.award_id(place)]
        asks = [
            ask
            for action in ACTIONS
            for person in PEOPLE
            for amount in (AMOUNTS if action in NEEDS_AMOUNT else (None, 1, 50_000))
            if amount is None or action in TAKES_AMOUNT
            if not award.refusals(ask := Ask(action, person, amount))
        ]
        actions = sorted({ask.action for ask in asks if ask.action not in RARE or choice % 7 == 0})
        actions = actions or sorted({ask.action for ask in asks})
        chosen = [ask for ask in asks if ask.action == actions[choice % len(actions)]]
        self.send(place, chosen[choice // 7 % len(chosen)])

    def ask_for_any_step(self, place: int, choice: int, asks: list[Ask]) -> None:
        """Ask for a step from the award's state four times in five: a wrong state hides every other refusal."""
        award = self.awards[self.award_id(place)]
        if choice % 5:
            asks = [ask for ask in asks if ask.action not in RARE and award.refusals(ask) != {"state"}] or asks
        self.send(place, asks[choice // 5 % len(asks)])

    def correct_the_purchase(self, place: int, price: int) -> None:
        award_id = self.award_id(place)
        number = next(one for one in range(1, 10_000) if award_id.endswith(subject(one)))
        self.seqs[award_id] = self.seqs.get(award_id, 1) + 1
        self.bureau.take(first_purchase(number, "2026-03-01", f"{price}.00", seq=self.seqs[award_id]))
        self.awards[award_id].ceiling = EARNS[price]
        self.changed = award_id

    def hold_or_release(self, place: int) -> None:
        award_id = self.award_id(place)
        holds = self.awards[award_id].holds
        if holds:
            status, _ = self.bureau.post(f"/v1/holds/{holds.pop()}/release", {"reason": "r"})
            assert status == 201
        else:
            status, told = self.bureau.post(f"/v1/awards/{award_id}/holds", {"kind": "manual", "reason": "r"})
            assert status == 201
            holds.append(told["id"])
        self.changed = award_id

    def days_pass(self) -> None:
        self.bureau.later(days=30)
        for award in self.awards.values():
            award.days_pass()

    def send(self, place: int, ask: Ask) -> None:
        """Send a request, and compare its answer with the model's."""
        award_id = self.award_id(place)
        award = self.awards[award_id]
        expected = award.refusals(ask)
        status, told = self.bureau.step(award_id, ask.action, ask.person, **self.body(ask))
        self.changed = award_id
        if not expected:
            assert status == 201, (ask, award, told)
            self.taken[ask.action] = self.taken.get(ask.action, 0) + 1
            before = award.state
            award.take(ask)
            assert (told["from"], told["to"], told["person"]) == (before, award.state, ask.person), (ask, award)
            return
        assert status == 409, (ask, award, expected, told)
        codes = {one["action"]: one["code"] for one in told["why"]}
        assert codes[ask.action] in expected, (ask, award, codes[ask.action], expected)
        self.refused[codes[ask.action]] = self.refused.get(codes[ask.action], 0) + 1
        for action in ACTIONS:
            if action != ask.action:
                # Other steps are meant with the amount and the document that suit them.
                against = award.refusals(replace(ask, action=action, amount=None, document=True))
                assert (action in told["allowed"]) == (not against), (action, ask.person, award, codes.get(action))
                assert codes.get(action) in (against or {None}), (action, ask.person, award)

    def body(self, ask: Ask) -> dict[str, Any]:
        today = shanghai_date(self.bureau.now + timedelta(seconds=1))
        body: dict[str, Any] = {"documents": DOCUMENTS if ask.document else []}
        if ask.amount is not None:
            body |= {"amount": f"{ask.amount}.00"}
        if ask.action == "publish" and not ask.over:
            until = notice_end(today, 5, "first_and_last_day_included")
            body |= {"from": today.isoformat(), "until": until.isoformat()}
        if ask.action == "notify_return":
            body["until"] = (today + timedelta(days=25)).isoformat()
        return body

    @invariant()
    def what_changed_reads_as_the_model_says(self) -> None:
        if self.changed is None:
            return
        award = self.awards[self.changed]
        found = self.bureau.award(self.changed)
        names = ("approved", "paid", "returned", "recovered", "payable", "ceiling")
        told = {name: found[name] for name in names}
        assert told == {name: f"{getattr(award, name)}.00" for name in names}, award
        assert found["state"] == award.state
        assert ("waived" in found["flags"], found["holds"]) == (award.is_waived, ["manual"] if award.holds else [])
        proposals = self.bureau.ask.all("/v1/clawbacks", state="open", limit=500)
        amounts = [one["amount"] for one in proposals if one["award_id"] == self.changed]
        assert amounts == ([f"{award.clawback}.00"] if award.clawback else []), award
        self.changed = None


# A walk with an award that is applied for: its requests, and what happens between them.
WALK: tuple[Ask | Callable[[Casework], None], ...] = (
    Ask("withdraw", FIRST),
    *USUAL[:5],
    lambda walk: walk.hold_or_release(0),
    Ask("pay", FIRST),  # hold
    lambda walk: walk.hold_or_release(0),
    lambda walk: walk.correct_the_purchase(0, 1_000_000),
    Ask("pay", FIRST),  # clawback
    Ask("revoke", THIRD, 100_000),  # person
    Ask("revoke", FIRST, 100_000),
    Ask("pay", FIRST),
    lambda walk: walk.correct_the_purchase(0, 5_000_000),
    Ask("review", FIRST),  # state
    Ask("list", FIRST),
    Ask("review", FIRST),
    Ask("joint_review", SECOND, document=False),  # document
    Ask("joint_review", SECOND),
    Ask("publish", FIRST, over=False),
    Ask("approve", THIRD),  # notice
    lambda walk: walk.days_pass(),
    Ask("approve", THIRD, 200_000),  # room
    Ask("approve", THIRD),
)


def test_a_walk_through_every_step_and_every_refusal(bureau: Bureau) -> None:
    taken: dict[str, int] = {}
    refused: dict[str, int] = {}
    walk = Casework(bureau, taken, refused)
    walk.begin(steps=(1, len(USUAL)))
    for turn in WALK:
        if isinstance(turn, Ask):
            walk.send(0, turn)
        else:
            turn(walk)
        walk.what_changed_reads_as_the_model_says()
    for ask in (Ask("recover", FIRST, 50_000), Ask("list", FIRST), Ask("reject", SECOND), Ask("reopen", FIRST)):
        walk.send(1, ask)
        walk.what_changed_reads_as_the_model_says()
    assert set(taken) == set(ACTIONS)
    assert set(refused) == CODES


def test_random_steps_are_taken_or_refused_as_the_model_says(bureau: Bureau) -> None:
    taken: dict[str, int] = {}
    refused: dict[str, int] = {}
    run_state_machine_as_test(
        lambda: Casework(bureau, taken, refused),
        # The runs are the same each time, so that what they reach is, too. A failure names the request and the award as
        # it was: to look for a shorter run would take minutes.
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            derandomize=True,
            phases=(Phase.generate,),
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert {"approve", "pay", "revoke", "notify_return", "return", "recover"} <= set(taken), taken
    assert {"state", "person", "document", "room", "hold", "notice"} <= set(refused), refused
    said: list[str] = []
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        outcome = verify_all(connection, bureau.rulebook, None, said.append)
    assert said == []
    assert outcome.is_right
