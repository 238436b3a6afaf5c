"""Assessed amounts in extracts: ceilings and the hold `assessment` are recomputed, and found if changed."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from shared.settings import RegisterAddress
from shared.values.canonical_json import canonical_json
from tests.support.incentive.bureau import DOCUMENTS, Bureau
from tests.support.incentive.changed_extract import signed_again, zipped
from tests.support.incentive.extract_makers import Makers, checked, files, lines
from tests.support.incentive.whole_set import served, whole_set
from tests.support.registers import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AWARDS = "awards.ndjson"


@pytest.fixture(scope="module")
def makers(postgres, tmp_path_factory) -> Iterator[Makers]:
    with ExitStack() as opened:
        made = opened.enter_context(whole_set(postgres, tmp_path_factory.mktemp("assessed")))
        urls = [opened.enter_context(served(one.app)) for one in (made.listings, made.trades)]
        bureau = Bureau(made.ledger, made.rulebook, made.now)
        for number, amount in ((90, "300000.00"), (91, None)):
            subject = f"uscc:{worlds.uscc(number)}"
            entry = {"rule": "data_services", "subject": subject, "item": "S-1", "earned_on": "2026-03-01"}
            status, award = bureau.post("/v1/declared", {**entry, "assessed": amount, "documents": DOCUMENTS})
            assert status == 200, award
            bureau.verify(subject)
            bureau.published(award["award_id"])
        made.now = bureau.now
        yield Makers(made, {"r1": RegisterAddress(*urls)})


def told(award: dict[str, Any]) -> tuple[str, list[str]]:
    return award["ceiling"], award["holds"]


def test_an_extract_has_the_assessed_amount_and_the_hold_without_one(makers: Makers, tmp_path: Path) -> None:
    content = makers.extract(evidence="registers")
    report = checked(makers, content, tmp_path)
    assert report.is_sound, report.faults
    assert [told(one) for one in lines(content, AWARDS)] == [("300000.00", []), ("500000.00", ["assessment"])]


@pytest.mark.parametrize(
    ("place", "changes", "field"),
    [(0, {"ceiling": "500000.00", "payable": "500000.00"}, "ceiling"), (1, {"holds": []}, "holds")],
)
def test_a_changed_one_is_found(
    makers: Makers, tmp_path: Path, place: int, changes: dict[str, Any], field: str
) -> None:
    content = files(makers.extract(evidence="registers"))
    awards = [json.loads(line) for line in content[AWARDS].splitlines()]
    awards[place] |= changes
    rows = b"".join(canonical_json(one) + b"\n" for one in awards)
    changed = zipped(signed_again({**content, AWARDS: rows}), tmp_path / "changed.zip")
    (fault,) = verify(changed, read_keys(makers.keys())).faults
    assert field in fault.text()


def test_neither_approval_nor_payment_without_an_assessed_amount(makers: Makers) -> None:
    bureau = Bureau(makers.set.ledger, makers.set.rulebook, makers.set.now)
    assessed, unassessed = (f"data_services/uscc:{worlds.uscc(number)}/2026/S-1" for number in (90, 91))
    status, refused = bureau.step(unassessed, "approve")
    assert status == 409
    assert next(one["code"] for one in refused["why"] if one["action"] == "approve") == "hold"
    bureau.done(assessed, "approve")
    assert bureau.award(assessed)["approved"] == "300000.00"
