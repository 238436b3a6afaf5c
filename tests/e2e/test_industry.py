"""A listing and a trade that state an industry, through Kafka to the totals of their exchange."""

from __future__ import annotations

from typing import Any

from kafka import KafkaProducer

from tests.support.registers import worlds
from tests.support.up import EARLIER_MS, QUIET_WITHIN_S, client_of


def test_the_industry_of_a_product_arrives_in_lists_totals_and_the_year(running_set: dict[str, Any]) -> None:
    client, year = client_of(running_set), 2023
    parties = {
        role: {"id_scheme": "uscc", "id": worlds.uscc(number), "name": f"虚构主体{number}"}
        for role, number in (("provider", 8111), ("buyer", 8112))
    }
    product = {"no": "D-industry", "name": "虚构花卉数据", "kind": "dataset"}
    listing = {
        "listing_no": "L-industry",
        "revision": 1,
        "status": "listed",
        "product": product | {"industry": "A"},
        "provider": parties["provider"],
        "listed_at": f"{year}-02-01T10:00:00+08:00",
    }
    trade = {
        "trade_no": "T-industry",
        "revision": 1,
        "status": "completed",
        "mode": "listed",
        "listing_no": "L-industry",
        "product": product | {"industry": "A"},
        "amount": "300.00",
        "currency": "CNY",
        "completed_at": f"{year}-03-01T10:00:00+08:00",
        **parties,
    }
    sent = [("listing", listing), ("trade", trade)]
    # The same content: a duplicate, and no conflict. A letter that is no section: refused by name.
    sent += [("trade", trade | {"product": product}), ("trade", trade | {"product": product | {"industry": "B"}})]
    sent.append(("trade", trade | {"trade_no": "T-wrong", "product": product | {"industry": "X"}}))
    producer = KafkaProducer(bootstrap_servers=running_set["kafka"], acks="all")
    for kind, document in sent:
        value = worlds.record(kind, "kmdex", document, 0).value
        # One key, one partition: the first of equal contents is the one that stays.
        producer.send(f"exchange.kmdex.{kind}s.v1", value, key=b"industry", timestamp_ms=EARLIER_MS).get(10)
    producer.close()
    client.await_quiet(QUIET_WITHIN_S, lambda: None)
    assert client.get("listing", "/v1/listings/kmdex/L-industry")["product"]["industry"] == "A"
    found = client.get("trade-ingest", "/v1/trades/kmdex/T-industry")
    assert (found["product"], len(found["revisions"])) == (product | {"industry": "A"}, 1)
    asked = {"product_kind": "dataset", "industry": "A", "provider": f"uscc:{worlds.uscc(8111)}"}
    assert [one["trade_no"] for one in client.items("trade-ingest", "/v1/trades", **asked)] == ["T-industry"]
    assert list(client.items("trade-ingest", "/v1/trades", **asked | {"industry": "unknown"})) == []
    refused = [one for one in client.items("trade-ingest", "/v1/quarantine") if one["number"] == "T-wrong"]
    assert [[error["field"] for error in one["errors"]] for one in refused] == [["product.industry"]]
    status = client.get("incentive", "/v1/exchanges/kmdex/status", year=year)
    (by_industry,) = [one for one in status["by_industry"] if one["industry"] == "A"]
    (by_kind,) = [one for one in status["by_kind"] if one["kind"] == "dataset"]
    assert (by_industry["amount"], by_industry["trades"]) == ("300.00", 1)
    assert by_kind["trades"] >= 1
    for parts in (status["by_kind"], status["by_industry"], status["months"]):
        assert sum(one["trades"] for one in parts) == status["trades"]
