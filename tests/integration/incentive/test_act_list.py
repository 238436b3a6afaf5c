"""The list of acts: every act of the bureau with its person, for the API, as CSV, and as a page by person and day."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.domain.acts import PARTS
from services.incentive.pages.words import ACT_KINDS
from services.incentive.queries.acts import KINDS
from shared.values.times import day_start, format_time, shanghai_date
from tests.support.incentive.bureau import SHA256, Bureau, empty_bureau
from tests.support.incentive.ledger import subject
from tests.support.incentive.pages import signed_in_to
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator


DOCUMENT = {"name": "n.pdf", "sha256": SHA256}


@pytest.fixture(scope="module")
def bureau(postgres) -> Iterator[Bureau]:
    """A bureau that has done one act of each of these kinds on the first day, and a decision on the day after."""
    with empty_bureau(postgres) as found:
        award_id = found.purchase(1)  # and the eligibility of its subject
        found.done(award_id, "apply", "review", "joint_review")
        _, hold = found.post(f"/v1/awards/{award_id}/holds", {"kind": "manual", "reason": "=1+1"})
        found.post(f"/v1/holds/{hold['hold_id']}/release", {"reason": "r"}, "rotated")
        grant = found.grant(subject(1), 2026, "1.00")
        found.post(f"/v1/other-grants/{grant['other_grant_id']}/withdraw", {"reason": "r"})
        found.post("/v1/rules/first_listing/suspensions", {"from": "2026-01-01", "reason": "r"})
        pair = {"subjects": [subject(1), subject(2)], "status": "related", "reason": "r", "documents": [DOCUMENT]}
        found.post("/v1/related-parties", pair)
        declared = {"rule": "compute_voucher", "subject": subject(3), "item": "V-1", "earned_on": "2026-03-01"}
        declared |= {"measure": {"settled": "100000.00"}, "documents": [DOCUMENT]}
        found.post("/v1/declared", declared, "bureau2")
        found.later(days=1)
        found.done(award_id, "reject")
        yield found


def acts(bureau: Bureau, **query: Any) -> list[Any]:
    return bureau.ask.all("/v1/acts", limit=3, **query)


def what(listed: list[Any]) -> list[str]:
    return [one["action"] or one["kind"] for one in listed]


DONE = (
    *("eligibility", "apply", "review", "joint_review", "hold", "release", "other_grant", "grant_withdrawal"),
    *("suspension", "related_party", "declaration", "reject"),
)


def test_every_act_is_listed_in_order_with_who_what_and_when(bureau: Bureau) -> None:
    listed = acts(bureau)
    assert what(listed) == list(DONE)
    assert [one["transaction"] for one in listed] == sorted(one["transaction"] for one in listed)
    _, applied, _, joint, held, released, *_, related, declared, _ = listed
    award_id = f"first_purchase/{subject(1)}"
    assert applied == {
        "act_id": applied["act_id"],
        "kind": "decision",
        "action": "apply",
        "by": "key of bureau",
        "person": "bureau",
        "at": applied["at"],
        "award_id": award_id,
        "subject": subject(1),
        "year": 2026,
        "amount": "0.00",
        "text": {"zh": "申报", "en": "applied for"},
        "transaction": applied["transaction"],
    }
    assert (joint["by"], joint["person"]) == ("key of bureau2", "bureau2")
    assert (held["award_id"], released["by"], released["person"]) == (award_id, "newer key", "bureau")
    assert (related["award_id"], related["subject"], related["year"]) == (None, None, None)
    assert (declared["person"], declared["subject"], declared["year"]) == ("bureau2", subject(3), 2026)
    transactions = {one["seq"]: one for one in bureau.ask.all("/v1/ledger/transactions")}
    for one in listed:
        posted = transactions[one["transaction"]]
        assert (posted["decision"]["id"], posted["posted_at"]) == (one["act_id"], one["at"])
    decided = [one for one in transactions.values() if one["decision"] is not None and one["entries"] == []]
    assert len(decided) == len(listed)


def test_acts_are_narrowed_by_person_kind_and_time(bureau: Bureau) -> None:
    assert what(acts(bureau, by="bureau2")) == ["joint_review", "declaration", "reject"]
    assert what(acts(bureau, by="newer key")) == ["release"]
    assert len(acts(bureau, by="bureau")) == len(DONE) - 3
    assert acts(bureau, by="nobody") == []
    assert what(acts(bureau, kind="decision")) == ["apply", "review", "joint_review", "reject"]
    assert what(acts(bureau, kind="review")) == ["review"]
    assert what(acts(bureau, kind="declaration")) == ["declaration"]
    today = shanghai_date(bureau.now).isoformat()
    assert what(acts(bureau, **{"from": today})) == ["reject"]
    assert what(acts(bureau, until=today)) == list(DONE[:-1])
    at = acts(bureau, kind="hold")[0]["at"]
    assert what(acts(bureau, until=at)) == list(DONE[:4])
    assert what(acts(bureau, **{"from": at, "until": format_time(day_start(shanghai_date(bureau.now)))}))[0] == "hold"
    assert what(acts(bureau, order="desc")) == list(DONE[::-1])
    assert bureau.ask.ok("/v1/acts", limit=1, by="bureau2", count="true")["count"] == 3
    assert "count" not in bureau.ask.ok("/v1/acts")
    for wrong in ({"kind": "x"}, {"from": "yesterday"}, {"order": "x"}, {"by": ""}, {"cursor": "x"}):
        assert bureau.ask.get("/v1/acts", **wrong)[0] == 422, wrong


def test_all_acts_come_as_csv(bureau: Bureau) -> None:
    given = headers("auditor") | {"Accept": "text/csv"}
    answer = bureau.ask.client.get("/v1/acts", headers=given, query_string={"limit": 1, "by": "bureau"})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    listed = acts(bureau, by="bureau")
    assert [row["transaction"] for row in rows] == [str(one["transaction"]) for one in listed]
    assert list(rows[0])[:6] == list(listed[0])[:6]
    assert (rows[1]["text.zh"], rows[1]["person"], rows[-2]["award_id"]) == ("申报", "bureau", "")


def test_only_the_bureau_and_auditors_see_acts(bureau: Bureau) -> None:
    for role, status in (("bureau", 200), ("auditor", 200), ("service", 403), ("exchange:kmdex", 403)):
        assert bureau.ask.get("/v1/acts", role)[0] == status
    assert bureau.ask.get("/v1/acts", None)[0] == 401


def test_a_page_shows_acts_by_person_and_day(bureau: Bureau) -> None:
    client = signed_in_to(bureau.ask.client.application, "auditor", "en")
    page = client.get("/acts").text
    assert f"{len(DONE)} in all, newest first." in page
    days = [one.isoformat() for one in (shanghai_date(bureau.now),)]
    assert all(f"<h3>{day}</h3>" in page for day in days)
    assert page.count("<time datetime") == len(DONE)
    narrowed = client.get("/acts?by=bureau2&kind=declaration").text
    assert "1 in all, newest first." in narrowed
    assert "declared by the bureau" in narrowed
    assert "No acts" in client.get("/acts?by=nobody").text
    assert client.get("/acts?from=x").status_code == 422
    assert client.get("/acts?cursor=x").status_code == 422
    assert signed_in_to(bureau.ask.client.application, "exchange:kmdex").get("/acts").status_code == 403


def test_every_page_shows_who_is_signed_in(bureau: Bureau) -> None:
    for role, name, person in (
        ("bureau2", "key of bureau2", "bureau2"),
        ("rotated", "newer key", "bureau"),
        ("exchange:kmdex", "key of exchange:kmdex", "exchange:kmdex"),
    ):
        client = signed_in_to(bureau.ask.client.application, role)
        for address in ("/", "/awards", "/policy", "/awards/nothing-here"):
            page = client.get(address, follow_redirects=True).text
            assert f">{name}<" in page, (role, address)
            assert f'<small class="person">{person}</small>' in page, (role, address)


def test_each_kind_of_act_has_a_name_on_pages() -> None:
    assert set(KINDS) == set(ACT_KINDS)
    assert set(PARTS) < set(KINDS)
