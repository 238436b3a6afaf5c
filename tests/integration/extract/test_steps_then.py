"""Steps that were not allowed when they were taken: the verifier finds each in an extract that agrees with itself.

The service's check of steps is switched off, so that decisions, ledger and log record such steps like any other.
"""

from __future__ import annotations

import ast
from contextlib import ExitStack
from dataclasses import replace
from importlib.resources import files as package_files
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import pytest

from services.incentive.commands import decisions
from services.incentive.verifier import main
from services.incentive.verifier.approvals.steps import StepsHeld
from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from shared.settings import RegisterAddress
from tests.support.events import TRADE
from tests.support.incentive.bureau import SHA256, Bureau
from tests.support.incentive.changed_extract import ACTS, Draft, zipped
from tests.support.incentive.extract_makers import Makers, checked, files, lines
from tests.support.incentive.ledger import WHITELIST, changed, ledger_database, subject
from tests.support.incentive.whole_set import WholeSet, served, whole_set
from tests.support.records import FakeRecord
from tests.support.registers import worlds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from services.incentive.verifier.report import VerificationReport
    from tests.support.engines.session import FreshDatabase

ONE, OTHER, TIERS = subject(90), subject(91), "exchange_tiers/kmdex/2026"
OPERATOR = "uscc:91530100MAXKMDEX0C"
LATER = {"since": "2098-01-01"}


def swapped(ours: str, theirs: str) -> dict[str, str]:
    """The replacements by which the policy file names an alternative as its reading."""
    return {
        f"reading: {ours}\n": "reading: swapped\n",
        f"reading: {theirs}\n": f"reading: {ours}\n",
        "reading: swapped\n": f"reading: {theirs}\n",
    }


SCARCE = {'annual: "100000000.00"': 'annual: "1500000.00"'}


# --- steps that are not allowed ---


def declared(bureau: Bureau, whose: str, rule: str, item: str, day: str = "2026-03-01", **measure: str) -> str:
    documents = [{"name": "依据.pdf", "sha256": SHA256}]
    entry = {"rule": rule, "subject": whose, "item": item, "earned_on": day, "measure": measure}
    status, award = bureau.post("/v1/declared", {**entry, "documents": documents})
    assert status == 200, award
    return str(award["award_id"])


def scenario(bureau: Bureau, whose: str = ONE, item: str = "A-1") -> str:
    """Declare an award of 1,000,000 yuan of an eligible subject."""
    bureau.verify(whose)
    return declared(bureau, whose, "ai_scenario", item)


def over_the_payable(bureau: Bureau) -> None:
    award_id = scenario(bureau)
    bureau.published(award_id)
    bureau.grant(ONE, 2026, "400000.00", awards=[award_id])
    bureau.done(award_id, "approve", amount="1000000.00")


def over_the_room(bureau: Bureau) -> None:
    """An award stands approved, and one of a greater kind takes its place."""
    bureau.verify(ONE)
    bureau.approved(declared(bureau, ONE, "public_data_scenario", "P-1"), "200000.00")
    higher = scenario(bureau)
    bureau.published(higher)
    bureau.done(higher, "approve", amount="1000000.00")


def behind_the_line(bureau: Bureau) -> None:
    first, second = scenario(bureau), scenario(bureau, OTHER, "A-2")
    bureau.done(first, "apply")
    bureau.published(second)
    bureau.done(second, "approve", amount="1000000.00")


def over_the_share(bureau: Bureau) -> None:
    first, second = scenario(bureau), scenario(bureau, OTHER, "A-2")
    bureau.done(first, "apply")
    bureau.published(second)
    bureau.done(second, "approve", amount="800000.00")


def without_a_reason(bureau: Bureau) -> None:
    award_id = scenario(bureau)
    bureau.published(award_id)
    bureau.done(award_id, "approve", amount="999999.99", reason=None)


def in_an_open_year(bureau: Bureau) -> None:
    bureau.verify(OPERATOR)
    bureau.approved(TIERS, "1000000.00")


def suspended(bureau: Bureau) -> None:
    """The rule is suspended for days that include the one on which the award was earned."""
    award_id = scenario(bureau)
    bureau.approved(award_id, "1000000.00")
    days = {"from": "2026-02-01", "until": "2026-04-01", "reason": "r"}
    assert bureau.post("/v1/rules/ai_scenario/suspensions", days)[0] == 201
    bureau.done(award_id, "pay")


def not_eligible_when_earned(bureau: Bureau) -> None:
    award_id = declared(bureau, ONE, "ai_scenario", "A-1")
    bureau.verify(ONE, **{"from": "2026-05-01"})
    bureau.approved(award_id, "1000000.00")


def without_an_assessment(bureau: Bureau) -> None:
    award_id = declared(bureau, ONE, "computing_centre", "C-1", pue="1.2")
    bureau.verify(ONE)
    bureau.approved(award_id, "10000000.00")


def to_be_returned(bureau: Bureau) -> None:
    award_id = scenario(bureau)
    bureau.approved(award_id, "1000000.00")
    bureau.grant(ONE, 2026, "400000.00", awards=[award_id])
    bureau.done(award_id, "pay")


class Case(NamedTuple):
    """The reason that is reported, the steps of which the last is not allowed, and the policy's values that differ."""

    reason: str
    take: Callable[[Bureau], None]
    policy: dict[str, str]


CASES = [
    Case("more was approved than was payable then", over_the_payable, {}),
    Case("more was approved than the subject and year had room for", over_the_room, {}),
    Case("approved or paid behind the line of a budget", behind_the_line, SCARCE),
    Case(
        "more was approved than its share of the budget",
        over_the_share,
        {**SCARCE, **swapped("order_of_application", "in_proportion")},
    ),
    Case("less was approved than there was room for, without a reason", without_a_reason, {}),
    Case("approved or paid although the year was open", in_an_open_year, {}),
    Case("approved or paid although the rule was suspended", suspended, {}),
    Case(
        "approved or paid without eligibility on the day that earned it",
        not_eligible_when_earned,
        swapped("application", "day_earned"),
    ),
    Case("approved or paid without the assessed amount", without_an_assessment, {}),
    Case("paid although a clawback proposal was open", to_be_returned, {}),
]
OTHER_PAYABLE = "what was published is not what was payable then"
OTHER_BASIS = "what was published is not what the award rested on then"
BASIS_CHANGED = "approved although the published basis had changed"
PUBLISHED = ({"payable": "1000000.01"}, {"item": "A-9"}, {"policy": {"id": "kunming-2025-14", "revision": 1}})


# --- the sets ---


@pytest.fixture(scope="module")
def base(postgres: FreshDatabase, tmp_path_factory) -> Iterator[tuple[WholeSet, dict[str, RegisterAddress]]]:
    """Registers with a trade that passes a tier, and the facts that they published."""
    with ExitStack() as opened:
        made = opened.enter_context(whole_set(postgres, tmp_path_factory.mktemp("steps")))
        data = {**TRADE, "mode": "negotiated", "listing_no": None, "amount": "200000000.00"}
        made.trade("kmdex", worlds.record("trade", "kmdex", data, 0).value)
        urls = [opened.enter_context(served(one.app)) for one in (made.listings, made.trades)]
        yield made, {"r1": RegisterAddress(*urls)}


class Recorded(NamedTuple):
    makers: Makers
    bureau: Bureau

    def extract(self, **request: object) -> bytes:
        self.makers.set.now = self.bureau.now
        return self.makers.extract(evidence="registers", **request)


@pytest.fixture
def recorded(base, postgres: FreshDatabase) -> Iterator[Callable[..., Recorded]]:
    """Make a ledger of the registers' facts, by a policy file of which values differ."""
    made, addresses = base
    with ExitStack() as opened:

        def make(**policy: str) -> Recorded:
            database = opened.enter_context(ledger_database(postgres))
            mine = replace(made, ledger=database.service, rulebook=changed(1, WHITELIST, **policy))
            mine.put_in_force()
            facts = [
                FakeRecord(topic, 0, offset, 1_780_000_000_000, f"{key}".encode(), values[-1])
                for offset, ((topic, key), values) in enumerate(made.published.items())
            ]
            bureau = Bureau(mine.ledger, mine.rulebook, mine.now)
            bureau.take(*facts)
            return Recorded(Makers(mine, addresses), bureau)

        yield make


@pytest.fixture
def nothing_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "refusal", lambda *_: None)
    monkeypatch.setattr(decisions, "_check_beside_award", lambda *_: None)


def without_these_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "check_steps", lambda *_: StepsHeld(0, 0, 0))


@pytest.mark.usefixtures("nothing_refused")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.take.__name__)
def test_a_step_that_was_not_allowed_then_is_found(
    case: Case, recorded: Callable[..., Recorded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recorded(**case.policy)
    case.take(found.bureau)
    content = found.extract()
    (fault,) = checked(found.makers, content, tmp_path).faults
    assert (fault.message.en, fault.file) == (case.reason, ACTS)
    assert fault.line == len(lines(content, ACTS)), "it is the last step"
    if "budget" not in case.reason:
        (subject,) = {one["subject"] for one in lines(content, ACTS)[-1:]}
        (fault,) = checked(found.makers, found.extract(subjects=(subject,)), tmp_path).faults
        assert fault.message.en == case.reason
    without_these_checks(monkeypatch)  # the extract agrees with itself in all else
    report = checked(found.makers, content, tmp_path)
    assert report.is_sound, report.faults


@pytest.mark.parametrize("changes", PUBLISHED, ids=lambda changes: next(iter(changes)))
def test_a_publication_that_differs_from_what_stood_then_is_found(
    changes: dict[str, object], recorded: Callable[..., Recorded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recorded()
    found.bureau.published(scenario(found.bureau))
    draft = Draft(files(found.extract()))
    published = draft.row(ACTS, {"action": "publish"})["published"]
    draft.act({"action": "publish"}, published={**published, **changes})
    draft.book_again()
    path = zipped(draft.done(), tmp_path / "changed.zip")
    (fault,) = verify(path, read_keys(found.makers.keys())).faults
    reason = OTHER_PAYABLE if "payable" in changes else OTHER_BASIS
    assert (fault.message.en, fault.file, fault.line) == (reason, ACTS, draft.line)
    without_these_checks(monkeypatch)
    assert verify(path, read_keys(found.makers.keys())).is_sound


@pytest.mark.usefixtures("nothing_refused")
def test_an_approval_by_another_policy_than_was_published_is_found(
    recorded: Callable[..., Recorded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = recorded()
    award_id = scenario(found.bureau)
    found.bureau.published(award_id)
    mine = found.makers.set
    mine.now, mine.rulebook = found.bureau.now, changed(2, WHITELIST)
    mine.put_in_force()
    bureau = Bureau(mine.ledger, mine.rulebook, mine.now, count(100))
    bureau.done(award_id, "approve", amount="1000000.00")
    content = Recorded(Makers(mine, found.makers.addresses), bureau).extract()
    (fault,) = checked(found.makers, content, tmp_path).faults
    assert (fault.message.en, fault.file) == (BASIS_CHANGED, ACTS)
    without_these_checks(monkeypatch)
    assert checked(found.makers, content, tmp_path).is_sound


def test_every_reason_has_a_case() -> None:
    source = package_files("services.incentive.verifier.approvals").joinpath("steps.py").read_text("utf-8")
    raised = {
        node.exc.args[1].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.args[1], ast.Constant)
    }
    assert raised == {*(case.reason for case in CASES), OTHER_PAYABLE, OTHER_BASIS, BASIS_CHANGED}


# --- steps that were allowed, and what is said of them ---


AGREE = (
    "notices, approvals and payments agree with payables, rooms, the order of budgets, holds and eligibility as of"
    " their transactions"
)
NOT_WHOLLY = "notices, approvals and payments were not wholly compared in this way"


def said(report: VerificationReport) -> list[str]:
    """What is reported on notices, approvals and payments."""
    assert report.is_sound, report.faults
    texts = [line.en for line in (*report.shown, *report.limits)]
    return [text for text in texts if "notices, approvals and payments" in text]


def test_steps_that_were_allowed_then_are_sound_whatever_came_later(
    recorded: Callable[..., Recorded], tmp_path: Path
) -> None:
    """What is payable and held now would allow none of them."""
    found = recorded(**SCARCE)
    bureau = found.bureau
    award_id = scenario(bureau)
    bureau.approved(award_id, "1000000.00")
    bureau.done(award_id, "pay")
    second = scenario(bureau, OTHER, "A-2")
    bureau.done(second, "apply")
    assert bureau.award(second)["holds"] == ["budget"]
    bureau.grant(ONE, 2026, "400000.00", awards=[award_id])
    days = {"from": "2026-02-01", "until": "2026-04-01", "reason": "r"}
    assert bureau.post("/v1/rules/ai_scenario/suspensions", days)[0] == 201
    assert said(checked(found.makers, found.extract(), tmp_path)) == [f"3 {AGREE}"]
    of_one = AGREE.replace(", the order of budgets", "")
    assert said(checked(found.makers, found.extract(subjects=(ONE,)), tmp_path)) == [f"3 {of_one}"]
    assert said(checked(found.makers, found.extract(subjects=(OTHER,)), tmp_path)) == [f"0 {of_one}"]
    (limit,) = said(checked(found.makers, found.extract(rules=("ai_scenario",)), tmp_path))
    assert limit.startswith("the extract is filtered by exchange or rule: ")


def test_a_step_whose_facts_have_changed_since_is_counted_as_not_compared(
    recorded: Callable[..., Recorded], tmp_path: Path
) -> None:
    """Two vouchers share a limit in the order of their days, and the day of one is corrected after its approval."""
    found = recorded()
    bureau = found.bureau
    bureau.verify(ONE)
    first, _ = (declared(bureau, ONE, "compute_voucher", item, settled="600000.00") for item in ("V-1", "V-2"))
    bureau.approved(first, "180000.00")
    assert declared(bureau, ONE, "compute_voucher", "V-1", "2026-03-02", settled="600000.00") == first
    none, some = said(checked(found.makers, found.extract(), tmp_path))
    assert none == f"0 {AGREE}"
    assert some.startswith(f"2 {NOT_WHOLLY}")
