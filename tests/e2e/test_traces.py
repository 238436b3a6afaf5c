"""The trace of an event of an exchange: from its publication to what the ledger posts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer

from exchange_kit.api import ApiError
from shared.events.topics import topic_of
from tests.support.observability.otlp_receiver import Receiver, links, receiving
from tests.support.registers.web_register import BUYER, SIDES
from tests.support.until import until
from tests.support.up import client_of

if TYPE_CHECKING:
    import pytest

EXCHANGE = "kmdex"
TRACE, PUBLISHED = f"{0xE7E:032x}", f"{0xA1:016x}"
TRADES, LEDGER = "jiangbu.r1.trades", "jiangbu.incentive"


def of_trace(receiver: Receiver, trace: str, name: str) -> Any:
    """Return the span of that name in a trace, once it was received."""

    def found() -> Any:
        return next((span for span in receiver.named(name) if span.trace_id.hex() == trace), None)

    return until(found, why=lambda: [(span.name, span.trace_id.hex()) for _, span in receiver.spans()])


def is_posted(client: Any) -> bool:
    try:
        client.get("incentive", f"/v1/awards/first_purchase/uscc:{BUYER['id']}")
    except ApiError:
        return False
    return True


def test_an_event_is_followed_to_its_posting(own_set, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own trace leads to that of its batch, in which its facts are sent and taken in by the ledger."""
    with receiving() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        running = own_set().ready()
        event = json.loads(SIDES["trade-ingest"].event(EXCHANGE, "TRACED"))
        event["traceparent"] = f"00-{TRACE}-{PUBLISHED}-01"
        producer = KafkaProducer(bootstrap_servers=running["kafka"])
        producer.send(topic_of("trade", EXCHANGE), json.dumps(event).encode())
        producer.close()
        client = client_of(running)
        until(lambda: is_posted(client))

        taken_in = of_trace(receiver, TRACE, f"take in {TRADES}")
        assert taken_in.parent_span_id.hex() == PUBLISHED
        ((batch_trace, batch),) = links(taken_in)
        intake = of_trace(receiver, batch_trace, f"process {TRADES}")
        assert (intake.span_id.hex(), links(intake)) == (batch, [(TRACE, PUBLISHED)])
        sent = of_trace(receiver, batch_trace, f"send {TRADES}")
        assert sent.parent_span_id.hex() == batch
        posted = of_trace(receiver, batch_trace, f"take in {LEDGER}")
        assert posted.parent_span_id == sent.span_id
        ((ledger_trace, _),) = links(posted)
        ledger = of_trace(receiver, ledger_trace, f"process {LEDGER}")
        assert (batch_trace, sent.span_id.hex()) in links(ledger)
