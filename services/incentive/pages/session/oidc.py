"""Sign-in by OpenID Connect: the authorization code flow with PKCE, and the role from a claim."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import structlog
import yaml
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from joserfc.errors import JoseError

from services.incentive.pages.blueprint import blueprint, show
from services.incentive.pages.language import say
from services.incentive.pages.session.sign_in import begin, safe_target
from shared.settings import OidcSettings, SettingsError
from shared.web.keys import ApiKey, is_role
from shared.web.problems import Problem

_OIDC: Final = "jiangbu.oidc"
_TARGET: Final = "target"
_SCOPES: Final = "openid profile"
_TIMEOUT_S: Final = 10
_NAME = re.compile(r"\S.{0,199}")

_log = structlog.get_logger(__name__)


Persons = Mapping[tuple[str, str], str]


class PersonsError(SettingsError):
    """PERSONS_FILE is invalid; the message names the place and the reason in one line."""


class ClaimError(ValueError):
    """The claims of a person name no role of ours, or no name; the message is for that person."""


def load_persons(path: Path | None) -> Persons:
    """Load a YAML list of `{issuer, subject, person}`: the persons by account. PersonsError."""
    if path is None:
        return {}
    try:
        entries = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise PersonsError(f"PERSONS_FILE: {path} cannot be read ({type(error).__name__})") from error
    persons: dict[tuple[str, str], str] = {}
    for number, entry in enumerate(entries if isinstance(entries, list) else [entries], 1):
        is_account = isinstance(entry, dict) and set(entry) == {"issuer", "subject", "person"}
        if not is_account or not all(isinstance(value, str) and value.strip() for value in entry.values()):
            raise PersonsError(f"PERSONS_FILE: {path}: entry {number}: must have issuer, subject and person, all text")
        account = entry["issuer"].rstrip("/"), entry["subject"]
        if account in persons:
            raise PersonsError(f"PERSONS_FILE: {path}: entry {number}: the account is listed before")
        persons[account] = entry["person"]
    return persons


def offer_oidc(app: Flask, settings: OidcSettings) -> None:
    """Offer sign-in by a provider, whose metadata is loaded when somebody first signs in. PersonsError."""
    persons = load_persons(settings.persons_file)
    oauth = OAuth(app)
    client = oauth.register(
        "provider",
        server_metadata_url=f"{settings.issuer}/.well-known/openid-configuration",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        client_kwargs={"scope": _SCOPES, "code_challenge_method": "S256", "timeout": _TIMEOUT_S},
    )
    app.extensions[_OIDC] = (settings, client, persons)


def is_offered() -> bool:
    """Return True if the application offers sign-in by a provider."""
    return _OIDC in current_app.extensions


@blueprint.get("/sign-in/oidc")
def sign_in_elsewhere() -> ResponseReturnValue:
    """Redirect to the provider."""
    settings, client, _ = _provider()
    session[_TARGET] = safe_target(request.args.get("next"))
    try:
        found: ResponseReturnValue = client.authorize_redirect(
            settings.public_url + url_for("pages.signed_in_elsewhere")
        )
    except (OAuthError, requests.RequestException) as error:
        raise _unavailable(error) from error
    return found


@blueprint.get("/sign-in/oidc/return")
def signed_in_elsewhere() -> ResponseReturnValue:
    """Return from the provider with the person's claims."""
    settings, client, persons = _provider()
    target = safe_target(session.get(_TARGET))
    try:
        claims = client.authorize_access_token()["userinfo"]
        key = key_of(claims, settings, persons)
    except requests.RequestException as error:
        raise _unavailable(error) from error
    except ClaimError as error:
        return show("session/sign_in", 403, target=target, fault=str(error))
    except (OAuthError, JoseError, KeyError) as error:
        _log.warning("OpenID Connect sign-in failed", error=type(error).__name__)
        said = say("统一身份认证未确认登录，请重试。", "Your identity provider did not confirm the sign-in. Try again.")
        return show("session/sign_in", 401, target=target, fault=said)
    begin(key)
    return redirect(target, 303)


def key_of(claims: Mapping[str, object], settings: OidcSettings, persons: Persons) -> ApiKey:
    """Return the key of a person from the claims of an ID token: exactly one role of ours, and a name. ClaimError.

    The person is the one that PERSONS_FILE names for the account, else issuer and subject, which a provider never
    gives to another account.
    """
    found: object = claims
    for part in settings.roles_claim.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    given = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    roles = {role for role in given if isinstance(role, str) and is_role(role) and role != "service"}
    if len(roles) != 1:
        raise ClaimError(
            say(
                "您的账号没有本系统的角色，或有不止一个，请联系管理员。",
                "Your account has no role here, or more than one. Ask your administrator.",
            )
        )
    name = claims.get(settings.name_claim)
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ClaimError(say("统一身份认证没有提供姓名。", "Your identity provider did not provide a name."))
    account = settings.issuer, str(claims["sub"])
    person = persons.get(account, " ".join(account))
    return ApiKey(f"{name}@{urlsplit(settings.issuer).netloc}", roles.pop(), sha256="", person=person)


def _provider() -> tuple[OidcSettings, Any, Persons]:
    if not is_offered():
        raise Problem(404)
    found: tuple[OidcSettings, Any, Persons] = current_app.extensions[_OIDC]
    return found


def _unavailable(error: Exception) -> Problem:
    _log.warning("identity provider unavailable", error=type(error).__name__)
    said = "统一身份认证暂无应答 / the identity provider is unavailable"
    return Problem(503, said, headers={"Retry-After": "5"})
