"""In which of two languages a page is: Chinese, or English where somebody chose it. Every text stands in both."""

from collections.abc import Mapping
from typing import Any, Final

from flask import current_app, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from services.incentive.policy.terms import Texts

LANGUAGES: Final = ("zh", "en")
COOKIE: Final = "language"
PARAMETER: Final = "lang"
_KEPT_S: Final = 365 * 24 * 3600


def language() -> str:
    """`zh` or `en`, for the page that is being made."""
    chosen = request.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else LANGUAGES[0]


def say(zh: str, en: str) -> str:
    """The text in the page's language."""
    return en if language() == "en" else zh


def say_both(texts: Texts | Mapping[str, str]) -> str:
    """The same of what comes with both."""
    zh, en = (texts.zh, texts.en) if isinstance(texts, Texts) else (texts["zh"], texts["en"])
    return say(zh, en)


def say_half(text: str) -> str:
    """One half of `中文 / English`; a text that has no halves stands for itself."""
    zh, separator, en = text.partition(" / ")
    return say(zh, en) if separator else text


def switch_language() -> ResponseReturnValue | None:
    """Remember the language that a link asks for, and show the page itself."""
    chosen = request.args.get(PARAMETER)
    if request.method != "GET" or request.endpoint is None or chosen not in LANGUAGES:
        return None
    response = make_response(redirect(here()))
    is_secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.set_cookie(COOKIE, chosen, max_age=_KEPT_S, httponly=True, samesite="Lax", secure=is_secure)
    return response


def here(**changed: Any) -> str:
    """The address of the page that is being made, with some parameters changed and without the language's."""
    given = {name: value for name, value in request.args.items() if name != PARAMETER}
    arguments: dict[str, Any] = {**given, **(request.view_args or {}), **changed}
    return url_for(request.endpoint or "pages.overview", **arguments)
