"""Answers and pages of a large year: processor time of Python and PostgreSQL, and time by the clock.

A ledger with 20,000 awards, 50,000 decisions and 100,000 participants, and a register with 2,000,000 trades. Everything
runs in this process, without HTTP; then eight clients ask the API as a process.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from http import HTTPStatus
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any, Final

import psutil
import structlog

from devset.processes import free_ports
from services.incentive.commands.price_readings import price_readings
from tests.bench.answers.full_year import LARGE, award_id, fill_ledger, fill_trades
from tests.bench.bed import Spread, begun_bureau, ledger_database, say
from tests.bench.clients import ask
from tests.bench.office import busy_s
from tests.support.incentive.ledger import rulebook, subject
from tests.support.incentive.pages import signed_in_to
from tests.support.paths import ROOT
from tests.support.registers.web_register import register_set
from tests.support.web.keys import headers
from tests.support.web.served import connect, starting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from devset.postgres import Database, Postgres

TRADES: Final = 2_000_000
YEAR: Final = 2026
ASKED: Final = 50  # times each, or fewer within MOST_S
MOST_S: Final = 5.0
LEAST: Final = 3
WARM: Final = 6  # from the sixth time on a statement is prepared
CLIENTS: Final = 8
ROLES: Final = ("auditor", f"exchange:{LARGE}")
AWARD: Final = award_id(2)
LISTS: Final = f"/v1/awards?exchange={LARGE}&limit=50"
ANSWERS: Final[Mapping[str, str]] = {
    "status": f"/v1/exchanges/{LARGE}/status?year={YEAR}",
    "award": f"/v1/awards/{AWARD}",
    "50 awards": LISTS,
    "explanation": f"/v1/awards/{AWARD}/explanation",
}
FURTHER: Final[Mapping[str, str]] = {
    **{f"50 awards by {sort}": f"{LISTS}&sort={sort}&order=desc" for sort in ("year", "subject.name", "payable")},
    "50 awards under notice": f"{LISTS}&state=published",
    "50 awards over the budget": f"{LISTS}&hold=budget",
    "50 transactions": "/v1/ledger/transactions?limit=50",
    "balances": "/v1/ledger/balances?limit=50",
    "a subject's status": f"/v1/subjects/{subject(2)}/status?year={YEAR}",
    "participants, nearest first": f"/v1/exchanges/{LARGE}/participants?year={YEAR}&sort=missing&limit=25",
    "participants, counted": f"/v1/exchanges/{LARGE}/participants?year={YEAR}&count=true&limit=25",
    "search by a name": "/v1/search?q=虚构实体1234",
    "search by a code": "/v1/search?q=91530100MA",
}
OF_AUDITOR: Final[Mapping[str, str]] = {
    "budget": f"/v1/budget?year={YEAR}",
    "50 acts": "/v1/acts?limit=50",
}
PAGES: Final[Mapping[str, str]] = {
    "page: worklist": f"/worklist?year={YEAR}",
    "page: cases that wait": f"/worklist/waiting?year={YEAR}",
    "page: budget and queue": f"/budget?year={YEAR}",
    "page: awards": f"/awards?year={YEAR}",
    "page: an award": f"/awards/{AWARD}",
}
OF_REGISTER: Final[Mapping[str, str]] = {
    "trades of a day": "/v1/trades?limit=50&sort=completed_at&order=desc",
    "search by a trade's number": "/v1/search?q=T2026-0123",
}


def answers(folder: Path, awards: int) -> dict[str, Any]:
    """Measure with so many awards, two and a half times as many decisions, and TRADES."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with ExitStack() as stack:
        server, database = ledger_database(stack, folder)
        bureau = begun_bureau(stack, database, rulebook())
        decisions = fill_ledger(bureau, database.owner_url, awards)
        price_readings(bureau.engine)
        client = bureau.ask.client
        found: dict[str, Any] = {"awards": awards, "decisions": decisions, "trades": TRADES}
        for role in ROLES:
            paths = ANSWERS | FURTHER | (OF_AUDITOR if role == "auditor" else {})
            found[role] = _all_spent(client, paths, role)
        found["bureau"] = _all_spent(signed_in_to(client.application, "bureau"), PAGES, None)
        found["register"] = _of_register(server, folder)
        found["clients"] = _asked_by_clients(database, folder)
    return found


def _of_register(server: Postgres, folder: Path) -> dict[str, Any]:
    database = server.ensure_database("trade_ingest", "bench")
    with register_set("trade-ingest", (database.owner_url, database.service_url), folder) as register:
        fill_trades(database.owner_url, register.side.event("EXCHANGE", "NUMBER"), TRADES)
        return _all_spent(register.app.test_client(), OF_REGISTER, "auditor")


def _asked_by_clients(database: Database, folder: Path) -> dict[str, Any]:
    """Ask the API, with its two processes, by CLIENTS clients without a pause."""
    with starting(folder, "services.incentive", folder / "api.log") as start:
        [port] = free_ports(1)
        start(
            port,
            DATABASE_URL=database.service_url,
            SIGNING_KEY_FILE=str(folder / "signing-key"),
            EXCHANGES_FILE=str(ROOT / "exchanges.yaml"),
        )
        connect(port).close()
        return {
            f"{role}, {name}": ask(f"http://127.0.0.1:{port}", f"{role}-key", path, CLIENTS)
            for role in ROLES
            for name, path in ANSWERS.items()
        }


def _all_spent(client: FlaskClient, paths: Mapping[str, str], role: str | None) -> dict[str, Any]:
    found = {name: _spent(lambda path=path: client.get(path, headers=headers(role))) for name, path in paths.items()}
    say(f"{role}: {found}")
    return found


def _spent(ask_once: Callable[[], TestResponse]) -> dict[str, Any]:
    """Milliseconds of one answer: of Python's and PostgreSQL's processor time, and by the clock."""
    for _ in range(WARM):
        began_s = monotonic()
        answer = ask_once()
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{answer.request.path}: {answer.status}")
        took_s = monotonic() - began_s
    times, python_s, postgres_s = [], process_time(), _postgres_s()
    asked = max(LEAST, min(ASKED, round(MOST_S / took_s)))
    for _ in range(asked):
        began_s = monotonic()
        ask_once()
        times.append((monotonic() - began_s) * 1000)
    return {
        "ms": Spread.of(times).rounded(1),
        "python_cpu_ms": round((process_time() - python_s) / asked * 1000, 1),
        "postgres_cpu_ms": round((_postgres_s() - postgres_s) / asked * 1000, 1),
        "bytes": len(answer.data),
    }


def _postgres_s() -> float:
    return sum(busy_s(one.cpu_times()) for one in psutil.Process().children(recursive=True))
