"""The APIs of a deployment: does each answer, is it ready, does its machine have the right time."""

import json
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPMessage
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from deploy.doctor.databases import CLOCKS_DIFFER_S
from deploy.doctor.finding import Finding, found

_ANSWER_WITHIN_S = 10.0
# The time in an answer has whole seconds.
_DATE_IS_OFF_S = 1.0
_open = build_opener(ProxyHandler({})).open  # no proxy lies between parts of a deployment


def api(name: str, url: str) -> Finding:
    """One service, asked whether it is ready; what it says of what it lacks is told as it says it."""
    subject = f"接口 API {name}"
    began_s = time.time()
    try:
        with _open(f"{url}/readyz", timeout=_ANSWER_WITHIN_S) as answer:
            faults, headers = [], answer.headers
    except HTTPError as error:
        with error:
            faults, headers = [_said(error)], error.headers
    except (OSError, HTTPException) as error:
        return Finding(subject, False, f"{url}: 无应答 / no answer ({error}): start it, or see its log and REGISTERS")
    return found(subject, faults + _clock(headers, began_s), f"{url}: ready")


def _said(error: HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, LookupError, TypeError):
        return f"/readyz: {error.code}: is this an API of the set?"


def _clock(headers: HTTPMessage, began_s: float) -> list[str]:
    ended_s = time.time()
    told = headers["Date"]
    if told is None:
        return []
    at_s = parsedate_to_datetime(told).timestamp()
    away_s = max(began_s - _DATE_IS_OFF_S - at_s, at_s - ended_s, 0.0)
    return [f"时钟相差 / clocks differ by {away_s:.0f} s: keep both in step (NTP)"] if away_s > CLOCKS_DIFFER_S else []
