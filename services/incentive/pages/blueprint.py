"""Shared parts of all pages: security headers, CSRF protection, language, vocabulary of templates, error pages."""

from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, current_app, g, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from services.incentive.domain.explanations.wording import grouped, percent, reason_label
from services.incentive.pages import as_of_param, words
from services.incentive.pages.documents import kept
from services.incentive.pages.language import here, language, say, say_both, say_half, switch_language
from services.incentive.pages.queue_param import keep_queue
from services.incentive.pages.refreshing import EVERY_S, SCRIPT_POLICY, answer_unchanged, is_refreshed
from services.incentive.policy.terms import Texts
from shared.values.json_types import Json
from shared.values.money import format_yuan
from shared.values.times import SHANGHAI, shanghai_year
from shared.web.problems import Problem, answer_database_error, answer_http_exception
from shared.web.service import current_service, expect_size, noted_size

# No scripts (pages that count the present have one), no inline styles, no other hosts, no frames around the page.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FIRST_YEAR: Final = 2025
UPLOADS_MOST_BYTES: Final = 64 << 20
_SIZE: Final = "ledger_size"  # a key of the session

blueprint = Blueprint("pages", __name__, template_folder="templates")
csrf: Final = CSRFProtect()
blueprint.url_defaults(as_of_param.keep_instant)
blueprint.url_defaults(keep_queue)


@blueprint.before_request
def prepare_request() -> ResponseReturnValue | None:
    """Refuse forms of other sites, follow a link to the other language, and read the instant."""
    if request.mimetype == "multipart/form-data" and "api_key" in g:
        request.max_content_length = UPLOADS_MOST_BYTES
    csrf.protect()
    expect_size(session.get(_SIZE, 0))
    switched = switch_language()
    if switched is None:
        as_of_param.read_instant()
    return switched


@blueprint.after_request
def keep_size(response: Response) -> Response:
    """Have the pages that a person sees after sending a form contain what it recorded, also from another server."""
    if request.method == "POST" and (size := noted_size()) is not None:
        session[_SIZE] = size
    return response


@blueprint.after_request
def add_headers(response: Response) -> Response:
    if is_refreshed() and response.status_code in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
        answer_unchanged(response)
        response.headers["Content-Security-Policy"] = POLICY + SCRIPT_POLICY
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


@blueprint.context_processor
def vocabulary() -> Json:
    """Return the functions and values that every template can use."""
    return {
        "both": say_both,
        "called": called,
        "half": say_half,
        "here": here,
        "kept": kept,
        "key": g.get("api_key"),
        "language": language(),
        "navigation": _navigation(),
        "grouped": grouped,
        "percent": percent,
        "reason_label": reason_label,
        "refreshes_every_s": EVERY_S if is_refreshed() else None,
        "rounded": words.rounded,
        "subject_page": subject_page,
        "t": say,
        "today": today(),
        "when": when,
        "word": words.word,
        "words": words,
        "years": years(),
        "yuan_of": format_yuan,
        "zh_day": words.zh_day,
        **as_of_param.vocabulary(),
    }


def _navigation() -> list[tuple[str, str]]:
    key = g.get("api_key")
    if key is not None and key.subject is not None:
        return [
            ("pages.own", say("我的奖补", "My rewards")),
            ("pages.notices", say("公示", "Public notices")),
            ("pages.policy", say("政策", "Policy")),
        ]
    worklist = [("pages.worklist", say("工作台", "Worklist")), ("pages.budget", say("预算", "Budget"))]
    return [
        ("pages.overview", say("首页", "Home")),
        *(worklist if key is not None and key.exchange is None else []),
        ("pages.awards", say("奖补", "Rewards")),
        ("pages.quarantine", say("被拒收事件", "Rejected events")),
        *([("pages.uploads", say("报送", "Send"))] if key is not None and key.exchange is not None else []),
        ("pages.extracts", say("台账核验包", "Extracts")),
        ("pages.policy", say("政策", "Policy")),
    ]


def subject_page(subject: str, year: int) -> str:
    """Return the address of a subject's page; for the subject itself of its own."""
    key = g.get("api_key")
    if key is not None and key.subject is not None:
        return url_for("pages.own", year=year)
    return url_for("pages.subject", subject=subject, year=year)


def called(name: Texts) -> str:
    """Return a rule's name as a title."""
    said = say_both(name)
    return said[:1].upper() + said[1:]


def when(instant: str) -> str:
    """Return a time of the API for people, to the second: 2026-03-01T10:00:05.000000+08:00 -> 2026-03-01 10:00:05."""
    return instant[:19].replace("T", " ")


def show(template: str, http_status: int = 200, **values: object) -> tuple[str, int]:
    return render_template(f"pages/{template}.html", http_status=http_status, **values), http_status


def this_year() -> int:
    """Return the year in Shanghai, at the instant that the page is about."""
    return shanghai_year(as_of_param.requested_as_of() or current_service().clock())


def today() -> str:
    """Return the day in Shanghai as 2026-03-01."""
    return current_service().clock().astimezone(SHANGHAI).date().isoformat()


def requested_year() -> int:
    """Return the year that a page is asked for, or this one. Problem 404 if it is not a year."""
    named = request.args.get("year", "")
    if not named:
        return this_year()
    if named not in map(str, range(2000, 2100)):
        raise Problem(404)
    return int(named)


def years() -> list[int]:
    """Return the years to choose from."""
    return list(range(FIRST_YEAR, max(shanghai_year(current_service().clock()), FIRST_YEAR) + 1))


@blueprint.errorhandler(CSRFError)
def answer_foreign_form(_: CSRFError) -> ResponseReturnValue:
    """Answer a form without our token: from another site, or from a session that has ended."""
    said = say(
        "表单已失效，请返回上一页重新打开后再提交。",
        "The form is no longer valid. Go back, reload the page and submit it again.",
    )
    return show("error", 400, title=say("请重试", "Please try again"), detail=said, errors=())


@blueprint.errorhandler(HTTPException)
def answer_error(error: HTTPException) -> ResponseReturnValue:
    """Show any error as a page; redirects stay as they are."""
    return _as_page(answer_http_exception(error))


def answer_unknown_address(error: HTTPException) -> Response:
    """Answer an address that no route has, or not for this method, as a page for who is signed in."""
    status = error.code or HTTPStatus.NOT_FOUND
    text = render_template(
        "pages/error.html", **vocabulary(), http_status=status, title=_title(status), detail=_said(status), errors=()
    )
    return add_headers(Response(text, status))


def _said(status: int) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return say(
            "这个地址没有内容。链接可能已变更或不完整，请从首页或查找进入。",
            "There is nothing at this address. The link may be old or incomplete: start at the home page, or search.",
        )
    return say("这个地址只用于提交表单，请从首页进入。", "This address only takes forms. Start at the home page.")


@blueprint.errorhandler(DBAPIError)
@blueprint.errorhandler(PoolTimeoutError)
def answer_database(error: DBAPIError | PoolTimeoutError) -> ResponseReturnValue:
    """Show an error of the database as the API answers it."""
    return _as_page(answer_database_error(error))


def _as_page(answer: Response) -> ResponseReturnValue:
    problem = answer.get_json(silent=True)
    if not isinstance(problem, dict):
        return answer
    body, status = show(
        "error",
        answer.status_code,
        title=_title(answer.status_code),
        detail=say_half(problem["detail"]),
        errors=[{"field": fault["field"], "message": say_half(fault["message"])} for fault in problem["errors"]],
    )
    page = Response(body, status)
    for name in ("Retry-After", "Allow"):
        if name in answer.headers:
            page.headers[name] = answer.headers[name]
    return page


def _title(status: int) -> str:
    titles = {
        403: say("不可执行", "Not allowed"),
        404: say("没有此页", "Page not found"),
        405: say("没有此页", "Page not found"),
        409: say("现在不可执行", "Not possible now"),
        413: say("文件过大", "File too large"),
        422: say("内容有误", "Invalid input"),
        429: say("请求过多", "Too many requests"),
        503: say("暂时不可用", "Temporarily unavailable"),
    }
    return titles.get(status, say("出错了", "An error occurred"))
