"""Clients that ask one API without a pause, as a process of its own: requests a second, and how long answers take."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import threading
import time
from typing import Any, Final
from urllib.parse import urlsplit

SECONDS: Final = 5.0
WARM_UP_S: Final = 1.0


def ask(url: str, key: str, path: str, clients: int) -> dict[str, float]:
    """`{"per_s", "p50_ms", "p99_ms"}`."""
    command = [sys.executable, "-m", "tests.bench.clients", url, path, str(clients)]
    done = subprocess.run(command, input=key, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main(url: str, path: str, clients: str) -> None:
    key = sys.stdin.read()
    begin_s = time.monotonic() + WARM_UP_S
    took_ms: list[float] = []
    threads = [threading.Thread(target=run, args=(url, key, path, begin_s, took_ms)) for _ in range(int(clients))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = statistics.quantiles(took_ms, n=100, method="inclusive")
    told = {"per_s": len(took_ms) / SECONDS, "p50_ms": cuts[49], "p99_ms": cuts[98]}
    sys.stdout.write(json.dumps({name: round(value, 1) for name, value in told.items()}))


def run(url: str, key: str, path: str, begin_s: float, took_ms: list[float]) -> None:
    """Ask again and again; what is answered within the time counts."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    headers = {"Authorization": f"Bearer {key}"}
    while (asked_s := time.monotonic()) < begin_s + SECONDS:
        connection.request("GET", path, headers=headers)
        answer: Any = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise SystemExit(f"{path}: {answer.status}")
        if asked_s >= begin_s:
            took_ms.append((time.monotonic() - asked_s) * 1000)
    connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
