"""Render frozen statements (决定书) as PDF and HTML, by the template that their bytes name."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.incentive.documents import decision_1, decision_2
from services.incentive.documents.pdf import TEMPLATES, Attachment, render_pdf
from shared.values.json_types import Json


class _Template(NamedTuple):
    """The words of a template, and the version whose layouts it has: `templates/<kind>-<version>.typ` and `.html`."""

    page_of: Callable[[Json], Json]
    layout: str


_TEMPLATES: Final[Mapping[str, _Template]] = {
    "decision/1": _Template(decision_1.page_of, "decision/1"),
    "decision/2": _Template(decision_2.page_of, "decision/1"),
}
_HTML: Final = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def statement_pdf(content: bytes, sha256: str) -> bytes:
    """Render the bytes of a statement as PDF/A with these bytes attached."""
    statement, template = _read(content)
    made = datetime.fromisoformat(statement["at"])
    attachment = Attachment("statement.json", "application/json", content.decode())
    page = {**template.page_of(statement), "sha256": sha256}
    return render_pdf(template.layout, page, made, attachment)


def statement_html(content: bytes, sha256: str) -> tuple[str, str]:
    """Render the bytes of a statement as a page of its own; return it with the content security policy of its style."""
    statement, template = _read(content)
    page = {**template.page_of(statement), "sha256": sha256}
    name = template.layout.replace("/", "-")
    style = Markup((TEMPLATES / f"{name}.css").read_text("utf-8"))  # noqa: S704 - a file of ours
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    return _HTML.get_template(f"{name}.html").render(page, style=style), policy


def _read(content: bytes) -> tuple[Json, _Template]:
    statement: Json = msgspec.json.decode(content)
    return statement, _TEMPLATES[statement["template"]]
