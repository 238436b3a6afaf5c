"""Events that were refused, each with what is wrong with it, so that who sent it can send it right."""

import base64
from typing import Any, Final

from flask import request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.http.context import current_rulebook
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.views.register_reads import KINDS, refused, register_ids
from services.incentive.queries.serializers import Json
from services.incentive.store.register_client import NotInRegister
from shared.events.decode import REASONS
from shared.web.keys import current_key
from shared.web.problems import Problem

_A_PAGE: Final = 20
_SHOWN_BYTES: Final = 2000


@blueprint.get("/quarantine")
def quarantine() -> ResponseReturnValue:
    """Refused events of one register; an exchange sees its own."""
    registers, exchanges = register_ids(), list(current_rulebook().exchanges.ids)
    kind = _chosen("kind", KINDS) or KINDS[0]
    register = _chosen("register", registers) or next(iter(registers), "")
    reason, exchange = _chosen("reason", REASONS), _chosen("exchange", exchanges)
    own = current_key().exchange
    if own is not None:
        exchange = own
    cursor = request.args.get("cursor")
    given: dict[str, Any] = {"exchange": exchange, "reason": reason}
    query: dict[str, Any] = {name: value for name, value in {**given, "cursor": cursor}.items() if value}
    found = _ask(kind, register, {**query, "limit": _A_PAGE})
    following = None if found is None else found["next_cursor"]
    parameters = {"kind": kind, "register": register, **given}
    return show(
        "views/quarantine",
        kind=kind,
        register=register,
        registers=registers,
        reason=reason,
        reasons=REASONS,
        exchange=exchange,
        exchanges=exchanges if own is None else [],
        items=None if found is None else [_readable(item) for item in found["items"]],
        more=None if following is None else url_for("pages.quarantine", **parameters, cursor=following),
        is_first=cursor is None,
    )


def _ask(kind: str, register: str, query: dict[str, Any]) -> Json | None:
    try:
        return refused(kind, register, query)
    except NotInRegister as error:
        raise Problem(404) from error


def _chosen(name: str, known: Any) -> str | None:
    """A filter's value. Problem 404 where there is no such thing to choose."""
    given = request.args.get(name, "")
    if not given:
        return None
    if given not in known or (name == "exchange" and current_key().exchange not in (None, given)):
        raise Problem(404)
    return given


def _readable(item: Json) -> Json:
    """The record's beginning as text."""
    value = item["value_base64"]
    content = None if value is None else base64.b64decode(value)
    shown = None if content is None else content[:_SHOWN_BYTES].decode("utf-8", "replace")
    return {**item, "shown": shown, "is_cut": content is not None and len(content) > _SHOWN_BYTES}
