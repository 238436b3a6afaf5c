"""Pages and answers about an exchange with many trades and rejected records: times and sizes, over HTTP.

All entities are fictional. Registers and pages run in one process, so they share an interpreter.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import psutil
import requests
import structlog
import yaml

from devset.postgres import Postgres
from devset.processes import free_ports
from services.incentive.store.register_client import RegisterAddresses
from shared.settings import RegisterAddress
from shared.values.parties import complete_uscc
from tests.bench.bed import Spread, say
from tests.bench.office import busy_s
from tests.support.incentive.app import incentive_app
from tests.support.incentive.pages import signed_in_to
from tests.support.incentive.whole_set import WholeSet, served, whole_set
from tests.support.registers.web_register import SIDES
from tests.support.web.keys import headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask

    from tests.support.engines.session import FreshDatabase

EXCHANGE: Final = "bench"
COMPANIES: Final = 2_000
REFUSED_EVERY: Final = 14  # trades for each rejected record: some 7,000 of 100,000
BATCH: Final = 1_000
ASKED: Final = 9  # times each, after the first
YEAR: Final = 2026
_SIDE: Final = SIDES["trade-ingest"]


@dataclass
class LargeExchange:
    """A set whose exchange has many trades, its registers over HTTP, and the application of its pages."""

    made: WholeSet
    trades_url: str
    app: Flask


def trade(number: int, **members: Any) -> bytes:
    """Return a completed trade; its seller has a listing, and every seller sells on all days."""
    seller = number % COMPANIES
    day = number % 59
    return _SIDE.event(
        EXCHANGE,
        f"T2026-{number:07d}",
        **{
            "mode": "listed",
            "listing_no": f"L2026-{seller:06d}",
            "provider": company("A", seller),
            "buyer": company("B", number * 7 % COMPANIES),
            "amount": f"{10_000 + number * 7919 % 900_000}.00",
            "completed_at": f"2026-{1 + day // 31:02d}-{1 + day % 31:02d}T10:00:00+08:00",
            **members,
        },
    )


def listing(number: int) -> bytes:
    listed_at = "2026-01-01T00:00:00+08:00"
    return SIDES["listing"].event(EXCHANGE, f"L2026-{number:06d}", provider=company("A", number), listed_at=listed_at)


def company(letter: str, number: int) -> dict[str, str]:
    code = complete_uscc(f"91530100MA{letter}{number:06d}")
    return {"id_scheme": "uscc", "id": code, "name": f"虚构{letter}第{number}号数据科技有限公司"}


def refused(number: int) -> bytes:
    """Return a record that is rejected: a conflict, or one of several faults, one of which is corrected at once."""
    match number // REFUSED_EVERY % 7:
        case 0 | 1 | 2:
            return trade(number - 1, amount="1.00")
        case 3:
            return trade(number + 1, amount="-1.00", currency="USD")
        case 4:
            return trade(number + 10_000_000, amount=12.5)
        case 5:
            return trade(number).replace(b"/exchanges/", b"/exchanges/x")
        case _:
            return trade(number)[:-20]


PAGES: Final = (
    "/quarantine?kind=trades",
    f"/quarantine?kind=trades&exchange={EXCHANGE}&reason=revision_conflict",
    "/quarantine?kind=trades&status=open",
    "/quarantine?kind=trades&limit=200",
    f"/exchanges/{EXCHANGE}?year={YEAR}&reached=all",
)
ANSWERS: Final = (
    f"/v1/exchanges/{EXCHANGE}/participants?year={YEAR}&sort=missing&count=true&limit=25",
    "/v1/search?q=数据",
    "/v1/search?q=91530100MAA",
    f"/v1/search?q=first_listing/uscc:{complete_uscc('91530100MAA000123')}",
    "/v1/search?q=T2026-0077777",
    "/v1/search?q=L2026-000123",
    "/v1/search?q=V-2026-1",  # no voucher
)
OF_REGISTER: Final = (
    "/v1/quarantine?order=desc&count=true&limit=25",
    "/v1/quarantine/counts",
    f"/v1/quarantine/events?exchange={EXCHANGE}",
)


def pages(folder: Path, trades: int) -> dict[str, Any]:
    """Measure with so many trades: milliseconds, CPU time of Python and PostgreSQL, and bytes."""
    folder.mkdir()
    server = Postgres(folder / "postgres", free_ports(1)[0], folder / "postgres.log")

    def database(service: str) -> tuple[str, str]:
        made = server.ensure_database(service.replace("-", "_"), "bench")
        return made.owner_url, made.service_url

    with ExitStack() as stack:
        server.start()
        stack.callback(server.stop)
        large = stack.enter_context(large_exchange(database, folder, trades))
        auditor = signed_in_to(large.app, "auditor")
        session = stack.enter_context(requests.Session())
        session.headers.update(headers("auditor"))
        asked: dict[str, Callable[[], bytes]] = {
            **{path: lambda path=path: auditor.get(path).data for path in PAGES},
            **{path: lambda path=path: auditor.get(path, headers=headers("auditor")).data for path in ANSWERS},
            **{path: lambda path=path: session.get(large.trades_url + path).content for path in OF_REGISTER},
        }
        return {"trades": trades, **{path: spent(ask) for path, ask in asked.items()}}


def spent(ask: Callable[[], bytes]) -> dict[str, Any]:
    size = len(ask())
    before, times = cpu_s(), []
    for _ in range(ASKED):
        began_s = monotonic()
        ask()
        times.append((monotonic() - began_s) * 1000)
    used = {name: round((seconds - before[name]) / ASKED * 1000) for name, seconds in cpu_s().items()}
    return {"ms": Spread.of(times).rounded(), **used, "bytes": size}


def cpu_s() -> dict[str, float]:
    """The CPU time so far of this process and of PostgreSQL."""
    own = psutil.Process()
    servers = [one.cpu_times() for one in own.children(recursive=True)]
    return {"python_cpu_ms": busy_s(own.cpu_times()), "postgres_cpu_ms": sum(map(busy_s, servers))}


@contextmanager
def large_exchange(postgres: FreshDatabase, folder: Path, trades: int) -> Iterator[LargeExchange]:
    """Fill an exchange with so many trades."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # no line for each request
    whitelist = folder / "exchanges.yaml"
    entry = {
        "id": EXCHANGE,
        "name": "虚构交易所",
        "from": "2019-01-01",
        "until": None,
        "operators": [],
        "approved_by": None,
    }
    whitelist.write_text(yaml.safe_dump([entry], allow_unicode=True), "utf-8")
    with whole_set(postgres, folder, whitelist) as made, ExitStack() as opened:
        made.listing(EXCHANGE, *map(listing, range(COMPANIES)))
        for start in range(0, trades, BATCH):
            values = []
            for number in range(start, min(start + BATCH, trades)):
                values += [trade(number)] if number % REFUSED_EVERY else [refused(number), trade(number)]
            made.trades.feed(EXCHANGE, values)
            if start % (10 * BATCH) == 0:
                say(f"{start:,} trades")
        made.hand_on()
        urls = [opened.enter_context(served(register.app)) for register in (made.listings, made.trades)]
        registers = RegisterAddresses({"r1": RegisterAddress(*urls)}, "service-key")
        yield LargeExchange(made, urls[1], incentive_app(made.ledger, made.rulebook, lambda: made.now, registers))
