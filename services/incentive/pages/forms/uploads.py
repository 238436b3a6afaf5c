"""Pages on which an exchange sends a table: upload, mapping, the verdict on each row, confirmation, receipt."""

import hashlib
import re
import secrets
from contextlib import closing
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

import msgspec
import yaml
from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError
from werkzeug.datastructures import FileStorage

from services.incentive.http.context import current_actor, incentive_context
from services.incentive.http.register_reads import registered_revisions
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.forms.upload_mapping import fits, mapping_fields, read_mapping
from services.incentive.pages.forms.upload_receipt import ROWS_SHOWN, send, show_receipt
from services.incentive.pages.language import say, say_half
from services.incentive.store.uploads import stored
from services.incentive.store.uploads.stored import Upload
from shared.events.decode import Kind
from shared.events.topics import KINDS
from shared.language import LocalizedError
from shared.settings import ClientConfig, SettingsError
from shared.table_events.cells import Cell, read_table, sheet_names
from shared.table_events.convert import convert, headings_of
from shared.table_events.mapping import MOST_HEADER_ROW, UNITS, MappingFile, check_mapping, to_mapping_file
from shared.table_events.revisions import JudgedRow, KnownRevision, judge_rows, numbers_in
from shared.table_events.suggest import TIME_FORMATS, suggest
from shared.table_files.table_error import TableError
from shared.values.times import SHANGHAI, format_time
from shared.web.keys import current_key, require
from shared.web.problems import Problem
from shared.web.service import current_service, write_transaction

MOST_BYTES: Final = 4 << 20
MOST_ROWS: Final = 2000
_FIELD_PREFIX: Final = re.compile(r"^[a-z_.]+: ")  # the page names the column
_EXAMPLE: Final = datetime(2026, 3, 1, 10, 0, 5, tzinfo=SHANGHAI)
_NAME_MOST: Final = 200
_CONFLICT: Final = 409
_INVALID: Final = 422


class UploadDraft(NamedTuple):
    """An upload that is not confirmed, read by a mapping: the saved one if it fits the file, else a suggestion."""

    upload: Upload
    sheets: list[str]
    rows: list[list[Cell]]
    mapping: MappingFile
    is_saved: bool


class TableVerdict(NamedTuple):
    """The verdict on all rows; `plan` is a hash of what would be sent. `is_complete`: the registers answered."""

    rows: list[JudgedRow]
    plan: str
    is_complete: bool


@blueprint.get("/uploads", endpoint="uploads")
@require("exchange")
def show_uploads(said: str | None = None) -> ResponseReturnValue:
    """Show the form to upload a table, and what was sent before; how to switch it on where it is off."""
    with current_service().engine.begin() as connection:
        listed = stored.list_uploads(connection, _exchange())
    status = 200 if said is None else _INVALID
    return show(
        "forms/uploads",
        status,
        listed=listed,
        time_of=format_time,
        is_on=_user() is not None,
        said=said,
        most_rows=MOST_ROWS,
        most_mb=MOST_BYTES >> 20,
        exchange=_exchange(),
    )


@blueprint.post("/uploads", endpoint="upload_table")
@require("exchange")
def upload_table() -> ResponseReturnValue:
    """Keep a table until it is confirmed."""
    _required_user()
    file = request.files.get("table")
    kind = next((one for one in KINDS if one == request.form.get("kind")), None)
    content = b"" if file is None else _content(file)
    if file is None or not content or kind is None:
        return show_uploads(say("请选择文件和类别。", "Choose a file and what it lists."))
    if len(content) > MOST_BYTES:
        return show_uploads(say("文件过大，请分几次发送。", "The file is too large. Split it and send the parts."))
    actor, now = current_actor(), current_service().clock()
    name = (file.filename or "").replace("\0", "")[-_NAME_MOST:] or "table"
    sha256 = hashlib.sha256(content).hexdigest()
    upload = Upload(
        secrets.token_hex(16), _exchange(), kind, name, sha256, content, None, actor.name, actor.identity, now, None
    )
    try:
        _read_draft(upload, None)
    except (TableError, LocalizedError) as error:
        return show_uploads(_fault(error))
    with write_transaction() as connection:
        stored.store_upload(connection, upload)
    return redirect(url_for("pages.upload", id=upload.id), 303)


@blueprint.get("/uploads/<id>", endpoint="upload")
@require("exchange")
def show_upload(id: str) -> ResponseReturnValue:  # noqa: A002 - the name in the address
    """Show the mapping and the verdicts of an upload, or the receipt of what was sent."""
    upload = _find(id)
    return _show_draft(upload) if upload.confirmed_at is None else show_receipt(upload)


@blueprint.post("/uploads/<id>/mapping", endpoint="save_upload_mapping")
@require("exchange")
def save_mapping(id: str) -> ResponseReturnValue:  # noqa: A002
    """Save the mapping, also for the next files of the exchange."""
    upload = _find(id)
    if upload.content is not None:
        try:
            names = sheet_names(upload.content)
            sheet = _sheet_of(names, request.form.get("sheet"))
            mapping = read_mapping(request.form, upload.kind, read_table(upload.content, sheet, MOST_ROWS))
            check_mapping("mapping", mapping)
        except (TableError, LocalizedError) as error:
            return _show_draft(upload, _INVALID, _fault(error))
        with write_transaction() as connection:
            stored.save_mapping(connection, upload, mapping, current_actor().name, current_service().clock())
    return redirect(url_for("pages.upload", id=upload.id) + "#verdicts", 303)


@blueprint.post("/uploads/<id>/send", endpoint="send_upload")
@require("exchange")
def confirm_upload(id: str) -> ResponseReturnValue:  # noqa: A002
    """Send the events of the rows, if they are still those that were shown."""
    user = _required_user()
    upload = _find(id)
    if upload.confirmed_at is None:
        draft = _draft_of(upload)
        verdict = _judge(draft)
        if not (draft.is_saved and verdict.is_complete and verdict.plan == request.form.get("plan")):
            return _show_draft(upload, _CONFLICT, _changed_since())
        try:
            with write_transaction() as connection:
                locked = stored.find_upload(connection, upload.exchange, upload.id, lock=True)
                if locked is not None and locked.confirmed_at is None:
                    stored.confirm_upload(connection, upload, draft.mapping, verdict.rows, current_service().clock())
        except IntegrityError:  # another upload took one of the revisions
            return _show_draft(upload, _CONFLICT, _changed_since())
    return send(_find(id), user)


@blueprint.post("/uploads/<id>/discard", endpoint="discard_upload")
@require("exchange")
def discard_upload(id: str) -> ResponseReturnValue:  # noqa: A002
    """Remove an upload that is not confirmed."""
    upload = _find(id)
    with write_transaction() as connection:
        stored.discard_upload(connection, upload)
    return redirect(url_for("pages.uploads"), 303)


@blueprint.get("/uploads/<any(listing, trade):kind>.mapping.yaml", endpoint="upload_mapping_file")
@require("exchange")
def download_mapping(kind: Kind) -> Response:
    """Download the saved mapping as a mapping file of the exchange kit."""
    with current_service().engine.begin() as connection:
        mapping = stored.saved_mapping(connection, _exchange(), kind)
    if mapping is None:
        raise Problem(404)
    content = yaml.safe_dump(msgspec.to_builtins(mapping), allow_unicode=True, sort_keys=False)
    answer = Response(content, content_type="application/yaml; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{kind}.mapping.yaml"'
    return answer


def _content(file: FileStorage) -> bytes:
    with closing(file):
        return file.stream.read(MOST_BYTES + 1)


def _exchange() -> str:
    exchange = current_key().exchange
    if exchange is None:
        raise Problem(403)
    return exchange


def _user() -> ClientConfig | None:
    """Return the connection as the Kafka user of the exchange that asks, of no other; None where sending is off."""
    try:
        return incentive_context().users.client_config(_exchange())
    except SettingsError as error:
        raise Problem(503, str(error)) from error


def _required_user() -> ClientConfig:
    user = _user()
    if user is None:
        raise Problem(409, "网页报送未开通 / sending by browser is off")
    return user


def _find(upload_id: str) -> Upload:
    with current_service().engine.begin() as connection:
        upload = None if "\0" in upload_id else stored.find_upload(connection, _exchange(), upload_id)
    if upload is None:
        raise Problem(404)
    return upload


def _fault(error: TableError | LocalizedError) -> str:
    return say(error.zh, error.en) if isinstance(error, LocalizedError) else say_half(str(error))


def _changed_since() -> str:
    return say(
        "预览之后有变化，尚未发送。请核对后再确认。",
        "Something has changed since the preview; nothing was sent. Check it and confirm again.",
    )


def _draft_of(upload: Upload) -> UploadDraft:
    with current_service().engine.begin() as connection:
        saved = stored.saved_mapping(connection, upload.exchange, upload.kind)
    if upload.mapping is not None:
        saved = to_mapping_file(upload.mapping)
    return _read_draft(upload, saved)


def _sheet_of(names: list[str], wanted: str | None) -> str | None:
    """Return the wanted sheet if the file has it, else its first; None of a CSV file."""
    return wanted if wanted in names else next(iter(names), None)


def _read_draft(upload: Upload, saved: MappingFile | None) -> UploadDraft:
    """Read the table. Raises TableError or TableFileError."""
    content = upload.content or b""
    names = sheet_names(content)
    sheet = _sheet_of(names, None if saved is None else saved.sheet)
    rows = read_table(content, sheet, MOST_ROWS + MOST_HEADER_ROW + 1)
    if len(rows) > MOST_ROWS + MOST_HEADER_ROW:
        raise TableError(f"超过 {MOST_ROWS} 行，请分几次发送 / more than {MOST_ROWS} rows: send them in parts")
    if saved is not None:
        own = msgspec.structs.replace(saved, sheet=sheet)
        if fits(own, rows):
            return UploadDraft(upload, names, rows, own, is_saved=True)
    return UploadDraft(
        upload, names, rows, msgspec.structs.replace(suggest(upload.kind, rows), sheet=sheet), is_saved=False
    )


def _judge(draft: UploadDraft) -> TableVerdict:
    upload = draft.upload
    converted = list(convert(draft.rows, check_mapping("mapping", draft.mapping), upload.exchange))
    numbers = numbers_in(converted)
    registered = registered_revisions(upload.kind, upload.exchange, numbers)
    with current_service().engine.begin() as connection:
        known: dict[str, list[KnownRevision]] = stored.sent_revisions(connection, upload.exchange, upload.kind, numbers)
    for number, revisions in (registered or {}).items():
        known.setdefault(number, []).extend(revisions)
    revision = draft.mapping.members.get("revision")
    has_revisions = isinstance(revision, str) or (revision is not None and revision.column is not None)
    rows = judge_rows(converted, known, upload.exchange, has_revisions=has_revisions)
    plan = hashlib.sha256(b"\n".join(row.value for row in rows if row.value is not None)).hexdigest()
    return TableVerdict(rows, plan, registered is not None)


def _show_draft(upload: Upload, status: int = 200, said: str | None = None) -> ResponseReturnValue:
    draft = _draft_of(upload)
    verdict = _judge(draft)
    groups = {
        outcome: [row for row in verdict.rows if row.outcome == outcome]
        for outcome in ("refused", "correction", "new", "superseded", "known", "sent", "repeated", "total")
    }
    sent = [row for row in verdict.rows if row.value is not None]
    return show(
        "forms/upload",
        status,
        draft=draft,
        fields=mapping_fields(draft.mapping, draft.rows),
        headings=[heading for heading in headings_of(draft.rows[: draft.mapping.header_row]) if heading],
        formats=TIME_FORMATS,
        example_of=_EXAMPLE.strftime,
        without_field=partial(_FIELD_PREFIX.sub, ""),
        units=UNITS,
        verdict=verdict,
        groups={outcome: rows for outcome, rows in groups.items() if rows},
        sent=len(sent),
        sent_fen=sum(row.amount_fen for row in sent),
        said=said,
        is_on=_user() is not None,
        shown=ROWS_SHOWN,
    )
