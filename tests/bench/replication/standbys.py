"""Answers of one API from the primary, one standby and two: throughput, and what an answer costs the primary.

All servers share the processors of this machine, so more servers do not answer more: the throughput shows what the
check costs that a standby has replayed enough, and the primary's CPU time what is left for writing.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import psutil

from devset.processes import free_ports
from shared.postgres.database import make_engine
from shared.postgres.migrate import migrate
from tests.bench.bed import Spread, say
from tests.bench.clients import SECONDS, WARM_UP_S, ask
from tests.bench.office import busy_s, fill
from tests.support.engines.replicated import replicated
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.ledger import rulebook
from tests.support.paths import ROOT
from tests.support.web.served import connect, starting

if TYPE_CHECKING:
    from pathlib import Path

    from devset.postgres import Postgres
    from tests.support.engines.replicated import Replicated

ROUNDS: Final = 3
CLIENTS: Final = 8
PATH: Final = "/v1/awards?limit=20"
PRIMARY: Final = "primary"


def standbys(folder: Path, awards: int) -> dict[str, Any]:
    """Measure the ways in turn, round by round, on a ledger with so many awards."""
    with ExitStack() as stack:
        servers = stack.enter_context(replicated(folder, standbys=2))
        owner_url, service_url = servers.urls("incentive")
        migrate("services.incentive", owner_url, service_url)
        engine = make_engine(service_url)
        stack.callback(engine.dispose)
        bureau = Bureau(engine, rulebook())
        bureau.begin()
        fill(bureau, awards)
        ways = {
            PRIMARY: "",
            "one standby": _read_url(servers, service_url, servers.standbys[:1]),
            "two standbys": _read_url(servers, service_url, servers.standbys),
        }
        start = stack.enter_context(starting(folder, "services.incentive", folder / "api.log"))
        ports = dict(zip(ways, free_ports(len(ways)), strict=True))
        for way, url in ways.items():
            start(
                ports[way],
                DATABASE_URL=service_url,
                DATABASE_READ_URL=url,
                SIGNING_KEY_FILE=str(folder / "signing-key"),
                EXCHANGES_FILE=str(ROOT / "exchanges.yaml"),
            )
        for port in ports.values():
            connect(port).close()
        rounds = [{way: _measured(servers.primary, port) for way, port in ports.items()} for _ in range(ROUNDS)]
    return {"awards": awards, "path": PATH, "clients": CLIENTS} | {way: _summary(rounds, way) for way in ways}


def _read_url(servers: Replicated, service_url: str, chosen: tuple[Postgres, ...]) -> str:
    """Return the URL of these standbys, of which each connection takes one at random."""
    hosts, numbers = ",".join("127.0.0.1" for _ in chosen), ",".join(str(one.port) for one in chosen)
    by_name = service_url.replace(f"127.0.0.1:{servers.primary.port}", "")
    return f"{by_name}?host={hosts}&port={numbers}&load_balance_hosts=random"


def _measured(primary: Postgres, port: int) -> dict[str, float]:
    before_s = _cpu_s(primary)
    found = ask(f"http://127.0.0.1:{port}", "auditor-key", PATH, CLIENTS)
    answers = found["per_s"] * (SECONDS + WARM_UP_S)
    return {"per_s": found["per_s"], "primary_ms": (_cpu_s(primary) - before_s) / answers * 1000}


def _cpu_s(server: Postgres) -> float:
    """The CPU time so far of a server and its sessions."""
    postmaster = psutil.Process(server.program.process.pid)
    ended = postmaster.cpu_times()
    return (
        ended.children_user
        + ended.children_system
        + sum(busy_s(one.cpu_times()) for one in (postmaster, *postmaster.children(recursive=True)))
    )


def _summary(rounds: list[dict[str, dict[str, float]]], way: str) -> dict[str, Any]:
    of_primary = [one[way]["per_s"] / one[PRIMARY]["per_s"] for one in rounds]
    found = {
        "answers a second": Spread.of(one[way]["per_s"] for one in rounds).rounded(),
        "of primary": Spread.of(of_primary).rounded(2),
        "CPU ms of the primary an answer": Spread.of(one[way]["primary_ms"] for one in rounds).rounded(2),
    }
    say(f"{way}: {found}")
    return found
