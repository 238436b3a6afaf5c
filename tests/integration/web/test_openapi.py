"""OpenAPI documents: valid, and kept by the routes (in one process, on real engines)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from tests.support.broker.topics import make_topics
from tests.support.engines.session import FreshDatabase
from tests.support.registers.web_register import BUYER, NUMBER, PROVIDER, SIDES, register_set
from tests.support.web.contract import check_contract
from tests.support.web.keys import headers
from tests.support.web.openapi import operations_of


@pytest.fixture(scope="module", params=list(SIDES))
def schema(
    request: pytest.FixtureRequest, postgres: FreshDatabase, kafka: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("openapi")
    with register_set(request.param, postgres(request.param), folder, kafka) as made:
        make_topics(kafka, made.register.exchanges)  # without its topics it is not ready
        made.feed("kmdex", [made.side.event("kmdex", NUMBER), made.side.event("kmdex", "B"), b"\xff", None])
        made.feed("dcdex", [made.side.event("dcdex", "B"), made.side.event("dcdex", "B", revision=2)])
        yield schemathesis.openapi.from_wsgi("/openapi.json", made.app)


def test_the_document_is_valid_openapi(schema: Any) -> None:
    schema.validate()


def test_answers_keep_to_the_document(schema: Any) -> None:
    assert "GET /v1/quarantine/{id}" in check_contract(schema, headers("auditor"))


def test_lines_have_the_fields_of_the_examples(
    postgres: FreshDatabase, kafka: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name, topic, party in (("listing", "first-listing", PROVIDER), ("trade-ingest", "first-purchase", BUYER)):
        with register_set(name, postgres(name), tmp_path_factory.mktemp("lines"), kafka) as made:
            event = made.side.event("kmdex", NUMBER)
            made.feed("kmdex", [event, made.side.event("kmdex", "X", revision=0)])
            document = made.app.test_client().get("/openapi.json").get_json()
            examples = {
                one.id: content["example"]
                for one in operations_of(document)
                for kind, content in one.about["responses"]["200"].get("content", {}).items()
                if kind == "application/x-ndjson"
            }
            fact = f"facts.{topic}.v1/r1/uscc:{party['id']}"
            entries = {"query_string": {"until": 2}, "data": "*", "headers": headers("service")}
            answers = {
                "streamEvidence": made.get("/v1/evidence", "service", fact=fact).text,
                "streamEntries": made.app.test_client().post("/v1/entries", **entries).text,
                "streamQuarantinedEvents": made.get("/v1/quarantine/events", "auditor").text,
            }
            assert answers.keys() == examples.keys()
            for operation, answer in answers.items():
                line = json.loads(answer.splitlines()[-1])
                assert fields_of(line) == fields_of(json.loads(examples[operation])), operation


def fields_of(line: dict[str, Any]) -> list[str]:
    """Return the fields of a line in order, and those of the entry that it may have."""
    return [*line, *line.get("entry", ())]
