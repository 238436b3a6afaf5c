"""Spans of real programs as an OTLP receiver gets them: linked to events, children of the callers' spans."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from kafka import KafkaProducer
from sqlalchemy import text

from devset.processes import free_ports
from shared.settings import Settings, SettingsError
from shared.telemetry.tracing import start_tracing
from tests.support.consumer_program import Place, prepared_place
from tests.support.observability.otlp_receiver import Receiver, attributes, links, receiving
from tests.support.registers.web_register import SIDES
from tests.support.until import until
from tests.support.web.keys import KEYS, headers

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "canary-7c1f"
TRACES = [f"{number:032x}" for number in (0xA1, 0xB2)]
CALLER = "00f067aa0ba902b7"
LISTING = SIDES["listing"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def place(tmp_path, postgres_server, kafka, fork_server) -> Iterator[Place]:
    with prepared_place("listing", tmp_path, postgres_server, kafka, fork_server) as place:
        yield place


def publish(place: Place, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=place.kafka)
    for value in values:
        producer.send(place.topic, value, partition=0)
    producer.close()


def event(place: Place, number: str, trace: str | None, **members: Any) -> bytes:
    whole = json.loads(LISTING.event(place.exchange, number, **members))
    traced = {} if trace is None else {"traceparent": f"00-{trace}-{CALLER}-01"}
    return json.dumps(whole | traced).encode()


def test_a_batch_is_linked_to_the_traces_of_its_events(place: Place, receiver: Receiver) -> None:
    publish(
        place,
        event(place, CANARY, TRACES[0], certificate_no=CANARY),
        event(place, "B", TRACES[0]),
        event(place, "C", None),
        event(place, CANARY, TRACES[1], certificate_no=f"{CANARY} again"),  # refused, and traced all the same
    )
    program = place.run("consume", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url, OTEL_BSP_SCHEDULE_DELAY="100")
    group = f"jiangbu.{place.register}.listings"

    def done() -> list[Any]:
        spans = receiver.named(f"process {group}")
        read = sum(attributes(span)["messaging.batch.message_count"] for span in spans)
        return spans if read == 4 else []

    spans = until(done)
    assert {link for span in spans for link in links(span)} == {(trace, CALLER) for trace in TRACES}
    assert {service for service, _ in receiver.spans()} == {"jiangbu-listing"}
    first = attributes(spans[0])
    assert first["messaging.consumer.group.name"] == group
    assert first["jiangbu.offsets"][0].startswith(f"{place.topic}[0] 0..")

    engine = place.engine
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE listing ADD CONSTRAINT nothing CHECK (number = '{CANARY}') NOT VALID"))
    engine.dispose()
    publish(place, event(place, f"{CANARY}.2", TRACES[1], certificate_no=CANARY))
    assert program.process.wait(180) == 1
    # The span is sent before the program ends.
    (failed,) = (span for span in receiver.named(f"process {group}") if "error.type" in attributes(span))
    assert attributes(failed)["error.type"] == "CheckViolation"
    assert 'constraint "nothing"' in failed.status.message
    assert links(failed) == [(TRACES[1], CALLER)]
    assert CANARY.encode() not in b"".join(receiver.bodies)


def test_a_request_is_reported_by_its_route_below_the_caller(place: Place, receiver: Receiver) -> None:
    (port,) = free_ports(1)
    keys = [{"name": CANARY, "role": "auditor", "sha256": KEYS["auditor"]}]
    (place.folder / "keys.yaml").write_text(yaml.safe_dump(keys), "utf-8")
    api = place.run("serve", "--bind", f"127.0.0.1:{port}", OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url)

    def ask(path: str, **more: str) -> int:
        try:
            answer = requests.get(f"http://127.0.0.1:{port}{path}", headers=headers("auditor") | more, timeout=60)
        except requests.ConnectionError:
            return 0
        return answer.status_code

    until(lambda: ask("/healthz") == 200)
    traceparent = f"00-{TRACES[0]}-{CALLER}-01"
    assert ask(f"/v1/listings/{place.exchange}/{CANARY}?{CANARY}={CANARY}", traceparent=traceparent) == 422
    assert ask("/v1/listings", traceparent=CANARY) == 200
    assert ask("/metrics") == 200
    assert api.terminate()[0] == 0
    below, alone = (span for _, span in receiver.spans())
    assert below.name == "GET /v1/listings/<exchange>/<no>"
    assert (below.trace_id.hex(), below.parent_span_id.hex()) == (TRACES[0], CALLER)
    assert attributes(below) == {
        "http.request.method": "GET",
        "http.route": "/v1/listings/<exchange>/<no>",
        "http.response.status_code": 422,
    }
    assert (alone.name, alone.parent_span_id) == ("GET /v1/listings", b"")
    assert CANARY.encode() not in b"".join(receiver.bodies)


def test_a_receiver_that_is_unavailable_holds_nothing_up(place: Place) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(60)
        silent.listen()  # takes connections, and never answers
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        program = place.run("consume", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint, OTEL_BSP_SCHEDULE_DELAY="100")
        publish(place, event(place, "A", TRACES[0]))
        until(lambda: place.rows("SELECT 1 FROM listing"))
        silent.accept()[0].close()
        code, _ = program.terminate()
    assert code == 0
    assert program.lines("shutdown deadline passed, exiting") == []


def test_without_an_endpoint_nothing_is_loaded() -> None:
    """The packages cost memory and may not be installed."""
    script = (
        "import sys, services.listing.app, services.incentive.consumer, shared.register.consumer;"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry')]"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_an_endpoint_without_the_packages_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1/nothing")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:9092")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.delitem(sys.modules, "shared.telemetry.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(SettingsError, match="extra `otel`"):
        start_tracing(Settings("listing"))
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT")
    assert start_tracing(Settings("listing")) is None
