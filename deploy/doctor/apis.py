"""Check the APIs of a deployment: they answer, are ready, and their clocks are right."""

import json
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from deploy.doctor.finding import Finding, clock_faults, found

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
            faults, headers = _reads_only(answer.read()), answer.headers
    except HTTPError as error:
        with error:
            faults, headers = [_detail(error)], error.headers
    except (OSError, HTTPException) as error:
        return Finding(subject, False, f"{url}: 无应答 / no answer ({error}): start it, or check its log and REGISTERS")
    if headers["Date"] is not None:
        at_s = parsedate_to_datetime(headers["Date"]).timestamp()
        faults += clock_faults(began_s - _DATE_IS_OFF_S, at_s, time.time())
    return found(subject, faults, f"{url}: ready")


def _reads_only(body: bytes) -> list[str]:
    """Report an API that answers reads although nothing can be recorded."""
    try:
        status = json.loads(body)["status"]
    except (ValueError, LookupError, TypeError):
        return ["/readyz: is this an API of the set?"]
    return [] if status == "ready" else [f"写入等待备库 / {status}: commits wait for a standby"]


def _detail(error: HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, LookupError, TypeError):
        return f"/readyz: {error.code}: is this an API of the set?"
