"""Page of rejected events, each with its faults, so that the sender can correct it."""

import base64
from collections.abc import Collection
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from services.incentive.http.context import current_rulebook
from services.incentive.http.register_reads import KINDS, RegisterList, register_ids
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.lists import PageList
from services.incentive.store.register_client import NotInRegister, RegisterUnavailable
from shared.events.decode import REASONS
from shared.values.json_types import Json
from shared.web.keys import current_key
from shared.web.problems import Problem
from shared.web.register.quarantine import QUARANTINE, QuarantineQuery

_NEWEST_FIRST: Final = {"sort": "id", "order": "desc"}
_SHOWN_BYTES: Final = 2000


@blueprint.get("/quarantine")
def quarantine() -> ResponseReturnValue:
    """Show the rejected events of one register, the newest first; an exchange sees its own."""
    registers, exchanges = register_ids(), list(current_rulebook().exchanges.ids)
    own = current_key().exchange
    chosen: Json = {
        "kind": _chosen("kind", KINDS) or KINDS[0],
        "register": _chosen("register", registers) or next(iter(registers), ""),
        "exchange": _chosen("exchange", exchanges if own is None else [own]) or own,
        "reason": _chosen("reason", REASONS),
    }
    source = RegisterList(chosen["kind"], chosen["register"], "/v1/quarantine", QUARANTINE.query(QuarantineQuery))
    asked = PageList(source, "pages.quarantine", ("exchange", "reason"), _NEWEST_FIRST, dict(list(chosen.items())[:2]))
    listed = None
    try:
        file = asked.file()
        if file is not None:
            return file
        listed = asked.shown()
    except NotInRegister as error:
        raise Problem(404) from error
    except RegisterUnavailable:
        pass
    return show(
        "views/quarantine",
        **chosen,
        listed=listed,
        registers=registers,
        reasons=REASONS,
        exchanges=exchanges if own is None else [],
        items=None if listed is None else [_readable(item) for item in listed.items],
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
