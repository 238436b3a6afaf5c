"""Holds by budgets in extracts, by each reading of G7: recomputed by the verifier alone, and found if changed."""

from __future__ import annotations

import json
from contextlib import ExitStack
from itertools import count
from typing import TYPE_CHECKING, get_args

import pytest

from services.incentive.policy.terms import BudgetCountsReading, BudgetOrderReading
from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from shared.settings import POLICY_FILE, RegisterAddress
from shared.values.canonical_json import canonical_json
from tests.support.incentive.bureau import SHA256, Bureau
from tests.support.incentive.changed_extract import signed_again, zipped
from tests.support.incentive.extract_makers import Makers, checked, files, lines
from tests.support.incentive.ledger import WHITELIST, changed
from tests.support.incentive.whole_set import served, whole_set
from tests.support.registers import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AWARDS = "awards.ndjson"
COUNTS, ORDERS = get_args(BudgetCountsReading), get_args(BudgetOrderReading)
READINGS = [*((COUNTS[0], order) for order in ORDERS), *((counts, ORDERS[0]) for counts in COUNTS[1:])]
# Number of the subject, rule, item, day, measure; the pool is used up before the year's budget.
DECLARED = [
    (90, "ai_scenario", "A-1", "2026-03-03", {}),
    (91, "ai_scenario", "A-2", "2026-03-01", {}),
    (92, "public_data_scenario", "P-1", "2026-03-02", {}),
    (93, "compute_voucher", "V-1", "2026-04-01", {"settled": "500000.00"}),
    (94, "compute_voucher_overseas", "V-2", "2026-03-30", {"settled": "300000.00"}),
    (95, "compute_voucher", "V-3", "2026-02-01", {"settled": "40000.00"}),
    (96, "ai_scenario", "A-3", "2025-12-01", {}),
    (97, "ai_scenario", "A-4", "2026-01-01", {}),
]


@pytest.fixture(scope="module")
def makers(postgres, tmp_path_factory) -> Iterator[Makers]:
    with ExitStack() as opened:
        made = opened.enter_context(whole_set(postgres, tmp_path_factory.mktemp("budget")))
        urls = [opened.enter_context(served(one.app)) for one in (made.listings, made.trades)]
        bureau = Bureau(made.ledger, made.rulebook, made.now)
        awards = []
        for number, rule, item, day, measure in DECLARED:
            subject = f"uscc:{worlds.uscc(number)}"
            documents = [{"name": "依据.pdf", "sha256": SHA256}]
            entry = {"rule": rule, "subject": subject, "item": item, "earned_on": day, "measure": measure}
            status, award = bureau.post("/v1/declared", {**entry, "documents": documents})
            assert status == 200, award
            bureau.verify(subject)
            awards.append(award["award_id"])
        # The first is approved in part and applied for again; the last is not applied for.
        bureau.approved(awards[0], "400000.00")
        for award_id in (*awards[1:-1], awards[0]):
            bureau.done(award_id, "apply")
        bureau.done(awards[2], "reject")
        bureau.done(awards[2], "reopen")
        bureau.done(awards[2], "list")
        made.now = bureau.now
        yield Makers(made, {"r1": RegisterAddress(*urls)})


REVISIONS = count(1)


def put_in_force(makers: Makers, counts: str, order: str) -> Bureau:
    """Put a revision in force with scarce budgets and these readings in place of the file's."""
    source = POLICY_FILE.read_text("utf-8")
    values = {'annual: "100000000.00"': 'annual: "2400000.00"', 'annual: "10000000.00"': 'annual: "200000.00"'}
    for ours, theirs in ((COUNTS[0], counts), (ORDERS[0], order)):
        if ours != theirs:
            swaps = ((ours, "swapped"), (theirs, ours), ("swapped", theirs))
            values |= {f"reading: {one}\n": f"reading: {other}\n" for one, other in swaps}
    assert all(old in source for old in values if "swapped" not in old)
    made = makers.set
    made.rulebook = changed(next(REVISIONS), WHITELIST, **values)
    made.put_in_force()
    makers.__init__(made, makers.addresses)  # type: ignore[misc]
    return Bureau(made.ledger, made.rulebook, made.now)


@pytest.mark.parametrize(("counts", "order"), READINGS)
def test_an_extract_states_the_holds_of_the_budget(makers: Makers, tmp_path: Path, counts: str, order: str) -> None:
    bureau = put_in_force(makers, counts, order)
    content = makers.extract(evidence="registers")
    report = checked(makers, content, tmp_path)
    assert report.is_sound, report.faults
    over = [one["award_id"] for one in lines(content, AWARDS) if "budget" in one["holds"]]
    held = bureau.ask.ok("/v1/budget", year=2026)["held"]
    assert len(held) == len(set(held))
    years = [2026] if counts != COUNTS[0] else [2025, 2026]
    assert over == sorted(one for year in years for one in bureau.ask.ok("/v1/budget", year=year)["held"])
    assert over == [one["award_id"] for one in bureau.ask.all("/v1/awards", hold="budget")]
    assert over or order in ("in_proportion", "order_of_approval")  # by these, something is left for each


@pytest.mark.parametrize("is_held", [True, False])
def test_a_changed_hold_is_found(makers: Makers, tmp_path: Path, is_held: bool) -> None:
    put_in_force(makers, COUNTS[0], ORDERS[0])
    content = files(makers.extract(evidence="registers"))
    awards = [json.loads(line) for line in content[AWARDS].splitlines()]
    chosen = next(one for one in awards if ("budget" in one["holds"]) is is_held and one["state"] == "applied")
    changed_holds = [] if is_held else ["budget"]
    kept = [one if one is not chosen else {**one, "holds": changed_holds} for one in awards]
    rows = b"".join(canonical_json(one) + b"\n" for one in kept)
    (fault,) = verify(
        zipped(signed_again({**content, AWARDS: rows}), tmp_path / "changed.zip"), read_keys(makers.keys())
    ).faults
    assert "holds" in fault.text()
