"""Pages of extracts: request one, see its progress, download it, and how to verify it."""

from datetime import timedelta
from typing import Final, get_args

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.extract import jobs, verifying_page
from services.incentive.http.context import current_rulebook
from services.incentive.http.extracts import (
    REQUESTERS,
    ExtractRequestSchema,
    delete_extract,
    download_extract,
    extract_json,
    get_extract,
    request_extract,
)
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.form_body import Faults, load, said_faults
from services.incentive.policy.terms import RuleName
from shared.service_log.store import served_checkpoint, verifier_keys
from shared.values.json_types import Json
from shared.web import translog_routes
from shared.web.keys import current_key, require
from shared.web.problems import Problem
from shared.web.service import current_service, viewer_snapshot

_SHOWN: Final = 50


@blueprint.get("/extracts", endpoint="extracts")
@require(*REQUESTERS)
def show_extracts(faults: Faults | None = None) -> ResponseReturnValue:
    """Show the form, with the faults of what was sent, the requested extracts, and what they are verified with."""
    service = current_service()
    with viewer_snapshot() as connection:
        rows = jobs.list_newest(connection, current_key().viewer, _SHOWN)
        note = served_checkpoint(connection, service.clock() - timedelta(seconds=service.checkpoint_interval_s))
        keys = list(verifier_keys(connection))
    rulebook, own = current_rulebook(), current_key().exchange
    return show(
        "forms/extracts",
        422 if faults else 200,
        given=request.form,
        chosen_rules=request.form.getlist("rules"),
        faults=faults or {},
        extracts=[extract_json(row) | {"by": row.requested_by} for row in rows],
        note=note,
        keys=keys,
        rules=[rulebook.policy.terms(rule) for rule in get_args(RuleName)],
        exchanges=[one for one in rulebook.exchanges.ids if own in (None, one)],
    )


@blueprint.post("/extracts")
@require(*REQUESTERS)
def ask_for() -> ResponseReturnValue:
    """Request an extract, as the API's route does."""
    arguments, faults = load(ExtractRequestSchema(), _body(request.form.to_dict(), request.form.getlist("rules")))
    if faults:
        return show_extracts(faults)
    try:
        queued = request_extract(arguments)
    except Problem as problem:
        if problem.code != 422:  # noqa: PLR2004
            raise
        return show_extracts(said_faults(problem.errors))
    return redirect(url_for("pages.extract", id=queued["id"]), 303)


@blueprint.get("/extracts/<id>")
@require(*REQUESTERS)
def extract(id: str) -> ResponseReturnValue:  # noqa: A002 - the contract's name
    return show("forms/extract", extract=get_extract(id))


@blueprint.get("/extracts/<id>/download")
@require(*REQUESTERS)
def download(id: str) -> Response:  # noqa: A002 - the contract's name
    return download_extract(id)


@blueprint.post("/extracts/<id>/withdraw")
@require(*REQUESTERS)
def withdraw(id: str) -> ResponseReturnValue:  # noqa: A002 - the contract's name
    delete_extract(id)
    return redirect(url_for("pages.extracts"), 303)


@blueprint.get("/checkpoint")
@require(*REQUESTERS)
def checkpoint() -> Response:
    """Download the ledger's newest signed checkpoint."""
    return _named(translog_routes.checkpoint(), "checkpoint")


@blueprint.get("/checkpoint/keys")
@require(*REQUESTERS)
def checkpoint_keys() -> Response:
    """Download the verifier keys of the ledger's log, as `verify.py --key` reads them."""
    return _named(translog_routes.keys(), "ledger-keys.txt")


@blueprint.get("/verify.html")
@require(*REQUESTERS)
def verifying() -> Response:
    """Download the page that checks an extract in a browser; it is opened from the disk, never at this address."""
    return _named(
        Response(verifying_page.verifying_page(), content_type="application/octet-stream"), verifying_page.NAME
    )


def _named(answer: Response, name: str) -> Response:
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _body(given: dict[str, str], rules: list[str]) -> Json:
    """Build the body of `POST /v1/extracts`: days start in Shanghai; empty fields are left out."""
    text = {name: value.strip() for name, value in given.items() if value.strip()}
    body: Json = {name: text[name] for name in ("exchange", "evidence") if name in text}
    body |= {name: f"{text[name]}T00:00:00+08:00" for name in ("from", "until") if name in text}
    if "as_of" in text:
        at = text["as_of"]
        body["as_of"] = f"{at}:00+08:00" if len(at) == len("2026-03-01T10:00") else f"{at}+08:00"
    if "since" in text:
        body["since"] = int(text["since"]) if text["since"].isascii() and text["since"].isdigit() else text["since"]
    if "subjects" in text:
        body["subjects"] = text["subjects"].split()
    if rules:
        body["rules"] = rules
    return body
