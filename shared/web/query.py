"""Request parsing and response schemas with marshmallow; unknown and repeated parameters are refused."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar, Final, NoReturn, TypeVar

import flask
import flask_smorest
from marshmallow import RAISE, Schema, ValidationError, fields, post_load
from webargs import core
from webargs.flaskparser import FlaskParser

from shared.events.fields import Time
from shared.events.topics import EXCHANGE_PATTERN
from shared.postgres.query import BIGINT_MAX
from shared.values.parties import NUMBER_PATTERN, parse_subject
from shared.web.keys import require
from shared.web.problems import PROBLEM_TYPE, FieldFault, Problem

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., object])

# For the OpenAPI document; `shared.values.parties.parse_subject` also verifies the check character.
_SUBJECT_PATTERN: Final = f"^(uscc|overseas|natural_person):{NUMBER_PATTERN}$"
# In the years of the contract, 2000 to 2099: days near the ends of the calendar cannot be counted from.
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_DIGITS = re.compile(r"[0-9]{1,18}")

# JSON schemas of answers that are not JSON.
TEXT: Final = {"type": "string"}
BINARY: Final = {"type": "string", "format": "binary"}


class QuerySchema(Schema):
    """Parameters of a route, or fields of a body; unknown ones are refused."""

    error_messages = {  # noqa: RUF012 - marshmallow declares it so
        "unknown": "没有此参数 / unknown parameter",
        "type": "须为对象 / must be an object",
    }
    _MESSAGES: ClassVar = {
        "required": "必须提供 / required",
        "null": "不可为 null / may not be null",
        "invalid": "格式有误 / invalid format",
        "validator_failed": "值有误 / invalid value",
    }

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Use our bilingual messages unless a field has its own."""
        del field_name
        field_obj.error_messages = {**field_obj.error_messages, **self._MESSAGES}


class NoQuery(QuerySchema):
    """A route without parameters."""


class WholeNumber(fields.Integer):
    """An integer of ASCII digits within limits; `int()` also accepts spaces, underscores and other scripts."""

    def __init__(self, *, least: int, most: int, description: str | None = None, **kwargs: Any) -> None:
        described = {} if description is None else {"description": description}
        super().__init__(metadata={"minimum": least, "maximum": most, **described}, **kwargs)
        self.least = least
        self.most = most

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> int:
        del attr, data, kwargs
        number = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else None
        if number is None or not self.least <= number <= self.most:
            raise ValidationError(
                f"须为 {self.least} 至 {self.most} 的整数 / must be an integer from {self.least} to {self.most}"
            )
        return number


class ReadQuery(QuerySchema):
    """The parameter of every read that says what its snapshot must have; kept in `flask.g`, not passed to the view."""

    min_size = WholeNumber(
        least=0,
        most=BIGINT_MAX,
        description="least size of the service's log (for incentive: of the ledger) that the answer must rest on",
    )

    @post_load
    def keep_apart(self, data: dict[str, object], **_: object) -> dict[str, object]:
        if "min_size" in data:
            flask.g.min_size = data.pop("min_size")
        return data


class TimeParameter(Time):
    """An RFC 3339 time with offset."""

    def parse(self, text: str) -> datetime:
        if " " in text:
            raise ValidationError("URL 中的 + 须写作 %2B / write + as %2B in a URL")
        return super().parse(text)


class Parsed(fields.Field[T]):
    """A value that one function reads, with its OpenAPI schema."""

    def __init__(self, parse: Callable[[object], T], openapi: Mapping[str, object], **kwargs: Any) -> None:
        super().__init__(metadata=dict(openapi), **kwargs)
        self._parse = parse

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> T:
        del attr, data, kwargs
        return self._parse(value)


def _parse_subject(value: object) -> str:
    try:
        parse_subject(str(value))
    except ValueError as error:
        raise ValidationError("须为 <类型>:<代码> / must be a subject <scheme>:<id>") from error
    return str(value)


def _check_exchange(text: str) -> None:
    if re.fullmatch(EXCHANGE_PATTERN, text) is None:
        raise ValidationError(f"须符合 {EXCHANGE_PATTERN} / must match {EXCHANGE_PATTERN}")


def _parse_day(value: object) -> date:
    try:
        # `fromisoformat` also accepts week dates and days without dashes. In a body the value may be of any type.
        return date.fromisoformat(value if isinstance(value, str) and _DAY.fullmatch(value) else "")
    except ValueError as error:
        raise ValidationError(
            "须为 2026-03-01 形式的日期，2000 至 2099 年 / must be a date such as 2026-03-01, from 2000 to 2099"
        ) from error


SubjectParameter = partial(Parsed, _parse_subject, {"type": "string", "pattern": _SUBJECT_PATTERN})
ExchangeParameter = partial(fields.String, validate=_check_exchange, metadata={"pattern": f"^{EXCHANGE_PATTERN}$"})
DayParameter = partial(Parsed, _parse_day, {"type": "string", "format": "date"})


class StrictParser(FlaskParser):
    """A webargs parser that answers 422 to unknown or repeated parameters and to bodies that are not JSON."""

    DEFAULT_UNKNOWN_BY_LOCATION = {  # noqa: RUF012 - webargs declares it so
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
        "json": RAISE,
    }

    def load_querystring(self, req: flask.Request, schema: Schema) -> object:
        """Load the parameters, each given at most once."""
        twice = [
            FieldFault(name, "只可提供一次 / given more than once")
            for name in req.args
            if len(req.args.getlist(name)) > 1
        ]
        if twice:
            raise Problem(422, errors=twice)
        return super().load_querystring(req, schema)

    def _raw_load_json(self, req: flask.Request) -> object:
        body = req.get_data(cache=True)
        if not body:
            return core.missing
        if not core.is_json(req.mimetype):
            raise Problem(415)
        try:
            return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise Problem(422, "内容不是有效的 JSON / the body is not valid JSON") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Blueprint(flask_smorest.Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A flask-smorest blueprint with the strict parser; an operation is declared at once."""

    ARGUMENTS_PARSER = StrictParser()

    def operation(  # noqa: PLR0913 - the parts of an OpenAPI operation
        self,
        route: str,
        answer: object = None,
        *,
        operation_id: str,
        status: int = 200,
        roles: Sequence[str] = (),
        headers: type[Schema] | None = None,
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        body_required: bool = True,
        content_type: str | None = None,
        further_types: Mapping[str, object] | Sequence[str] = (),
        conflict: type[Schema] | None = None,
        endpoint: str | None = None,
        reads: bool = True,
        **doc: object,
    ) -> Callable[[View], View]:
        """Serve a function at a route such as `GET /v1/awards`, and describe it in the OpenAPI document.

        The function itself stays as it is, so that pages can call it. It gets what the schemas of headers, query and
        body load, in this order, and the variables of the path. `operation_id`: the name that clients know the route
        by, a verb first, which no release changes. `answer`: a schema, or a JSON schema of what is not
        JSON; `further_types`: media types beside `content_type`, of the same answer or each with its schema; `roles`:
        the kinds of key that may ask, all but a subject's by default; `conflict`: schema of a 409; `reads`: False for a
        GET with a query that does not answer from a read snapshot; `doc`: more.
        """
        method, _, rule = route.partition(" ")

        def register(function: View) -> View:
            view = self.response(status, answer, content_type=content_type)(function)
            others = further_types if isinstance(further_types, Mapping) else dict.fromkeys(further_types, answer)
            for media_type, schema in others.items():
                view = self.alt_response(status, schema=schema, content_type=media_type, success=True)(view)
            if conflict is not None:
                view = self.alt_response(409, schema=conflict, content_type=PROBLEM_TYPE)(view)
            # Creating a schema for each request would cost as much as the parsing.
            if body is not None:
                view = self.arguments(body(), required=body_required)(view)
            if query is not None:
                full = type(query.__name__, (ReadQuery, query), {}) if reads and method == "GET" else query
                view = self.arguments(full(), location="query", as_kwargs=query is NoQuery)(view)
            if headers is not None:
                view = self.arguments(headers(), location="headers")(view)
            # Callers without the right do not learn what is wrong with their request.
            view = require(*roles)(view) if roles else view
            view = self.doc(operationId=operation_id, **doc)(view)
            self.add_url_rule(rule, endpoint, view, methods=[method])
            return function

        return register
