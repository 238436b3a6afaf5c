"""The money code: its modules, and the tests that are run against mutants of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SURVIVORS: Final = Path("tests/mutation/survivors.txt")

_DOMAIN: Final = Path("services/incentive/domain")
MODULES: Final = (
    Path("services/trade_ingest/totals.py"),
    Path("shared/values/money.py"),
    *(
        _DOMAIN / name
        for name in (
            "awards.py",
            "budget.py",
            "clawbacks.py",
            "declared_readings.py",
            "declared_rules.py",
            "entitlements.py",
            "event_readings.py",
            "event_rules.py",
            "facts.py",
            "holds.py",
            "payables/highest_only.py",
            "payables/item_limits.py",
            "payables/other_grants.py",
            "postings.py",
            "rooms.py",
            "rounding.py",
            "status.py",
            "step_difference.py",
            "workflow.py",
        )
    ),
)
# Pure tests, without engines. The run measures which of them call a mutated function.
TESTS: Final = ("tests/unit/domain", "tests/unit/trade_ingest", "tests/unit/values")
