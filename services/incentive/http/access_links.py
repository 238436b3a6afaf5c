"""HTTP routes of one-time links, by which a company reads what is its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from flask import url_for

from services.incentive.commands.access_links import draft_link
from services.incentive.domain.subjects.access_codes import code_sha256, new_code
from services.incentive.http import act_schemas as schemas
from services.incentive.http.acts import ACT_SORTS, perform
from services.incentive.http.awards import check_subject
from services.incentive.http.context import ledger_view
from services.incentive.http.schemas import AsOfPageQuery
from services.incentive.store.public.access_links import list_links
from shared.postgres.sorted_rows import RowsInMemory, SortedRows
from shared.values.json_types import Json
from shared.web.lists import ItemList, list_operation
from shared.web.query import Blueprint

LINKS: Final = ItemList("access-links", schemas.AccessLinkPageSchema, ACT_SORTS)

blueprint = Blueprint("access_links", __name__, description="一次性链接 / one-time links")


@blueprint.operation(
    "POST /v1/subjects/<subject>/access-links",
    schemas.AccessLinkSchema,
    status=201,
    roles=("bureau",),
    headers=schemas.KeyHeader,
    body=schemas.AccessLinkRequestSchema,
    body_required=False,
    operation_id="createAccessLink",
)
def make_link(header: Json, given: Json, subject: str) -> Json:
    """Make a one-time link for a subject: who opens `path` sees what the role `subject:<subject>` sees, for 8 hours.

    `code` and `path` are answered once and kept nowhere; a repeated request answers them null.
    """
    code = new_code()
    draft = partial(draft_link, code_sha256=code_sha256(code))
    made = perform(header, check_subject(subject), given, "access_link", draft)
    is_new = made["code_sha256"] == code_sha256(code)
    path = url_for("pages.access_by_link", code=code)
    return {**made, "code": code if is_new else None, "path": path if is_new else None}


@list_operation(
    blueprint,
    "GET /v1/subjects/<subject>/access-links",
    LINKS,
    roles=("auditor", "bureau"),
    query=AsOfPageQuery,
    operation_id="listAccessLinks",
)
@contextmanager
def list_access_links(arguments: Json, subject: str) -> Iterator[SortedRows[Json]]:
    """List the one-time links that were made for a subject, with their states; codes are kept nowhere."""
    about = check_subject(subject)
    with ledger_view(arguments.get("as_of")) as (connection, view):
        yield RowsInMemory(list_links(connection, about, view.as_of, view.instant), dict)
