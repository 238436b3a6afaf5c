"""Findings of a check."""

from collections.abc import Callable
from functools import wraps
from typing import NamedTuple, ParamSpec

from shared.language import join
from shared.postgres.clock import is_wrong

# Synchronized clocks differ by less; programs refuse to write beyond 5 s.
MAX_CLOCK_DIFFERENCE_S = 2.0

Checked = tuple[list[str], str]  # the faults of a subject, and the text without faults

P = ParamSpec("P")


class Finding(NamedTuple):
    """A checked subject, whether it is well, and what was found or what to do (中文 / English).

    A warning is well: it names something to decide, and is no fault.
    """

    subject: str
    well: bool
    text: str
    is_warning: bool = False


def found(subject: str, faults: list[str], otherwise: str) -> Finding:
    """Combine the faults of a subject into one finding; without faults its text is `otherwise`."""
    return Finding(subject, not faults, join(*faults) if faults else otherwise)


def check(subject: str, *errors: type[Exception]) -> Callable[[Callable[P, Checked]], Callable[P, Finding]]:
    """Decorate a check so that it returns a finding; `errors` that it raises are faults."""

    def decorate(examine: Callable[P, Checked]) -> Callable[P, Finding]:
        @wraps(examine)
        def run(*args: P.args, **kwargs: P.kwargs) -> Finding:
            try:
                return found(subject, *examine(*args, **kwargs))
            except errors as error:
                return Finding(subject, False, " | ".join(str(error).splitlines()))

        return run

    return decorate


def ahead_faults(ahead_s: float) -> list[str]:
    """Report a ledger whose newest instant is `ahead_s` ahead of its database's clock; 0.0 if it is not ahead."""
    if not is_wrong(ahead_s):
        return []
    what_to_do = "see 'The ledger is ahead' in docs/en/operations/repair.md"
    return [f"台账时刻超前 / the ledger is ahead by {ahead_s:.0f} s: {what_to_do}"]


def clock_faults(began_s: float, at_s: float, ended_s: float) -> list[str]:
    """Report a clock that showed `at_s` between two instants of our own clock, all in POSIX seconds."""
    difference_s = max(began_s - at_s, at_s - ended_s)
    if difference_s <= MAX_CLOCK_DIFFERENCE_S:
        return []
    return [f"时钟相差 / clocks differ by {difference_s:.1f} s: synchronize both (NTP)"]
