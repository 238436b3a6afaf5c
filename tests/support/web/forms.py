"""The forms of a page, filled in and sent as a browser sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

PAPER = b"%PDF-1.7 a document"


@dataclass
class Form:
    """A form: where it goes, the names of its fields with the values that the page gave, and its fields for files."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    required: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    buttons: int = 0

    def send(self, client: FlaskClient, given: Mapping[str, str], *, paper: bool = False) -> TestResponse:
        """Send the form with some fields filled in, and with a document if asked for."""
        assert given.keys() <= self.fields.keys(), (self.action, given)
        assert self.buttons == 1, self.action
        sent: dict[str, object] = {**self.fields, **given}
        assert all(sent[name] for name in self.required), (self.action, self.required, sent)
        for name in self.files:
            sent[name] = (BytesIO(PAPER if paper else b""), "paper.pdf" if paper else "")
        return client.post(self.action, data=sent)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._is_open = False
        self._text: str | None = None  # the name of the text area that is open
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("method") == "post":
            self.found.append(Form(given["action"] or ""))
            self._is_open = True
        if not self._is_open:
            return
        form, name = self.found[-1], given.get("name") or ""
        if tag == "button":
            form.buttons += 1
        elif tag == "option" and self._select is not None:
            if "selected" in given or self._select not in form.fields:
                form.fields[self._select] = given.get("value") or ""
        elif tag in ("input", "textarea", "select"):
            self._take_field(form, tag, name, given)

    def _take_field(self, form: Form, tag: str, name: str, given: Mapping[str, str | None]) -> None:
        if "required" in given:
            form.required.add(name)
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._text, form.fields[name] = name, ""
        elif given.get("type") == "file":
            form.files.add(name)
        elif given.get("type") != "checkbox" or "checked" in given:
            form.fields[name] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._is_open = False
            case "select":
                self._select = None
            case "textarea":
                self._text = None

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self.found[-1].fields[self._text] += data


def forms_of(page: str) -> list[Form]:
    """Return the forms of a page that are sent by POST."""
    found = _Forms()
    found.feed(page)
    return found.found
