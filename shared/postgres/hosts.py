"""Connect to one of several hosts without waiting again and again for one that does not answer."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import psycopg

from shared.postgres.replication import ReplicatedConnection

# The longest wait for a server's answer. With several hosts the next one may answer, so a machine that was cut off must
# not delay a failover.
ANSWERS_WITHIN_S: Final = 5
NEXT_HOST_AFTER_S: Final = 2
# A host that did not answer in time is not asked for so long, if there is another.
LEFT_OUT_FOR_S: Final = 10.0


class DatabaseHost(NamedTuple):
    """A host of a URL; both are empty where the URL names none."""

    name: str
    port: str


class Hosts:
    """The hosts of one URL, each asked in turn. Those that did not answer are left out for some seconds.

    While nothing is the primary, a proxy closes connections at once. If the next one was cut off, each attempt would
    last until its timeout, and the new primary would be found that much later.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left_out_until_s: dict[DatabaseHost, float] = {}

    def connect(self, parameters: Mapping[str, Any]) -> ReplicatedConnection:
        """Connect with the parameters of psycopg; the error of the last host asked if none accepts."""
        hosts = hosts_of(parameters)
        if len(hosts) == 1:
            return ReplicatedConnection.connect(connect_timeout=ANSWERS_WITHIN_S, **parameters)
        if parameters.get("load_balance_hosts") == "random":
            random.shuffle(hosts)
        *others, last = self._asked(hosts)
        for host in others:
            try:
                return self._connect(host, parameters)
            except psycopg.OperationalError:
                continue
        return self._connect(last, parameters)

    def _asked(self, hosts: Sequence[DatabaseHost]) -> Sequence[DatabaseHost]:
        """Return the hosts that are not left out, or all if each is."""
        now_s = self._clock()
        return [host for host in hosts if self._left_out_until_s.get(host, now_s) <= now_s] or hosts

    def _connect(self, host: DatabaseHost, parameters: Mapping[str, Any]) -> ReplicatedConnection:
        one = {**parameters, "host": host.name, "port": host.port, "connect_timeout": NEXT_HOST_AFTER_S}
        try:
            connection = ReplicatedConnection.connect(**one)
        except psycopg.errors.ConnectionTimeout:
            self._left_out_until_s[host] = self._clock() + LEFT_OUT_FOR_S
            raise
        self._left_out_until_s.pop(host, None)
        return connection


def hosts_of(parameters: Mapping[str, Any]) -> list[DatabaseHost]:
    """Return the hosts; a single port is that of all, as libpq has it."""
    names, ports = (str(parameters.get(name, "")).split(",") for name in ("host", "port"))
    return [
        DatabaseHost(name, port)
        for name, port in zip(names, ports * (len(names) if len(ports) == 1 else 1), strict=True)
    ]
