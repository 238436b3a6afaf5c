"""HTTP routes of kept files: the documents that acts name by SHA-256."""

import re
import tempfile
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import IO, Final
from urllib.parse import quote

from flask import Response, request

from services.incentive.http.awards import found_or_404
from services.incentive.http.context import current_actor
from services.incentive.store import kept_files
from services.incentive.store.kept_files import KEPT_MOST_BYTES, FileTooLargeError, FileTypeError, KeptFile
from shared.events.fields import Text
from shared.values.file_types import FILE_TYPES
from shared.values.json_types import Json
from shared.values.times import format_time
from shared.web.answers import answer, instants, integers, texts
from shared.web.problems import FieldFault, Problem
from shared.web.query import BINARY, Blueprint, NoQuery, QuerySchema
from shared.web.service import current_service, viewer_snapshot, write_transaction

_ANY: Final = "application/octet-stream"
_BODY: Final = {"required": True, "content": {_ANY: {"schema": BINARY}}}
_IN_MEMORY_BYTES: Final = 1 << 20
# A document is saved, never shown in our origin; a viewer that opens it anyway may run nothing.
_CONTENT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
_ENDINGS: Final = ", ".join(one.endings[0][1:].upper() for one in FILE_TYPES.values())
TOO_LARGE: Final = (
    f"文件超过 {KEPT_MOST_BYTES >> 20} MB，不能保存 / the file is over {KEPT_MOST_BYTES >> 20} MB and cannot be kept"
)
WRONG_TYPE: Final = (
    f"只保存 {_ENDINGS.replace(', ', '、')} 文件（按内容识别，不含宏）"
    f" / only {_ENDINGS} files without macros are kept, by their content"
)

blueprint = Blueprint("files", __name__, description="证明材料 / files of documents")


class FileQuery(QuerySchema):
    """The name of an uploaded file."""

    name = Text(required=True, min_length=1, max_length=200)


FileSchema = answer(
    "File", texts("sha256", "name", "media_type"), integers("bytes"), texts("by", "person"), instants("at")
)


@blueprint.operation(
    "PUT /v1/files/<sha256>",
    FileSchema,
    roles=("bureau",),
    query=FileQuery,
    requestBody=_BODY,
    operation_id="uploadFile",
)
def put_file(arguments: Json, sha256: str) -> Json:
    """Keep a file under its SHA-256, for documents of acts that name it; the same again changes nothing.

    422 for content that has another SHA-256, is too large or of no type that is kept.
    """
    request.max_content_length = KEPT_MOST_BYTES
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as file:
        while piece := request.stream.read(_IN_MEMORY_BYTES):
            file.write(piece)
        if kept_files.sha256_of(file) != sha256:
            raise Problem(422, errors=[FieldFault("sha256", "与内容不符 / is not that of the content")])
        try:
            return file_json(keep(file, arguments["name"]))
        except FileTooLargeError as error:
            raise Problem(422, TOO_LARGE) from error
        except FileTypeError as error:
            raise Problem(422, WRONG_TYPE) from error


def keep(file: IO[bytes], name: str) -> KeptFile:
    """Keep a file for the person who asks, in a transaction of its own. FileTooLargeError or FileTypeError."""
    with write_transaction() as connection:
        return kept_files.keep_file(connection, file, name, current_actor(), current_service().clock())


@blueprint.operation(
    "GET /v1/files/<sha256>",
    BINARY,
    roles=("auditor", "bureau"),
    query=NoQuery,
    content_type=_ANY,
    operation_id="downloadFile",
)
def download_file(sha256: str) -> Response:
    """Download a kept file. 404 if none is kept with this SHA-256."""
    with ExitStack() as opened:
        connection = opened.enter_context(viewer_snapshot())
        kept = found_or_404(None if "\0" in sha256 else kept_files.find_kept(connection, sha256))
        response = Response(kept_files.kept_pieces(connection, sha256), content_type=kept.media_type)
        response.headers["Content-Length"] = str(kept.bytes)
        response.headers["Content-Disposition"] = content_disposition(download_name(kept))
        response.headers["Content-Security-Policy"] = _CONTENT_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.set_etag(kept.sha256)
        response.call_on_close(opened.pop_all().close)
        return response


def download_name(kept: KeptFile) -> str:
    """Return the name to save a file under: without folders, with an ending of its type."""
    name = PurePosixPath(kept.name.replace("\\", "/")).name or kept.sha256[:16]
    endings = FILE_TYPES[kept.media_type].endings
    return name if name.lower().endswith(endings) else name + endings[0]


def content_disposition(name: str) -> str:
    """Return the header of an attachment: the name in ASCII and, where that is not all of it, in UTF-8 (RFC 6266)."""
    plain = re.sub(r"[^ !#-\[\]-~]", "_", name)
    encoded = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{encoded}'


def file_json(kept: KeptFile) -> Json:
    """Render the record of a kept file."""
    return {
        "sha256": kept.sha256,
        "name": kept.name,
        "media_type": kept.media_type,
        "bytes": kept.bytes,
        "by": kept.who,
        "person": kept.person,
        "at": format_time(kept.kept_at),
    }
