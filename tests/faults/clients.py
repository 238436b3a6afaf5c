"""Faults of clients of the APIs: connections that send half a request or do not read the answer."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import requests

from devset.programs import SERVICES
from tests.faults.fault import Fault, Kind
from tests.support.web.slow_clients import slow_clients

if TYPE_CHECKING:
    from tests.faults.rig import Rig

CONNECTIONS = 1000
REQUESTS = 200
ROUNDS = 5
# Measured on two cores that several sets share: the scheduler's share of a p99.
SCHEDULER_S = 0.05
# The deadlines are 5 and 10 s.
CLOSED_WITHIN_S = 30.0
HEALTH_WITHIN_S = 5.0


def _p99_s(rig: Rig, service: str) -> float:
    """Return the median of several p99, each of requests on one kept connection and on a new one in turn."""
    url, headers = rig.addresses.url(service), {"Authorization": f"Bearer {rig.keys['auditor']}"}
    found = []
    with requests.Session() as kept:
        for _ in range(ROUNDS):
            took_s = []
            for number in range(REQUESTS):
                began_s = time.monotonic()
                get = kept.get if number % 2 else requests.get
                assert get(f"{url}/v1/progress", headers=headers, timeout=60).status_code == 200
                took_s.append(time.monotonic() - began_s)
            found.append(statistics.quantiles(took_s, n=100)[98])
    return statistics.median(found)


def slow(fault: Fault) -> None:
    """Many slow connections are closed in seconds, and change neither intake nor what others wait."""
    rig = fault.rig
    service = fault.rng.choice(SERVICES)
    port = int(rig.addresses.apis[service].rpartition(":")[2])
    quiet_s = _p99_s(rig, service)
    with slow_clients(port, CONNECTIONS) as clients:
        fault.publish()
        for path in ("healthz", "readyz"):
            asked = requests.get(f"{rig.addresses.url(service)}/{path}", timeout=HEALTH_WITHIN_S)
            assert asked.status_code == 200, asked.text
        fault.await_published()
        slow_s = _p99_s(rig, service)
    figures = clients.stop()
    fault.plan.append(
        f"{CONNECTIONS} slow clients of {service}: p99 {quiet_s * 1000:.0f} ms, then {slow_s * 1000:.0f} ms;"
        f" {figures['closed']:.0f} closed, the last after {figures['longest_s']:.0f} s"
    )
    assert slow_s < 1.5 * quiet_s + SCHEDULER_S, fault.plan[-1]
    assert figures["closed"] >= CONNECTIONS / 2, fault.plan[-1]
    assert figures["longest_s"] < CLOSED_WITHIN_S, fault.plan[-1]


CLIENTS = (Kind("slow clients", "1,000 connections to an API send half a request or do not read the answer", slow),)
