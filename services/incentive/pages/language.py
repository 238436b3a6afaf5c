"""The language of a page: Chinese, or English if the reader chose it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from flask import current_app, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.policy.terms import Texts
from shared.language import Language, pick

COOKIE: Final = "language"
PARAMETER: Final = "lang"
_KEPT_S: Final = 365 * 24 * 3600
_SAFE: Final = "/:@!$&'()*+,;="  # stay as they are in a path


def language() -> Language:
    """Return the language that the reader chose."""
    return "en" if request.cookies.get(COOKIE) == "en" else "zh"


def say(zh: str, en: str) -> str:
    """Return the text in the page's language."""
    return en if language() == "en" else zh


def say_both(texts: Texts | Mapping[str, str]) -> str:
    """Return one of two texts that come together."""
    zh, en = (texts.zh, texts.en) if isinstance(texts, Texts) else (texts["zh"], texts["en"])
    return say(zh, en)


def say_half(text: str) -> str:
    """Return one half of `中文 / English`."""
    return pick(text, language())


def switch_language() -> ResponseReturnValue | None:
    """Remember the language that a link asks for, and redirect to the page itself."""
    chosen = request.args.get(PARAMETER)
    if request.method != "GET" or request.endpoint is None or chosen not in ("zh", "en"):
        return None
    response = make_response(redirect(here()))
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(COOKIE, chosen, max_age=_KEPT_S, httponly=True, samesite="Lax", secure=is_secure)
    return response


def here(**changed: object) -> str:
    """Return the page's own address with some parameters changed, those that are None and the language left out.

    Parameters of a request never reach `url_for`, which would take some for its own.
    """
    path = url_for("pages.overview") if request.endpoint is None else request.script_root + quote(request.path, _SAFE)
    given = {name: value for name, value in request.args.items() if name != PARAMETER}
    return with_query(path, {**given, **changed})


def with_query(path: str, parameters: Mapping[str, object]) -> str:
    """Return the address of a path with the parameters that are not None."""
    query = urlencode({name: value for name, value in parameters.items() if value is not None})
    return f"{path}?{query}" if query else path
