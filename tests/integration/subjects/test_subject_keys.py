"""What a subject's key reads: its own awards whole, explanations, statements and ledger rows; nothing of others."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.incentive.bureau import DOCUMENTS, SECOND, Bureau, empty_bureau
from tests.support.incentive.ledger import (
    OPERATOR_OF_KMDEX,
    exchange_total,
    first_listing,
    first_purchase,
    provider_total,
    subject,
)
from tests.support.incentive.pdf_files import text_of
from tests.support.web.keys import NOBODY, headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

YEAR = {"year": 2026}


@pytest.fixture(scope="module")
def bureau(postgres: Callable[[str], tuple[str, str]]) -> Iterator[Bureau]:
    """Subject 1 was paid; of subject 2 an award on two exchanges suppresses another; 3 was rejected; 4 has none."""
    with empty_bureau(postgres) as found:
        found.take(
            first_purchase(1, "2026-03-01", "5000000.00", seq=1),
            first_listing(2, "2026-01-05", seq=1),
            provider_total(
                2, 2026, {"kmdex": [("2026-02-01", "8000000.00")], "dcdex": [("2026-03-01", "7000000.00")]}, seq=2
            ),
            first_listing(3, "2026-01-05", seq=1, exchange="dcdex"),
            exchange_total("kmdex", 2026, [("2026-03-01", "90000000.00"), ("2026-04-01", "20000000.00")], seq=3),
            provider_total(4, 2026, {"kmdex": [("2026-02-01", "1000000.00")]}, seq=6),
        )
        for number in (1, 3):
            found.verify(subject(number))
        found.published(f"first_purchase/{subject(1)}")
        found.done(f"first_purchase/{subject(1)}", "approve")
        found.done(f"first_purchase/{subject(1)}", "pay")
        found.done(f"first_listing/{subject(3)}", "apply", "review", "reject", reason="材料不实")
        yield found


def key(of: str) -> str:
    return f"subject:{of}"


OWN = {
    subject(1): {f"first_purchase/{subject(1)}"},
    subject(2): {f"annual_listed_trading/{subject(2)}/2026", f"first_listing/{subject(2)}"},
    subject(3): {f"first_listing/{subject(3)}"},
    subject(4): set(),
    OPERATOR_OF_KMDEX: {"exchange_tiers/kmdex/2026"},
}


@pytest.mark.parametrize("of", OWN)
def test_its_own_awards_are_whole_and_the_only_ones(bureau: Bureau, of: str) -> None:
    seen = {one["award_id"]: one for one in bureau.ask.all("/v1/awards", key(of))}
    assert set(seen) == OWN[of]
    whole = {one["award_id"]: one for one in bureau.ask.all("/v1/awards", subject=of)}
    assert seen == whole  # these carry no red flags
    assert all(one["partial"] is False for one in seen.values())
    for award_id in OWN[of]:
        assert bureau.award(award_id, role=key(of)) == whole[award_id]
        then = {"as_of": seen[award_id]["updated_at"]}
        assert bureau.award(award_id, role=key(of), **then) == bureau.award(award_id, **then)
        told, explained = (bureau.ask.ok(f"/v1/awards/{award_id}/explanation", role) for role in (key(of), "auditor"))
        assert told == {**explained, "signs": []}


def test_what_is_of_others_is_not_there(bureau: Bureau) -> None:
    mine, theirs = key(subject(1)), f"first_listing/{subject(3)}"
    for path in ("", "/explanation", "/decisions"):
        assert bureau.ask.get(f"/v1/awards/{theirs}{path}", mine)[0] == 404
    assert bureau.ask.get(f"/v1/subjects/{subject(3)}/status", mine, **YEAR)[0] == 404
    for filters in ({"subject": subject(3)}, {"exchange": "dcdex"}, {"name": "虚构实体3"}, {"rule": "first_listing"}):
        assert bureau.ask.all("/v1/awards", mine, **filters) == []
    for filters in ({"subject": subject(3)}, {"award_id": theirs}, {"kind": "settings"}):
        assert bureau.ask.all("/v1/ledger/transactions", mine, **filters) == []
    for of in (subject(3), subject(99)):
        assert bureau.ask.get("/v1/explanations", mine, subject=of, rule="first_listing", **YEAR)[0] == 404


def test_why_not_and_what_is_missing(bureau: Bureau) -> None:
    of = subject(4)
    for rule in ("annual_listed_trading", "first_purchase", "exchange_tiers"):
        seen, whole = (
            bureau.ask.ok("/v1/explanations", role, subject=of, rule=rule, **YEAR) for role in (key(of), "auditor")
        )
        assert seen == whole
        assert seen["items"][0]["why_not"]["text"]["zh"]
    seen, whole = (bureau.ask.ok(f"/v1/subjects/{of}/status", role, **YEAR) for role in (key(of), "auditor"))
    assert seen == {**whole, "signs": []}
    missing = {one["rule"]: one["missing"] for one in seen["rules"]}
    assert missing["annual_listed_trading"] == "9000000.00"
    operator = OPERATOR_OF_KMDEX
    tiers = {
        one["rule"]: one for one in bureau.ask.ok(f"/v1/subjects/{operator}/status", key(operator), **YEAR)["rules"]
    }
    assert tiers["exchange_tiers"]["measure"] == "110000000.00"


def test_a_subject_without_any_document_is_answered_about_itself(bureau: Bureau) -> None:
    of = NOBODY.removeprefix("subject:")
    assert bureau.ask.all("/v1/awards", NOBODY) == []
    status = bureau.ask.ok(f"/v1/subjects/{of}/status", NOBODY, **YEAR)
    assert {one["award"] for one in status["rules"]} == {None}
    [why] = bureau.ask.ok("/v1/explanations", NOBODY, subject=of, rule="first_purchase", **YEAR)["items"]
    assert why["award_id"] is None
    assert why["why_not"]["code"]


def test_decisions_name_the_authority_and_no_person(bureau: Bureau) -> None:
    award_id = f"first_purchase/{subject(1)}"
    seen = bureau.ask.all(f"/v1/awards/{award_id}/decisions", key(subject(1)))
    whole = bureau.decisions(award_id)
    hidden = ("by", "person", "reason", "documents")
    assert [{n: v for n, v in one.items() if n not in hidden} for one in seen] == [
        {n: v for n, v in one.items() if n not in hidden} for one in whole
    ]
    assert {one["person"] for one in seen} == {None}
    assert [one["by"] for one in seen if one["action"] == "approve"] == ["昆明市数据局 核定人"]
    assert {one["by"] for one in seen if one["action"] in ("review", "joint_review", "pay")} == {"昆明市数据局"}
    by_action = {one["action"]: one for one in seen}
    assert by_action["approve"]["documents"] == DOCUMENTS
    assert by_action["joint_review"]["documents"] == []
    [refused] = [
        one
        for one in bureau.ask.all(f"/v1/awards/first_listing/{subject(3)}/decisions", key(subject(3)))
        if one["action"] == "reject"
    ]
    assert (refused["reason"], refused["by"]) == ("材料不实", "昆明市数据局 审核人")


def statement_of(bureau: Bureau, award_id: str, action: str) -> str:
    [found] = [one["statement"] for one in bureau.decisions(award_id) if one["action"] == action]
    assert found
    return str(found)


def test_its_statements_and_how_they_were_served(bureau: Bureau) -> None:
    sha256 = statement_of(bureau, f"first_listing/{subject(3)}", "reject")
    path, mine = f"/v1/statements/{sha256}", key(subject(3))
    served = {"way": "邮寄送达", "served_on": date(2026, 6, 1).isoformat(), "to": "办公室", "documents": []}
    assert bureau.post(f"{path}/service", served)[0] == 201
    for query in ("", "?format=html", "?format=pdf"):
        seen, whole = (bureau.ask.client.get(path + query, headers=headers(role)) for role in (mine, "auditor"))
        assert (seen.status_code, seen.data) == (200, whole.data)
        for other in (key(subject(1)), NOBODY):
            assert bureau.ask.client.get(path + query, headers=headers(other)).status_code == 404
    found = bureau.ask.ok(f"{path}/service", mine)
    assert [(one["way"], one["to"], one["by"], one["person"]) for one in found["items"]] == [
        ("邮寄送达", "办公室", "昆明市数据局", None)
    ]
    assert [one["remedy"] for one in found["remedies"]] == ["administrative_review", "litigation"]
    assert bureau.ask.get(f"{path}/service", key(subject(1)))[0] == 404
    assert bureau.ask.get(f"/v1/statements/{sha256}", "exchange:dcdex")[0] == 403


def test_its_ledger_rows_and_balances(bureau: Bureau) -> None:
    of = subject(1)
    rows = bureau.ask.all("/v1/ledger/transactions", key(of), limit=1)
    assert rows == bureau.ask.all("/v1/ledger/transactions", award_id=f"first_purchase/{of}")
    balances = bureau.ask.all("/v1/ledger/balances", key(of), limit=1)
    assert balances == [one for one in bureau.ask.all("/v1/ledger/balances") if of in one["account"]]
    assert {one["account"].partition(":")[0] for one in balances} == {"approved", "entitlement", "paid"}


def declare(bureau: Bureau, of: str, day: str, role: str) -> str:
    entry = {"rule": "standards", "subject": of, "item": "S-1", "earned_on": day, "measure": {"role": role}}
    status, found = bureau.post("/v1/declared", {**entry, "name": f"虚构{of[-3:]}", "documents": DOCUMENTS})
    assert status == 200, found
    return str(found["award_id"])


def test_who_shares_an_item_learns_what_is_left_and_not_who_the_other_is(
    postgres: Callable[[str], tuple[str, str]],
) -> None:
    with empty_bureau(postgres) as found:
        second = declare(found, subject(2), "2026-06-01", "international_led")
        declare(found, subject(1), "2026-05-01", "international_took_part")
        mine, other = key(subject(2)), subject(1).removeprefix("uscc:")
        for query in ({}, {"as_of": found.award(second)["updated_at"]}):
            whole, seen = (found.award(second, role=role, **query) for role in ("auditor", mine))
            assert (seen["ceiling"], seen["payable"]) == ("200000.00", "200000.00")
            assert seen == {**whole, "evidence": whole["evidence"][:1], "readings": None}
            assert len(whole["evidence"]) == 2
            told, explained = (
                found.ask.ok(f"/v1/awards/{second}/explanation", role, **query) for role in (mine, "auditor")
            )
            assert [(one["step"], one["value"]) for one in told["steps"]] == [
                (one["step"], one["value"]) for one in explained["steps"]
            ]
            assert "其他主体的事项S-1（2026年5月1日取得）" in str(told)
            assert other in str(explained)
            assert other not in str(told) + str(seen)
        rows = found.ask.all("/v1/ledger/transactions", mine)
        assert [one["seq"] for one in rows] == [
            one["seq"] for one in found.ask.all("/v1/ledger/transactions", award_id=second)
        ]
        assert other not in str(rows)


CHANGES: tuple[tuple[str, str, Any], ...] = (
    ("POST", f"/v1/awards/first_purchase/{subject(1)}/decisions", {"action": "apply"}),
    ("POST", f"/v1/awards/first_purchase/{subject(1)}/holds", {"kind": "manual", "reason": "r"}),
    ("POST", f"/v1/subjects/{subject(1)}/accounts", {}),
    ("POST", "/v1/batches", {}),
    ("POST", f"/v1/statements/{'0' * 64}/service", {}),
    ("PUT", f"/v1/files/{'0' * 64}", None),
)
# Routes for every key but a subject's, and routes of those who see all.
CLOSED = (
    *("/v1/progress", "/v1/years", "/v1/exchanges/kmdex/status?year=2026", "/metrics"),
    *("/v1/exchanges/kmdex/outlook?year=2026", f"/v1/exchanges/kmdex/participants/{subject(1)}?year=2026"),
    *("/v1/trades/kmdex/T1/effects", "/v1/acts", "/v1/batches", "/v1/budget?year=2026", "/v1/clawbacks"),
    *("/v1/objections", "/v1/readings", "/v1/related-parties", f"/v1/subjects/{subject(1)}/eligibility"),
    f"/v1/awards/first_purchase/{subject(1)}/holds",
    f"/v1/subjects/{subject(1)}/other-grants",
    f"/v1/subjects/{subject(1)}/accounts",
    f"/v1/files/{'0' * 64}",
)


def test_everything_else_is_closed(bureau: Bureau) -> None:
    mine = headers(key(subject(1)))
    for method, path, body in CHANGES:
        assert bureau.ask.client.open(path, method=method, headers=mine, json=body).status_code == 403, path
    for path in CLOSED:
        assert bureau.ask.client.get(path, headers=mine).status_code == 403, path
    for path, status in (("checkpoint", 200), ("keys", 200), ("tile/entries/000.p/1", 403), ("tile/0/000.p/1", 200)):
        assert bureau.ask.client.get(f"/v1/log/{path}", headers=mine).status_code == status, path


OPEN = {
    "/v1/awards",
    "/v1/awards/<path:award_id>",
    "/v1/awards/<path:award_id>/explanation",
    "/v1/awards/<path:award_id>/decisions",
    "/v1/explanations",
    "/v1/extracts",
    "/v1/extracts/<id>",
    "/v1/extracts/<id>/download",
    "/v1/ledger/balances",
    "/v1/ledger/transactions",
    "/v1/log/checkpoint",
    "/v1/log/keys",
    "/v1/log/tile/<path:path>",
    "/v1/statements/<sha256>",
    "/v1/statements/<sha256>/service",
    "/v1/subjects/<subject>/status",
}


def test_each_route_is_closed_to_a_subject_unless_it_is_one_of_these(bureau: Bureau) -> None:
    app = bureau.ask.client.application
    adapter, found = app.url_map.bind("localhost"), set()
    for rule in app.url_map.iter_rules():
        method = next(iter((rule.methods or set()) & {"GET", "POST", "PUT", "DELETE"}), None)
        if not rule.rule.startswith("/v1/") or method is None:
            continue
        path = adapter.build(rule.endpoint, dict.fromkeys(rule.arguments, "0"), method)
        answer = bureau.ask.client.open(path, method=method, headers=headers(NOBODY))
        assert answer.status_code in (200, 202, 403, 404, 422), path
        if answer.status_code != 403:
            found.add(rule.rule)
    assert found == OPEN


ZERO = ("suppressed", "other_grant", "not_eligible", "corrected")


@pytest.mark.parametrize("why", ZERO)
def test_an_award_of_nothing_can_be_applied_for_and_is_refused_in_writing(
    postgres: Callable[[str], tuple[str, str]], why: str
) -> None:
    """The statement has what a court needs: article, facts, explanation, reason, remedies."""
    with empty_bureau(postgres) as found:
        of, award_id = subject(5), f"first_listing/{subject(5)}"
        found.take(first_listing(5, "2026-01-05", seq=1))
        if why == "suppressed":
            found.take(first_purchase(5, "2026-03-01", "5000000.00", seq=1))
        if why == "other_grant":
            found.grant(of, 2026, "20000.00", awards=[award_id])
        if why == "corrected":
            found.take(first_listing(5, None, seq=2))
        found.verify(of, "failed" if why == "not_eligible" else "verified")
        payable = "20000.00" if why == "not_eligible" else "0.00"
        assert found.award(award_id)["payable"] == payable
        refused = found.done(award_id, "apply", "review", "reject", who=SECOND, reason="不符合条款")
        stated = found.ask.ok(f"/v1/statements/{refused['statement']}", key(of))
        assert (stated["kind"], stated["article"], stated["reason"]) == ("reject", "(四) 1", "不符合条款")
        assert stated["amounts"]["payable"] == payable
        assert stated["explanation"]["text"]["zh"]
        assert [one["remedy"] for one in stated["remedies"]] == ["administrative_review", "litigation"]
        assert stated["facts"]
        answer = found.ask.client.get(f"/v1/statements/{refused['statement']}?format=pdf", headers=headers(key(of)))
        printed = text_of(answer.data)
        for words in ("不予奖补决定书", "（四）1", "不符合条款", "行政复议", "行政诉讼", "昆明市数据局"):
            assert words in printed, words
