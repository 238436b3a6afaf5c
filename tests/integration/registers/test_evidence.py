"""`/v1/evidence` of a fact recomputes it at every sequence number at which it was published."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from services.incentive.verifier.facts import about_of_fact, recompute_fact
from services.incentive.verifier.registers import RegisterEvidence
from services.incentive.verifier.values import fen
from shared.events.fact_topics import ANNUAL_TOTAL, FIRST_LISTING, FIRST_PURCHASE, LISTING, SIGN
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import Edge, leaf_hash
from shared.translog.note import parse_note
from shared.values.canonical_json import canonical_json
from shared.whitelist import load_whitelist
from tests.support.incentive.whole_set import WHITELIST, WholeSet, fed_with_a_world, whole_set
from tests.support.registers import worlds
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED, DOCUMENTS = 7, 160


@pytest.fixture(scope="module")
def made(postgres, tmp_path_factory) -> Iterator[WholeSet]:
    with whole_set(postgres, tmp_path_factory.mktemp("evidence")) as found:
        fed_with_a_world(found, SEED, DOCUMENTS)
        operator = load_whitelist(WHITELIST).get("kmdex").operators[0].uscc
        for exchange, data in worlds.telling_trades(operator):
            found.trade(exchange, worlds.record("trade", exchange, data, 0).value)
        yield found


def register_of(made: WholeSet, topic: str) -> Any:
    return made.listings if topic in (LISTING, FIRST_LISTING) else made.trades


def documents(made: WholeSet, topic: str, key: str, seq: int | None = None) -> list[dict[str, Any]]:
    query = {"fact": f"{topic}/{key}"} | ({} if seq is None else {"seq": seq})
    answer = register_of(made, topic).get("/v1/evidence", "service", **query)
    assert (answer.status_code, answer.content_type) == (200, "application/x-ndjson"), answer.text
    found = [json.loads(line) for line in answer.text.splitlines()]
    assert [item["seq"] for item in found] == sorted(item["seq"] for item in found)
    return found


def test_every_version_of_every_fact_is_what_its_evidence_makes(made: WholeSet) -> None:
    told, measured = Counter(), Counter()
    for (topic, key), values in made.published.items():
        for value in map(json.loads, values):
            items = documents(made, topic, key, value["seq"])
            counted = [item for item in items if item["counted"] is True]
            told.update(str(item["counted"]) for item in items)
            if topic in (FIRST_LISTING, FIRST_PURCHASE):
                first = value["first"]
                number = "listing_no" if topic == FIRST_LISTING else "trade_no"
                assert [(item["exchange"], item[number], item["revision"]) for item in counted] == (
                    [] if first is None else [(first["exchange"], first[number], first["revision"])]
                )
            elif topic == ANNUAL_TOTAL:
                check_total(value, items)
            elif topic == SIGN:
                measured.update(check_sign(value, counted))
            else:
                assert [item["status"] for item in items] == [value["status"]]
    assert set(told) == {
        "True", "later", "cancelled", "annulled", "mirrored", "mode", "unmatched", "not_on_whitelist",
    }  # fmt: skip
    assert all(measured[name] for name in ("counterparties", "repeated", "greatest", "operators"))


def check_sign(value: dict[str, Any], counted: list[dict[str, Any]]) -> list[str]:
    """Check the published red-flag measures against the counted trades; return the names of non-empty fields."""
    told = {(one["exchange"], one["trade_no"]): one for one in counted}
    by_buyer = Counter(f"{one['buyer']['id_scheme']}:{one['buyer']['id']}" for one in counted)
    for part in (*value.get("repeated", ()), *value.get("operators", ())):
        assert {(one["exchange"], one["trade_no"]) for one in part["examples"]} <= told.keys()
    for part in value.get("operators", ()):
        assert part["trades"] == by_buyer[part["subject"]]
    if "sold" in value:
        is_provider = [f"{one['provider']['id_scheme']}:{one['provider']['id']}" == value["subject"] for one in counted]
        assert value["sold"]["trades"] == sum(is_provider)
        assert by_buyer[value["subject"]] == len(counted) - sum(is_provider)
    if value.get("greatest"):
        assert (value["greatest"]["exchange"], value["greatest"]["trade_no"]) in told
    return [name for name, measure in value.items() if measure]


def check_total(value: dict[str, Any], items: list[dict[str, Any]]) -> None:
    def net(item: dict[str, Any]) -> int:
        return fen(item["amount"]) - fen(item["refunded"])

    if "by_exchange" not in value:
        counted = [item for item in items if item["counted"] is True]
        assert sum(map(net, counted)) == sum(fen(bucket["amount"]) for bucket in value["buckets"])
        assert len(counted) == sum(bucket["trades"] for bucket in value["buckets"])
        return
    found = Counter()
    for exchange, share in value["by_exchange"].items():
        for reason in ("counted", "unmatched"):
            for bucket in share[reason]:
                found[exchange, True if reason == "counted" else reason] += bucket["trades"]
        for other in share["other"]:
            found[exchange, other["reason"]] += other["trades"]
    assert Counter((item["exchange"], item["counted"]) for item in items) == +found


def test_a_document_has_its_fields_and_its_position_in_kafka(made: WholeSet) -> None:
    (topic, key), _ = next(item for item in made.published.items() if item[0][0] == FIRST_PURCHASE)
    item = documents(made, topic, key)[0]
    detail = made.trades.get(f"/v1/trades/{item['exchange']}/{item['trade_no']}").get_json()
    place = next(one for one in detail["revisions"] if one["seq"] == item["seq"])
    for name in ("topic", "partition", "offset", "revision"):
        assert item[name] == place[name]
    members = {"amount", "buyer", "completed_at", "currency", "mode", "provider", "refunded", "status", "trade_no"}
    assert members <= item.keys()
    assert datetime.fromisoformat(item["completed_at"])


@pytest.mark.parametrize(
    ("fact", "seq", "status"),
    [
        ("facts.first-purchase.v1/r1/uscc:1", None, 404),
        ("facts.first-purchase.v1/r2/uscc:91530100MA6K123456", None, 404),
        ("facts.annual-total.v1/r1/exchange/kmdex/26", None, 404),
        ("facts.annual-total.v1/r1/exchange/kmdex", None, 404),
        ("facts.listing.v1/r1/kmdex/L1", None, 404),
        ("facts.annual-total.v1/r1/exchange/kmdex/2026", 10**6, 422),
        ("facts.annual-total.v1/r1/exchange/kmdex/2026", 0, 200),
        ("facts.annual-total.v1/r1/exchange/nowhere/2026", None, 200),
    ],
)
def test_missing_evidence_is_reported(made: WholeSet, fact: str, seq: int | None, status: int) -> None:
    answer = made.trades.get("/v1/evidence", **{"fact": fact} | ({} if seq is None else {"seq": seq}))
    assert answer.status_code == status
    if status == 200:
        assert answer.text == ""


@pytest.mark.parametrize(
    ("role", "evidence", "entries"),
    [("auditor", 200, 403), ("service", 200, 200), ("bureau", 403, 403), ("exchange:kmdex", 403, 403)],
)
def test_who_may_ask(made: WholeSet, role: str, evidence: int, entries: int) -> None:
    answer = made.trades.get("/v1/evidence", role, fact="facts.annual-total.v1/r1/exchange/kmdex/2026")
    assert answer.status_code == evidence
    answer = made.trades.app.test_client().post("/v1/entries?until=1", headers=headers(role), data=b"*", buffered=True)
    assert answer.status_code == entries


def entries(register: Any, until: int, *wanted: str, **query: Any) -> list[dict[str, Any]]:
    answer = register.app.test_client().post(
        "/v1/entries",
        headers=headers("service"),
        query_string={"until": until, **query},
        data="".join(f"{one}\n" for one in wanted).encode(),
    )
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.data.splitlines()]


def test_all_entries_hash_to_the_log_root_and_make_every_fact(made: WholeSet) -> None:
    for register, kind in ((made.listings, "listings"), (made.trades, "trades")):
        note = register.get("/v1/log/checkpoint").text
        checkpoint = Checkpoint.parse(parse_note(note).text)
        found = entries(register, checkpoint.size, "*")
        assert [item["entry"]["seq"] for item in found] == list(range(checkpoint.size))
        leaves = [leaf_hash(canonical_json(item["entry"])) for item in found]
        assert Edge().grown(leaves, 8)[0].root() == checkpoint.root
        anew = register_anew(kind, found)
        for (topic, key), values in made.published.items():
            if register_of(made, topic) is register:
                for value in map(json.loads, values):
                    expected = recompute_fact(anew, topic, key.partition("/")[2], value["seq"])
                    assert {**expected, "generation": 1, "seq": value["seq"]} == value


def register_anew(kind: str, items: list[dict[str, Any]]) -> RegisterEvidence:
    """Return the verifier's register with only these entries."""
    register = RegisterEvidence(kind, kind.removesuffix("s"))
    for item in items:
        register.read(item)
    return register


def test_selected_entries_make_the_facts_of_the_selected_subjects(made: WholeSet) -> None:
    size = Checkpoint.parse(parse_note(made.trades.get("/v1/log/checkpoint").text).text).size
    for (topic, key), values in made.published.items():
        if topic not in (FIRST_PURCHASE, ANNUAL_TOTAL, SIGN):
            continue
        rest = key.partition("/")[2]
        about = about_of_fact(f"{topic}/{key}")
        found = entries(made.trades, size, about)
        assert [item["entry"]["seq"] for item in found] == sorted({item["entry"]["seq"] for item in found})
        anew = register_anew("trades", found)
        for value in map(json.loads, values):
            expected = recompute_fact(anew, topic, rest, value["seq"])
            assert {**expected, "generation": 1, "seq": value["seq"]} == value


def test_an_exchange_sees_only_its_own_documents(made: WholeSet) -> None:
    size = Checkpoint.parse(parse_note(made.trades.get("/v1/log/checkpoint").text).text).size
    subjects = {key.partition("/")[2] for topic, key in made.published if topic == FIRST_PURCHASE}
    for wanted in ([*subjects], ["exchange/kmdex", "exchange/dcdex"]):
        found = entries(made.trades, size, *wanted, exchange="kmdex")
        assert {item["entry"]["exchange"] for item in found if item["entry"]["kind"] != "settings"} == {"kmdex"}
    listed = next(key for topic, key in made.published if topic == LISTING and key.startswith("r1/kmdex/"))
    (_, number) = listed.removeprefix("r1/").split("/")
    found = entries(made.listings, 1, f"listing/kmdex/{number}")
    assert [item["entry"]["kind"] for item in found] == ["settings"]
    size = Checkpoint.parse(parse_note(made.listings.get("/v1/log/checkpoint").text).text).size
    found = entries(made.listings, size, f"listing/kmdex/{number}")
    assert {item["entry"]["number"] for item in found} == {None, number}
