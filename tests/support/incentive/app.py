"""The application of incentive over a ledger that a test has filled, and requests to it by role."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from services.incentive.app import create_app
from services.incentive.commands.acting import BureauContext
from services.incentive.http.context import IncentiveContext
from services.incentive.store.register_client import RegisterAddresses
from shared.settings import KafkaSettings, Settings
from shared.web.keys import ApiKey, ApiKeys
from tests.support.incentive.ledger import LOG
from tests.support.web.keys import BUREAU2, BUREAU3, KEYS, ROTATED, headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flask import Flask
    from flask.testing import FlaskClient
    from sqlalchemy import Engine

    from services.incentive.store.rulebook import Rulebook

API_KEYS = ApiKeys(
    (
        *(ApiKey(f"key of {role}", role, digest, role) for role, digest in KEYS.items()),
        ApiKey("key of bureau2", "bureau", BUREAU2, "bureau2"),
        ApiKey("key of bureau3", "bureau", BUREAU3, "bureau3"),
        ApiKey("newer key", "bureau", ROTATED, "bureau"),
    )
)
# Files and addresses that a test passes itself are not read from here.
SETTINGS = Settings(
    service="incentive",
    kafka=KafkaSettings(()),
    database_url="",
    database_read_url=None,
    database_owner_url=None,
    register="r1",
    exchanges=None,
    registers=None,
    exchanges_file=Path(),
    policy_file=Path(),
    totals_cut_at=(),
    api_keys_file=None,
    signing_key_file=None,
    service_key_file=None,
    session_key_file=None,
    public_url=None,
    trusted_proxies=(),
    oidc=None,
    log_origin="",
    checkpoint_interval_s=1.0,
    witnesses=(),
    heartbeat_file=None,
    otlp_endpoint=None,
    log_level="INFO",
)


def incentive_app(
    engine: Engine,
    rulebook: Rulebook,
    clock: Callable[[], datetime],
    registers: RegisterAddresses | None = None,
    settings: Settings = SETTINGS,
) -> Flask:
    context = IncentiveContext(BureauContext(rulebook, LOG, clock), registers or RegisterAddresses({}, None))
    return create_app(settings, context, engine, API_KEYS)


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
        """Return all items of a list, page by page."""
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
