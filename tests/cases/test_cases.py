"""Every worked case on the real registers and ledger, without a broker: step by step, and shuffled in five ways.

All runs share one set; each round takes in the next event of every run, in the order of the run.
"""

from __future__ import annotations

from itertools import groupby, zip_longest
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from tests.support.case_runs import Run, check, make_runs, whitelist
from tests.support.cases import all_cases, differences
from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.whole_set import WholeSet, whole_set

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CASES = all_cases()
RUNS = make_runs(CASES, shuffles=5)


@pytest.fixture(scope="module")
def made(postgres: Callable[[str], tuple[str, str]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeSet]:
    folder = tmp_path_factory.mktemp("cases")
    (folder / "exchanges.yaml").write_text(whitelist(RUNS), "utf-8")
    with whole_set(postgres, folder, folder / "exchanges.yaml") as made:
        yield made


@pytest.fixture(scope="module")
def problems(made: WholeSet) -> dict[str, list[str]]:
    """Differences from the expected outcomes, by run."""
    asker = Asker(incentive_app(made.ledger, made.rulebook, lambda: made.now).test_client())
    found: dict[str, list[str]] = {run.name: [] for run in RUNS}
    for index in range(max(len(run.batches) for run in RUNS)):
        going = [run for run in RUNS if index < len(run.batches)]
        for events in zip_longest(*(run.batches[index] for run in going)):
            now = sorted(filter(None, events), key=attrgetter("timestamp_ms", "kind"))
            for timestamp_ms, some in groupby(now, key=attrgetter("timestamp_ms")):
                made.take([(event.kind, event.topic, event.value) for event in some], timestamp_ms)
        awards, transactions = asker.all("/v1/awards"), asker.all("/v1/ledger/transactions")
        for run in going:
            found[run.name] += check(run, index, awards, transactions)
    return found


def test_there_are_cases_of_every_rule() -> None:
    rules = {terms.rule for terms in load_policy(POLICY_FILE).rules}
    assert {case.file.removesuffix(".yaml") for case in CASES} >= rules


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.name)
def test_every_step_is_as_the_case_expects(problems: dict[str, list[str]], run: Run) -> None:
    assert problems[run.name] == []


def test_a_wrong_expectation_is_found() -> None:
    case = next(case for case in CASES if case.name == "first listing earns the ceiling once")
    (award_id, expected), *_ = case.steps[0].expect.items()
    assert differences(case.steps[0], {}) != []
    assert differences(case.steps[0], {award_id: expected}) == []
    assert len(differences(case.steps[0], {award_id: expected, "another": {"ceiling": "1.00"}})) == 1
    assert len(differences(case.steps[0], {award_id: expected | {"ceiling": "1.00"}})) == 1
