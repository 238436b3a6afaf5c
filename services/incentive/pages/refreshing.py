"""Pages that count the present: they name the one script there is, and answer 304 while nothing on them has changed."""

import hashlib
import re
from typing import Final

from flask import Response, request

from services.incentive.pages.as_of_param import requested_as_of

EVERY_S: Final = 30
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


def answer_unchanged(response: Response) -> None:
    """Name the content of a page by an ETag, and send none of it to a browser that has it."""
    content = _OF_FORMS.sub(b"", response.get_data())
    response.set_etag(hashlib.sha256(content).hexdigest()[:32], weak=True)
    response.make_conditional(request)
