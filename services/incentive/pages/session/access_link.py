"""Sign-in by a one-time link or its code, without a key. The code is in no page's address when a form is shown."""

from typing import Final

from flask import g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from services.incentive.domain.subjects.access_codes import code_sha256, read_code
from services.incentive.http.context import current_rulebook, incentive_context
from services.incentive.http.notices.public import limit_attempts
from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say
from services.incentive.pages.session.sign_in import OPEN, begin_session
from services.incentive.policy.terms import Texts
from services.incentive.store.public.access_links import use_link
from shared.web.keys import SUBJECT, ApiKey
from shared.web.service import current_service, write_transaction

_CODE: Final = "access_code"  # a key of the session
_LONGEST: Final = 100
_UNKNOWN: Final = "unknown"
_NAME: Final = "一次性链接 / one-time link"
_SAYS: Final = {
    "used": Texts("这个链接已经用过。每个链接只能使用一次。", "This link was used. Each link works once."),
    "expired": Texts("这个链接已过期。", "This link has expired."),
    "revoked": Texts("这个链接已由主管部门撤销。", "The bureau revoked this link."),
    _UNKNOWN: Texts(
        "没有这个代码，请与来函核对后重新输入。",
        "There is no such code. Compare it with your letter and enter it again.",
    ),
}
OPEN.update({"pages.access", "pages.access_by_link", "pages.open_access"})


@blueprint.get("/access/<code>")
def access_by_link(code: str) -> ResponseReturnValue:
    """Keep the code of a link in the browser's session, and show the form at an address without it.

    Opening a link uses nothing up: programs that look at the links of a message do that too.
    """
    session[_CODE] = code[:_LONGEST]
    response = redirect(url_for("pages.access"), 303)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/access")
def access() -> ResponseReturnValue:
    """Show the form for the code of a letter, filled in where a link was followed."""
    return _show_form(200, session.get(_CODE, ""), None)


@blueprint.post("/access")
def open_access() -> ResponseReturnValue:
    """Begin a session of the company that the code was made for, or say why not and what to do."""
    limit_attempts(incentive_context().codes)
    session.pop(_CODE, None)
    typed = request.form.get("code", "")[:_LONGEST]
    code = read_code(typed)
    state = _UNKNOWN if code is None else _use(code)
    if state == "open":
        return redirect(url_for("pages.own"), 303)
    return _show_form(422, typed, state) if state == _UNKNOWN else _show_form(410, "", state)


def _use(code: str) -> str:
    """Use the link of a code and begin its session, both or neither; return the link's state before."""
    with write_transaction() as connection:
        found = use_link(connection, code_sha256(code), current_service().clock())
        if found is None:
            return _UNKNOWN
        link, state = found
        if state == "open":
            key = ApiKey(_NAME, f"{SUBJECT}:{link.subject}", sha256="", person=f"access-link {link.id}")
            begin_session(connection, key, link.id)
        return state


def _show_form(http_status: int, code: str, state: str | None) -> ResponseReturnValue:
    said = None if state is None else say(_SAYS[state].zh, _SAYS[state].en)
    key = g.get("api_key")
    return show(
        "session/access",
        http_status,
        code=code,
        fault=said,
        is_over=state not in (None, _UNKNOWN),
        is_company=key is not None and key.subject is not None,
        terms=current_rulebook().policy.statements,
    )
