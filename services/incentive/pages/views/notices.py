"""Notices as they were posted: open pages of those in force with a form for objections, and a page of each to print."""

from typing import Final

from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.notices.lists import list_document
from services.incentive.http.notices.public import (
    ObjectionRequestSchema,
    find_notice,
    head_json,
    limit_objections,
    load_heads,
    object_to_award,
)
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import FormRefusal, read_form, refusal_of, show_form
from services.incentive.pages.session.sign_in import OPEN
from services.incentive.store.frozen.official_lists import FrozenList, find_list, notice_json
from shared.web.problems import Problem
from shared.web.service import read_snapshot

_NOTICES_MOST: Final = 100
_OPEN_FORMATS: Final = ("xlsx", "csv")
_WITH_KEY: Final = ("pdf", *_OPEN_FORMATS)  # a long PDF is too expensive for everybody
OPEN.update({"pages.notices", "pages.notice", "pages.notice_file", "pages.object_to_notice"})


@blueprint.get("/notices", endpoint="notices")
def show_notices(refused: FormRefusal | None = None) -> ResponseReturnValue:
    """Show the notices in force today to everybody, with why an objection was refused."""
    found = [head_json(one) for one in load_heads(_NOTICES_MOST)]
    return show_form("views/notices", refused, found=found, received=request.args.get("received"))


@blueprint.get("/notices/<sha256>", endpoint="notice")
def show_notice(sha256: str) -> ResponseReturnValue:
    """Show a notice as it was posted, to print."""
    formats = _WITH_KEY if _sees_all() else _OPEN_FORMATS
    return show("views/notice", one=notice_json(_find(sha256)), formats=formats)


@blueprint.get("/notices/<sha256>/<any(pdf, xlsx, csv):format_name>", endpoint="notice_file")
def download_notice(sha256: str, format_name: str) -> Response:
    """Download a notice as it was posted."""
    if format_name not in _OPEN_FORMATS and not _sees_all():
        raise Problem(404)
    return list_document(_find(sha256), format_name)


@blueprint.post("/notices/objections", endpoint="object_to_notice")
def send_objection() -> ResponseReturnValue:
    """Object to an award under public notice."""
    try:
        limit_objections()
        given, faults = read_form(ObjectionRequestSchema())
        if faults:
            return show_notices(FormRefusal("object", 422, None, faults))
        received = object_to_award(given)
    except Problem as problem:
        return show_notices(refusal_of("object", problem))
    return redirect(url_for("pages.notices", received=received["objection_id"]), 303)


def _sees_all() -> bool:
    key = g.get("api_key")
    return key is not None and key.kind in ("bureau", "auditor")


def _find(sha256: str) -> FrozenList:
    """The notice with this SHA-256: one in force, or any for a key that sees all. Problem 404."""
    if not _sees_all():
        return find_notice(sha256)
    with read_snapshot() as connection:
        found = find_list(connection, sha256)
    if found is None:
        raise Problem(404)
    return found
