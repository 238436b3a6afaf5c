"""The table of rows: their limits, their longest pauses, and which outcomes are as they should be."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from tests.faults.compare import Findings
from tests.faults.ha.asynchronous import ASYNCHRONOUS
from tests.faults.ha.campaign import EVERY, ROWS
from tests.faults.ha.fault import HaOutcome
from tests.faults.ha.report import is_right, table

PAUSES_S = {"decisions": 18.04, "intake": 19.0, "reads": 3.0, "records": 0.5}


def outcome(row: str = "1 primary dies", **given: object) -> HaOutcome:
    return HaOutcome(row, 1, 0, [], **{"pauses_s": PAUSES_S, **given})  # type: ignore[arg-type]


def test_every_row_has_a_number_of_its_own() -> None:
    numbers = [name.split()[0] for name in EVERY]
    assert len(set(numbers)) == len(numbers)
    assert {int(number.rstrip("abcdef")) for number in numbers} == set(range(20))


def test_a_row_must_be_clean() -> None:
    assert is_right(outcome())
    assert not is_right(outcome(forked=1))
    assert not is_right(outcome(findings=Findings(lost=1)))


def test_a_control_must_be_caught_for_its_reason() -> None:
    found = Findings(wrong=["something else"])
    assert not is_right(outcome(ASYNCHRONOUS, findings=found))
    assert is_right(outcome(ASYNCHRONOUS, findings=found, caught=True))


def test_the_table_shows_the_longest_pauses_and_all_losses() -> None:
    slower = {**PAUSES_S, "decisions": 20.06}
    outcomes = [outcome(), outcome(pauses_s=slower, findings=Findings(lost=2), forked=3)]
    outcomes.append(outcome("15a primary without room", pauses_s={}, unavailable="no right to mount"))
    written = StringIO()
    Console(file=written, width=160).print(table(outcomes))
    line = next(line for line in written.getvalue().splitlines() if "primary dies" in line)
    cells = [cell.strip() for cell in line.split("│")[2:-1]]
    assert cells == ["2", "20.1 s (≤ 22)", "19.0 s (≤ 22)", "3.0 s", "0.5 s", "2", "0", "3", "1"]
    assert "no right to mount" in written.getvalue()
    assert ROWS["15a primary without room"].needs.small_disks == "postgres"
