"""The API of incentive over a ledger that a test has filled, and asking it as one role or another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.incentive.commands.bureau import BureauContext
from services.incentive.domain.facts import TOPICS
from services.incentive.http import (
    awards as api,
)
from services.incentive.http import (
    bureau as bureau_api,
)
from services.incentive.http import (
    declared as declared_api,
)
from services.incentive.http import extracts
from services.incentive.http import (
    trade_effects as effects_api,
)
from services.incentive.pages.site import serve_pages
from services.incentive.store.log_entries import stored_transactions
from services.incentive.store.register_client import RegisterAddresses
from shared.web import translog_routes as tlog
from shared.web.app import add_routes, create_base_app
from shared.web.keys import ApiKey, ApiKeys
from shared.web.service import ServiceInfo
from tests.support.incentive.ledger import LOG
from tests.support.web.keys import BUREAU2, KEYS, headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy import Engine

    from services.incentive.store.rulebook import Rulebook


def incentive_app(
    engine: Engine, rulebook: Rulebook, clock: Callable[[], datetime], registers: RegisterAddresses | None = None
) -> Flask:
    service = ServiceInfo(
        name="incentive",
        title="t",
        engine=engine,
        topics=TOPICS,
        kafka={},
        keys=ApiKeys(
            (
                *(ApiKey(f"key of {role}", role, digest) for role, digest in KEYS.items()),
                ApiKey("key of bureau2", "bureau", BUREAU2),
            )
        ),
        clock=clock,
        takes_documents=False,
        log_entries=stored_transactions,
    )
    app = create_base_app(service)
    app.extensions[api.BASIS] = rulebook
    app.extensions[bureau_api.OFFICE] = BureauContext(rulebook, LOG, clock)
    app.extensions[effects_api.REGISTERS] = registers or RegisterAddresses({}, None)
    serve_pages(app, "only-for-tests", None)
    for blueprint in (
        api.blueprint,
        bureau_api.blueprint,
        declared_api.blueprint,
        effects_api.blueprint,
        extracts.blueprint,
        tlog.blueprint,
    ):
        add_routes(app, blueprint)
    return app


@dataclass(frozen=True)
class Asker:
    client: FlaskClient

    def get(self, path: str, role: str | None = "auditor", **parameters: Any) -> tuple[int, Any]:
        answer = self.client.get(path, headers=headers(role), query_string=parameters or None)
        return answer.status_code, answer.get_json()

    def post(self, path: str, body: Any, role: str | None = "bureau") -> tuple[int, Any]:
        answer = self.client.post(path, headers=headers(role), json=body)
        return answer.status_code, answer.get_json()

    def ok(self, path: str, role: str = "auditor", **parameters: Any) -> Any:
        status, found = self.get(path, role, **parameters)
        assert status == 200, found
        return found

    def all(self, path: str, role: str = "auditor", **parameters: Any) -> list[Any]:
        """Every item, page by page."""
        items: list[Any] = []
        cursor: str | None = None
        while True:
            more = {} if cursor is None else {"cursor": cursor}
            found = self.ok(path, role, **parameters, **more)
            items += found["items"]
            assert found["next_cursor"] is None or found["next_cursor"] != cursor, "a page ends where it began"
            cursor = found["next_cursor"]
            if cursor is None:
                return items
