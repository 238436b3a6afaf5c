"""Every worked case on the pure core: step by step, and all events at once in other orders, each twice."""

import json
import random
from collections.abc import Iterable

import pytest

from services.incentive.policy.loader import load_policy
from shared.events.decode import Accepted, decode
from shared.settings import POLICY_FILE
from shared.values.money import format_yuan, parse_yuan
from shared.whitelist import load_whitelist
from tests.cases.core import Documents, awards_of, facts_of
from tests.support.cases import EXCHANGES_FILE, Case, CaseEvent, all_cases, differences

POLICY = load_policy(POLICY_FILE)
EXCHANGES = load_whitelist(EXCHANGES_FILE)
CASES = all_cases()


def accept_all(documents: Documents, events: Iterable[CaseEvent]) -> None:
    for event in events:
        outcome = decode(event.kind, event.exchange, json.dumps(event.document).encode(), [])
        assert isinstance(outcome, Accepted), outcome
        documents.accept(event.exchange, outcome.document)


def ceilings(documents: Documents) -> dict[str, int]:
    awards = awards_of(facts_of(documents, EXCHANGES), EXCHANGES, POLICY)
    return {award_id: parse_yuan(award["ceiling"]) for award_id, award in awards.items()}


def test_there_are_cases_of_every_rule():
    assert {case.file.removesuffix(".yaml") for case in CASES} >= {terms.rule for terms in POLICY.rules}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}: {case.name}")
def test_step_by_step(case: Case):
    documents = Documents()
    posted_fen: dict[str, int] = {}
    posted: dict[str, list[str]] = {}
    for step in case.steps:
        accept_all(documents, step.events)
        awards = awards_of(facts_of(documents, EXCHANGES), EXCHANGES, POLICY)
        assert differences(step, awards) == []
        now = ceilings(documents)
        for award_id in {*now, *posted_fen}:
            delta_fen = now.get(award_id, 0) - posted_fen.get(award_id, 0)
            if delta_fen:
                posted.setdefault(award_id, []).append(format_yuan(delta_fen))
            posted_fen[award_id] = now.get(award_id, 0)
        for award_id, amounts in step.posted.items():
            assert posted.get(award_id, []) == list(amounts)


@pytest.mark.parametrize("case", [case for case in CASES if not case.ordered], ids=lambda case: case.name)
@pytest.mark.parametrize("seed", range(5))
def test_all_at_once_in_any_order_each_event_twice(case: Case, seed: int):
    events = [*case.events, *case.events]
    random.Random(seed).shuffle(events)
    documents = Documents()
    accept_all(documents, events)
    awards = awards_of(facts_of(documents, EXCHANGES), EXCHANGES, POLICY)
    assert differences(case.steps[-1], awards) == []


def test_a_wrong_expectation_is_found():
    case = next(case for case in CASES if case.name == "first listing earns the ceiling once")
    assert differences(case.steps[0], {}) != []
    documents = Documents()
    accept_all(documents, case.events)
    awards = awards_of(facts_of(documents, EXCHANGES), EXCHANGES, POLICY)
    (award_id,) = awards
    other = {**awards, award_id.replace("listing", "purchase"): awards[award_id]}
    assert len(differences(case.steps[0], other)) == 1
