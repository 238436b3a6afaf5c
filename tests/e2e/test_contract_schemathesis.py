"""Each running service conforms to its OpenAPI document, for a key that sees everything and for one that does not."""

import re
from typing import Any

import pytest
import requests
import schemathesis

from tests.support.until import until
from tests.support.web.contract import check_contract

SERVICES = ("listing", "trade_ingest", "incentive")
METHODS = {"get", "post", "put", "delete"}
# Probes, and what the public sees of the incentive service: public notices, and objections to them.
WITHOUT_KEY = ("/healthz", "/readyz", "/public/notices", "/public/notices/{sha256}", "/public/objections")
# Two kinds of request per route, two keys, three services: well below a minute.
EXAMPLES = 6


@pytest.mark.parametrize("role", ["auditor", "bureau", "service", "exchange:kmdex", None])
@pytest.mark.parametrize("service", SERVICES)
def test_a_running_service_keeps_to_its_document(running_set: dict[str, Any], service: str, role: str | None) -> None:
    schema = schemathesis.openapi.from_url(f"{running_set[service]}/openapi.json")
    schema.validate()
    headers = {} if role is None else {"Authorization": f"Bearer {running_set['keys'][role]}"}
    asked = check_contract(schema, headers, EXAMPLES)
    assert {"GET /healthz", "GET /readyz", "GET /metrics", "GET /v1/progress"} <= set(asked)


@pytest.mark.parametrize("service", SERVICES)
def test_only_probes_documents_and_notices_need_no_key(running_set: dict[str, Any], service: str) -> None:
    base = running_set[service]
    paths = requests.get(f"{base}/openapi.json", timeout=60).json()["paths"]
    for path in ("/healthz", "/openapi.json", "/docs"):
        assert requests.get(base + path, timeout=60).status_code == 200, path
    until(lambda: requests.get(f"{base}/readyz", timeout=60).status_code == 200)
    asked = [(path, method) for path, methods in paths.items() for method in METHODS & methods.keys()]
    for path, method in asked:
        if path not in WITHOUT_KEY:
            filled = re.sub(r"\{[^}]+\}", "1", path)
            for key in (None, "Bearer wrong"):
                given = {"Authorization": key} if key else {}
                answer = requests.request(method, base + filled, headers=given, timeout=60)
                assert answer.status_code == 401, path
                assert answer.headers["Content-Type"] == "application/problem+json"
