"""Routes of incentive, and what each role sees of awards and ledger."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import rfc8785

from services.incentive.http.finding.outlook import ExchangeOutlookSchema
from services.incentive.http.finding.participants import ParticipantOutlookSchema
from services.incentive.http.schemas import (
    AwardPageSchema,
    AwardSchema,
    BalancePageSchema,
    ExchangeStatusSchema,
    ExplanationSchema,
    SubjectStatusSchema,
    TransactionPageSchema,
)
from services.incentive.store import as_of
from services.incentive.store.rulebook import are_in_force
from shared.translog.checkpoint import open_checkpoint
from shared.translog.note import VerifierKey
from shared.values.times import format_time
from shared.web.answers import JsonSchema
from shared.web.service import ServiceInfo
from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.ledger import (
    OPERATOR_OF_KMDEX,
    START,
    Ledger,
    exchange_total,
    first_listing,
    first_purchase,
    ledger_database,
    provider_total,
    rulebook,
    subject,
)
from tests.support.policy.revisions import REVISION
from tests.support.registers.worlds import LOG_ORIGIN
from tests.support.translog.bundles import parse_bundle
from tests.support.web.keys import NOBODY, headers

FreshDatabase = Callable[[str], tuple[str, str]]
NOW = datetime(2026, 7, 1, tzinfo=UTC)

# Awards that rest on kmdex alone, on both exchanges, on dcdex alone, and one on kmdex that an award on both suppresses.
KMDEX_ALONE = f"first_purchase/{subject(1)}"
BOTH = f"annual_listed_trading/{subject(2)}/2026"
DCDEX_ALONE = f"first_listing/{subject(3)}"
SUPPRESSED_BY_BOTH = f"first_listing/{subject(2)}"
TIERS = "exchange_tiers/kmdex/2026"
AMOUNTS = ("base", "ceiling", "payable", "approved", "paid", "returned", "recovered")


@pytest.fixture(scope="module")
def ask(postgres: FreshDatabase) -> Iterator[Asker]:
    batches = (
        (
            first_purchase(1, "2026-03-01", "5000000.00", seq=1),
            first_listing(2, "2026-01-05", seq=1),
            provider_total(
                2, 2026, {"kmdex": [("2026-02-01", "8000000.00")], "dcdex": [("2026-03-01", "7000000.00")]}, seq=2
            ),
            first_listing(3, "2026-01-05", seq=1, exchange="dcdex"),
            exchange_total("kmdex", 2026, [("2026-03-01", "90000000.00"), ("2026-04-01", "20000000.00")], seq=3),
        ),
        [first_purchase(1, "2026-03-01", "5000000.00", seq=5, refunded="1500000.00")],
        [provider_total(4, 2026, {"kmdex": [("2026-02-01", "1000000.00")]}, seq=6)],
    )
    with ledger_database(postgres, *batches) as database:
        yield Asker(incentive_app(database.service, rulebook(), lambda: NOW).test_client())


def test_whether_awards_are_by_the_policy_and_whitelist_of_the_program_can_be_asked(ask: Asker) -> None:
    """`/readyz` checks this: a program with another whitelist is not ready until the ledger is computed by it."""
    ours = rulebook()
    others = replace(ours, exchanges=replace(ours.exchanges, listed=ours.exchanges.listed[:1]))
    with ask.client.application.extensions["jiangbu"].engine.connect() as connection:
        assert are_in_force(connection, ours)
        assert not are_in_force(connection, others)


def test_the_log_has_transactions_as_the_api_gives_them(ask: Asker) -> None:
    transactions = ask.all("/v1/ledger/transactions")
    keys = [
        VerifierKey.parse(line) for line in ask.client.get("/v1/log/keys", headers=headers("auditor")).text.splitlines()
    ]
    checkpoint = open_checkpoint(ask.client.get("/v1/log/checkpoint", headers=headers("auditor")).data, keys)
    assert (checkpoint.origin, checkpoint.size) == (f"{LOG_ORIGIN}/ledger", len(transactions))
    bundle = ask.client.get(f"/v1/log/tile/entries/000.p/{checkpoint.size}", headers=headers("auditor")).data
    assert parse_bundle(bundle) == [rfc8785.dumps(transaction) for transaction in transactions]


def test_an_award_has_the_contracts_members(ask: Asker) -> None:
    found = ask.ok(f"/v1/awards/{KMDEX_ALONE}")
    assert found == {
        "award_id": KMDEX_ALONE,
        "rule": "first_purchase",
        "article": "(四) 2",
        "policy": {"id": "kunming-2025-14", "revision": REVISION},
        "subject": {"id_scheme": "uscc", "id": subject(1).removeprefix("uscc:"), "name": "虚构实体1"},
        "exchange": "kmdex",
        "year": 2026,
        "period_closed": False,
        "base": "3500000.00",
        "rate": "0.05",
        "cap": "200000.00",
        "ceiling": "175000.00",
        "payable": "175000.00",
        "suppressed_by": None,
        "approved": "0.00",
        "paid": "0.00",
        "returned": "0.00",
        "recovered": "0.00",
        "state": "estimated",
        "kind": "first_purchase",
        "readings": [],
        "eligibility": "unverified",
        "holds": ["eligibility"],
        "flags": [],
        "partial": False,
        "updated_at": "2026-06-01T08:00:03.000000+08:00",
        "evidence": [
            {"fact": f"facts.first-purchase.v1/r1/{subject(1)}", "generation": 1, "seq": 5, "exchanges": ["kmdex"]}
        ],
    }


def test_lists_are_in_code_point_order_and_paged_without_loss(ask: Asker) -> None:
    found = [item["award_id"] for item in ask.all("/v1/awards", limit=2)]
    assert found == sorted(found)
    assert set(found) == {KMDEX_ALONE, BOTH, DCDEX_ALONE, SUPPRESSED_BY_BOTH, TIERS}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"subject": subject(2)}, {BOTH, SUPPRESSED_BY_BOTH}),
        ({"exchange": "dcdex"}, {DCDEX_ALONE}),
        ({"rule": "first_listing"}, {DCDEX_ALONE, SUPPRESSED_BY_BOTH}),
        ({"rule": "no_such_rule"}, set()),
        ({"year": 2026, "rule": "exchange_tiers"}, {TIERS}),
        ({"year": 2027}, set()),
        ({"state": "paid"}, set()),
        ({"name": "虚构实体2"}, {BOTH, SUPPRESSED_BY_BOTH}),
        ({"name": "实体2", "rule": "first_listing"}, {SUPPRESSED_BY_BOTH}),
        ({"name": "体2", "hold": "eligibility"}, {BOTH, SUPPRESSED_BY_BOTH}),
        ({"name": "体2", "hold": "manual"}, set()),
        ({"name": "虚%2"}, set()),
        ({"state": "estimated", "subject": subject(3)}, {DCDEX_ALONE}),
    ],
)
def test_filters(ask: Asker, filters: dict[str, Any], expected: set[str]) -> None:
    assert {item["award_id"] for item in ask.all("/v1/awards", **filters)} == expected


@pytest.mark.parametrize(
    ("path", "parameters", "field"),
    [
        ("/v1/awards", {"limit": 0}, "limit"),
        ("/v1/awards", {"limit": 501}, "limit"),
        ("/v1/awards", {"subject": "uscc:1"}, "subject"),
        ("/v1/awards", {"state": "gone"}, "state"),
        ("/v1/awards", {"year": "x"}, "year"),
        ("/v1/awards", {"flag": "red"}, "flag"),
        ("/v1/awards", {"rule": "a\0"}, "rule"),
        ("/v1/awards", {"cursor": "x"}, "cursor"),
        ("/v1/awards", {"colour": "red"}, "colour"),
        (f"/v1/subjects/{subject(1)}/status", {}, "year"),
        ("/v1/ledger/transactions", {"kind": "gift"}, "kind"),
        ("/v1/ledger/transactions", {"from": "2026-01-01"}, "from"),
        ("/v1/ledger/balances", {"as_of": "2026-07-01T08:00:00.000001+08:00"}, "as_of"),
        ("/v1/ledger/balances", {"as_of": "yesterday"}, "as_of"),
    ],
)
def test_a_bad_query_names_its_field(ask: Asker, path: str, parameters: dict[str, Any], field: str) -> None:
    status, found = ask.get(path, **parameters)
    assert (status, [error["field"] for error in found["errors"]]) == (422, [field])


@pytest.mark.parametrize(
    "path",
    [
        "/v1/awards/first_purchase/uscc:none",
        "/v1/awards/first_purchase/uscc:none/explanation",
        "/v1/awards/%00",
        "/v1/subjects/nobody/status?year=2026",
        f"/v1/subjects/{subject(77)}/status?year=2026",
        "/v1/exchanges/nodex/status?year=2026",
        "/v1/nothing",
    ],
)
def test_what_is_not_there_is_404(ask: Asker, path: str) -> None:
    status, found = ask.get(path)
    assert (status, found["status"], found["title"]) == (404, 404, "Not Found")


ROUTES = (
    "/v1/awards",
    f"/v1/awards/{KMDEX_ALONE}",
    f"/v1/awards/{KMDEX_ALONE}/explanation",
    f"/v1/subjects/{subject(1)}/status?year=2026",
    f"/v1/explanations?subject={subject(1)}&rule=first_purchase&year=2026",
    "/v1/exchanges/kmdex/status?year=2026",
    "/v1/exchanges/kmdex/outlook?year=2026",
    f"/v1/exchanges/kmdex/participants/{subject(2)}?year=2026",
    "/v1/ledger/transactions",
    "/v1/ledger/balances",
)


@pytest.mark.parametrize("path", ROUTES)
def test_each_role_against_each_route(ask: Asker, path: str) -> None:
    assert ask.get(path, None)[0] == 401
    for role in ("auditor", "bureau", "service", "exchange:kmdex"):
        assert ask.get(path, role)[0] == 200, role
    is_list = path in ("/v1/awards", "/v1/ledger/transactions", "/v1/ledger/balances")
    answers = is_list or path.startswith("/v1/explanations")
    assert ask.get(path, "exchange:dcdex")[0] == (200 if answers else 404)
    is_asked_of_an_exchange = path.startswith("/v1/exchanges/")
    owner = f"subject:{subject(1)}"
    assert ask.get(path, owner)[0] == (403 if is_asked_of_an_exchange else 200)
    assert ask.get(path, NOBODY)[0] == (403 if is_asked_of_an_exchange else 200 if is_list else 404)
    for role in ("bureau", "service"):
        assert ask.get(path, role) == ask.get(path)


def test_an_exchange_sees_the_awards_whose_evidence_names_it(ask: Asker) -> None:
    kmdex = {item["award_id"]: item for item in ask.all("/v1/awards", "exchange:kmdex")}
    dcdex = {item["award_id"]: item for item in ask.all("/v1/awards", "exchange:dcdex")}
    assert {award_id: item["partial"] for award_id, item in kmdex.items()} == {
        KMDEX_ALONE: False,
        BOTH: True,
        SUPPRESSED_BY_BOTH: True,
        TIERS: False,
    }
    assert {award_id: item["partial"] for award_id, item in dcdex.items()} == {BOTH: True, DCDEX_ALONE: False}
    for item in (kmdex[BOTH], dcdex[BOTH]):
        assert [item[name] for name in AMOUNTS] == [None] * len(AMOUNTS)
        assert item["suppressed_by"] is None
    # Its own documents alone earn this one: the exchange sees what they yield, and not what became of it.
    lost = kmdex[SUPPRESSED_BY_BOTH]
    shown = {name: lost[name] for name in AMOUNTS if lost[name] is not None}
    assert shown == {"base": "0.00", "ceiling": "20000.00"}
    assert lost["suppressed_by"] is None
    assert [item["exchanges"] for item in kmdex[BOTH]["evidence"]] == [["kmdex"]]
    assert [item["exchanges"] for item in dcdex[BOTH]["evidence"]] == [["dcdex"]]
    assert ask.ok(f"/v1/awards/{SUPPRESSED_BY_BOTH}")["suppressed_by"] == BOTH
    assert ask.ok(f"/v1/awards/{KMDEX_ALONE}", "exchange:kmdex") == ask.ok(f"/v1/awards/{KMDEX_ALONE}")


def test_lists_filtered_by_a_foreign_exchange_are_empty(ask: Asker) -> None:
    assert ask.all("/v1/awards", "exchange:kmdex", exchange="dcdex") == []
    assert {item["award_id"] for item in ask.all("/v1/awards", "exchange:kmdex", exchange="kmdex")} == {
        KMDEX_ALONE,
        SUPPRESSED_BY_BOTH,
        TIERS,
    }


def test_ledger_rows_and_balances_are_of_wholly_visible_awards_only(ask: Asker) -> None:
    whole = {KMDEX_ALONE, TIERS}
    rows = ask.all("/v1/ledger/transactions", "exchange:kmdex")
    assert {row["award_id"] for row in rows} == whole
    assert rows == [row for row in ask.all("/v1/ledger/transactions") if row["award_id"] in whole]
    balances = ask.all("/v1/ledger/balances", "exchange:kmdex", limit=1)
    assert [(item["account"], item["balance"]) for item in balances] == [
        (f"entitlement:{subject(1)}:{KMDEX_ALONE}:2026", "175000.00"),
        (f"entitlement:{OPERATOR_OF_KMDEX}:{TIERS}:2026", "1000000.00"),
        ("policy:exchange_tiers:2026", "-1000000.00"),
        ("policy:first_purchase:2026", "-175000.00"),
    ]
    assert ask.all("/v1/ledger/transactions", "exchange:kmdex", award_id=BOTH) == []


def test_a_partial_award_is_explained_without_sums_of_others(ask: Asker) -> None:
    whole = ask.ok(f"/v1/awards/{BOTH}/explanation")
    assert [part["exchange"] for part in whole["counted"]] == ["dcdex", "kmdex"]
    assert len(whole["transactions"]) == 1
    assert whole["text"]["zh"]
    assert whole["text"]["en"]
    for award_id, steps in ((BOTH, []), (SUPPRESSED_BY_BOTH, ["base", "cap"])):
        partial = ask.ok(f"/v1/awards/{award_id}/explanation", "exchange:kmdex")
        assert [step["step"] for step in partial["steps"]] == steps
        assert (partial["transactions"], partial["suppressed_by"]) == ([], None)
        assert {part["exchange"] for part in partial["counted"]} == {"kmdex"}
        assert "dcdex" not in str(partial)
        assert "300000" not in str(partial)
        assert "15000000" not in str(partial)


def test_a_whole_award_is_explained_by_steps_and_postings(ask: Asker) -> None:
    found = ask.ok(f"/v1/awards/{KMDEX_ALONE}/explanation")
    assert [step["step"] for step in found["steps"]] == ["base", "refund", "rate", "cap", "rounding"]
    assert found["counted"] == [{"exchange": "kmdex", "amount": "3500000.00", "trades": 1}]
    posted = [row["seq"] for row in ask.all("/v1/ledger/transactions", award_id=KMDEX_ALONE)]
    assert found["transactions"] == posted
    assert len(posted) == 2
    assert found == ask.ok(f"/v1/awards/{KMDEX_ALONE}/explanation", "exchange:kmdex")


def why(ask: Asker, role: str, of: str, rule: str, year: int = 2026, **query: object) -> list[dict[str, Any]]:
    """Return what is explained of a rule, a subject and a year."""
    found = ask.ok("/v1/explanations", role, subject=of, rule=rule, year=year, **query)
    items: list[dict[str, Any]] = found["items"]
    return items


def codes(items: list[dict[str, Any]]) -> list[str | None]:
    return [item["why_not"] and item["why_not"]["code"] for item in items]


def test_every_rule_is_explained_for_every_subject(ask: Asker) -> None:
    for of in (subject(1), subject(2), subject(3), subject(4), subject(99), OPERATOR_OF_KMDEX, "overseas:X-1"):
        for rule in rulebook().policy.rule_order:
            for role in ("auditor", "bureau", "service", "exchange:kmdex", "exchange:dcdex"):
                for year in (2024, 2026, 2029):
                    items = why(ask, role, of, rule, year)
                    assert items
                    for item in items:
                        assert (item["award_id"] is None) == (item["why_not"] is not None)
                        assert item["text"]["zh"]
                        assert item["text"]["en"]


def test_an_award_is_explained_by_its_rule_as_by_its_id(ask: Asker) -> None:
    for award_id, of in ((KMDEX_ALONE, subject(1)), (BOTH, subject(2)), (TIERS, OPERATOR_OF_KMDEX)):
        for role in ("auditor", "exchange:kmdex"):
            (item,) = why(ask, role, of, award_id.partition("/")[0])
            assert item == ask.ok(f"/v1/awards/{award_id}/explanation", role)
            assert item["why_not"] is None


def test_why_there_is_no_award(ask: Asker) -> None:
    (missing,) = why(ask, "auditor", subject(4), "annual_listed_trading")
    assert missing["next"] == {"threshold": "10000000.00", "missing": "9000000.00"}
    assert missing["counted"] == [{"exchange": "kmdex", "amount": "1000000.00", "trades": 1}]
    assert (missing["why_not"]["code"], missing["transactions"], missing["evidence"]) == ("below_threshold", [], [])
    assert "距下一门槛10,000,000.00元还差9,000,000.00元。" in missing["why_not"]["text"]["zh"]
    assert missing["text"]["zh"].endswith("2026年度尚未结账，以上为暂定。")
    (again,) = why(ask, "auditor", subject(1), "first_purchase", 2027)
    assert again["why_not"]["code"] == "not_first"
    assert "交易场所kmdex，2026年3月1日" in again["why_not"]["text"]["zh"]
    for of, rule, code in (
        (subject(1), "first_listing", "no_document"),
        (subject(1), "exchange_tiers", "not_operator"),
        (subject(1), "startup_park", "not_declared"),
        (subject(1), "mutual_recognition", "not_operator"),
        (OPERATOR_OF_KMDEX, "mutual_recognition", "not_declared"),
        ("overseas:X-1", "first_purchase", "not_an_enterprise"),
        (subject(99), "annual_listed_trading", "no_document"),
    ):
        assert codes(why(ask, "bureau", of, rule)) == [code], (of, rule)


def test_an_exchange_learns_of_a_no_what_its_own_documents_say(ask: Asker) -> None:
    (own,) = why(ask, "exchange:kmdex", subject(4), "annual_listed_trading")
    assert own["why_not"] == why(ask, "auditor", subject(4), "annual_listed_trading")[0]["why_not"]
    # Nothing of what only the other exchange knows, nor that there is anything to know.
    for rule in rulebook().policy.rule_order:
        foreign, unknown = (why(ask, "exchange:kmdex", subject(one), rule) for one in (3, 99))
        assert str(foreign).replace(subject(3).partition(":")[2], "") == str(unknown).replace(
            subject(99).partition(":")[2], ""
        )
        assert codes(foreign) == ["no_document"]
    assert codes(why(ask, "exchange:dcdex", OPERATOR_OF_KMDEX, "exchange_tiers")) == ["no_document"]
    # The subject is known to both, its first listing to one.
    (hidden,) = why(ask, "exchange:dcdex", subject(2), "first_listing")
    (nothing,) = why(ask, "exchange:dcdex", subject(2), "first_purchase")
    assert (hidden["why_not"]["code"], nothing["why_not"]["code"]) == ("no_document", "no_document")
    assert hidden["why_not"]["text"]["zh"].replace("首次挂牌", "首单购买") == nothing["why_not"]["text"]["zh"]


def test_what_is_asked_of_a_rule_is_checked(ask: Asker) -> None:
    for query, field in (
        ({"subject": subject(1), "year": 2026, "rule": "no_rule"}, "rule"),
        ({"subject": "nobody", "year": 2026, "rule": "first_listing"}, "subject"),
        ({"subject": subject(1), "rule": "first_listing"}, "year"),
        ({"year": 2026, "rule": "first_listing"}, "subject"),
        ({"subject": subject(1), "year": 2026}, "rule"),
    ):
        status, found = ask.get("/v1/explanations", **query)
        assert (status, [error["field"] for error in found["errors"]]) == (422, [field])


def test_status_of_subjects(ask: Asker) -> None:
    found = ask.ok(f"/v1/subjects/{subject(4)}/status", year=2026)
    assert (found["subject"], found["year"]) == (subject(4), 2026)
    annual = found["rules"][2]
    assert annual == {
        "rule": "annual_listed_trading",
        "article": "(四) 3",
        "measure": "1000000.00",
        "threshold": "10000000.00",
        "missing": "9000000.00",
        "award": None,
    }
    both = {
        item["rule"]: item for item in ask.ok(f"/v1/subjects/{subject(2)}/status", "exchange:dcdex", year=2026)["rules"]
    }
    assert (both["annual_listed_trading"]["measure"], both["annual_listed_trading"]["award"]) == (None, BOTH)
    assert (both["first_listing"]["measure"], both["first_listing"]["award"]) == (None, None)
    assert ask.get(f"/v1/subjects/{subject(3)}/status?year=2026", "exchange:kmdex")[0] == 404
    operator = ask.ok(f"/v1/subjects/{OPERATOR_OF_KMDEX}/status", "exchange:kmdex", year=2026)
    assert [item["award"] for item in operator["rules"] if item["rule"] == "exchange_tiers"] == [TIERS]
    assert ask.get(f"/v1/subjects/{OPERATOR_OF_KMDEX}/status?year=2026", "exchange:dcdex")[0] == 404


def test_status_of_exchanges(ask: Asker) -> None:
    found = ask.ok("/v1/exchanges/kmdex/status", year=2026)
    assert (found["total"], found["trades"], found["awards"]) == ("110000000.00", 2, [TIERS])
    assert [month["month"] for month in found["months"]] == ["2026-03", "2026-04"]
    assert [(tier["reached"], tier["missing"]) for tier in found["tiers"]][:2] == [
        (True, "0.00"),
        (False, "390000000.01"),
    ]
    quiet = ask.ok("/v1/exchanges/dcdex/status", year=2027)
    assert (quiet["total"], quiet["trades"], quiet["months"], quiet["awards"]) == ("0.00", 0, [], [])


def test_transactions_in_order_of_seq_with_filters(ask: Asker) -> None:
    rows = ask.all("/v1/ledger/transactions", limit=2)
    assert [row["seq"] for row in rows] == list(range(7))
    assert rows[6]["amount"] == "-25000.00"
    fields = {
        "seq", "posted_at", "kind", "award_id", "amount", "entries", "policy", "article", "cause", "decision",
    }  # fmt: skip
    assert {row["kind"]: set(row) for row in rows} == {"settings": {*fields, "settings"}, "entitlement": fields}
    assert ask.all("/v1/ledger/transactions", kind="settings") == rows[:1]
    assert (rows[0]["award_id"], rows[0]["article"], rows[0]["decision"]) == (None, None, None)
    assert [row["seq"] for row in ask.all("/v1/ledger/transactions", **{"from": rows[6]["posted_at"]})] == [6]
    assert [row["seq"] for row in ask.all("/v1/ledger/transactions", until=rows[6]["posted_at"])] == [*range(6)]
    assert ask.all("/v1/ledger/transactions", kind="approval") == []
    assert {row["award_id"] for row in ask.all("/v1/ledger/transactions", subject=subject(2), year=2026)} == {
        BOTH,
        SUPPRESSED_BY_BOTH,
    }


def test_balances_as_of(ask: Asker) -> None:
    rows = ask.all("/v1/ledger/transactions")
    newest = ask.ok("/v1/ledger/balances")
    assert (newest["as_of"], newest["size"]) == (rows[-1]["posted_at"], 7)
    now = ask.ok("/v1/ledger/balances", as_of="2026-07-01T00:00:00Z")
    assert (now["as_of"], now["size"], now["items"]) == ("2026-07-01T08:00:00.000000+08:00", 7, newest["items"])
    before = ask.ok("/v1/ledger/balances", as_of=rows[1]["posted_at"])
    account = f"entitlement:{subject(1)}:{KMDEX_ALONE}:2026"
    assert before["size"] == 6
    assert {item["account"]: item for item in before["items"]}[account] == {
        "account": account,
        "debit": "0.00",
        "credit": "200000.00",
        "balance": "200000.00",
    }
    empty = ask.ok("/v1/ledger/balances", as_of="2020-01-01T00:00:00Z")
    assert (empty["size"], empty["items"], empty["next_cursor"]) == (0, [], None)
    assert sum(round(float(item["balance"]) * 100) for item in newest["items"]) == 0


def test_a_list_of_balances_stays_of_one_state_while_the_ledger_grows(ask: Asker) -> None:
    first = ask.ok("/v1/ledger/balances", limit=1)
    engine = ask.client.application.extensions["jiangbu"].engine
    with engine.begin() as connection:
        Ledger(connection, rulebook(), START.replace(day=2)).take(first_listing(9, "2026-01-05", seq=9))
    rest = ask.ok("/v1/ledger/balances", cursor=first["next_cursor"])
    assert (rest["as_of"], rest["size"]) == (first["as_of"], first["size"])
    assert not any(subject(9) in item["account"] for item in rest["items"])
    assert ask.ok("/v1/ledger/balances")["size"] == first["size"] + 1


def test_period_closed_by_the_clock(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    service = ask.client.application.extensions["jiangbu"]
    for at, closed in (("2027-03-31T15:59:59+00:00", False), ("2027-03-31T16:00:00+00:00", True)):
        monkeypatch.setitem(
            ask.client.application.extensions,
            "jiangbu",
            ServiceInfo(**{**vars(service), "clock": lambda at=at: datetime.fromisoformat(at)}),
        )
        assert ask.ok(f"/v1/awards/{KMDEX_ALONE}")["period_closed"] is closed


def test_balances_wait_for_who_is_posting(ask: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer as of an instant must not change when a batch in progress commits."""
    monkeypatch.setattr(as_of, "WAIT_FOR_WRITERS", "100ms")
    engine = ask.client.application.extensions["jiangbu"].engine
    with engine.begin() as connection:
        Ledger(connection, rulebook(), START.replace(day=3)).take(first_listing(10, "2026-01-05", seq=9))
        status, _ = ask.get("/v1/ledger/balances", as_of="2026-06-30T00:00:00Z")
        assert status == 503
    assert ask.get("/v1/ledger/balances", as_of="2026-06-30T00:00:00Z")[0] == 200


def test_an_explanation_does_not_name_a_rival_that_its_reader_does_not_see_wholly(ask: Asker) -> None:
    """The award for the first purchase suppresses an annual one that includes trades of another exchange."""
    engine = ask.client.application.extensions["jiangbu"].engine
    halves = {exchange: [("2026-03-01", "5000000.00")] for exchange in ("kmdex", "dcdex")}
    with engine.begin() as connection:
        Ledger(connection, rulebook(), START.replace(day=4)).take(
            first_purchase(11, "2026-03-01", "5000000.00", seq=20), provider_total(11, 2026, halves, seq=20)
        )
    path = f"/v1/awards/first_purchase/{subject(11)}/explanation"
    assert "年度挂牌交易奖励不予兑现" in ask.ok(path)["text"]["zh"]
    assert ask.ok(f"/v1/awards/annual_listed_trading/{subject(11)}/2026", "exchange:kmdex")["partial"] is True
    seen = ask.ok(path, "exchange:kmdex")
    assert [step["step"] for step in seen["steps"]] == ["base", "rate", "cap", "rounding"]
    assert "年度挂牌" not in str(seen)
    assert "annual listed" not in str(seen)


SHAPES = {
    "/v1/awards": AwardPageSchema,
    f"/v1/awards/{KMDEX_ALONE}": AwardSchema,
    f"/v1/awards/{BOTH}/explanation": ExplanationSchema,
    f"/v1/subjects/{subject(2)}/status?year=2026": SubjectStatusSchema,
    "/v1/exchanges/kmdex/status?year=2026": ExchangeStatusSchema,
    "/v1/exchanges/kmdex/outlook?year=2026": ExchangeOutlookSchema,
    f"/v1/exchanges/kmdex/participants/{subject(2)}?year=2026": ParticipantOutlookSchema,
    "/v1/ledger/transactions": TransactionPageSchema,
    "/v1/ledger/balances": BalancePageSchema,
}


@pytest.mark.parametrize("path", SHAPES)
def test_answers_have_the_shape_that_the_document_says(ask: Asker, path: str) -> None:
    """These answers are not serialized by their schemas, yet equal what their schemas would make of them."""
    for role in ("auditor", "exchange:kmdex"):
        found = ask.ok(path, role)
        with pytest.MonkeyPatch.context() as patch:
            patch.delattr(JsonSchema, "dump")
            assert SHAPES[path]().dump(found) == found


def test_the_first_that_an_annulled_one_made_way_for_is_explained_with_it(ask: Asker) -> None:
    engine = ask.client.application.extensions["jiangbu"].engine
    with engine.begin() as connection:
        ledger = Ledger(connection, rulebook(), START.replace(day=5))
        ledger.take(first_listing(12, "2026-01-05", seq=30, exchange="dcdex"))
        before = as_of.last_instant(connection)
        ledger.take(first_listing(12, "2026-02-05", seq=31))
        moved = as_of.last_instant(connection)
        ledger.take(first_listing(12, None, seq=32))
    for at, code in ((before, None), (moved, None), (None, "annulled")):
        then = {} if at is None else {"as_of": format_time(at)}
        (item,) = why(ask, "auditor", subject(12), "first_listing", **then)
        assert codes([item]) == [code]
        assert item["award_id"] == f"first_listing/{subject(12)}"
        path = f"/v1/awards/first_listing/{subject(12)}/explanation"
        assert item == ask.ok(path, "auditor", **then)
        assert ("此前" in item["text"]["zh"]) == (at != before)
        if at == moved:
            assert "（交易场所dcdex，2026年1月5日）已不再计入" in item["text"]["zh"]
            assert "dcdex" not in str(ask.ok(path, "exchange:kmdex", **then))
