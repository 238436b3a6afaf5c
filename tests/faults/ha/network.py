"""A network that can be partitioned: a TCP proxy in front of each server, which knows the nodes of both ends.

Each server listens on an address of its own, and the others know it by the address of its proxy. The source of a
connection is found by the process that opened it (`sources`), so that one address a server is enough.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.faults.ha.proxies import serve

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from tests.faults.ha.links import Rule
    from tests.faults.ha.sources import Address

# After which both ends give up a silent peer: by keepalives (5 s + 3 of 2 s) and tcp_user_timeout (10 s). The kernel
# would count from its last packet, but to it these connections look healthy: the proxy acknowledges every byte.
TIMED_OUT_S = 11.0
_ENDS_WITHIN_S = 10.0
# Process id -> node of the first process of each tree; its descendants are on the same node.
Roots = Callable[[], Mapping[int, str]]


class NetworkError(AssertionError):
    """The proxies failed, and what was measured behind them does not count."""


class Network:
    """Proxies in front of servers, in a process of their own, which asks for `roots` when it needs them."""

    def __init__(self, roots: Roots, timed_out_s: float = TIMED_OUT_S) -> None:
        context = multiprocessing.get_context("spawn")
        self._orders, theirs = context.Pipe()
        ours, asking = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, asking, timed_out_s), name="network", daemon=True)
        self._process.start()
        theirs.close()
        asking.close()
        threading.Thread(target=_answer_roots, args=(ours, roots), name="roots of the network", daemon=True).start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def connections(self) -> int:
        """The number of connections whose ends have not closed them."""
        return int(self._order("connections"))

    def place(self, node: str, at: Address, to: Address, *, times_out: bool = False) -> None:
        """Forward connections to `at` to the server of the node, which listens on `to`; NetworkError if it is taken.

        `times_out`: those that are open when a partition begins end as they would by their TCP timeouts.
        """
        self._order("place", node, at, to, times_out)

    def partition(self, rule: Rule) -> None:
        """Treat every connection by the rule, those that are open too."""
        self._order("partition", rule)

    def restore(self) -> None:
        """Let all bytes pass again: held ones now, and none on connections that lost some, which end.

        NetworkError if connections ended meanwhile by a fault of the proxies.
        """
        if failures := self._order("restore"):
            raise NetworkError(f"{len(failures)} connections ended by an error: {failures[0]}")

    def close(self) -> None:
        with contextlib.suppress(NetworkError):
            self._order("close")
        self._orders.close()
        self._process.join(_ENDS_WITHIN_S)
        self._process.kill()
        self._process.join()

    def _order(self, name: str, *arguments: object) -> Any:
        """Return what a method of the proxies returns; NetworkError if it raises, or if their process ended."""
        try:
            self._orders.send((name, arguments))
            answer = self._orders.recv()
        except (EOFError, OSError) as error:
            raise NetworkError("the process of the proxies ended") from error
        if isinstance(answer, Exception):
            raise NetworkError(f"{name}: {type(answer).__name__}: {answer}") from answer
        return answer


def _answer_roots(asked: Connection, roots: Roots) -> None:
    """Tell the proxies the roots whenever they ask, until they end; an error is raised there."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            asked.recv()
            try:
                told: Mapping[int, str] | Exception = roots()
            except Exception as error:  # noqa: BLE001 - sent
                told = error
            asked.send(told)
