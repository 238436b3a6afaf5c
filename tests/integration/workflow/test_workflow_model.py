"""Random steps of three people with a few awards, over the API and with the pages' forms, against a model of them.

Each step is taken or refused as the model says. Each page offers what the model allows its reader, and the reason of
the rest. Corrections, holds, objections and another policy file come in between.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count, product
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.incentive.domain.notices.days import notice_end
from services.incentive.domain.steps import CODES
from services.incentive.rebuild.command import verify_all
from shared.values.times import shanghai_date
from tests.support.incentive.bureau import DOCUMENTS, FIRST, SECOND, THIRD, Bureau, empty_bureau
from tests.support.incentive.ledger import (
    OPERATOR_OF_KMDEX,
    WHITELIST,
    changed,
    exchange_total,
    first_purchase,
    subject,
)
from tests.support.incentive.pages import AwardPage, alerts, signed_in_to
from tests.support.incentive.workflow_model import ACTIONS, Ask, Award, Basis
from tests.support.policy.revisions import REVISION
from tests.support.web.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask.testing import FlaskClient

PEOPLE = (FIRST, SECOND, THIRD)
WAYS = ("api", "page")
AWARDS = 2
# What a first purchase costs, and what it earns: 5 %, at most 200,000 (in yuan).
EARNS = {1_000_000: 50_000, 3_000_000: 150_000, 5_000_000: 200_000}
AMOUNTS = (1, 50_000, 150_000, 200_000)
DAYS = {2025: "2025-11-03", 2026: "2026-03-01"}
NEEDS_AMOUNT = ("revoke", "notify_return", "return", "recover")
TAKES_AMOUNT = ("approve", "pay", *NEEDS_AMOUNT)
HOLDS = ("manual", "objection")
# How often a turn is one of these.
TURNS = (*["take"] * 9, *["ask"] * 12, *["correct"] * 4, *["move"] * 3, *["hold"] * 3, *["wait"] * 2, "revise")
MOSTLY = 0.6
STEPS, RUNS = 25, 20
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
numbers = count(1)  # of subjects: each run has its own


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


class Casework(RuleBasedStateMachine):
    """The bureau's work, and the model of each award; `seen` counts what happened, by way."""

    def __init__(self, bureau: Bureau, seen: Counter[tuple[str, str]]) -> None:
        super().__init__()
        self.bureau, self.seen = bureau, seen
        self.awards: dict[str, Award] = {}
        self.prices: dict[str, tuple[int, int, int]] = {}  # version of the fact, price, year
        self.sessions: dict[str, FlaskClient] = {}
        self.touched: str | None = None

    def note(self, way: str, what: str) -> None:
        self.seen[way, what] += 1

    @initialize(seed=st.integers(0, 2**32), steps=st.tuples(*[st.integers(0, len(USUAL))] * AWARDS))
    def begin(self, seed: int, steps: tuple[int, ...]) -> None:
        """Begin with awards that are some of the usual steps ahead, which are not counted."""
        counted, self.seen = self.seen, Counter()
        self.rng = Random(f"{seed} {steps}")
        for place, much in enumerate(steps):
            number = next(numbers)
            basis = Basis(subject(number), 2026, self.bureau.rulebook.policy.revision)
            award_id = self.bureau.purchase(number)
            self.awards[award_id] = Award(EARNS[5_000_000], basis)
            self.prices[award_id] = (1, 5_000_000, 2026)
            for ask in USUAL[:much]:
                self.send(place, ask, "api")
        self.seen = counted

    def award_id(self, place: int) -> str:
        return list(self.awards)[place]

    @rule()
    def take_a_turn(self) -> None:
        """Do one thing. One rule does them all: of several rules, Hypothesis leaves some out of each run.

        It draws from a generator that Hypothesis seeds: Hypothesis itself prefers the first of several things.
        """
        rng = self.rng
        place, way = rng.randrange(AWARDS), rng.choice(WAYS)
        match rng.choice(TURNS):
            case "take":
                self.take_a_step_that_is_allowed(way, rng)
            case "ask":
                self.ask_for_a_refusal(way, rng)
            case "correct":
                self.correct_the_purchase(self.place_to_correct(rng), price=rng.choice(list(EARNS)))
            case "move":
                self.correct_the_purchase(self.place_to_correct(rng), other_year=True)
            case "hold":
                self.hold_or_release(place, way, rng.choice(HOLDS))
            case "wait":
                self.days_pass()
            case "revise":
                self.adopt(WHITELIST, later_by=1)

    def take_a_step_that_is_allowed(self, way: str, rng: Random) -> None:
        """Take a step that the model allows, mostly the one that was taken least often: few awards are ever paid."""
        by_action: dict[str, list[tuple[int, Ask]]] = {}
        for place, award in enumerate(self.awards.values()):
            for action, person in product(ACTIONS, PEOPLE):
                amounts = AMOUNTS if action in NEEDS_AMOUNT else (None, 1, 50_000) if action == "approve" else (None,)
                asks = [Ask(action, person, amount) for amount in amounts]
                by_action.setdefault(action, []).extend((place, ask) for ask in asks if not award.refusals(ask))
        self.send(*self.choose({action: found for action, found in by_action.items() if found}, rng), way)

    def ask_for_a_refusal(self, way: str, rng: Random) -> None:
        """Ask for what is refused, mostly for the reason that was given least often: a wrong state is that of most."""
        by_code: dict[str, list[tuple[int, Ask]]] = {}
        for place, award in enumerate(self.awards.values()):
            for action, person, document, over in product(ACTIONS, PEOPLE, (True, False), (True, False)):
                ask = Ask(action, person, rng.choice(AMOUNTS) if action in TAKES_AMOUNT else None, document, over)
                for code in award.refusals(ask):
                    by_code.setdefault(code, []).append((place, ask))
        self.send(*self.choose(by_code, rng), way)

    def choose(self, found: dict[str, list[tuple[int, Ask]]], rng: Random) -> tuple[int, Ask]:
        """Choose among steps by what comes of them, mostly what was seen least often."""
        names = sorted(found, key=lambda name: sum(self.seen[way, name] for way in WAYS))
        return rng.choice(found[names[0] if rng.random() < MOSTLY else rng.choice(names)])

    def correct_the_purchase(self, place: int, *, price: int | None = None, other_year: bool = False) -> None:
        """Correct the price, or the day: then the award is of the other year."""
        award_id = self.award_id(place)
        award, (seq, old_price, old_year) = self.awards[award_id], self.prices[award_id]
        price = price or old_price
        year = next(one for one in DAYS if one != old_year) if other_year else old_year
        number = next(one for one in range(1, 10_000) if award_id.endswith(subject(one)))
        self.prices[award_id] = seq + 1, price, year
        self.bureau.take(first_purchase(number, DAYS[year], f"{price}.00", seq=seq + 1))
        award.ceiling, award.basis = EARNS[price], award.basis._replace(year=year)
        self.touched = award_id

    def place_to_correct(self, rng: Random) -> int:
        """Choose an award that is published or unpaid, if there is one: of others a correction refuses no step."""
        places = [
            place for place, one in enumerate(self.awards.values()) if one.state == "published" or one.total("unpaid")
        ]
        return rng.choice(places or range(AWARDS))

    def adopt(self, whitelist: str, later_by: int) -> None:
        """Put a later revision of the policy file, or another whitelist, in force."""
        revision = self.bureau.rulebook.policy.revision + later_by
        self.bureau.adopt(changed(revision - REVISION, whitelist))
        self.sessions.clear()
        for award in self.awards.values():
            award.basis = award.basis._replace(revision=revision)

    def hold_or_release(self, place: int, way: str, kind: str) -> None:
        award_id = self.award_id(place)
        award = self.awards[award_id]
        self.touched = award_id
        page = AwardPage(self.session(FIRST), award_id) if way == "page" else None
        if award.holds:
            hold_id, kind = award.holds.popitem()
            given = {"reason": "r", **({"outcome": "dismissed"} if kind == "objection" else {})}
            if page is not None:
                page.release(hold_id, given)
            else:
                assert self.bureau.post(f"/v1/holds/{hold_id}/release", given)[0] == 201
            self.note(way, f"{kind} released")
            return
        given = {"kind": kind, "reason": "r", **({"by": "某公司"} if kind == "objection" else {})}
        if page is not None:
            page.hold(given)
        else:
            assert self.bureau.post(f"/v1/awards/{award_id}/holds", given)[0] == 201
        [hold_id] = (
            one["id"]
            for one in self.bureau.ask.all(f"/v1/awards/{award_id}/holds")
            if one["released_at"] is None and one["kind"] == kind
        )
        award.holds[hold_id] = kind
        self.note(way, f"{kind} placed")

    def days_pass(self) -> None:
        self.bureau.later(days=30)
        self.sessions.clear()
        for award in self.awards.values():
            award.days_pass()

    def session(self, person: str) -> FlaskClient:
        if person not in self.sessions:
            self.sessions[person] = signed_in_to(self.bureau.ask.client.application, person)
        return self.sessions[person]

    def send(self, place: int, ask: Ask, way: str) -> None:
        """Send a request or a form, and compare its answer with the model's."""
        award_id = self.award_id(place)
        award = self.awards[award_id]
        expected = award.refusals(ask)
        body = self.body(ask)
        if way == "page":
            status, told = self.send_form(award_id, award, ask, body)
        else:
            status, told = self.bureau.step(award_id, ask.action, ask.person, **body)
        self.touched = award_id
        if not expected:
            assert status == 201, (ask, award, told)
            self.note(way, ask.action)
            before = award.state
            award.take(ask)
            assert (told["from"], told["to"], told["person"]) == (before, award.state, ask.person), (ask, award)
            return
        assert status == 409, (ask, award, expected, told)
        codes = {one["action"]: one["code"] for one in told["why"]}
        assert codes[ask.action] in expected, (ask, award, codes[ask.action], expected)
        self.note(way, codes[ask.action])
        for action in ACTIONS:
            if action != ask.action:
                # Other steps are meant with the amount and the document that suit them.
                against = award.refusals(replace(ask, action=action, amount=None, document=True))
                assert (action in told["allowed"]) == (not against), (action, ask.person, award, codes.get(action))
                assert codes.get(action) in (against or {None}), (action, ask.person, award)

    def send_form(self, award_id: str, award: Award, ask: Ask, body: dict[str, Any]) -> tuple[int, Any]:
        """Send a step's form, or an old one of a step that the page does not offer now; return the API's answer.

        The page must offer the steps that the model allows, and give the reason of each other one. The API must refuse
        what the form was refused, for the reason that the page gives.
        """
        client = self.session(ask.person)
        page = AwardPage(client, award_id)
        allowed = {one for one in ACTIONS if not award.refusals(Ask(one, ask.person))}
        assert set(page.steps) == allowed, (ask.person, award)
        assert set(page.reasons) == set(ACTIONS) - allowed, (ask.person, award)
        given = self.bureau.step_body(ask.action, **body)
        given.pop("documents", None)
        form = page.steps.get(ask.action)
        if form is None:
            old = {name: page.form("/holds").fields[name] for name in ("csrf_token", "once")}
            form = Form(f"/awards/{award_id}/steps", old | given, files={"documents"}, buttons=1)
        self.bureau.later()
        answer = form.send(client, given, paper=ask.document)
        if answer.status_code == 303:
            return 201, self.bureau.decisions(award_id)[-1]
        assert answer.status_code == 409, (ask, award, answer.text)
        status, told = self.bureau.step(award_id, ask.action, ask.person, **body)
        reasons = {one["action"]: one["reason"]["zh"] for one in told["why"]}
        assert alerts(answer) == [reasons.pop(ask.action)], (ask, award)
        assert {one: said for one, said in page.reasons.items() if one != ask.action} == reasons
        return status, told

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
        if self.touched is None:
            return
        award_id, award = self.touched, self.awards[self.touched]
        self.touched = None
        found = self.bureau.award(award_id)
        wanted = {name: award.total(name) for name in ("approved", "paid", "returned", "recovered")}
        wanted |= {"payable": award.payable, "ceiling": award.ceiling}
        assert {name: found[name] for name in wanted} == {name: f"{fen}.00" for name, fen in wanted.items()}, award
        assert found["state"] == award.state
        named = found["subject"]
        basis = Basis(f"{named['id_scheme']}:{named['id']}", found["year"], found["policy"]["revision"])
        assert basis == award.basis
        flags = {"waived": award.is_waived, "over_approved": bool(award.clawbacks)}
        assert {name: name in found["flags"] for name in flags} == flags, award
        assert found["holds"] == [kind for kind in HOLDS if kind in award.holds.values()]
        proposals = self.bureau.ask.all("/v1/clawbacks", state="open", limit=500)
        amounts = {(one["subject"], one["year"]): one["amount"] for one in proposals if one["award_id"] == award_id}
        assert amounts == {whose: f"{amount}.00" for whose, amount in award.clawbacks.items()}, award
        self.seen.update(("any", flag) for flag, is_set in flags.items() if is_set)


Turn = tuple[int, Ask] | Callable[[Casework, str], None]


def taken(casework: Casework, way: str, turns: tuple[Turn, ...]) -> None:
    """Take turns, each of which is a step with the award at a place, or something else."""
    for turn in turns:
        if callable(turn):
            turn(casework, way)
        else:
            casework.send(*turn, way)
        casework.what_changed_reads_as_the_model_says()


# A walk with an award that is applied for, and with one that has run through the usual steps.
WALK: tuple[Turn, ...] = (
    (0, Ask("withdraw", FIRST)),
    *((0, ask) for ask in USUAL[:5]),
    lambda walk, way: walk.hold_or_release(0, way, "manual"),
    (0, Ask("pay", FIRST)),  # hold
    lambda walk, way: walk.hold_or_release(0, way, "manual"),
    lambda walk, _: walk.correct_the_purchase(0, price=1_000_000),
    (0, Ask("pay", FIRST)),  # clawback
    (0, Ask("revoke", THIRD, 100_000)),  # person
    (0, Ask("revoke", FIRST, 100_000)),
    (0, Ask("pay", FIRST)),
    lambda walk, _: walk.correct_the_purchase(0, price=5_000_000),
    (0, Ask("review", FIRST)),  # state
    (0, Ask("list", FIRST)),
    (0, Ask("review", FIRST)),
    (0, Ask("joint_review", SECOND, document=False)),  # document
    (0, Ask("joint_review", SECOND)),
    (0, Ask("publish", FIRST, over=False)),
    (0, Ask("approve", THIRD)),  # notice
    lambda walk, _: walk.days_pass(),
    lambda walk, way: walk.hold_or_release(0, way, "objection"),
    (0, Ask("approve", THIRD)),  # hold
    lambda walk, way: walk.hold_or_release(0, way, "objection"),
    (0, Ask("approve", THIRD, 200_000)),  # room
    lambda walk, _: walk.adopt(WHITELIST, later_by=1),
    (0, Ask("approve", THIRD)),  # basis_changed: the policy
    (0, Ask("publish", FIRST)),
    lambda walk, _: walk.correct_the_purchase(0, other_year=True),
    (0, Ask("approve", THIRD)),  # basis_changed: the year
    (0, Ask("publish", FIRST)),
    (0, Ask("approve", THIRD)),  # 200,000 for 2025, and 50,000 for 2026 are to come back
    (0, Ask("pay", FIRST)),  # clawback
    (0, Ask("notify_return", FIRST, 50_000)),
    (0, Ask("return", SECOND, 50_000, document=False)),  # notice
    (0, Ask("return", SECOND, 50_000)),
    (0, Ask("pay", FIRST)),
    (0, Ask("recover", FIRST, 50_000)),
    (1, Ask("recover", FIRST, 50_000)),
    (1, Ask("list", FIRST)),
    (1, Ask("reject", SECOND)),
    (1, Ask("reopen", FIRST)),
)


def reached(seen: Counter[tuple[str, str]], way: str) -> set[str]:
    return {what for by, what in seen if by == way}


# The walks reach everything, each way; chance seldom reaches these, which need a change at the right moment.
SELDOM = {"basis_changed", "clawback", "hold"}
EVERYTHING = {*ACTIONS, *CODES, *(f"{kind} {done}" for kind in HOLDS for done in ("placed", "released"))}


@pytest.mark.parametrize("way", WAYS)
def test_a_walk_through_every_step_and_every_refusal(bureau: Bureau, way: str) -> None:
    seen = Counter[tuple[str, str]]()
    walk = Casework(bureau, seen)
    walk.begin(seed=0, steps=(1, len(USUAL)))
    taken(walk, way, WALK)
    assert reached(seen, way) == EVERYTHING


@pytest.mark.parametrize("way", WAYS)
def test_an_award_of_tiers_goes_to_another_operator_between_notice_and_approval(postgres, way: str) -> None:
    """The subject of a notice changes; what was approved for the former operator is to come back."""
    other = subject(7)
    sold = WHITELIST.replace(OPERATOR_OF_KMDEX.partition(":")[2], other.partition(":")[2])
    seen = Counter[tuple[str, str]]()
    with empty_bureau(postgres) as bureau:
        bureau.take(exchange_total("kmdex", 2025, [("2025-11-03", "130000000.00")], seq=1))
        for operator in (OPERATOR_OF_KMDEX, other):
            bureau.verify(operator)
        walk = Casework(bureau, seen)
        walk.awards["exchange_tiers/kmdex/2025"] = Award(1_000_000, Basis(OPERATOR_OF_KMDEX, 2025, REVISION))

        def operated_by(operator: str, whitelist: str) -> Turn:
            def sell(walk: Casework, _: str) -> None:
                walk.adopt(whitelist, later_by=0)
                [award] = walk.awards.values()
                award.basis = award.basis._replace(subject=operator)
                [walk.touched] = walk.awards

            return sell

        turns: tuple[Turn, ...] = (
            *((0, ask) for ask in USUAL[:4]),
            operated_by(other, sold),
            (0, Ask("approve", THIRD)),  # basis_changed
            (0, Ask("publish", FIRST)),
            (0, Ask("approve", THIRD)),
            operated_by(OPERATOR_OF_KMDEX, WHITELIST),
            (0, Ask("pay", FIRST)),  # clawback
            (0, Ask("revoke", FIRST, 400_000)),
            (0, Ask("revoke", FIRST, 600_000)),
            (0, Ask("reopen", FIRST)),
            *((0, ask) for ask in USUAL[:4]),
            (0, Ask("approve", THIRD)),
            (0, Ask("pay", FIRST)),
        )
        taken(walk, way, turns)
    assert {"basis_changed", "clawback", "pay"} <= reached(seen, way)
    assert seen["any", "over_approved"] == 3


def test_random_steps_are_taken_or_refused_as_the_model_says(bureau: Bureau) -> None:
    seen = Counter[tuple[str, str]]()
    run_state_machine_as_test(
        lambda: Casework(bureau, seen),
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
    assert set.union(*(reached(seen, way) for way in WAYS)) >= EVERYTHING - SELDOM
    assert {"over_approved", "waived"} <= reached(seen, "any")
    said: list[str] = []
    with bureau.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        outcome = verify_all(connection, bureau.rulebook, None, said.append)
    assert said == []
    assert outcome.is_right
