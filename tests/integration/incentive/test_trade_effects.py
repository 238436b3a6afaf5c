"""From an award to its records in Kafka and from a trade to its postings: both directions agree."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.domain.facts import DECLARED
from services.incentive.http.context import EXTENSION
from services.incentive.store.register_client import RegisterAddresses
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING
from shared.register.head import lock_head, register_settings
from shared.settings import RegisterAddress
from tests.support.incentive.extract_makers import SECRET_TRADE, Makers, makers_of
from tests.support.incentive.whole_set import CUTS
from tests.support.registers.web_register import NOW
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.engines.session import FreshDatabase

NOWHERE = RegisterAddresses({"r1": RegisterAddress("http://127.0.0.1:9", "http://127.0.0.1:9")}, "service-key")
Number = tuple[str, str]


@pytest.fixture(scope="module")
def makers(postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("effects")) as found:
        yield found


def all_of(makers: Makers, path: str, role: str = "auditor") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    more = "?limit=3"
    while True:
        found = makers.get(path + more, role)
        items += found["items"]
        if found["next_cursor"] is None:
            return items
        more = f"?limit=3&cursor={found['next_cursor']}"


def evidence(makers: Makers, ref: dict[str, Any]) -> list[dict[str, Any]]:
    register = makers.set.listings if ref["fact"].startswith(FIRST_LISTING) else makers.set.trades
    query = {"fact": ref["fact"]} | ({} if ref["seq"] is None else {"seq": ref["seq"]})
    answer = register.get("/v1/evidence", "service", **query)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def driven_postings(makers: Makers) -> list[dict[str, Any]]:
    """Return the postings that rest on documents, without those of declarations, decisions and settings."""
    postings = all_of(makers, "/v1/ledger/transactions")
    postings = [one for one in postings if one["decision"] is None and one["kind"] != "settings"]
    return [one for one in postings if not one["cause"]["facts"][0]["fact"].startswith(f"{DECLARED}/")]


@pytest.fixture(scope="module")
def by_evidence(makers: Makers) -> dict[Number, list[dict[str, Any]]]:
    """The effects of each trade, collected from the evidence of every posting."""
    found: dict[Number, dict[int, dict[str, Any]]] = {}
    for posting in driven_postings(makers):
        for ref in posting["cause"]["facts"]:
            for item in evidence(makers, ref):
                if "trade_no" not in item:
                    continue
                place = {name: item[name] for name in ("revision", "seq", "topic", "partition", "offset")}
                effects = found.setdefault((item["exchange"], item["trade_no"]), {})
                effect = effects.setdefault(
                    posting["seq"],
                    {**{name: posting[name] for name in ("seq", "posted_at", "award_id", "amount")}, "facts": []},
                )
                effect["facts"].append({**ref, "counted": item["counted"], "document": place})
    return {number: list(effects.values()) for number, effects in found.items()}


def test_every_posting_of_an_award_leads_to_documents_and_their_records(makers: Makers) -> None:
    postings = {posting["seq"]: posting for posting in driven_postings(makers)}
    reached = set()
    for award in all_of(makers, "/v1/awards"):
        for seq in makers.get(f"/v1/awards/{award['award_id']}/explanation")["transactions"]:
            if seq not in postings:
                continue
            reached.add(seq)
            items = [item for ref in postings[seq]["cause"]["facts"] for item in evidence(makers, ref)]
            if not postings[seq]["amount"].startswith("-"):
                assert any(item["counted"] is True for item in items)
            for item in items:
                kind = "trade" if "trade_no" in item else "listing"
                register = makers.set.trades if kind == "trade" else makers.set.listings
                detail = register.get(f"/v1/{kind}s/{item['exchange']}/{item[f'{kind}_no']}").get_json()
                place = next(one for one in detail["revisions"] if one["seq"] == item["seq"])
                assert [item[name] for name in ("topic", "partition", "offset")] == [
                    place[name] for name in ("topic", "partition", "offset")
                ]
    assert reached == set(postings)


def test_a_trade_names_exactly_the_postings_whose_evidence_holds_it(
    makers: Makers, by_evidence: dict[Number, list[dict[str, Any]]]
) -> None:
    told = Counter()
    for trade in makers.set.trades.items("/v1/trades"):
        number = trade["exchange"], trade["trade_no"]
        effects = all_of(makers, "/v1/trades/{}/{}/effects".format(*number))
        assert sorted_facts(effects) == sorted_facts(by_evidence.pop(number, []))
        told.update(fact["counted"] for effect in effects for fact in effect["facts"])
    assert by_evidence == {}
    assert {True, "later", "cancelled", "mirrored", "unmatched"} <= told.keys()


def sorted_facts(effects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**effect, "facts": sorted(effect["facts"], key=lambda fact: fact["fact"])} for effect in effects]


def test_a_trade_that_does_not_count_says_why(makers: Makers) -> None:
    """The reason equals that in the evidence of each fact, for every trade of the register."""
    reasons = set()
    for trade in makers.set.trades.items("/v1/trades"):
        number = trade["exchange"], trade["trade_no"]
        facts = makers.get("/v1/trades/{}/{}/effects".format(*number))["facts"]
        assert facts
        for fact in facts:
            items = evidence(makers, {"fact": fact["fact"], "seq": None})
            (own,) = [item for item in items if (item["exchange"], item["trade_no"]) == number]
            assert fact["counted"] == own["counted"]
            reasons.add(fact["counted"])
    assert reasons == {True, "later", "cancelled", "mirrored", "mode", "unmatched", "not_on_whitelist"}


@pytest.mark.parametrize("exchange", ["kmdex", "dcdex"])
def test_an_exchange_sees_the_postings_of_wholly_visible_awards(makers: Makers, exchange: str) -> None:
    role = f"exchange:{exchange}"
    visible = {row["seq"] for row in all_of(makers, "/v1/ledger/transactions", role)}
    hidden = 0
    for trade in makers.set.trades.items("/v1/trades", role):
        path = f"/v1/trades/{exchange}/{trade['trade_no']}/effects"
        told, whole = all_of(makers, path, role), all_of(makers, path)
        assert [effect["seq"] for effect in told] == [effect["seq"] for effect in whole if effect["seq"] in visible]
        hidden += len(whole) - len(told)
        for own, all_told in zip(makers.get(path, role)["facts"], makers.get(path)["facts"], strict=True):
            # An exchange does not learn that the first trade is on another exchange.
            assert own == all_told or (own["counted"], all_told["counted"]) == (None, "later")
    for other in ("bureau", "service"):
        assert makers.get(path, other) == makers.get(path)
    assert hidden > 0


def test_what_an_exchange_may_not_see_and_what_is_not_there_is_404(makers: Makers) -> None:
    secret = f"/v1/trades/dcdex/{SECRET_TRADE['trade_no']}/effects"
    assert makers.ask("GET", secret, "exchange:dcdex").status_code == 200
    for path, role in (
        (secret, "exchange:kmdex"),
        ("/v1/trades/dcdex/none/effects", "exchange:kmdex"),
        ("/v1/trades/kmdex/none/effects", "exchange:kmdex"),
        ("/v1/trades/kmdex/none/effects", "auditor"),
        ("/v1/trades/nodex/T1/effects", "auditor"),
        ("/v1/trades/kmdex/%00/effects", "auditor"),
        ("/v1/trades/kmdex/..%2Fv1/effects", "auditor"),
    ):
        assert makers.ask("GET", path, role).status_code == 404, path
    assert makers.app.test_client().get(secret).status_code == 401
    assert makers.ask("GET", f"{secret}?limit=0").status_code == 422


def test_what_a_trade_was_evidence_of_is_reported_to_services_alone(makers: Makers) -> None:
    path = f"/v1/trades/dcdex/{SECRET_TRADE['trade_no']}/facts"
    assert makers.set.trades.get(path, "service").status_code == 200
    for role in ("auditor", "bureau", "exchange:dcdex", "exchange:kmdex"):
        assert makers.set.trades.get(path, role).status_code == 403
    for other in ("/v1/trades/dcdex/none/facts", "/v1/trades/dcdex/%00/facts", "/v1/trades/%00/T1/facts"):
        assert makers.set.trades.get(other, "service").status_code == 404


@pytest.mark.parametrize("known", [NOWHERE, RegisterAddresses({}, None)])
def test_without_the_register_the_answer_is_503(
    makers: Makers, known: RegisterAddresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = replace(makers.app.extensions[EXTENSION], registers=known)
    monkeypatch.setitem(makers.app.extensions, EXTENSION, context)
    assert makers.ask("GET", "/v1/trades/kmdex/T1/effects").status_code == 503


def test_the_register_that_has_the_trade_is_found(makers: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    address = makers.addresses["r1"]
    # The listing register has no trades; here it stands for a register of other exchanges.
    both = RegisterAddresses({"r0": replace(address, trade_ingest=address.listing), "r1": address}, "service-key")
    context = replace(makers.app.extensions[EXTENSION], registers=both)
    monkeypatch.setitem(makers.app.extensions, EXTENSION, context)
    path = f"/v1/trades/dcdex/{SECRET_TRADE['trade_no']}/effects"
    assert [fact["fact"].split("/")[0] for fact in makers.get(path)["facts"]]


def test_at_every_seq_a_trade_counts_as_the_evidence_says(makers: Makers) -> None:
    """Also after a change of the whitelist; the last test, as that change persists."""
    trades = makers.set.trades
    whitelist = trades.register.exchanges
    kmdex = replace(whitelist.get("kmdex"), from_=date(2026, 6, 1))
    later = replace(whitelist, listed=tuple(kmdex if one.id == "kmdex" else one for one in whitelist.listed))
    changed = replace(trades.register, exchanges=later, settings=register_settings(later, CUTS))
    with trades.engine.begin() as connection:
        head, log = lock_head(connection), trades.side.kind.log(LOG_KEY, LOG_ORIGIN)
        edge = log.edge(connection)
        trades.side.kind.adopt_settings(connection, head, changed, NOW)
        log.extend(connection, edge, NOW)
    rng = Random(1)
    until = head.next_seq + 1
    told = set()
    for trade in rng.sample(trades.items("/v1/trades"), 10):
        number = trade["exchange"], trade["trade_no"]
        parts = trades.get("/v1/trades/{}/{}/facts".format(*number), "service").get_json()["facts"]
        for fact in {part["fact"] for part in parts if part["fact"].startswith(ANNUAL_TOTAL)}:
            for seq in {*rng.sample(range(until), 12), until}:
                items = evidence(makers, {"fact": fact, "seq": seq})
                own = [
                    (one["revision"], one["counted"]) for one in items if (one["exchange"], one["trade_no"]) == number
                ]
                assert own == [
                    (part["document"]["revision"], part["counted"])
                    for part in parts
                    if part["fact"] == fact and part["from"] <= seq <= (part["until"] or until)
                ]
                told.update((seq == until, counted) for _, counted in own)
    assert {(False, True), (True, "not_on_whitelist")} <= told
