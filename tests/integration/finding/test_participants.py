"""Participants of an exchange: whom each role sees with which amounts, orders, pages, CSV, past and upgrade."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.ledger import (
    START,
    Ledger,
    LedgerDatabase,
    first_listing,
    first_purchase,
    ledger_database,
    provider_total,
    rulebook,
    subject,
)
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PATH = "/v1/exchanges/kmdex/participants"
AMOUNTS = {1: "9000000.00", 2: "12000000.00", 4: "500.00"}


def sold(number: int, amount: str, **others: str) -> Any:
    counted = {exchange: [("2026-02-01", yuan)] for exchange, yuan in {"kmdex": amount, **others}.items()}
    return provider_total(number, 2026, counted, seq=number)


@pytest.fixture(scope="module")
def database(postgres: FreshDatabase) -> Iterator[LedgerDatabase]:
    batches = (
        [
            *(sold(number, amount) for number, amount in AMOUNTS.items()),
            sold(3, "3000000.00", dcdex="6500000.00"),
            provider_total(5, 2026, {"dcdex": [("2026-02-01", "9999999.00")]}, seq=5),
            provider_total(6, 2026, {}, unmatched={"kmdex": [("2026-02-01", "700.00")]}, seq=6),
            provider_total(7, 2025, {"kmdex": [("2025-11-01", "2000000.00")]}, seq=7),
            first_listing(8, "2026-01-05", seq=8),
            first_purchase(9, "2026-03-01", "4000000.00", seq=9, refunded="1000000.00"),
        ],
        [provider_total(1, 2026, {"kmdex": [("2026-02-01", "9600000.00")]}, seq=11)],
    )
    with ledger_database(postgres, *batches) as made:
        yield made


@pytest.fixture(scope="module")
def ask(database: LedgerDatabase) -> Asker:
    return Asker(incentive_app(database.service, rulebook(), lambda: NOW).test_client())


def numbers(ask: Asker, role: str = "auditor", **query: Any) -> list[int]:
    named = {subject(number): number for number in range(1, 10)}
    return [named[item["subject"]] for item in ask.all(PATH, role, year=2026, **query)]


def test_items_have_the_contracts_members_and_the_own_part_of_each_exchange(ask: Asker) -> None:
    items = {item["subject"]: item for item in ask.ok(PATH, year=2026)["items"]}
    assert items[subject(3)] == {
        "subject": subject(3),
        "name": "虚构实体3",
        "measure": "9500000.00",
        "threshold": "10000000.00",
        "missing": "500000.00",
        "own": "3000000.00",
    }
    assert (items[subject(2)]["missing"], items[subject(6)]["own"]) == ("0.00", "0.00")
    assert set(items) == set(map(subject, (1, 2, 3, 4, 6)))


def test_what_others_have_a_part_in_is_hidden_and_sorted_by_the_own_part(ask: Asker) -> None:
    item = next(one for one in ask.ok(PATH, "exchange:kmdex", year=2026)["items"] if one["subject"] == subject(3))
    hidden = {"measure": None, "threshold": "10000000.00", "missing": None, "own": "3000000.00"}
    assert {name: item[name] for name in hidden} == hidden
    assert numbers(ask, sort="missing") == [2, 1, 3, 4, 6]
    assert numbers(ask, "exchange:kmdex", sort="missing") == [2, 1, 3, 4, 6]
    assert numbers(ask, "exchange:kmdex", sort="measure", order="desc") == [2, 1, 3, 4, 6]
    for path, role in ((PATH, "exchange:dcdex"), ("/v1/exchanges/nowhere/participants", "auditor")):
        assert ask.get(path, role, year=2026)[0] == 404


def test_orders_are_total_and_whole_over_pages(ask: Asker) -> None:
    for sort in ("subject", "missing", "measure", "own", "name"):
        for order in ("asc", "desc"):
            whole = numbers(ask, sort=sort, order=order)
            assert (
                numbers(ask, sort=sort, order=order, limit=1) == numbers(ask, sort=sort, order=order, limit=2) == whole
            )
            assert whole == numbers(ask, sort=sort, order="desc" if order == "asc" else "asc")[::-1]
    assert numbers(ask, sort="own", order="desc") == [2, 1, 3, 4, 6]
    assert numbers(ask) == sorted([1, 2, 3, 4, 6], key=subject)


def test_a_cursor_belongs_to_its_order(ask: Asker) -> None:
    cursor = ask.ok(PATH, year=2026, sort="own", limit=1)["next_cursor"]
    assert ask.get(PATH, year=2026, sort="own", cursor=cursor)[0] == 200
    for other in ({"sort": "measure"}, {"sort": "own", "order": "desc"}, {"sort": "name"}):
        assert ask.get(PATH, year=2026, cursor=cursor, **other)[0] == 422


def test_filters_by_year_rule_and_whether_the_threshold_is_reached(ask: Asker) -> None:
    assert numbers(ask, reached="true") == [2]
    assert 2 not in numbers(ask, reached="false")
    assert numbers(ask, rule="first_listing") == [8]
    (purchase,) = ask.ok(PATH, year=2026, rule="first_purchase")["items"]
    assert [purchase[name] for name in ("measure", "threshold", "missing", "own")] == [
        *("3000000.00", None, None, "3000000.00")
    ]
    assert numbers(ask, rule="exchange_tiers") == []
    assert [item["subject"] for item in ask.ok(PATH, year=2025)["items"]] == [subject(7)]
    assert ask.ok(PATH)["items"] == ask.ok(PATH, year=2026)["items"]
    for wrong in ({"rule": "nothing"}, {"sort": "x"}, {"order": "x"}, {"year": "x"}, {"reached": "x"}):
        assert ask.get(PATH, **wrong)[0] == 422


def test_count_and_csv_have_all_rows(ask: Asker, database: LedgerDatabase) -> None:
    assert ask.ok(PATH, year=2026, limit=1, count="true")["count"] == 5
    client = incentive_app(database.service, rulebook(), lambda: NOW).test_client()
    for role in ("auditor", "exchange:kmdex"):
        asked = {**headers(role), "Accept": "text/csv"}
        answer = client.get(PATH, headers=asked, query_string={"year": 2026, "sort": "own", "limit": 1})
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        shown = ask.ok(PATH, role, year=2026, sort="own")["items"]
        assert rows == [{name: value or "" for name, value in item.items()} for item in shown]


def test_the_past_is_derived_from_the_facts_of_that_time(ask: Asker) -> None:
    as_of = (START + timedelta(seconds=2)).isoformat()
    then = {item["subject"]: item["own"] for item in ask.ok(PATH, year=2026, as_of=as_of)["items"]}
    assert then[subject(1)] == "9000000.00"
    for role in ("auditor", "exchange:kmdex"):
        now = ask.ok(PATH, role, year=2026, sort="missing", order="desc")["items"]
        as_of_now = ask.ok(PATH, role, year=2026, sort="missing", order="desc", as_of=NOW.isoformat())["items"]
        assert now == as_of_now


def test_one_participant_is_as_in_the_list_now_and_then(ask: Asker) -> None:
    """Its item, and pace and advice only where its measure is shown."""
    for role in ("auditor", "exchange:kmdex"):
        for then in ({}, {"as_of": (START + timedelta(seconds=2)).isoformat()}):
            for item in ask.ok(PATH, role, year=2026, **then)["items"]:
                found = ask.ok(f"{PATH}/{item['subject']}", role, year=2026, **then)
                assert {name: found[name] for name in item} == item
                assert found["pace"] is None or item["measure"] is not None
    (part,) = ask.ok(f"{PATH}/{subject(6)}", year=2026)["not_counted"]
    assert (part["reason"], part["amount"], part["would_reach"]) == ("unmatched", "700.00", False)
    for path, role in ((f"{PATH}/{subject(5)}", "auditor"), (f"{PATH}/{subject(1)}", "exchange:dcdex")):
        assert ask.get(path, role, year=2026)[0] == 404


def test_an_upgraded_ledger_is_filled_at_the_next_start(database: LedgerDatabase) -> None:
    rows = text("SELECT * FROM participant ORDER BY exchange, year, rule, subject")
    with database.service.connect() as connection:
        before = connection.execute(rows).all()
        connection.execute(text("DELETE FROM participant"))
        assert not Ledger(connection, rulebook(), NOW).put_in_force()
        assert connection.execute(rows).all() == before
        assert before


def test_a_participant_leaves_when_its_documents_do(postgres: FreshDatabase) -> None:
    with ledger_database(postgres, [sold(1, "5.00")], [provider_total(1, 2026, {}, seq=9)]) as made:
        ask = Asker(incentive_app(made.service, rulebook(), lambda: NOW).test_client())
        assert ask.ok(PATH, year=2026)["items"] == []
