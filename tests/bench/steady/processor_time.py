"""Processor time of a tree of processes, by program."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUPERVISOR: Final = "supervisor"
POSTGRES: Final = "postgres"
_SERVICE: Final = re.compile(r"services\.(\w+)")
_BACKEND: Final = re.compile(r"postgres: (\S+) (\S+) [0-9.:a-f]+\((\d+)\)")


class Usage(NamedTuple):
    """Seconds of processor time of a process, and of its children that ended and were waited for."""

    parent: int
    program: str
    own_s: float
    ended_children_s: float


class Backend(NamedTuple):
    """A session of PostgreSQL: its role, its database and the port of its client."""

    role: str
    database: str
    client_port: int


def spent(before: Mapping[int, Usage], after: Mapping[int, Usage]) -> dict[str, float]:
    """Return the seconds that each program used between two samples.

    What a process used before it ended counts for the program that waited for it; the sum is exact.
    """
    found: dict[str, float] = defaultdict(float)
    for pid, now in after.items():
        was = before.get(pid, Usage(now.parent, now.program, 0.0, 0.0))
        found[now.program] += now.own_s - was.own_s + now.ended_children_s - was.ended_children_s
    for pid, was in before.items():
        if pid not in after:
            waiting = after.get(was.parent)
            found[was.program if waiting is None else waiting.program] -= was.own_s + was.ended_children_s
    return dict(found)


@dataclass
class ProcessorTime:
    """The seconds that each program used since the first of several samples.

    Sessions of PostgreSQL end while events flow. Between two samples such a session counts for PostgreSQL itself, which
    waited for it, so a sample every now and then leaves little of it there.
    """

    newest: Mapping[int, Usage]
    by_program: dict[str, float] = field(default_factory=dict)

    def observe(self, usages: Mapping[int, Usage]) -> None:
        for program, used_s in spent(self.newest, usages).items():
            self.by_program[program] = self.by_program.get(program, 0.0) + used_s
        self.newest = usages


def program_of(command: Sequence[str], parent: tuple[Sequence[str], str] | None) -> str:
    """Name the program of a process of the set by its command; `parent`: its parent's command and program.

    A process that a consumer forks sends facts or events of awards. Any other child belongs to its parent's program.
    """
    if parent is not None and list(command) == list(parent[0]):
        return parent[1].replace(" consume", " send")
    line = " ".join(command)
    if named := _SERVICE.search(line):
        verb = line[named.end() :].split()
        return f"{named[1].replace('_', '-')} {verb[0] if verb else ''}".strip()
    name = command[0].rpartition("/")[2] if command else ""
    if name == "java":
        return "kafka"
    if name == "postgres" or line.startswith("postgres:"):
        return POSTGRES
    return SUPERVISOR if parent is None else parent[1]


def backend_of(title: str) -> Backend | None:
    """Read the title of a process of PostgreSQL; None if it is no session over TCP."""
    found = _BACKEND.match(title)
    return None if found is None else Backend(found[1], found[2], int(found[3]))


def backend_program(backend: Backend, clients: Mapping[int, str]) -> str:
    """Name the program that a session works for; `clients`: programs by the local port of their connections."""
    return f"{POSTGRES} of {clients.get(backend.client_port, backend.database)}"
