"""The OpenAPI documents that are released: current, valid, named, and with examples that they allow."""

import csv
import io
import json
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from services.incentive.http.tables.declared import read_table
from services.incentive.http.tables.eligibility import read_eligibility
from services.incentive.http.tables.payments import read_payments
from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE
from tests.support.documents import load_generator
from tests.support.web.openapi import CURRENT, SERVICES, document_of, nodes, operations_of

VERBS = (
    "close|confirm|count|create|declare|delete|discard|download|explain|get|list|place|record|release|reopen|request"
    "|revoke|search|stream|submit|suspend|upload|withdraw"
)
MEDIA_TYPES = {
    "application/json",
    "application/octet-stream",
    "application/pdf",
    "application/problem+json",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/x-ndjson",
    "application/zip",
    "text/csv",
    "text/html",
    "text/plain",
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("openapi")
    generator = load_generator()
    with pytest.MonkeyPatch.context() as patch:
        for name in generator.SETTINGS:
            patch.setenv(name, "")  # restored on exit: the generator sets them
        generator.write_openapi(folder)
    return folder


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_is_what_the_service_serves(generated: Path, service: str) -> None:
    stale = "run: python docs/generate.py openapi"
    assert (CURRENT / f"{service}.json").read_text("utf-8") == (generated / f"{service}.json").read_text("utf-8"), stale


@pytest.mark.parametrize("service", SERVICES)
def test_a_document_is_valid_openapi(service: str) -> None:
    document = document_of(service)
    assert document["openapi"] == "3.1.0"
    validate(document, cls=OpenAPIV31SpecValidator)


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_a_name_of_its_own(service: str) -> None:
    names = [one.id for one in operations_of(document_of(service))]
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert [name for name in names if re.fullmatch(f"({VERBS})([A-Z][a-z]+)*", name) is None] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_has_a_tag_that_is_described(service: str) -> None:
    document = document_of(service)
    described = {tag["name"] for tag in document["tags"] if tag.get("description")}
    assert [one.id for one in operations_of(document) if not set(one.about["tags"]) <= described] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_example_is_allowed_by_its_schema(service: str) -> None:
    document = document_of(service)
    checked = 0
    for place, one in nodes(document):
        if "example" in one and "schema" in one:
            schema = one["schema"] | {"components": document["components"]}  # which its references name
            checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
            assert [error.message for error in checker.iter_errors(one["example"])] == [], place
            checked += 1
    assert checked > 20


@pytest.mark.parametrize("service", SERVICES)
def test_every_json_body_has_an_example(service: str) -> None:
    contents = [one["content"] for _, one in nodes(document_of(service)) if isinstance(one.get("content"), dict)]
    assert {media_type for content in contents for media_type in content} <= MEDIA_TYPES
    json_bodies = [content["application/json"] for content in contents if "application/json" in content]
    assert [one for one in json_bodies if "example" not in one and one["schema"].get("format") != "binary"] == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_table_and_stream_has_an_example(service: str) -> None:
    """A table of CSV with a row, and whole lines of JSON."""
    contents = [one["content"] for _, one in nodes(document_of(service)) if isinstance(one.get("content"), dict)]
    tables = [content["text/csv"] for content in contents if "text/csv" in content]
    assert len(tables) >= 2
    for one in tables:
        headings, *rows = csv.reader(io.StringIO(one["example"], newline=""))
        assert len(headings) == len(set(headings)) > 1
        assert [len(row) for row in rows] == [len(headings)]
    streams = [content["application/x-ndjson"] for content in contents if "application/x-ndjson" in content]
    assert bool(streams) == (service != "incentive")
    for one in streams:
        assert one["example"].endswith("\n")
        assert all(isinstance(json.loads(line), dict) for line in one["example"].splitlines())


def sent_table(operation_id: str) -> bytes:
    """Return the example of a table that an operation takes."""
    (found,) = (one for one in operations_of(document_of("incentive")) if one.id == operation_id)
    example: str = found.about["requestBody"]["content"]["text/csv"]["example"]
    return example.encode()


def test_the_examples_of_tables_can_be_sent() -> None:
    (declared,) = read_table(sent_table("declareTable"), load_policy(POLICY_FILE))
    assert (declared.faults, declared.declared is not None) == ((), True)
    (eligibility,) = read_eligibility(sent_table("recordEligibilityTable"))
    assert (eligibility.faults, eligibility.fields is not None) == ((), True)
    (payment,) = read_payments(sent_table("recordPayments"), date(2026, 4, 1)).values()
    assert payment["voucher_no"] == "2026-0042"


def test_all_media_types_are_described() -> None:
    documents = [document_of(service) for service in SERVICES]
    contents = [one["content"] for _, one in nodes(documents) if isinstance(one.get("content"), dict)]
    assert {media_type for content in contents for media_type in content} == MEDIA_TYPES


def test_amounts_and_times_have_their_patterns() -> None:
    award = document_of("incentive")["components"]["schemas"]["Award"]["properties"]
    assert re.search(award["payable"]["pattern"], "200000.00")
    assert re.search(award["payable"]["pattern"], "200000") is None
    assert re.search(award["updated_at"]["pattern"], "2026-03-01T10:00:05.000000+08:00")
    assert re.search(award["updated_at"]["pattern"], "2026-03-01T02:00:05Z") is None
    assert "paid" in award["state"]["enum"]
