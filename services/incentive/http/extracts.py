"""HTTP routes of extracts: asked for, looked after, taken home, taken away."""

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Final

from flask import Response
from marshmallow import Schema, ValidationError, fields, validates_schema

from services.incentive.extract import jobs
from services.incentive.extract.request import ExtractRequest
from services.incentive.http.awards import current_rulebook, settle
from services.incentive.queries.serializers import Json
from shared.events.fields import Choice, Text, Time
from shared.postgres.query import BIGINT_MAX
from shared.service_log.store import newest_checkpoint
from shared.values.times import format_time
from shared.web.keys import current_key, require
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint, ExchangeParameter, NoQuery, SubjectParameter
from shared.web.service import current_service
from shared.web.viewer_snapshot import viewer_snapshot

_MOST_NAMED: Final = 1000
_ASKERS: Final = ("auditor", "bureau", "exchange")
_ZIP: Final[dict[str, Any]] = {"content_type": "application/zip"}

blueprint = Blueprint("extracts", __name__, description="台账摘录 / extracts of the ledger")


class LogSize(fields.Integer):
    """A number of transactions."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, metadata={"minimum": 0, "maximum": BIGINT_MAX}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        del attr, data, kwargs
        if type(value) is not int or not 0 <= value <= BIGINT_MAX:
            raise ValidationError("须为不小于 0 的整数 / must be a whole number from 0")
        return value


class RequestSchema(Schema):
    """What an extract is to have; all of it is optional. `from` and `until` are half-open, on `posted_at`."""

    from_ = Time(data_key="from", allow_none=True)
    until = Time(allow_none=True)
    subjects = fields.List(SubjectParameter(), allow_none=True, metadata={"maxItems": _MOST_NAMED})
    exchange = ExchangeParameter(allow_none=True)
    rules = fields.List(Text(), allow_none=True, metadata={"maxItems": _MOST_NAMED})
    as_of = Time(allow_none=True)
    since = LogSize(allow_none=True)
    evidence = Choice(("awards", "registers"), allow_none=True)

    @validates_schema
    def _check_limits(self, data: dict[str, Any], **_: Any) -> None:
        for name in ("subjects", "rules"):
            if len(data.get(name) or ()) > _MOST_NAMED:
                raise ValidationError(f"最多 {_MOST_NAMED} 个 / at most {_MOST_NAMED}", name)


class ExtractSchema(Schema):
    """How an extract stands. `log_size` is the size of the ledger's log that it is of."""

    id = Text(required=True)
    state = Choice(("queued", "running", "ready", "failed"), required=True)
    progress = fields.Float(required=True)
    log_size = fields.Integer(required=True)
    requested_at = fields.String(required=True, metadata={"format": "date-time"})
    expires_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    bytes = fields.Integer(required=True, allow_none=True)
    sha256 = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, allow_none=True)


@blueprint.route("/v1/extracts", methods=["POST"])
@require(*_ASKERS)
@blueprint.arguments(RequestSchema, required=False)
@blueprint.response(202, ExtractSchema)
def ask_for_extract(arguments: dict[str, Any]) -> Json:
    """Ask for an extract. It is made in the background; ask how it stands until it is `ready`.

    409 where as many are unfinished as a role may have.
    """
    return queue_extract(arguments)


def queue_extract(arguments: dict[str, Any]) -> Json:
    """Queue an extract of what a RequestSchema has read, for the key that asks. Problem 409, 422 and 503."""
    service, now = current_service(), current_service().clock()
    _check_rules(arguments.get("rules") or ())
    settle(arguments.get("as_of"), now)
    with service.engine.begin() as connection:
        newest = newest_checkpoint(connection)
        if newest is None:
            raise Problem(503, "台账尚无检查点 / the ledger has no checkpoint yet", headers={"Retry-After": "5"})
        request = _request(arguments)
        if (request.since or 0) > newest.size:
            said = f"台账日志只有 {newest.size} 条 / the ledger's log has {newest.size} entries"
            raise Problem(422, errors=[FieldFault("since", said)])
        try:
            return extract_json(jobs.ask_for(connection, request, newest.size, _asker(), now))
        except jobs.TooMany as error:
            said = f"未完成的摘录已有 {jobs.MOST_UNFINISHED} 份 / {jobs.MOST_UNFINISHED} extracts are unfinished"
            raise Problem(409, said) from error


def _check_rules(rules: Sequence[str]) -> None:
    """Refuse what is no rule of this program's policy file."""
    known = current_rulebook().policy.rule_order
    faults = [
        FieldFault(f"rules.{place}", f"须为 {'、'.join(known)} 之一 / must be one of {', '.join(known)}")
        for place, rule in enumerate(rules)
        if rule not in known
    ]
    if faults:
        raise Problem(422, errors=faults)


def _request(arguments: dict[str, Any]) -> ExtractRequest:
    return ExtractRequest(
        role=current_key().role,
        from_=arguments.get("from_"),
        until=arguments.get("until"),
        subjects=tuple(sorted(set(arguments.get("subjects") or ()))),
        exchange=arguments.get("exchange"),
        rules=tuple(sorted(set(arguments.get("rules") or ()))),
        as_of=arguments.get("as_of"),
        since=arguments.get("since") or None,
        evidence=arguments.get("evidence") or "awards",
    )


@blueprint.route("/v1/extracts/<id>")
@require(*_ASKERS)
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, ExtractSchema)
def get_extract(arguments: dict[str, Any], id: str) -> Json:  # noqa: A002 - the contract's name
    """How an extract stands."""
    del arguments
    return tell_extract(id)


def tell_extract(extract_id: str) -> Json:
    """How it stands, for the key that asks. Problem 404."""
    with viewer_snapshot() as connection:
        return extract_json(_find(connection, extract_id))


@blueprint.route("/v1/extracts/<id>", methods=["DELETE"])
@require(*_ASKERS)
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(204)
def delete_extract(arguments: dict[str, Any], id: str) -> None:  # noqa: A002 - the contract's name
    """Cancel an extract that is not finished, or take away one that is. Who asked for it may, by role; else 403."""
    del arguments
    withdraw_extract(id)


def withdraw_extract(extract_id: str) -> None:
    """Cancel it or take it away. Problem 403 and 404."""
    tell_extract(extract_id)
    with current_service().engine.begin() as connection:
        row = _find(connection, extract_id)
        if row.role != current_key().role:
            raise Problem(403)
        jobs.remove(connection, row, _asker(), current_service().clock())


@blueprint.route("/v1/extracts/<id>/download")
@require(*_ASKERS)
@blueprint.arguments(NoQuery, location="query")
@blueprint.response(200, {"type": "string", "format": "binary"}, **_ZIP)
def download_extract(arguments: dict[str, Any], id: str) -> Response:  # noqa: A002 - the contract's name
    """The zip. 409 while it is not ready."""
    del arguments
    return send_extract(id)


def send_extract(extract_id: str) -> Response:
    """The zip as an answer to the key that asks. Problem 404 and 409."""
    tell_extract(extract_id)
    with current_service().engine.begin() as connection:
        row = _find(connection, extract_id)
        if row.state != "ready":
            raise Problem(409, f"尚不可下载，状态为 {row.state} / not to be had yet: it is {row.state}")
        jobs.note_access(connection, row.id, _asker(), "downloaded", current_service().clock())
    with ExitStack() as opened:
        connection = opened.enter_context(viewer_snapshot())
        response = Response(jobs.pieces(connection, row.id), content_type=_ZIP["content_type"])
        response.content_length = row.bytes
        response.headers["Content-Disposition"] = f'attachment; filename="jiangbu-{row.log_size}-{row.id[:8]}.zip"'
        response.set_etag(row.sha256)
        response.call_on_close(opened.pop_all().close)
        return response


def _find(connection: Any, extract_id: str) -> Any:
    row = None if "\0" in extract_id else jobs.find(connection, extract_id, current_key().exchange)
    if row is None:
        raise Problem(404)
    return row


def _asker() -> jobs.Asker:
    key = current_key()
    return jobs.Asker(key.name, key.role)


def extract_json(row: Any) -> Json:
    """How an extract stands, of a row of `extract`."""

    def at(instant: datetime | None) -> str | None:
        return None if instant is None else format_time(instant)

    return {
        "id": row.id,
        "state": row.state,
        "progress": round(row.progress, 3),
        "log_size": row.log_size,
        "requested_at": at(row.requested_at),
        "expires_at": at(row.expires_at),
        "bytes": row.bytes,
        "sha256": row.sha256,
        "reason": row.reason,
    }
