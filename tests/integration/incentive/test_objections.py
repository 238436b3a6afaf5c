"""Objections: the hold that registers one, and its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.incentive.bureau import SHA256, Bureau, empty_bureau

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = [{"name": "异议书.pdf", "sha256": SHA256}]
ANSWER = [{"name": "答复.pdf", "sha256": "cd" * 32}]


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    with empty_bureau(postgres) as found:
        yield found


def test_an_objection_says_who_objects_and_is_answered_with_an_outcome(bureau: Bureau) -> None:
    award_id = bureau.purchase(1)
    path = f"/v1/awards/{award_id}/holds"
    given = {
        "kind": "objection",
        "reason": "重复申报",
        "by": "张某",
        "received_on": "2026-05-30",
        "documents": DOCUMENTS,
    }
    status, held = bureau.post(path, given)
    assert status == 201
    assert (held["objected_by"], held["received_on"], held["documents"]) == ("张某", "2026-05-30", DOCUMENTS)
    assert (held["by"], held["kind"]) == ("key of bureau", "objection")
    assert bureau.award(award_id)["holds"] == ["objection"]
    release = f"/v1/holds/{held['id']}/release"
    for body in (None, {"reason": "r"}, {"reason": "r", "outcome": None}):
        status, told = bureau.post(release, body)
        assert (status, [one["field"] for one in told["errors"]]) == (422, ["outcome"]), body
    assert bureau.post(release, {"outcome": "perhaps"})[0] == 422
    status, answered = bureau.post(release, {"reason": "查无此事", "outcome": "dismissed", "documents": ANSWER})
    assert status == 201
    assert (answered["outcome"], answered["reason"], answered["documents"]) == ("dismissed", "查无此事", ANSWER)
    assert bureau.award(award_id)["holds"] == []
    [listed] = bureau.ask.all(path)
    assert listed == held | {"released_at": answered["at"], "outcome": "dismissed", "answer": "查无此事"}
    assert bureau.post(release, {"outcome": "upheld"})[0] == 409


def test_another_hold_has_no_outcome(bureau: Bureau) -> None:
    award_id = bureau.purchase(2)
    held = bureau.post(f"/v1/awards/{award_id}/holds", {"kind": "manual", "reason": "r", "documents": DOCUMENTS})[1]
    assert (held["documents"], held["objected_by"], held["received_on"]) == (DOCUMENTS, None, None)
    status, told = bureau.post(f"/v1/holds/{held['id']}/release", {"outcome": "upheld"})
    assert (status, [one["field"] for one in told["errors"]]) == (422, ["outcome"])
    released = bureau.post(f"/v1/holds/{held['id']}/release", None)[1]
    assert (released["outcome"], released["documents"]) == (None, [])


def test_an_objection_is_not_received_in_the_future(bureau: Bureau) -> None:
    award_id = bureau.purchase(3)
    path = f"/v1/awards/{award_id}/holds"
    given = {"kind": "objection", "reason": "r"}
    for more, field in (
        ({"received_on": "2026-06-02"}, "received_on"),
        ({"received_on": "yesterday"}, "received_on"),
        ({"by": ""}, "by"),
    ):
        status, told = bureau.post(path, given | more)
        assert (status, [one["field"] for one in told["errors"]]) == (422, [field]), more
    assert bureau.ask.all(path) == []
