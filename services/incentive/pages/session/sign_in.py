"""Sign-in with an API key, and sign-out. The browser holds a token, the database its hash."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say
from shared.postgres.query import execute, fetch_one
from shared.web.keys import EVERY_KIND, ApiKey, ask_as, refuse_subject, require
from shared.web.service import current_service, write_transaction

_TOKEN: Final = "token"  # noqa: S105 - a key of the session
# The pages that are open without a key; open pages add theirs.
OPEN: Final = {
    "pages.sign_in",
    "pages.send_key",
    "pages.static",
    "pages.sign_in_elsewhere",
    "pages.signed_in_elsewhere",
}
_KEY_MOST: Final = 1024
LASTS: Final = timedelta(hours=8)  # a working day

_BEGIN: Final = """
    INSERT INTO page_session (token_sha256, who, role, key_sha256, person, begun_at, expires_at, access_link_id)
    VALUES (%(token)s, %(who)s, %(role)s, %(key)s, %(person)s, %(now)s, %(expires_at)s, %(link)s)
"""
_FIND: Final = """
    SELECT who, role, key_sha256, person FROM page_session s WHERE token_sha256 = %(token)s AND expires_at > %(now)s
      AND NOT EXISTS (SELECT FROM access_link_revocation r WHERE r.access_link_id = s.access_link_id)
"""


def who_asks() -> ResponseReturnValue | None:
    """Set the key of this request to the one that signed in, or redirect to the sign-in page.

    A session ends when its key leaves the file of keys, or its one-time link is revoked; a session by such a link or by
    OpenID Connect has no key.
    """
    if find_session():
        if request.endpoint not in OPEN:
            refuse_subject()
        return None
    if request.endpoint in OPEN:
        return None
    target = request.full_path.rstrip("?") if request.method == "GET" else None
    return redirect(url_for("pages.sign_in", next=target), 303)


def find_session() -> bool:
    """Set the key of this request to the one that signed in; return whether there is one."""
    service, token = current_service(), session.get(_TOKEN)
    if token is None:
        return False
    with service.engine.connect() as connection:
        found = fetch_one(connection, _FIND, ApiKey, token=_digest(token), now=service.clock())
    known = found if found is None or not found.sha256 else service.keys.of_digest(found.sha256)
    if known is not None:
        ask_as(known)
    return known is not None


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    return show("session/sign_in", target=safe_target(request.args.get("next")), fault=None)


@blueprint.post("/sign-in")
def send_key() -> ResponseReturnValue:
    """Begin a session if the key belongs to a person."""
    service = current_service()
    target = safe_target(request.form.get("next"))
    presented = request.form.get("key", "").strip()[:_KEY_MOST]
    key = service.keys.find(presented.encode("utf-8", "replace"))
    if key is None:
        said = say("密钥有误，请核对后重试。", "This key is not known. Check it and try again.")
        return show("session/sign_in", 401, target=target, fault=said)
    if key.kind == "service":
        said = say("此密钥供系统使用，不能登录。", "This key is for systems and cannot sign in.")
        return show("session/sign_in", 403, target=target, fault=said)
    begin(key)
    return redirect(target, 303)


def begin(key: ApiKey) -> None:
    """Begin a session for the key."""
    with write_transaction() as connection:
        begin_session(connection, key)


def begin_session(connection: Connection, key: ApiKey, access_link_id: str | None = None) -> None:
    """Begin a session for the key; a former session of the browser ends, and expired ones are deleted."""
    _forget(connection)
    token, now = secrets.token_urlsafe(32), current_service().clock()
    begun = {"token": _digest(token), "who": key.name, "role": key.role, "key": key.sha256, "person": key.person}
    execute(connection, "DELETE FROM page_session WHERE expires_at <= %(now)s", now=now)
    execute(connection, _BEGIN, **begun, now=now, expires_at=now + LASTS, link=access_link_id)
    session[_TOKEN] = token


@blueprint.post("/sign-out")
@require(*EVERY_KIND)
def sign_out() -> ResponseReturnValue:
    with current_service().engine.begin() as connection:
        _forget(connection)
    return redirect(url_for("pages.sign_in"), 303)


def _forget(connection: Connection) -> None:
    """End the browser's session, and carry nothing of it over to another."""
    token = session.get(_TOKEN)
    session.clear()
    if token is not None:
        execute(connection, "DELETE FROM page_session WHERE token_sha256 = %(token)s", token=_digest(token))


def safe_target(named: str | None) -> str:
    """Return where to go after sign-in: always a page of ours, whatever a link says."""
    home = url_for("pages.overview")
    if named is None or not named.startswith("/") or named.startswith("//") or "\\" in named:
        return home
    parts = urlsplit(named)
    return home if parts.scheme or parts.netloc or not named.isprintable() else named


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
