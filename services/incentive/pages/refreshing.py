"""Pages that count the present: they name the one script there is, and answer 304 while nothing on them has changed."""

import hashlib
import re
from collections.abc import Hashable
from datetime import datetime
from typing import Final

from flask import Response, g, request

from services.incentive.pages.as_of_param import requested_as_of
from services.incentive.pages.language import language
from shared.web.keys import current_key

EVERY_S: Final = 30
# A change by time alone, such as the end of a period, is shown with at most this delay. Days begin on time.
_KNOWN_FOR_S: Final = 600
# The script is ours, and asks for its own page alone.
SCRIPT_POLICY: Final = "; script-src 'self'; connect-src 'self'"
_PAGES: Final = {
    f"pages.{name}"
    for name in ("overview", "exchange", "outlook", "worklist", "waiting", "budget", "year_sheet", "extract")
}
# The tokens and numbers of forms differ each time that a page is made.
_OF_FORMS: Final = re.compile(rb'<input type="hidden" name="(?:csrf_token|once)" value="[^"]*">')


def is_refreshed() -> bool:
    """Return True for a page that counts the present; one of the past never changes."""
    return request.method == "GET" and request.endpoint in _PAGES and requested_as_of() is None


def browser_has(state: Hashable, now: datetime) -> bool:
    """Return True if the browser has the page as it was made from the same `state`; for pages that take long to make.

    `state` identifies all records that the page shows, in the snapshot that it would be made from.
    """
    if not is_refreshed():
        return False
    key = current_key()
    of = state, int(now.timestamp()) // _KNOWN_FOR_S, key.name, key.person, language(), request.full_path
    g.page_tag = _tag(repr(of).encode())
    return request.if_none_match.contains_weak(g.page_tag)


def answer_unchanged(response: Response) -> None:
    """Name a page by an ETag, and send none of it to a browser that has it: by its content, or by `browser_has`."""
    tag = g.get("page_tag") or _tag(_OF_FORMS.sub(b"", response.get_data()))
    response.set_etag(tag, weak=True)
    response.make_conditional(request)


def _tag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]
