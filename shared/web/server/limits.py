"""Limits of an API's HTTP connections: how many, how long, and how large."""

import resource
from typing import Final, NamedTuple

# Files that a worker process has open besides the connections of clients.
_OTHER_FILES: Final = 256

# A request up to this size is read completely before a thread takes it; larger bodies are read by a thread.
HEAD_MOST_BYTES: Final = 32 << 10
SMALL_BODY_BYTES: Final = 64 << 10
# Bytes of an answer that wait for their reader: of one connection, above which the thread waits, and of a process.
UNSENT_MOST_BYTES: Final = 2 << 20
ALL_UNSENT_MOST_BYTES: Final = 64 << 20
# A body or an answer must make this much progress in each `stall_s`: 1.6 kB/s at the default of 10 s.
PROGRESS_BYTES: Final = 16 << 10
# An answered connection is kept this long for the next request. Longer would delay a shutdown.
KEEP_ALIVE_S: Final = 5
# The time for a client to notice that its request was refused before it was read.
LINGER_S: Final = 2.0
# Requests wait this long for a thread before they are refused.
QUEUED_MOST_S: Final = 20.0


class ConnectionLimits(NamedTuple):
    """The limits that an operator can set.

    `connections` of a worker process, beyond which the stalest makes way for a new one; `head_s` from the first byte of
    a request until its head is complete; `stall_s` without progress of a body or an answer.
    """

    connections: int
    head_s: float
    stall_s: float


def allow_connections(limits: ConnectionLimits) -> ConnectionLimits:
    """Raise the process's limit of open files as far as allowed; return the limits that fit into it."""
    wanted = limits.connections + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft == resource.RLIM_INFINITY:
        return limits
    return limits._replace(connections=max(1, min(limits.connections, soft - _OTHER_FILES)))
