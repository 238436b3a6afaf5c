"""Values in an extract's files: JSON, yuan, instants, periods and parties."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from functools import lru_cache
from typing import Any

from .report import Unsound

Json = dict[str, Any]
Span = tuple[int, int]  # half-open, in microseconds or in log entries
Party = tuple[str, str]  # subject, name
DocumentKey = tuple[str, str]  # exchange, number

SHANGHAI = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000
NO_START, NO_END = -(10**18), 10**18
CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
REMEMBERED = 4096  # values of a function
LONGEST_INTEGER = 32  # digits; no known field takes a longer number
TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,6}))?(?:Z|([+-][0-9]{2}:[0-9]{2}))"
)
YUAN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,2}))?")


def canonical(value: object) -> bytes:
    """RFC 8785 bytes of a value in an extract: no floats, field names in ASCII."""
    return CANONICAL.encode(value).encode()


def read_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float("inf")


@lru_cache(maxsize=REMEMBERED)
def fen(text: str) -> int:
    """Parse yuan as fen."""
    found = YUAN.fullmatch(text)
    if found is None:
        raise Unsound("不是金额", "not an amount", f"{text:.40}")
    amount = int(found.group(2) + (found.group(3) or "").ljust(2, "0"))
    return -amount if found.group(1) else amount


@lru_cache(maxsize=REMEMBERED)
def yuan(amount: int) -> str:
    """Format fen as yuan with two decimals."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02}"


def rate_of(amount: int, rate: str, rounding: str, cap: int | None = None) -> int:
    """Apply a rate up to a cap, and round to the fen by the reading of G5."""
    part, whole = ratio_of(rate)
    exact = amount * part  # in fen by `whole`
    if cap is not None:
        exact = min(exact, cap * whole)
    if rounding == "down_to_the_yuan":
        return exact // (100 * whole) * 100
    return (2 * exact + whole) // (2 * whole) if rounding == "half_up_to_the_fen" else exact // whole


@lru_cache(maxsize=REMEMBERED)
def ratio_of(rate: str) -> tuple[int, int]:
    """Numerator and denominator of a rate."""
    found = Fraction(rate)
    return found.numerator, found.denominator


@lru_cache(maxsize=REMEMBERED)
def instant(text: str) -> int:
    """Parse RFC 3339 as microseconds since 1970."""
    found = TIME.fullmatch(text)
    if found is None:
        raise Unsound("不是时间", "not a time", f"{text:.40}")
    seconds, decimals, offset = found.groups()
    # Python 3.9 reads six decimals, and no Z.
    at = datetime.fromisoformat(f"{seconds}.{(decimals or '').ljust(6, '0')}{offset or '+00:00'}")
    return (at - EPOCH) // MICROSECOND


@lru_cache(maxsize=REMEMBERED)
def local(us: int) -> datetime:
    return (EPOCH + us * MICROSECOND).astimezone(SHANGHAI)


def time_text(us: int) -> str:
    """Format an instant as the services' answers do."""
    return local(us).isoformat(timespec="microseconds")


@lru_cache(maxsize=REMEMBERED)
def day_us(day: date) -> int:
    """The instant at which a day begins in Shanghai."""
    return (datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) - EPOCH) // MICROSECOND


def days_span(first: str | None, end: str | None) -> Span:
    """The span of two days, half-open; None: unbounded."""
    return (
        NO_START if first is None else day_us(date.fromisoformat(first)),
        NO_END if end is None else day_us(date.fromisoformat(end)),
    )


def is_within(at_us: int, period: Span) -> bool:
    return period[0] <= at_us < period[1]


def subject_of(party: Json) -> str:
    return f"{party['id_scheme']}:{party['id']}"


def party_json(party: Party) -> Json:
    scheme, _, code = party[0].partition(":")
    return {"id_scheme": scheme, "id": code, "name": party[1]}
