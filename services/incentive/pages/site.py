"""Registration of the pages in the application: routes, former addresses, cookies and sign-in."""

import secrets
from typing import Final

from flask import Flask, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from services.incentive.pages import assets  # noqa: F401 - adds its route
from services.incentive.pages.blueprint import answer_unknown_address, blueprint, csrf
from services.incentive.pages.forms import (  # noqa: F401 - each adds its routes
    access_links,
    acts,
    batches,
    declared,
    declared_tables,
    eligibility,
    extracts,
    lab,
    payments,
    uploads,
)
from services.incentive.pages.language import with_query
from services.incentive.pages.session import access_link, oidc  # noqa: F401 - the first adds its routes
from services.incentive.pages.session.sign_in import find_session, who_asks
from services.incentive.pages.views import (  # noqa: F401 - each adds its routes
    act_list,
    awards,
    documents,
    exchange,
    files,
    ledger,
    notices,
    own,
    policy,
    public_notices,
    quarantine,
    readings,
    related_parties,
    search,
    statements,
    subject,
    waiting,
    worklist,
)
from services.incentive.pages.year import overview, trades, year_sheet  # noqa: F401 - each adds its routes
from shared.settings import OidcSettings
from shared.web.app import sign_in_by
from shared.web.unknown_addresses import show_unknown_addresses_by

# Addresses that pages had before, so that bookmarks keep working.
_MOVED: Final = {
    "/desk": "worklist",
    "/publicity": "public_notices",
    "/publicity.xlsx": "public_notices_workbook",
}


def former_address() -> ResponseReturnValue:
    """Redirect to the page's present address, with its query."""
    return redirect(with_query(url_for(f"pages.{_MOVED[request.path]}"), request.args.to_dict()), 308)


for _path in _MOVED:
    blueprint.add_url_rule(_path, view_func=former_address)


def _show_unknown_address(error: HTTPException) -> Response:
    find_session()
    return answer_unknown_address(error)


def serve_pages(
    app: Flask, session_key: str | None, public_url: str | None, oidc_settings: OidcSettings | None = None
) -> None:
    """Serve the pages. Without a session key, cookies are signed with a key that lasts as long as the program.

    Call it before the workers are forked, so that all share the key.
    """
    app.secret_key = session_key or secrets.token_bytes(32)
    app.config.update(
        PUBLIC_URL=public_url,
        SESSION_COOKIE_NAME="jiangbu",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=(public_url or "").startswith("https://"),
        # The API uses no cookies and so needs no CSRF tokens; the pages check theirs.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # the session's own
    )
    csrf.init_app(app)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    sign_in_by(app, blueprint.name, who_asks)
    show_unknown_addresses_by(app, _show_unknown_address)
    app.register_blueprint(blueprint)
    app.jinja_env.globals["oidc_is_offered"] = oidc.is_offered
    if oidc_settings is not None:
        oidc.offer_oidc(app, oidc_settings)
