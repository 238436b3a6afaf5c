"""Routes that are open without a key: notices in force, as they were posted, and objections to them."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from flask import current_app, request
from marshmallow import Schema, fields
from sqlalchemy import Connection

from services.incentive.http.act_schemas import CalendarSchema
from services.incentive.http.context import incentive_context
from services.incentive.http.fields import Words
from services.incentive.http.notices.lists import LIST_CSV, MEDIA_TYPES, list_document
from services.incentive.store.frozen.official_lists import (
    NOTICE_SORTS,
    FrozenList,
    ListHead,
    find_list,
    heads_in_force,
    is_under_notice,
    notices_in_force,
)
from services.incentive.store.public.objections import PublicObjection, count_objections, insert_objection
from services.incentive.store.public.senders import count_sent, note_sender
from shared.events.fields import Choice, Text
from shared.postgres.sorted_rows import SortedRows
from shared.values.json_types import Json
from shared.values.times import format_time, shanghai_date
from shared.web.answers import Fields, amounts, answer, instants, integers, lists, nested, texts
from shared.web.attempts import AttemptLimit
from shared.web.client_address import client_network
from shared.web.lists import ItemList, list_operation, page_schema
from shared.web.problems import FieldFault, Problem
from shared.web.query import BINARY, Blueprint, QuerySchema
from shared.web.service import current_service, read_snapshot, write_transaction

AN_HOUR: Final = timedelta(hours=1)
# Objections an hour: of a sender, and of all.
SENDER_TO_AN_AWARD_MOST: Final = 3
SENDER_TO_ALL_MOST: Final = 10
TO_AN_AWARD_MOST: Final = 50
TO_ALL_MOST: Final = 500
_TOO_MANY: Final = (
    "收到的异议过多，请一小时后再试，或按公示所列联系方式提出"
    " / too many objections; try again in an hour, or use the contact that the notice names"
)

blueprint = Blueprint("public", __name__, description="公示与异议，无须密钥 / notices and objections, without a key")


# --- notices ---

_NULLABLE: Final[Fields] = {name: fields.String(required=True, allow_none=True) for name in ("authority", "contact")}
NoticeSchema = answer(
    "PublicNotice",
    texts("sha256", "kind", "template"),
    amounts("total"),
    _NULLABLE,
    nested(
        policy=answer("NoticePolicy", texts("id", "document_no", "title"), integers("revision"), base=Schema),
        notice=answer(
            "NoticePeriod",
            texts("from", "until", "where", "reading"),
            integers("working_days"),
            nested(calendar=CalendarSchema),
            base=Schema,
        ),
    ),
    instants("at"),
    integers("count"),
    lists(
        rows=answer(
            "NoticeRow",
            integers("number", "year"),
            texts("award_id", "reward", "article"),
            amounts("amount", "standing"),
            texts("item", null=True),
            nested(subject=answer("NoticeSubject", texts("id_scheme", "id", "name"), base=Schema)),
            base=Schema,
        )
    ),
    base=Schema,
)
NoticePageSchema = page_schema("PublicNoticePage", NoticeSchema)


class NoticeFileQuery(QuerySchema):
    format = Choice(("json", "xlsx", "csv"), load_default="json")


NOTICES: Final = ItemList("notices", NoticePageSchema, NOTICE_SORTS)


@list_operation(
    blueprint,
    "GET /public/notices",
    NOTICES,
    security=[],
    operation_id="listNotices",
)
@contextmanager
def list_notices(_: Json) -> Iterator[SortedRows[FrozenList]]:
    """List the public notices in force today, as they were posted, in order of their SHA-256.

    A page may hold fewer than `limit` notices although there are more: it ends early when they are long.
    """
    service = current_service()
    with read_snapshot() as connection:
        yield notices_in_force(connection, shanghai_date(service.clock()))


def load_heads(limit: int) -> list[ListHead]:
    """The heads of the notices in force today, at most `limit`."""
    service = current_service()
    with read_snapshot() as connection:
        return heads_in_force(connection, shanghai_date(service.clock()), limit)


def head_json(found: ListHead) -> Json:
    return {"sha256": found.sha256, **found.content}


@blueprint.operation(
    "GET /public/notices/<sha256>",
    BINARY,
    query=NoticeFileQuery,
    content_type=MEDIA_TYPES["json"],
    further_types={MEDIA_TYPES["xlsx"]: BINARY, MEDIA_TYPES["csv"]: LIST_CSV},
    security=[],
    operation_id="downloadNotice",
)
def download_notice(arguments: Json, sha256: str) -> object:
    """Return a notice in force as it was posted: JSON, the bytes with that SHA-256, or XLSX or CSV."""
    return list_document(find_notice(sha256), arguments["format"])


def find_notice(sha256: str) -> FrozenList:
    """The notice with this SHA-256. Problem 404 if it is not in force today."""
    service = current_service()
    today = shanghai_date(service.clock()).isoformat()
    with read_snapshot() as connection:
        found = find_list(connection, sha256)
    if found is not None:
        notice = found.read["notice"]
        if notice["from"] <= today <= notice["until"]:
            return found
    raise Problem(404)


# --- objections ---


class ObjectionRequestSchema(QuerySchema):
    """An objection to an award under public notice: who objects, how to reach that person, and why."""

    award_id = Text(required=True, min_length=1, max_length=400)
    name = Words(required=True, max_length=200)
    contact = Words(required=True, max_length=200)
    reason = Words(required=True, max_length=4000)


ReceivedSchema = answer("ReceivedObjection", texts("objection_id", "award_id"), instants("received_at"), base=Schema)


def limit_attempts(limit: AttemptLimit) -> None:
    """Refuse a request without a key beyond a limit of this process. Problem 429."""
    wait_s = limit.seconds_to_wait(current_service().clock(), client_network())
    if wait_s:
        raise Problem(429, headers={"Retry-After": str(wait_s)})


def limit_objections() -> None:
    """Refuse objections beyond the limit of this process. Problem 429."""
    if request.method == "POST":
        limit_attempts(incentive_context().objections)


blueprint.before_request(limit_objections)


@blueprint.operation(
    "POST /public/objections",
    ReceivedSchema,
    status=201,
    body=ObjectionRequestSchema,
    security=[],
    operation_id="submitObjection",
)
def object_to_award(given: Json) -> Json:
    """Object to an award under public notice. It is passed to the bureau, which answers; by itself it holds nothing."""
    now = current_service().clock()
    objection = PublicObjection(
        id=f"{shanghai_date(now):%Y%m%d}-{secrets.token_hex(6)}",
        received_at=now,
        award_id=given["award_id"],
        name=given["name"],
        contact=given["contact"],
        reason=given["reason"],
    )
    with write_transaction() as connection:
        if not is_under_notice(connection, objection.award_id, shanghai_date(now)):
            said = "不在公示期内 / not under public notice"
            raise Problem(422, errors=[FieldFault("award_id", said)])
        _limit_received(connection, objection.award_id, now)
        insert_objection(connection, objection)
    return {
        "objection_id": objection.id,
        "award_id": objection.award_id,
        "received_at": format_time(now),
    }


def _limit_received(connection: Connection, award_id: str, now: datetime) -> None:
    """Count an objection for its sender; Problem 429 if the sender, or all together, sent too many within the hour."""
    since, sender = now - AN_HOUR, _sender(now)
    to_award, to_all = count_sent(connection, sender, award_id, since)
    is_over = to_award >= SENDER_TO_AN_AWARD_MOST or to_all >= SENDER_TO_ALL_MOST
    for about, most in ((award_id, TO_AN_AWARD_MOST), (None, TO_ALL_MOST)):
        is_over = is_over or count_objections(connection, about, since) >= most
    if is_over:
        raise Problem(429, _TOO_MANY, headers={"Retry-After": str(int(AN_HOUR.total_seconds()))})
    note_sender(connection, sender, award_id, now, since)


def _sender(now: datetime) -> str:
    """The client's network as a hash that needs the service's secret, another one each day, so that it names nobody."""
    secret = current_app.secret_key
    key = secret if isinstance(secret, bytes) else str(secret).encode()
    return hmac.new(key, f"{shanghai_date(now)} {client_network()}".encode(), hashlib.sha256).hexdigest()
