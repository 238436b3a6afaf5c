"""Style sheet and images of the pages, under names that have their hash: a new page never meets an old style sheet."""

import hashlib
import mimetypes
from pathlib import Path
from typing import Final, NamedTuple

from flask import Response, url_for

from services.incentive.pages.blueprint import blueprint
from shared.web.problems import Problem

_FOLDER: Final = Path(__file__).parent / "static"
_FOR_EVER: Final = "public, max-age=31536000, immutable"


class _Asset(NamedTuple):
    """A file: its bytes, its media type, and its name with the first digits of its SHA-256."""

    content: bytes
    media_type: str
    hashed_name: str


def _load(path: Path) -> _Asset:
    content = path.read_bytes()
    hashed_name = f"{path.stem}.{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
    return _Asset(content, mimetypes.types_map[path.suffix], hashed_name)


_ASSETS: Final = {path.name: _load(path) for path in sorted(_FOLDER.iterdir())}
_BY_HASHED_NAME: Final = {one.hashed_name: one for one in _ASSETS.values()}


@blueprint.app_template_global()
def asset(name: str) -> str:
    """The address of a file, which changes with its content."""
    return url_for("pages.static", filename=_ASSETS[name].hashed_name)


@blueprint.get("/static/<filename>", endpoint="static")
def send_asset(filename: str) -> Response:
    """Send a file, to be kept for ever under its present name.

    Under another name, of an older page or a newer machine, the present content is sent, and nobody keeps it. Problem
    404.
    """
    found = _BY_HASHED_NAME.get(filename)
    if found is not None:
        return Response(found.content, content_type=found.media_type, headers={"Cache-Control": _FOR_EVER})
    stem, _, suffix = filename.partition(".")
    found = _ASSETS.get(f"{stem}.{suffix.rpartition('.')[2]}")
    if found is None:
        raise Problem(404)
    return Response(found.content, content_type=found.media_type)
