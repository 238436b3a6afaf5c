"""OpenAPI documents: valid, and kept by the routes (in one process, on real engines)."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from tests.support.broker.topics import make_topics
from tests.support.engines.session import FreshDatabase
from tests.support.registers.web_register import NUMBER, SIDES, register_set
from tests.support.web.contract import check_contract
from tests.support.web.keys import headers


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
