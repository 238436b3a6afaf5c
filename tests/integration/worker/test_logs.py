"""Logs of real programs: rejected records by event and position, rate limits, and no personal data.

Every free text of the events has a canary in it; errors of every kind are forced; then no log may have the canary.
"""

from __future__ import annotations

import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml
from kafka import KafkaProducer
from sqlalchemy import text

from devset.processes import free_ports
from tests.support.consumer_program import Place, Running, prepared_place
from tests.support.registers.web_register import PROVIDER, SIDES
from tests.support.until import until
from tests.support.web.keys import KEYS, headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "canary-7c1f"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
RUBBISH = 3_000
LISTING = SIDES["listing"]


@pytest.fixture
def place(tmp_path, postgres_server, kafka, fork_server) -> Iterator[Place]:
    with prepared_place("listing", tmp_path, postgres_server, kafka, fork_server) as place:
        yield place


@pytest.fixture
def publish(place: Place) -> Iterator[Callable[..., None]]:
    producer = KafkaProducer(bootstrap_servers=place.kafka)

    def publish(value: bytes | None, count: int = 1, **options: Any) -> None:
        for _ in range(count):
            producer.send(place.topic, value, partition=0, **options)
        producer.flush()

    yield publish
    producer.close()


def event(place: Place, number: str, traceparent: str | None = TRACEPARENT, **members: Any) -> bytes:
    whole = json.loads(LISTING.event(place.exchange, number, **members))
    return json.dumps(whole | {"id": f"evt/{number}", "traceparent": traceparent}, ensure_ascii=False).encode()


def refused(place: Place) -> int:
    return place.rows("SELECT count(*) FROM quarantine")[0][0]


def test_refused_records_are_named_and_a_flood_of_them_is_not(place: Place, publish: Callable[..., None]) -> None:
    program = place.run("consume")
    publish(event(place, "A", status="sold"))
    binary = {
        "ce_specversion": "1.0",
        "ce_id": "evt-2",
        "ce_source": f"/exchanges/{place.exchange}",
        "ce_type": "cn.kunming.data-exchange.listing.v1",
        "ce_time": "yesterday",
        "ce_traceparent": TRACEPARENT,
    }
    publish(b"{}", headers=[(name, value.encode()) for name, value in binary.items()])
    until(lambda: refused(place) == 2)
    expected = {
        "level": "warning",
        "service": "listing",
        "exchange": place.exchange,
        "topic": place.topic,
        "partition": 0,
        "trace_id": TRACE,
    }
    first, second = until(lambda: len(found := program.lines("record refused")) == 2 and found)
    assert expected.items() <= first.items()
    assert [first[name] for name in ("event_id", "offset", "reason", "fields")] == [
        "evt/A",
        0,
        "invalid_data",
        ["status"],
    ]
    assert expected.items() <= second.items()
    assert [second[name] for name in ("event_id", "offset", "reason", "fields")] == [
        "evt-2",
        1,
        "not_cloudevent",
        ["time"],
    ]
    began_s = time.monotonic()
    publish(b"\xff" * 500, RUBBISH)
    publish(event(place, "B"))
    until(lambda: refused(place) == 2 + RUBBISH)
    until(lambda: place.rows("SELECT 1 FROM listing"))
    minutes = 1 + (time.monotonic() - began_s) // 60
    log = program.log_file.read_bytes().splitlines()
    assert len(program.lines("record refused")) <= 60 * (minutes + 1)
    assert len(log) < 300 * minutes
    assert max(map(len, log)) < 16_000
    counted = len(program.lines("record refused")) + sum(
        line["records"] for line in program.lines("more records refused")
    )
    assert counted > 100
    taken = until(lambda: program.lines("batch committed"))
    assert taken[0]["offsets"][0].startswith(f"{place.topic}[0] 0..")


def party(name: str) -> dict[str, str]:
    return PROVIDER | {"name": name}


def break_what_takes_names(place: Place, error: str) -> None:
    """Make PostgreSQL refuse a party by its name, with one of the errors that quote the refused value."""
    engine = place.engine
    with engine.begin() as connection:
        if error == "constraint":
            connection.execute(text("ALTER TABLE party ADD CONSTRAINT no_such_name CHECK (name NOT LIKE '%fatal%')"))
        else:
            connection.execute(
                text(
                    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                    " IF NEW.name LIKE '%fatal%' THEN RAISE invalid_text_representation USING MESSAGE = NEW.name;"
                    " END IF; RETURN NEW; END $$"
                )
            )
            connection.execute(
                text("CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON party FOR EACH ROW EXECUTE FUNCTION refuse()")
            )
    engine.dispose()


def everything_that_may_be_refused(place: Place) -> Iterator[bytes]:
    """Yield two valid documents (any text may be an id) and an invalid one for each reason that quotes input."""
    product = {"no": CANARY, "name": CANARY, "kind": "dataset"}
    texts = {"product": product, "certificate_no": CANARY, "provider": party(CANARY), CANARY: CANARY}
    yield event(place, CANARY, **texts)
    yield event(place, CANARY, **texts, origin_exchange=CANARY)
    yield event(place, "B", **texts, status=CANARY, listed_at=CANARY, revision=CANARY)
    yield event(place, "C", **(texts | {"provider": {"id_scheme": CANARY, "id": CANARY, "name": CANARY, CANARY: 1}}))
    whole = json.loads(event(place, "D"))
    for member in ("id", "source", "type", "time", "specversion", "data", "data_base64"):
        yield json.dumps(whole | {member: f"{CANARY} 张三"}).encode()
    yield f'{{"{CANARY}": '.encode()
    yield f'"{CANARY}"'.encode()
    yield CANARY.encode() * 30_000


@pytest.mark.parametrize("error", ["constraint", "data"])
def test_no_log_holds_what_events_hold(
    place: Place, publish: Callable[..., None], postgres_server, kafka_files, error: str
) -> None:
    engines = [postgres_server.log_file]
    if kafka_files is not None:
        engines.append(kafka_files.parent.with_suffix(".log"))
    begins = [file.stat().st_size for file in engines]
    program = place.run("consume", LOG_LEVEL="DEBUG")
    sent = list(everything_that_may_be_refused(place))
    for value in sent:
        publish(value, key=CANARY.encode(), headers=[(CANARY, CANARY.encode())])
    until(lambda: refused(place) == len(sent) - 2)
    reasons = {row.reason for row in place.rows("SELECT DISTINCT reason FROM quarantine")}
    assert reasons > {"revision_conflict", "invalid_data", "not_json", "too_large", "wrong_source", "unknown_type"}

    break_what_takes_names(place, error)
    publish(event(place, "E", provider=party(f"{CANARY} fatal")))
    assert program.process.wait(180) == 1
    (stopped,) = program.lines("stopped by an unexpected error")
    kind, says = {"constraint": ("CheckViolation", "no_such_name"), "data": ("InvalidText", "SQLSTATE 22P02")}[error]
    assert says in stopped["exception"].splitlines()[-1]
    (failed,) = program.lines("batch failed")
    assert place.topic in failed["offsets"][0]
    (run,) = place.runs()
    assert run.reason.startswith(kind)
    assert says in run.reason

    api = fail_api(place)
    logs = [one.log_file.read_bytes() for one in (program, api)]
    if error == "constraint":  # PostgreSQL's own log has its messages that quote data
        logs += [file.read_bytes()[begin:] for file, begin in zip(engines, begins, strict=True)]
    for log in [*logs, run.reason.encode()]:
        assert CANARY.encode() not in log.lower()
        assert CANARY.encode().hex().encode() not in log.lower()


def fail_api(place: Place) -> Running:
    """Run an API that fails on a corrupted stored document; request it by paths with the canary."""
    engine = place.engine
    with engine.begin() as connection:
        connection.execute(text("UPDATE listing SET value = :value"), {"value": f'"{CANARY}"'.encode()})
    engine.dispose()
    (port,) = free_ports(1)
    keys = [{"name": CANARY, "role": "auditor", "sha256": KEYS["auditor"]}]
    (place.folder / "keys.yaml").write_text(yaml.safe_dump(keys), "utf-8")
    api = place.run("serve", "--bind", f"127.0.0.1:{port}", LOG_LEVEL="DEBUG")
    url = f"http://127.0.0.1:{port}"

    def status(path: str) -> int:
        try:
            return requests.get(f"{url}{path}", headers=headers("auditor"), timeout=60).status_code
        except requests.ConnectionError:
            return 0

    until(lambda: status("/healthz") == HTTPStatus.OK)
    assert status(f"/v1/listings/{place.exchange}/{CANARY}") == HTTPStatus.INTERNAL_SERVER_ERROR
    assert status(f"/v1/listings?provider={CANARY}") == HTTPStatus.UNPROCESSABLE_ENTITY
    (told,) = api.lines("request failed with an internal error")
    assert told["route"] == "/v1/listings/<exchange>/<no>"
    assert told["exception"].splitlines()[-1] == "ValueError"
    api.terminate()
    return api
