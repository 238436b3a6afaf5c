"""Extracts of a ledger with clawback proposals: the verifier finds the same flags, and every one that is altered."""

from __future__ import annotations

import json
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.changed_extract import signed_again, zipped
from tests.support.incentive.extract_makers import Makers, checked, files, lines, makers_of, subject_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AWARDS, NOT_ELIGIBLE = "awards.ndjson", ["not_eligible"]
NAMES = ("before", "after", "corrected")


@pytest.fixture(scope="module")
def makers(postgres, tmp_path_factory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("clawbacks")) as found:
        yield found


@pytest.fixture(scope="module")
def approved(makers: Makers) -> dict[str, Any]:
    """Approve awards of three subjects.

    A condition fails from a day before, from one after and for a time that had ended, and by mistake.
    """
    bureau = Bureau(makers.set.ledger, makers.set.rulebook, makers.set.now, count(1_000))
    found: dict[str, Any] = {}
    for award in bureau.ask.all("/v1/awards", limit=500):
        whose = subject_of(award)
        is_taken = whose in {subject_of(one) for one in found.values()}
        if len(found) == len(NAMES) or is_taken or award["payable"] == "0.00" or award["state"] != "estimated":
            continue
        bureau.verify(whose)
        if bureau.award(award["award_id"])["holds"] == []:
            bureau.approved(award["award_id"], award["payable"])
            found[NAMES[len(found)]] = award
    bureau.verify(subject_of(found["before"]), "failed")
    bureau.verify(subject_of(found["after"]), "failed", since="2098-01-01")
    bureau.verify(subject_of(found["after"]), "failed", until="2021-01-01")
    bureau.verify(subject_of(found["corrected"]), "failed")
    bureau.verify(subject_of(found["corrected"]))
    makers.set.now = bureau.now
    return found


def flags(content: bytes, award: Any) -> list[str]:
    (found,) = [one for one in lines(content, AWARDS) if one["award_id"] == award["award_id"]]
    return [flag for flag in found["flags"] if flag in ("not_eligible", "over_approved", "offset")]


def test_extracts_with_proposals_are_sound(makers: Makers, approved: dict[str, Any], tmp_path: Path) -> None:
    content = makers.extract()
    assert {name: flags(content, award) for name, award in approved.items()} == {
        "before": NOT_ELIGIBLE,
        "after": [],
        "corrected": [],
    }
    report = checked(makers, content, tmp_path)
    assert report.is_sound, report.faults
    for award in approved.values():
        report = checked(makers, makers.extract(subjects=(subject_of(award),)), tmp_path)
        assert report.is_sound, report.faults


def test_a_flag_of_a_proposal_that_is_altered_is_found(
    makers: Makers, approved: dict[str, Any], tmp_path: Path
) -> None:
    content = files(makers.extract())
    for name, award in approved.items():
        rows = [json.loads(line) for line in content[AWARDS].splitlines()]
        (row,) = [one for one in rows if one["award_id"] == award["award_id"]]
        others = [flag for flag in row["flags"] if flag not in NOT_ELIGIBLE]
        row["flags"] = others if name == "before" else [*others, *NOT_ELIGIBLE]
        changed = "".join(
            json.dumps(one, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n" for one in rows
        )
        path = zipped(signed_again({**content, AWARDS: changed.encode()}), tmp_path / "changed.zip")
        (fault,) = verify(path, read_keys(makers.keys())).faults
        assert (fault.message.en, fault.line) == ("differs from the acts", rows.index(row) + 1)
