"""Extracts of subjects that share an item: they contain, and the verifier needs, the declarations of the others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from tests.support.incentive.bureau import DOCUMENTS
from tests.support.incentive.changed_extract import Files, signed_again, zipped
from tests.support.incentive.extract_makers import Makers, checked, files, lines, makers_of
from tests.support.registers import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FACTS = "facts.ndjson"
FIRST, SECOND, THIRD, APART = (f"uscc:{worlds.uscc(number)}" for number in (90, 91, 92, 93))
# The second takes part of S-1 after the first, the third part of S-2 after the second.
DECLARED = (
    (SECOND, "S-1", "2026-04-01", "international_led"),
    (FIRST, "S-1", "2026-03-01", "international_took_part"),
    (SECOND, "S-2", "2026-04-01", "international_took_part"),
    (THIRD, "S-2", "2026-05-01", "international_led"),
    (APART, "S-3", "2026-05-01", "international_led"),
)


@pytest.fixture(scope="module")
def makers(postgres, tmp_path_factory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("shared")) as found:
        for subject, item, day, role in DECLARED:
            entry = {"rule": "standards", "subject": subject, "item": item, "earned_on": day, "measure": {"role": role}}
            answer = found.ask("POST", "/v1/declared", "bureau", entry | {"documents": DOCUMENTS})
            assert answer.status_code == 200, answer.text
        yield found


def ceilings(content: bytes) -> dict[str, str]:
    return {one["award_id"]: one["ceiling"] for one in lines(content, "awards.ndjson")}


def facts_of(content: bytes) -> list[str]:
    return [one["fact"].split("/", 2)[2] for one in lines(content, FACTS)]


def without(content: bytes, subject: str) -> Files:
    """The extract without the facts about a subject, signed again."""
    found = files(content)
    kept = [line for line in found[FACTS].splitlines(keepends=True) if f"/{subject}/" not in json.loads(line)["fact"]]
    assert len(kept) < len(found[FACTS].splitlines())
    manifest = json.loads(found["manifest.json"])
    manifest["totals"]["facts"]["count"] = len(kept)
    return signed_again({**found, FACTS: b"".join(kept), "manifest.json": json.dumps(manifest).encode()})


def faults(makers: Makers, content: Files, folder: Path) -> list[Any]:
    return verify(zipped(content, folder / "changed.zip"), read_keys(makers.keys())).faults


def test_an_extract_of_everything_is_sound(makers: Makers, tmp_path: Path) -> None:
    content = makers.extract(evidence="registers")
    assert checked(makers, content, tmp_path).is_sound
    found = ceilings(content)
    assert [found[f"standards/{subject}/2026/{item}"] for subject, item, _, _ in DECLARED] == [
        "200000.00",
        "100000.00",
        "100000.00",
        "200000.00",
        "300000.00",
    ]


def test_an_extract_of_one_subject_has_the_declarations_that_its_ceilings_follow_from(
    makers: Makers, tmp_path: Path
) -> None:
    content = makers.extract(subjects=(THIRD,))
    assert set(ceilings(content)) == {f"standards/{THIRD}/2026/S-2"}
    # That of the first counts through the second.
    assert facts_of(content) == [
        f"{FIRST}/standards/2026/S-1",
        f"{SECOND}/standards/2026/S-1",
        f"{SECOND}/standards/2026/S-2",
        f"{THIRD}/standards/2026/S-2",
    ]
    report = checked(makers, content, tmp_path)
    assert report.is_sound, report.faults
    assert checked(makers, makers.extract(subjects=(APART,)), tmp_path).is_sound


def test_a_declaration_of_another_that_is_left_out_is_detected(makers: Makers, tmp_path: Path) -> None:
    content = makers.extract(subjects=(THIRD,))
    assert faults(makers, signed_again(files(content)), tmp_path) == []
    (fault,) = faults(makers, without(content, SECOND), tmp_path)
    assert "the facts that it depends on are not in the extract" in str(fault.text())


def test_an_exchange_gets_no_declaration_of_others(makers: Makers, tmp_path: Path) -> None:
    content = makers.extract("exchange:kmdex")
    assert not any(subject in fact for fact in facts_of(content) for subject in (FIRST, SECOND, THIRD))
    assert checked(makers, content, tmp_path).is_sound


def test_what_an_earlier_one_took_away_is_recomputed(makers: Makers, tmp_path: Path) -> None:
    """The last test: it changes the ledger."""
    entry = {"rule": "ai_scenario", "item": "X-1", "measure": {}, "documents": DOCUMENTS}
    for subject, day in ((SECOND, "2026-04-02"), (FIRST, "2026-04-01")):
        answer = makers.ask("POST", "/v1/declared", "bureau", {**entry, "subject": subject, "earned_on": day})
        assert answer.status_code == 200, answer.text
    content = makers.extract(subjects=(SECOND,))
    assert ceilings(content)[f"ai_scenario/{SECOND}/2026/X-1"] == "0.00"
    assert checked(makers, content, tmp_path).is_sound
    (fault,) = faults(makers, without(content, FIRST), tmp_path)
    assert fault.file in ("awards.ndjson", "context.ndjson")
