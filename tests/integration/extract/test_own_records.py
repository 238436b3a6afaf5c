"""Extracts of one subject alone: verified like others, and without a word of anybody else's records."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from services.incentive.extract import jobs, selection
from tests.support.incentive.bureau import DOCUMENTS
from tests.support.incentive.extract_makers import ACCOUNT_NO, Makers, checked, files, lines, makers_of, subject_of
from tests.support.registers import worlds
from tests.support.web.keys import OWNERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHARING = [f"uscc:{worlds.uscc(number)}" for number in (90, 91)]
# The first loses a part of S-1, whose posting then names the second, and all of S-2.
DECLARED = (
    (SHARING[0], "S-1", "2026-04-01", "international_led"),
    (SHARING[1], "S-1", "2026-03-01", "international_took_part"),
    (SHARING[0], "S-2", "2026-04-01", "international_led"),
    (SHARING[1], "S-2", "2026-03-01", "international_led"),
)
CODE = re.compile(r"[a-z_]+:[0-9A-Z]{18}")
EVERYBODYS = ("policy/", "verify.", "lines/", "README.md")


@pytest.fixture(scope="module")
def makers(postgres, tmp_path_factory) -> Iterator[Makers]:
    """A set in which two subjects share items and are related."""
    with makers_of(postgres, tmp_path_factory.mktemp("own")) as found:
        for subject, item, day, role in DECLARED:
            entry = {"rule": "standards", "subject": subject, "item": item, "earned_on": day, "measure": {"role": role}}
            answer = found.ask("POST", "/v1/declared", "bureau", entry | {"documents": DOCUMENTS})
            assert answer.status_code == 200, answer.text
        related = {"subjects": SHARING, "status": "related", "reason": "r", "documents": DOCUMENTS}
        answer = found.ask("POST", "/v1/related-parties", "bureau", related)
        assert answer.status_code == 201, answer.text
        yield found


def test_an_extract_of_one_subject_is_sound_and_names_no_other_record(makers: Makers, tmp_path: Path) -> None:
    whole = makers.extract()
    subjects = sorted({subject_of(award) for award in lines(whole, "awards.ndjson")})
    left_out = 0
    for subject in subjects:
        content = makers.extract(subjects=(subject,), evidence="own")
        report = checked(makers, content, tmp_path)
        assert report.is_sound, (subject, report.text())
        manifest = json.loads(files(content)["manifest.json"])
        left_out += manifest["left_out"]["awards"]
        awards = lines(content, "awards.ndjson")
        assert {subject_of(award) for award in awards} <= {subject}
        assert len(awards) + manifest["left_out"]["awards"] == sum(
            subject_of(award) == subject for award in lines(whole, "awards.ndjson")
        )
        for name, data in files(content).items():
            if name.startswith(EVERYBODYS) or name.endswith(".xlsx"):
                continue
            others = set(CODE.findall(data.decode())) - {subject}
            assert others == set(), (subject, name)
        assert not [name for name in files(content) if name.startswith("evidence/")]
        assert files(content)["quarantine.ndjson"] == b""
        assert ACCOUNT_NO.encode() not in b"".join(files(content).values())
    assert len(subjects) > 5
    assert left_out == 1


def test_each_entry_of_one_subject_is_proved(makers: Makers, tmp_path: Path) -> None:
    subject = subject_of(lines(makers.extract(), "awards.ndjson")[0])
    content = files(makers.extract(subjects=(subject,), evidence="own"))
    posted = content["transactions.ndjson"].splitlines()
    assert posted
    proof = json.loads(content["proof.json"])
    covered = sum(end - start for start, end, _ in proof["nodes"])
    assert covered + len(posted) == proof["size"]


def test_a_subject_s_own_request_is_sound_and_names_no_person_inside_the_bureau(makers: Makers, tmp_path: Path) -> None:
    whole = makers.extract()
    decided = {subject_of(award) for award in lines(whole, "awards.ndjson") if award["state"] != "estimated"}
    stated = not_shown = unknown = 0
    for subject in (*sorted(decided)[:3], *SHARING):
        whole_own = makers.extract(subjects=(subject,), evidence="own")
        asked = files(whole_own)
        content = makers.extract(f"subject:{subject}", subjects=(subject,), evidence="own")
        report = checked(makers, content, tmp_path)
        assert report.is_sound, (subject, report.text())
        unknown += "could not be recomputed" in report.text()
        found = files(content)
        # A reading whose price involves others is shown to no subject.
        seen, known = ([{**one, "readings": None} for one in lines(of, "awards.ndjson")] for of in (content, whole_own))
        assert seen == known
        assert found["balances.json"] == asked["balances.json"]
        assert found["statements.ndjson"] == asked["statements.ndjson"]
        acts = lines(content, "decisions.ndjson")
        assert all(act["statement"] for act in acts)
        assert len(acts) == len(lines(content, "statements.ndjson"))
        assert {one["award_id"] for one in lines(content, "transactions.ndjson")} <= {
            award["award_id"] for award in lines(content, "awards.ndjson")
        }
        assert not any(fact["fact"].startswith("declared/") for fact in lines(content, "facts.ndjson"))
        stated += len(acts)
        not_shown += asked["decisions.ndjson"].count(b"\n") - len(acts)
    assert stated > 0
    assert not_shown > 0
    assert unknown > 0


def test_a_subject_s_extract_is_read_under_row_security(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the conditions of the queries, PostgreSQL itself leaves out what is of others."""
    monkeypatch.setattr(selection, "SELECTED", selection.SELECTED.replace(selection.OF_ONE_ALONE, "true"))
    subject = subject_of(lines(makers.extract(), "awards.ndjson")[0])
    content = makers.extract(f"subject:{subject}", subjects=(subject,), evidence="own")
    awards = lines(content, "awards.ndjson")
    assert awards
    assert {subject_of(award) for award in awards} == {subject}


def test_a_subject_requests_its_own_records_alone(makers: Makers) -> None:
    role, stranger_role = OWNERS[5], OWNERS[0]
    one, other = (key.removeprefix("subject:") for key in (role, stranger_role))
    for body in ({}, {"evidence": "own"}, {"subjects": [one]}, {"evidence": "own", "subjects": [one]}):
        answer = makers.ask("POST", "/v1/extracts", role, body)
        assert answer.status_code == 202, answer.text
    for body in ({"evidence": "registers"}, {"subjects": [other]}, {"subjects": [one, other]}, {"exchange": "kmdex"}):
        assert makers.ask("POST", "/v1/extracts", role, body).status_code == 403
    extract = answer.get_json()["id"]
    makers.maker.run()
    assert makers.get(f"/v1/extracts/{extract}", role)["state"] == "ready"
    downloaded = makers.ask("GET", f"/v1/extracts/{extract}/download", role)
    assert downloaded.status_code == 200
    request = json.loads(files(downloaded.data)["manifest.json"])["request"]
    assert (request["role"], request["subjects"], request["evidence"]) == (role, [one], "own")
    for path in (f"/v1/extracts/{extract}", f"/v1/extracts/{extract}/download"):
        for stranger in (stranger_role, "exchange:kmdex"):
            assert makers.ask("GET", path, stranger).status_code == 404
    assert makers.ask("DELETE", f"/v1/extracts/{extract}", stranger_role).status_code == 404
    assert makers.ask("DELETE", f"/v1/extracts/{extract}", role).status_code == 204
    assert makers.ask("GET", f"/v1/extracts/{extract}", role).status_code == 404


def test_own_records_are_of_exactly_one_subject(makers: Makers) -> None:
    def status(role: str, **body: object) -> int:
        code: int = makers.ask("POST", "/v1/extracts", role, {"evidence": "own", **body}).status_code
        return code

    one, other = "uscc:91530000000000001L", "uscc:91530000000000002H"
    assert status("auditor", subjects=[one]) == 202
    assert status("auditor") == status("auditor", subjects=[one, other]) == 422
    assert status("auditor", subjects=[one], exchange="kmdex") == 422
    assert status("exchange:kmdex", subjects=[one]) == 403


def test_many_subjects_hold_up_nobody_and_each_keeps_a_few(makers: Makers) -> None:
    role = OWNERS[1]
    makers.maker.run()  # what other tests left unfinished
    ids = [makers.ask("POST", "/v1/extracts", role, {}).get_json()["id"] for _ in range(jobs.MOST_OF_ROLE)]
    audited = makers.ask("POST", "/v1/extracts", "auditor", {}).get_json()["id"]
    with makers.set.ledger.begin() as connection:
        first = jobs.take_next(connection, makers.set.now)
        assert first is not None
        assert first.id == audited
        jobs.put_back(connection, first)
    makers.maker.run()
    assert makers.get(f"/v1/extracts/{ids[0]}", role)["state"] == "ready"
    answer = makers.ask("POST", "/v1/extracts", role, {})
    assert (answer.status_code, "请先删除一份" in answer.get_json()["detail"]) == (409, True)
    for extract in ids:
        assert makers.ask("DELETE", f"/v1/extracts/{extract}", role).status_code == 204
    answer = makers.ask("POST", "/v1/extracts", role, {})
    assert answer.status_code == 202
    makers.ask("DELETE", f"/v1/extracts/{answer.get_json()['id']}", role)
    makers.ask("DELETE", f"/v1/extracts/{audited}", "auditor")
