"""HTTP routes of extracts: request, status, download, removal."""

from contextlib import ExitStack
from typing import Final

from flask import Response
from marshmallow import Schema, fields
from sqlalchemy import Connection

from services.incentive.extract import jobs
from services.incentive.extract.request import ExtractRequest
from services.incentive.http.awards import found_or_404
from services.incentive.http.context import current_rulebook, settle
from services.incentive.http.fields import LogSize, limited_list
from shared.events.fields import Choice, Text, Time
from shared.service_log.store import newest_checkpoint
from shared.values.json_types import Json
from shared.values.times import format_time
from shared.web.answers import answer, instants, integers, texts
from shared.web.keys import SUBJECT, current_key
from shared.web.problems import FieldFault, Problem
from shared.web.query import BINARY, Blueprint, ExchangeParameter, NoQuery, SubjectParameter
from shared.web.service import current_service, viewer_snapshot, write_transaction

_MOST_NAMED: Final = 1000
REQUESTERS: Final = ("auditor", "bureau", "exchange", SUBJECT)
_STATES: Final = ("queued", "running", "ready", "failed")
_ZIP: Final = "application/zip"

blueprint = Blueprint("extracts", __name__, description="台账核验包 / extracts of the ledger")


class ExtractRequestSchema(Schema):
    """The content of an extract; every field is optional. `from` and `until` are half-open, on `posted_at`.

    Without `workbooks` (default: with), its tables are CSV alone, and it takes half the processor time.
    """

    from_ = Time(data_key="from", allow_none=True)
    until = Time(allow_none=True)
    subjects = limited_list(SubjectParameter(), _MOST_NAMED, "个", allow_none=True)
    exchange = ExchangeParameter(allow_none=True)
    rules = limited_list(Text(), _MOST_NAMED, "个", allow_none=True)
    as_of = Time(allow_none=True)
    since = LogSize(allow_none=True)
    evidence = Choice(("awards", "registers", "own"), allow_none=True)
    workbooks = fields.Boolean(truthy={True}, falsy={False}, allow_none=True)


ExtractSchema = answer(
    "Extract",
    {"id": Text(required=True), "state": Choice(_STATES, required=True), "progress": fields.Float(required=True)},
    integers("log_size"),
    instants("requested_at"),
    instants("expires_at", null=True),
    integers("bytes", null=True),
    texts("sha256", "reason", null=True),
    base=Schema,
)


@blueprint.operation(
    "POST /v1/extracts",
    ExtractSchema,
    status=202,
    roles=REQUESTERS,
    body=ExtractRequestSchema,
    body_required=False,
    operation_id="requestExtract",
)
def request_extract(arguments: Json) -> Json:
    """Request an extract. It is written in the background; ask for its status until it is `ready`.

    A subject gets its own records, whether it says so or not. 409 if the role has 5 unfinished extracts, or a subject 5
    in all.
    """
    now = current_service().clock()
    arguments = _of_own(arguments)
    _check_rules(arguments.get("rules") or ())
    _check_own(arguments)
    settle(arguments.get("as_of"), now)
    with write_transaction() as connection:
        newest = newest_checkpoint(connection)
        if newest is None:
            raise Problem(503, "台账尚无检查点 / the ledger has no checkpoint yet", headers={"Retry-After": "5"})
        request = _request(arguments)
        if (request.since or 0) > newest.size:
            said = f"台账日志只有 {newest.size} 条 / the ledger's log has {newest.size} entries"
            raise Problem(422, errors=[FieldFault("since", said)])
        try:
            return extract_json(jobs.enqueue(connection, request, newest.size, _requester(), now))
        except jobs.TooManyExtracts as error:
            most = jobs.MOST_OF_ROLE
            said = f"未完成的核验包已有 {most} 份 / {most} extracts are unfinished"
            if current_key().subject is not None:
                said = f"核验包已有 {most} 份，请先删除一份 / you have {most} extracts: delete one first"
            raise Problem(409, said) from error


def _check_rules(rules: list[str] | tuple[()]) -> None:
    """Problem 422 for rules that the policy in force does not have."""
    known = current_rulebook().policy.rule_order
    faults = [
        FieldFault(f"rules.{place}", f"须为 {'、'.join(known)} 之一 / must be one of {', '.join(known)}")
        for place, rule in enumerate(rules)
        if rule not in known
    ]
    if faults:
        raise Problem(422, errors=faults)


def _of_own(arguments: Json) -> Json:
    """Limit the request of a subject to its own records. Problem 403 if it names anything else."""
    subject = current_key().subject
    if subject is None:
        return arguments
    own: Json = {"evidence": "own", "subjects": [subject]}
    if arguments.get("exchange") or any((arguments.get(name) or value) != value for name, value in own.items()):
        raise Problem(403)
    return {**arguments, **own}


def _check_own(arguments: Json) -> None:
    """Problem 422 for the own records of any but one subject; 403 for an exchange, which has no such records."""
    if arguments.get("evidence") != "own":
        return
    if current_key().exchange is not None:
        raise Problem(403)
    if len(set(arguments.get("subjects") or ())) != 1 or arguments.get("exchange"):
        said = "须恰有一个主体，且不得限交易场所 / needs exactly one subject, and no exchange"
        raise Problem(422, errors=[FieldFault("evidence", said)])


def _request(arguments: Json) -> ExtractRequest:
    given: Json = {
        name: tuple(sorted(set(value))) if isinstance(value, list) else value
        for name, value in arguments.items()
        if value or value is False
    }
    return ExtractRequest(role=current_key().role, **given)


@blueprint.operation(
    "GET /v1/extracts/<id>",
    ExtractSchema,
    roles=REQUESTERS,
    query=NoQuery,
    operation_id="getExtract",
)
def get_extract(id: str) -> Json:  # noqa: A002 - the contract's name
    """Return the status of an extract."""
    with viewer_snapshot() as connection:
        return extract_json(_find(connection, id))


@blueprint.operation(
    "DELETE /v1/extracts/<id>",
    status=204,
    roles=REQUESTERS,
    query=NoQuery,
    operation_id="deleteExtract",
)
def delete_extract(id: str) -> None:  # noqa: A002 - the contract's name
    """Cancel an unfinished extract, or delete a finished one. 403 unless the role requested it."""
    get_extract(id)  # 404 as row security decides
    with write_transaction() as connection:
        row = _find(connection, id)
        if row.role != current_key().role:
            raise Problem(403)
        jobs.remove(connection, row, _requester(), current_service().clock())


@blueprint.operation(
    "GET /v1/extracts/<id>/download",
    BINARY,
    roles=REQUESTERS,
    query=NoQuery,
    content_type=_ZIP,
    operation_id="downloadExtract",
)
def download_extract(id: str) -> Response:  # noqa: A002 - the contract's name
    """Download the zip. 409 until it is ready."""
    get_extract(id)  # 404 as row security decides
    with write_transaction() as connection:
        row = _find(connection, id)
        if row.state != "ready":
            raise Problem(409, f"尚不可下载，状态为 {row.state} / not ready for download: it is {row.state}")
        jobs.record_access(connection, row.id, _requester(), "downloaded", current_service().clock())
    with ExitStack() as opened:
        connection = opened.enter_context(viewer_snapshot())
        response = Response(jobs.pieces(connection, row.id), content_type=_ZIP)
        response.headers["Content-Length"] = str(row.bytes)
        response.headers["Content-Disposition"] = f'attachment; filename="jiangbu-{row.log_size}-{row.id[:8]}.zip"'
        response.set_etag(str(row.sha256))
        response.call_on_close(opened.pop_all().close)
        return response


def _find(connection: Connection, extract_id: str) -> jobs.ExtractRow:
    return found_or_404(None if "\0" in extract_id else jobs.find(connection, extract_id, current_key().viewer))


def _requester() -> jobs.Requester:
    key = current_key()
    return jobs.Requester(key.name, key.role)


def extract_json(row: jobs.ExtractRow) -> Json:
    """Render the status of an extract; ExtractSchema selects what the API shows."""
    return row._asdict() | {
        "progress": round(row.progress, 3),
        "requested_at": format_time(row.requested_at),
        "expires_at": None if row.expires_at is None else format_time(row.expires_at),
    }
