"""Render documents as PDF/A from Typst templates: the same data and template give the same bytes.

Templates are named `<kind>/<version>`. A released version is frozen, because documents that name it must stay the same.
"""

from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import typst

from services.incentive.documents.fonts import document_fonts, printable
from shared.values.json_types import Json

TEMPLATES: Final = Path(__file__).parent / "templates"


class Attachment(NamedTuple):
    """A file inside the PDF, as PDF/A-3 allows: what the document was rendered from."""

    name: str
    media_type: str
    content: str


def render_pdf(
    template: str,
    data: Json,
    made: datetime,
    attachment: Attachment | None = None,
    *,
    tagged: bool = True,
) -> bytes:
    """Render `data` by the template `<kind>/<version>` as PDF/A-3 with embedded fonts.

    Texts of `data` are values in the template, never code. `made` is the creation date that the PDF states. Tags serve
    screen readers (level A); without them (level U) a list of 10,000 rows has 0.8 MB instead of 11 MB. Such a list
    takes 2.6 s and 0.8 GB of memory, one of 1,000 rows 0.3 s and 0.1 GB; a page takes 20 ms.
    """
    inputs: Json = {"data": printable(data), "made": list(made.timetuple()[:6]), "attachment": None}
    if attachment is not None:
        inputs["attachment"] = attachment._asdict()
    compiler = typst.Compiler(
        input=TEMPLATES / f"{template.replace('/', '-')}.typ",
        root=TEMPLATES,
        font_paths=document_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"document": msgspec.json.encode(inputs).decode()},
    )
    rendered = compiler.compile(format="pdf", pdf_standards=["a-3a" if tagged else "a-3u"], pdf_tags=tagged)
    if not isinstance(rendered, bytes):
        raise TypeError(f"{template} rendered no single file")
    return rendered
