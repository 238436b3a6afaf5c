"""Worked cases of readings, by the product and the verifier; each alternative that the file can choose has one."""

from __future__ import annotations

import pytest

from tests.support.reading_cases import IN_FORCE, ReadingCase, alternatives, policy_by, reading_cases

CASES = reading_cases()
WITHOUT = {
    "general.recovered_money",  # changes what is left of the budget and no amount: unit/domain/test_holds.py
    "general.open_years",  # changes a hold and no amount: unit/domain/test_holds.py
    "general.eligibility_day",  # changes a hold and no amount: unit/domain/subjects/test_eligibility.py
    "general.second_person",  # changes who declares by table: integration/workflow/test_declared_tables.py
    "general.public_notice",  # changes the days of a notice and no amount: unit/domain/notices/test_days.py
    # Those of budgets change holds and no amount: unit/domain/test_budget.py.
    *(reading for reading in alternatives() if reading.startswith("general.budget")),
}


@pytest.mark.parametrize(
    ("case", "reading"),
    [pytest.param(case, reading, id=f"{case.name}: {reading}") for case in CASES for reading in case.readings],
)
def test_payables_are_those_of_the_case(case: ReadingCase, reading: str) -> None:
    assert case.computed(reading) == case.payable[reading]
    assert case.verified(reading) == case.payable[reading]


def test_a_case_gives_the_payables_in_force_and_names_readings_that_differ() -> None:
    for case in CASES:
        assert IN_FORCE in case.payable, case.name
        assert len(case.payable) > 1, case.name


def test_every_alternative_that_the_file_can_choose_differs_on_a_case() -> None:
    differing = {
        reading for case in CASES for reading, payable in case.payable.items() if payable != case.payable[IN_FORCE]
    }
    assert differing | WITHOUT == set(alternatives())


def test_a_case_names_readings_of_the_file() -> None:
    for reading in ("general.first", "general.rounding=up", "general.highest_only=kinds_compete"):
        with pytest.raises(KeyError):
            policy_by(reading)
