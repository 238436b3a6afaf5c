"""A clerk of an exchange sends a table by browser on a set as `make up` starts it: it arrives, and is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

from shared.values.parties import complete_uscc
from tests.support.table_files.upload_set import BUYER, SELLER, table
from tests.support.until import until
from tests.support.web.forms import Form, forms_of

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTERED_WITHIN_S = 120.0
OWN = {
    SELLER: complete_uscc("91530100MAXUPLD01"),
    BUYER: complete_uscc("91530100MAXUPLD02"),
    "2026-03-01": "2026-05-17",
}


class Browser:
    """The pages of incentive, in one session."""

    def __init__(self, url: str, session: requests.Session) -> None:
        self.url, self.session = url, session

    def page(self, path: str) -> str:
        return self.session.get(self.url + path, timeout=30).text

    def send(self, path: str, action: str, given: Mapping[str, str], files: Any = None) -> str:
        """Send the form of a page; return the path of the page that follows."""
        (form,) = [one for one in forms_of(self.page(path)) if one.action.endswith(action)]
        return self._post(form, {**form.fields, **given}, files)

    def _post(self, form: Form, fields: Mapping[str, str], files: Any) -> str:
        answer = self.session.post(self.url + form.action, fields, files=files, timeout=60, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"].removeprefix(self.url)


def test_a_table_arrives_and_is_registered(running_set: dict[str, Any]) -> None:
    with requests.Session() as session:
        session.cookies.set("language", "en")
        browser = Browser(running_set["incentive"], session)
        browser.send("/sign-in", "/sign-in", {"key": running_set["keys"]["exchange:kmdex"]})
        content = table("UPLOADED1", "UPLOADED2")
        for shared, own in OWN.items():
            content = content.replace(shared.encode(), own.encode())
        file = {"table": ("trades.csv", content)}
        address = browser.send("/uploads", "/uploads", {"kind": "trade"}, file)
        browser.send(address, "/mapping", {})
        assert browser.send(address, "/send", {}) == address
        until(lambda: "Accepted</span> 2" in browser.page(address), REGISTERED_WITHIN_S)
