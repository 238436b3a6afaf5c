"""The report of a rebuild counts every difference and lists some of them."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from shared.register.rebuild.daily_counts import compare_duplicates
from shared.register.rebuild.report import MOST_LINES, RebuildReport


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the language of the report to English."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def test_all_are_counted_and_not_all_are_listed() -> None:
    lines: list[str] = []
    report = RebuildReport(lines.append)
    for number in range(MOST_LINES + 7):
        report.add(f"n{number}", 1, None, repairable=number > 0)
    report.compared("a", 1)
    report.compared("a", 2)
    report.close()
    assert len(lines) == MOST_LINES + 2
    assert lines[0] == "n0: stored 1; expected none"
    assert lines[-2] == "and 7 more"
    assert lines[-1] == f"compared: a 3; differences: {MOST_LINES + 7}"
    report.print_repair(5)
    assert lines[-2:] == [
        f"repaired: {MOST_LINES + 6}, recorded as entry 5",
        "not repaired, an operator must look at it: 1",
    ]


def test_of_duplicates_without_a_date_the_sum_is_reported() -> None:
    """They were counted on the day of their arrival, which is no longer known."""
    day, other = date(2026, 3, 1), date(2026, 3, 2)
    lines: list[str] = []
    stands = Counter({("a", day): 2, ("a", other): 3, ("b", day): 1})
    follows = Counter({("a", day): 4, ("a", None): 1, ("b", other): 1})
    changes = compare_duplicates(stands, follows, RebuildReport(lines.append), all_known=True)
    assert changes == Counter({("b", day): -1, ("b", other): 1})
    assert [line.partition(":")[0] for line in lines] == [
        "intake_day b/2026-03-01/duplicate",
        "intake_day b/2026-03-02/duplicate",
    ]
    follows["a", None] += 1
    del stands["b", day], follows["b", other]
    lines.clear()
    assert not compare_duplicates(stands, follows, RebuildReport(lines.append), all_known=True)
    assert lines == ["intake_day a/*/duplicate: stored 5; expected 6"]
