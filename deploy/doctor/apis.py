"""Check the APIs of a deployment: they answer, are ready, and their clocks are right."""

import json
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from deploy.doctor.databases import MAX_CLOCK_DIFFERENCE_S
from deploy.doctor.finding import Finding, found

_TIMEOUT_S = 10.0
# The Date header has whole seconds.
_DATE_IS_OFF_S = 1.0
_open = build_opener(ProxyHandler({})).open  # no proxy within a deployment


def api(name: str, url: str) -> Finding:
    """Ask a service whether it is ready; a finding repeats the service's own reason."""
    subject = f"接口 API {name}"
    began_s = time.time()
    try:
        with _open(f"{url}/readyz", timeout=_TIMEOUT_S) as answer:
            faults, headers = [], answer.headers
    except HTTPError as error:
        with error:
            faults, headers = [_detail(error)], error.headers
    except (OSError, HTTPException) as error:
        return Finding(subject, False, f"{url}: 无应答 / no answer ({error}): start it, or check its log and REGISTERS")
    return found(subject, faults + _clock(headers, began_s), f"{url}: ready")


def _detail(error: HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, LookupError, TypeError):
        return f"/readyz: {error.code}: is this an API of the set?"


def _clock(headers: HTTPMessage, began_s: float) -> list[str]:
    ended_s = time.time()
    date = headers["Date"]
    if date is None:
        return []
    at_s = parsedate_to_datetime(date).timestamp()
    difference_s = max(began_s - _DATE_IS_OFF_S - at_s, at_s - ended_s, 0.0)
    return (
        [f"时钟相差 / clocks differ by {difference_s:.0f} s: synchronize both (NTP)"]
        if difference_s > MAX_CLOCK_DIFFERENCE_S
        else []
    )
