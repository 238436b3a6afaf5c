"""Page of rejected events, each with its faults, so that the sender can correct it."""

import base64
from collections.abc import Collection
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.context import current_rulebook
from services.incentive.http.register_reads import KINDS, quarantine_page, register_ids
from services.incentive.pages.blueprint import blueprint, paging_links, show
from services.incentive.store.register_client import NotInRegister
from shared.events.decode import REASONS
from shared.values.json_types import Json
from shared.web.keys import current_key
from shared.web.problems import Problem

_PAGE_SIZE: Final = 20
_SHOWN_BYTES: Final = 2000


@blueprint.get("/quarantine")
def quarantine() -> ResponseReturnValue:
    """Show the rejected events of one register; an exchange sees its own."""
    registers, exchanges = register_ids(), list(current_rulebook().exchanges.ids)
    own, cursor = current_key().exchange, request.args.get("cursor")
    chosen: Json = {
        "kind": _chosen("kind", KINDS) or KINDS[0],
        "register": _chosen("register", registers) or next(iter(registers), ""),
        "exchange": _chosen("exchange", exchanges if own is None else [own]) or own,
        "reason": _chosen("reason", REASONS),
    }
    filters = {"exchange": chosen["exchange"], "reason": chosen["reason"], "cursor": cursor}
    query: Json = {name: value for name, value in filters.items() if value}
    try:
        found = quarantine_page(chosen["kind"], chosen["register"], {**query, "limit": _PAGE_SIZE})
    except NotInRegister as error:
        raise Problem(404) from error
    return show(
        "views/quarantine",
        **chosen,
        registers=registers,
        reasons=REASONS,
        exchanges=exchanges if own is None else [],
        items=None if found is None else [_readable(item) for item in found["items"]],
        paging=paging_links(None if found is None else found["next_cursor"], "pages.quarantine", chosen),
    )


def _chosen(name: str, known: Collection[str]) -> str | None:
    """Return the value of a filter. Problem 404 if there is nothing of that name to choose."""
    given = request.args.get(name, "")
    if not given:
        return None
    if given not in known:
        raise Problem(404)
    return given


def _readable(item: Json) -> Json:
    """Add the beginning of the record as text."""
    value = item["value_base64"]
    content = None if value is None else base64.b64decode(value)
    shown = None if content is None else content[:_SHOWN_BYTES].decode("utf-8", "replace")
    return {**item, "shown": shown, "is_cut": content is not None and len(content) > _SHOWN_BYTES}
