"""Search: what is found by name, code and number, in which order, and what each role sees."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.http.context import EXTENSION
from services.incentive.store.register_client import RegisterAddresses
from shared.settings import RegisterAddress
from tests.support.incentive.app import Asker, incentive_app
from tests.support.incentive.bureau import empty_bureau
from tests.support.incentive.extract_makers import SECRET_TRADE, SECRETS, Makers, makers_of
from tests.support.incentive.ledger import (
    OPERATOR_OF_KMDEX,
    LedgerDatabase,
    first_listing,
    first_purchase,
    ledger_database,
    provider_total,
    rulebook,
    subject,
    uscc,
)
from tests.support.registers import worlds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase
    from tests.support.records import FakeRecord

NOW = datetime(2026, 7, 1, tzinfo=UTC)
NAMES = {
    1: "云岭石榴（昆明）有限公司",
    2: "滇池 石榴科技 有限公司",
    3: "石榴",
    4: "ＡＢＣ Data 有限公司",
    5: "abc data 服务中心",
}


def named(record: FakeRecord, number: int) -> FakeRecord:
    """Return the fact with the name in NAMES of its party."""
    return renamed(record, number, NAMES[number])


def renamed(record: FakeRecord, number: int, name: str) -> FakeRecord:
    value = record.value or b""
    assert f"虚构实体{number}".encode() in value
    return replace(record, value=value.replace(f"虚构实体{number}".encode(), name.encode()))


@pytest.fixture(scope="module")
def database(postgres: FreshDatabase) -> Iterator[LedgerDatabase]:
    batch = [
        named(first_listing(1, "2026-01-05", seq=1), 1),
        named(first_purchase(2, "2026-03-01", seq=1), 2),
        named(first_listing(3, "2026-01-05", seq=2, exchange="dcdex"), 3),
        named(
            provider_total(4, 2026, {"kmdex": [("2026-02-01", "1.00")], "dcdex": [("2026-02-01", "1.00")]}, seq=2), 4
        ),
        named(first_listing(5, "2026-01-05", seq=3, exchange="dcdex"), 5),
    ]
    with ledger_database(postgres, batch) as made:
        yield made


@pytest.fixture(scope="module")
def ask(database: LedgerDatabase) -> Asker:
    return Asker(incentive_app(database.service, rulebook(), lambda: NOW).test_client())


def subjects(ask: Asker, q: str, role: str = "auditor", **more: Any) -> list[str]:
    found = ask.ok("/v1/search", role, q=q, **more)
    return [item["id"] for item in found["items"] if item["type"] == "subject"]


def test_a_name_is_found_by_any_part_and_its_beginning_comes_first(ask: Asker) -> None:
    assert subjects(ask, "石榴") == [subject(3), subject(1), subject(2)]
    assert subjects(ask, "池石榴科") == [subject(2)]
    assert [one for one in subjects(ask, "司") if one in map(subject, NAMES)] == [subject(4), subject(1), subject(2)]
    assert subjects(ask, "云岭石榴昆明有限公司") == [subject(1)]
    assert subjects(ask, "云岭石榴昆明有限公司。") == [subject(1)]
    assert subjects(ask, "云岭石榴北京") == []


def test_case_width_spaces_and_punctuation_do_not_matter(ask: Asker) -> None:
    assert subjects(ask, "ABCDATA") == subjects(ask, "ａｂｃ　ｄａｔａ") == [subject(4), subject(5)]
    assert subjects(ask, " （，） ") == []


def test_a_code_is_found_in_any_case_by_its_beginning_and_with_its_scheme(ask: Asker) -> None:
    for text in (uscc(1), uscc(1).lower(), subject(1), subject(1).upper()):
        assert subjects(ask, text) == [subject(1)]
    assert subjects(ask, uscc(1)[:17]) == [subject(1)]
    assert OPERATOR_OF_KMDEX in subjects(ask, uscc(1)[:8])


def test_the_item_has_the_contracts_members(ask: Asker) -> None:
    found = ask.ok("/v1/search", q=uscc(1))
    path = f"/subjects/{subject(1)}"
    assert found["items"] == [{"type": "subject", "id": subject(1), "name": NAMES[1], "exchange": None, "path": path}]
    assert (found["more"], found["unavailable"]) == ([], [])


def test_more_is_said_and_the_limit_kept(ask: Asker) -> None:
    assert ask.ok("/v1/search", q="石榴", limit=2)["more"] == ["subject"]
    assert subjects(ask, "石榴", limit=2) == [subject(3), subject(1)]
    assert ask.ok("/v1/search", q="石榴", limit=3)["more"] == []
    for wrong in ({"q": ""}, {}, {"q": "a" * 201}, {"q": "a", "limit": 0}, {"q": "a\0"}):
        assert ask.get("/v1/search", **wrong)[0] == 422


def test_an_exchange_finds_the_subjects_that_facts_name_with_it(ask: Asker) -> None:
    assert subjects(ask, "石榴", "exchange:kmdex") == [subject(1), subject(2)]
    assert subjects(ask, "石榴", "exchange:dcdex") == [subject(3)]
    assert subjects(ask, "abc", "exchange:kmdex") == [subject(4)]
    assert subjects(ask, "abc", "exchange:dcdex") == [subject(4), subject(5)]
    assert subjects(ask, uscc(3), "exchange:kmdex") == []


def test_exchanges_and_their_operators_are_found(ask: Asker) -> None:
    whole = ask.ok("/v1/search", q="KMDEX")["items"]
    assert [(item["type"], item["id"], item["path"]) for item in whole] == [("exchange", "kmdex", "/exchanges/kmdex")]
    assert subjects(ask, OPERATOR_OF_KMDEX, "exchange:kmdex") == [OPERATOR_OF_KMDEX]
    assert ask.ok("/v1/search", "exchange:dcdex", q="kmdex")["items"] == []
    assert subjects(ask, OPERATOR_OF_KMDEX, "exchange:dcdex") == []


def test_a_new_name_replaces_the_old_one_and_a_new_exchange_finds_both(postgres: FreshDatabase) -> None:
    first = named(first_listing(1, "2026-01-05", seq=1), 1)
    second = renamed(first_purchase(1, "2026-03-01", seq=1, exchange="dcdex"), 1, "南湖石榴中心")
    with ledger_database(postgres, [first]) as made:
        ask = Asker(incentive_app(made.service, rulebook(), lambda: NOW).test_client())
        assert subjects(ask, "云岭", "exchange:kmdex") == [subject(1)]
        assert subjects(ask, "云岭", "exchange:dcdex") == []
        made.fill([second])
        for role in ("auditor", "exchange:kmdex", "exchange:dcdex"):
            assert subjects(ask, "云岭", role) == []
            assert subjects(ask, "湖石榴", role) == [subject(1)]


def test_awards_and_vouchers_are_found_by_who_sees_them_wholly(postgres: FreshDatabase) -> None:
    with empty_bureau(postgres) as bureau:
        award_id = bureau.purchase(1)
        bureau.approved(award_id, "200000.00")
        bureau.done(award_id, "pay")
        ask = bureau.ask
        for text in (award_id, award_id.upper(), award_id.lower()):
            assert [item["id"] for item in ask.ok("/v1/search", q=text)["items"]] == [award_id]
        for role in ("bureau", "exchange:kmdex"):
            (voucher,) = ask.ok("/v1/search", role, q="v-1")["items"]
            assert (voucher["type"], voucher["id"], voucher["path"]) == ("voucher", "V-1", f"/awards/{award_id}")
        assert ask.ok("/v1/search", "exchange:dcdex", q="V-1")["items"] == []
        assert ask.ok("/v1/search", "exchange:dcdex", q=award_id)["items"] == []


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("search")) as found:
        yield found


def documents(makers: Makers, q: str, role: str = "auditor") -> list[tuple[str, str, str]]:
    found = makers.get(f"/v1/search?q={q}", role)
    assert found["unavailable"] == []
    return [(item["type"], item["exchange"], item["path"]) for item in found["items"] if item["type"] != "subject"]


def test_trades_and_listings_are_found_in_the_registers(makers: Makers) -> None:
    secret = [("trade", "dcdex", f"/trades/dcdex/{SECRET_TRADE['trade_no']}")]
    assert documents(makers, "T-secret") == documents(makers, "T-sec") == secret
    assert documents(makers, "T-secre-") == documents(makers, "-secret") == []
    assert documents(makers, "T-secret", "exchange:dcdex") == secret
    assert documents(makers, "T-secret", "exchange:kmdex") == []
    listing = makers.set.listings.items("/v1/listings")[0]
    number, exchange = listing["listing_no"], listing["exchange"]
    assert ("listing", exchange, f"/listings/{exchange}/{number}") in documents(makers, number)


def test_a_declared_subject_that_no_exchange_reported_is_found_by_who_sees_all(makers: Makers) -> None:
    code = worlds.uscc(80)
    assert [item["id"] for item in makers.get(f"/v1/search?q={code}")["items"]] == [f"uscc:{code}"]
    for exchange in ("kmdex", "dcdex"):
        assert makers.get(f"/v1/search?q={code}", f"exchange:{exchange}")["items"] == []


def test_parties_of_documents_alone_are_not_subjects_of_another_exchange(makers: Makers) -> None:
    for name in SECRETS.values():
        assert makers.get(f"/v1/search?q={name}", "exchange:kmdex")["items"] == []


def test_a_register_that_does_not_answer_is_named(makers: Makers) -> None:
    context = makers.app.extensions[EXTENSION]
    nowhere = RegisterAddresses({"r1": RegisterAddress("http://127.0.0.1:9", "http://127.0.0.1:9")}, "service-key")
    makers.app.extensions[EXTENSION] = replace(context, registers=nowhere)
    try:
        assert makers.get("/v1/search?q=T-secret")["unavailable"] == ["trade", "listing"]
        assert makers.get("/v1/search?q=虚构")["unavailable"] == []
    finally:
        makers.app.extensions[EXTENSION] = context
