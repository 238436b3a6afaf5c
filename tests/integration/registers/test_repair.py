"""Refused records to correct: their documents, differences, status, counts, and the events to send again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shared.events.decode import REASONS, decode
from shared.postgres.database import make_engine
from shared.postgres.query import execute, fetch, fetch_value, stream_chunks
from shared.web.register import quarantine
from tests.support.registers.web_register import SIDES, RegisterSet, register_set

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from tests.support.engines.session import FreshDatabase

STATUSES = ("open", "corrected", "unidentified")
FULL = {"status": "listed", "provider": {"id": "91530100MA6K", "name": "x"}}
BINARY = [("ce_specversion", b"1.0"), ("ce_id", b"b"), ("ce_source", b"/exchanges/kmdex"), ("ce_time", b"today")]


def fill(made: RegisterSet) -> None:
    """Refused records of both exchanges: of registered documents, of others, and of none."""
    event, data = made.side.event, made.side.data
    for exchange in ("kmdex", "dcdex"):
        made.feed(exchange, [event(exchange, name) for name in ("A", "B", "C")])
        made.feed(exchange, [event(exchange, "A", revision=2), event(exchange, "A", certificate_no="1")])
        made.feed(exchange, [event(exchange, "B", revision=2, provider={"id": "91530100MA6K", "name": "x"})])
        made.feed(exchange, [event(exchange, "D", **{made.side.at: "2026-03-01"}), b"[]", None])
        made.feed(exchange, [json.dumps(data("E")).encode()], headers=BINARY)
        made.feed(exchange, [event("other", "F"), event(exchange, "F", status="new")])
    made.feed("kmdex", [event("kmdex", "B", revision=2)])


@pytest.fixture(scope="module", params=list(SIDES))
def filled(
    request: pytest.FixtureRequest, postgres: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RegisterSet]:
    with register_set(request.param, postgres(request.param), tmp_path_factory.mktemp("repair")) as made:
        fill(made)
        yield made


def listed(made: RegisterSet, role: str = "exchange:kmdex", **query: Any) -> list[dict[str, Any]]:
    return made.items("/v1/quarantine", role, **query)


def events(made: RegisterSet, role: str = "exchange:kmdex", **query: Any) -> list[dict[str, Any]]:
    answer = made.get("/v1/quarantine/events", role, **query)
    assert (answer.status_code, answer.mimetype) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.data.splitlines()]


def test_a_record_names_its_document_and_what_corrected_it(filled: RegisterSet) -> None:
    found = [(one["number"], one["revision"], one["reason"], one["status"]) for one in listed(filled)]
    assert found == [
        ("A", 1, "revision_conflict", "open"),
        ("B", 2, "invalid_data", "corrected"),
        ("D", 1, "invalid_data", "open"),
        (None, None, "not_cloudevent", "unidentified"),
        (None, None, "not_json", "unidentified"),
        ("E", 1, "not_cloudevent", "open"),
        ("F", 1, "wrong_source", "open"),
        ("F", 1, "invalid_data", "open"),
    ]
    conflict, corrected, without_time = listed(filled)[:3]
    assert (conflict["document_at"], without_time["document_at"]) == ("2026-03-01T10:00:00.000000+08:00", None)
    assert (conflict["corrected_by"], corrected["corrected_by"]["revision"]) == (None, 2)
    [other] = [one for one in listed(filled, "exchange:dcdex") if one["number"] == "B"]
    assert other["status"] == "open"


def test_differences_are_with_the_same_revision_or_with_the_state(filled: RegisterSet) -> None:
    conflict, corrected, unknown = listed(filled)[:3]
    assert conflict["registered"]["revision"] == 1
    assert conflict["differences"] == [{"field": "certificate_no", "refused": "1", "registered": None}]
    assert corrected["registered"]["revision"] == 2
    by_field = {one["field"]: one["refused"] for one in corrected["differences"]}
    assert by_field == {"provider.id": "91530100MA6K", "provider.name": "x"}
    assert (unknown["registered"], unknown["differences"]) == (None, [])
    assert filled.get(f"/v1/quarantine/{conflict['id']}", "exchange:kmdex").get_json() == conflict


def test_counts_are_those_of_the_lists(filled: RegisterSet) -> None:
    for role in ("auditor", "exchange:kmdex", "exchange:dcdex"):
        for query in ({}, {"exchange": "kmdex"}, {"reason": "invalid_data"}):
            counts = filled.get("/v1/quarantine/counts", role, **query).get_json()
            rows = {one["reason"]: one for one in counts["items"]}
            for status in STATUSES:
                for reason in REASONS:
                    if query.get("reason", reason) == reason:
                        count = len(listed(filled, role, **{**query, "reason": reason, "status": status}))
                        assert rows.get(reason, {}).get(status, 0) == count
                assert counts[status] == len(listed(filled, role, **query, status=status))
            assert counts["documents"] == len(events(filled, role, **query))
            for reason, row in rows.items():
                assert row["documents"] == len(events(filled, role, **{**query, "reason": reason}))


Plan = dict[str, Any]


@pytest.fixture
def plans(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The steps of the statements that count and stream, as they ran."""
    found: list[Plan] = []

    def explain(connection: Connection, statement: str, **parameters: Any) -> None:
        execute(connection, "SET LOCAL enable_seqscan = off")  # tables are small here
        explained = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
        found.extend(steps(fetch_value(connection, explained, list[Any], **parameters)[0]["Plan"]))

    def counted(connection: Connection, statement: str, row_type: Any, /, **parameters: Any) -> Any:
        if "GROUP BY" in statement:
            explain(connection, statement, **parameters)
        return fetch(connection, statement, row_type, **parameters)

    def streamed(connection: Connection, statement: str, row_type: Any, size: int, /, **parameters: Any) -> Any:
        explain(connection, statement, **parameters)
        return stream_chunks(connection, statement, row_type, size, **parameters)

    monkeypatch.setattr(quarantine, "fetch", counted)
    monkeypatch.setattr(quarantine, "stream_chunks", streamed)
    return found


def steps(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from steps(part)


@pytest.mark.parametrize("query", [{}, {"exchange": "kmdex"}, {"reason": "invalid_data"}])
def test_the_register_is_looked_up_once_for_each_record_and_no_record_is_sorted(
    filled: RegisterSet, plans: list[Plan], query: dict[str, str]
) -> None:
    named = [one for one in listed(filled, "auditor", **query) if one["number"] is not None]
    for path in ("/v1/quarantine/counts", "/v1/quarantine/events"):
        plans.clear()
        assert filled.get(path, **query).status_code == 200
        for table in (filled.side.document, f"{filled.side.document}_past"):
            looked_up = [step for step in plans if step.get("Relation Name") == table]
            assert [step["Node Type"] for step in looked_up] == ["Index Scan"]
            assert looked_up[0]["Actual Loops"] == len(named)
        assert all(step["Plan Width"] < 200 for step in plans if "Sort" in step["Node Type"])


def test_an_exchange_counts_and_corrects_its_own_alone(filled: RegisterSet) -> None:
    assert {one["exchange"] for one in listed(filled)} == {"kmdex"}
    assert filled.get("/v1/quarantine/counts", "exchange:kmdex", exchange="dcdex").get_json()["open"] == 0
    assert events(filled, exchange="dcdex") == []
    assert {one["source"] for one in events(filled)} == {"/exchanges/kmdex"}


def test_the_events_hold_each_open_document_once_with_what_is_to_be_corrected(filled: RegisterSet) -> None:
    found = events(filled)
    number = f"{filled.side.document}_no"
    assert [(one["data"][number], one["data"]["revision"], one["refusedreason"]) for one in found] == [
        ("A", 3, "revision_conflict"),  # above the state
        ("D", 1, "invalid_data"),
        ("E", 1, "not_cloudevent"),  # from binary mode, with whole attributes
        ("F", 1, "invalid_data"),
    ]
    assert len({one["id"] for one in found}) == 4
    assert all(one["refusederrors"] for one in found)


def test_events_that_were_corrected_and_sent_again_are_accepted(postgres: FreshDatabase, tmp_path: Path) -> None:
    for service, side in SIDES.items():
        folder = tmp_path / service
        folder.mkdir()
        with register_set(service, postgres(service), folder) as made:
            fill(made)
            found = events(made)
            for one in found:
                one["data"] |= {side.at: "2026-03-01T10:00:00+08:00", "status": side.statuses[0]}
            values = [json.dumps(one).encode() for one in found]
            assert not [decode(side.document, "kmdex", value, ()) for value in values if b"today" in value]  # type: ignore[arg-type]
            made.feed("kmdex", values)
            assert listed(made, status="open") == []
            assert events(made) == []
            assert len(events(made, "exchange:dcdex")) == 5


def test_what_is_cut_or_too_large_is_no_event(postgres: FreshDatabase, tmp_path: Path) -> None:
    with register_set("trade-ingest", postgres("trade-ingest"), tmp_path) as made:
        event = made.side.event
        made.feed("kmdex", [event("kmdex", "G", note="x" * 300_000)])
        made.register = made.register.__class__(**{**vars(made.register), "quarantine_daily_bytes": 0})
        made.feed("kmdex", [event("kmdex", "H", status="new")])
        assert [(one["number"], one["reason"], one["status"]) for one in listed(made)] == [
            ("G", "too_large", "open"),
            ("H", "invalid_data", "open"),
        ]
        assert made.get("/v1/quarantine/counts").get_json()["documents"] == len(events(made)) == 0


def test_the_migration_reads_what_intake_reads(filled: RegisterSet) -> None:
    """The columns of rows that were refused before the upgrade are those that intake would have written."""
    columns = "SELECT id, number, revision, document_at FROM quarantine ORDER BY id"
    migration = Path("shared/postgres/tables/register_6.sql").read_text("utf-8")
    update = migration[migration.index("CREATE FUNCTION") : migration.index("-- Counts")]
    owner = make_engine(filled.owner_url)
    try:
        with owner.connect() as connection:
            before = fetch(connection, columns, tuple[Any, ...])
            execute(connection, "UPDATE quarantine SET number = NULL, revision = NULL, document_at = NULL")
            execute(connection, update)
            assert fetch(connection, columns, tuple[Any, ...]) == before
            assert sum(row[1] is not None for row in before) > 8
    finally:
        owner.dispose()
