"""The bureau at work on a running set: API and consumer write the same ledger and log."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests
from kafka import KafkaProducer

from shared.translog.checkpoint import open_checkpoint
from shared.translog.note import VerifierKey
from shared.values.times import SHANGHAI
from tests.support.incentive.eligibility import verified
from tests.support.registers import worlds
from tests.support.up import EARLIER_MS, QUIET_WITHIN_S, client_of

if TYPE_CHECKING:
    from devset.client import Client

BUYER = worlds.uscc(8101)
AWARD = f"first_purchase/uscc:{BUYER}"


def bought(running: dict[str, Any], client: Client, revision: int, refunded: str) -> None:
    """Publish a first purchase through Kafka, and wait until the ledger has the result."""
    parties = {
        role: {"id_scheme": "uscc", "id": worlds.uscc(number), "name": f"虚构主体{number}"}
        for role, number in (("provider", 8102), ("buyer", 8101))
    }
    trade = {
        "trade_no": "T-bureau",
        "revision": revision,
        "status": "completed",
        "mode": "negotiated",
        "amount": "5000000.00",
        "refunded": refunded,
        "currency": "CNY",
        "completed_at": "2026-03-01T10:00:00+08:00",
        **parties,
    }
    producer = KafkaProducer(bootstrap_servers=running["kafka"], acks="all")
    producer.send(
        "exchange.kmdex.trades.v1", worlds.record("trade", "kmdex", trade, 0).value, timestamp_ms=EARLIER_MS
    ).get(10)
    producer.close()
    client.await_quiet(QUIET_WITHIN_S, lambda: None)


def test_an_award_is_decided_on_paid_and_claimed_back(running_set: dict[str, Any]) -> None:
    client, base = client_of(running_set), running_set["incentive"]

    def post(path: str, body: dict[str, Any], who: str = "bureau") -> Any:
        given = {"Authorization": f"Bearer {running_set['keys'][who]}", "Idempotency-Key": uuid.uuid4().hex}
        answer = requests.post(f"{base}{path}", json=body, headers=given, timeout=30)
        assert answer.status_code == 201, answer.text
        return answer.json()

    bought(running_set, client, 1, "0")

    def today() -> date:
        """Return the day at each step anew: a payment must not be dated before the approval, also at midnight."""
        return datetime.now(SHANGHAI).date()

    post(f"/v1/subjects/uscc:{BUYER}/eligibility", verified())
    paper = [{"name": "批复.pdf", "sha256": "ab" * 32}]
    notice = {"from": "2026-03-02", "until": "2026-03-10", "where": "公告栏", "documents": paper}
    for who, step in (
        ("bureau", {"action": "list"}),
        ("bureau", {"action": "review"}),
        ("bureau2", {"action": "joint_review", "documents": paper}),
        ("bureau", {"action": "publish", **notice}),
        ("bureau3", {"action": "approve", "documents": paper}),
    ):
        post(f"/v1/awards/{AWARD}/decisions", step, who)
    payment = {"action": "pay", "voucher_no": "V-1", "paid_on": today().isoformat()}
    post(f"/v1/awards/{AWARD}/decisions", payment)
    bought(running_set, client, 2, "1500000")
    (proposal,) = client.items("incentive", "/v1/clawbacks", state="open")
    assert (proposal["award_id"], proposal["amount"]) == (AWARD, "25000.00")
    until = (today() + timedelta(days=30)).isoformat()
    why = {"ground": "correction", "reason": "退款", "documents": paper}
    notified = {"action": "notify_return", "amount": "25000.00", "until": until, **why}
    post(f"/v1/awards/{AWARD}/decisions", notified)
    returned = {"action": "return", "amount": "25000.00", "documents": paper}
    post(f"/v1/awards/{AWARD}/decisions", returned, "bureau2")
    received = {"action": "recover", "amount": "20000.00", "voucher_no": "R-1", "received_on": today().isoformat()}
    recovered = post(f"/v1/awards/{AWARD}/decisions", received)
    found = client.get("incentive", f"/v1/awards/{AWARD}")
    assert (found["state"], found["approved"], found["paid"], found["returned"], found["flags"]) == (
        "paid",
        "200000.00",
        "200000.00",
        "25000.00",
        [],
    )
    transactions = list(client.items("incentive", "/v1/ledger/transactions"))
    assert [one["seq"] for one in transactions] == list(range(len(transactions)))
    assert transactions[-1]["seq"] == recovered["transaction"]
    kinds = [one["kind"] for one in transactions if one["award_id"] == AWARD]
    assert [kind for kind in kinds if kind != "decision"] == [
        "entitlement",
        "approval",
        "payment",
        "entitlement",
        "return",
        "recovery",
    ]
    # Both programs sign with one key.
    auditor = {"Authorization": f"Bearer {running_set['keys']['auditor']}"}
    (key,) = requests.get(f"{base}/v1/log/keys", headers=auditor, timeout=60).text.splitlines()
    note = requests.get(f"{base}/v1/log/checkpoint", headers=auditor, timeout=60).content
    assert 0 < open_checkpoint(note, [VerifierKey.parse(key)]).size <= len(transactions)
