"""Fields of request bodies, read strictly; `from` and `until` are instants, or days, which begin in Shanghai."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

from marshmallow import ValidationError, fields

from shared.events.fields import Text, Time
from shared.postgres.query import BIGINT_MAX
from shared.values.times import day_start

_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_YEARS: Final = range(2000, 2100)
_INTEGER_MOST: Final = 2**53 - 1
_MOST_CRITERIA: Final = 100
_MEASURE_LENGTH: Final = 200


class TimeOrDay(Time):
    """An instant, or a day, which stands for the instant at which it begins in Shanghai."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.metadata = {"description": "2026-03-01, or RFC 3339"}  # no format, as it may be either

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:  # type: ignore[override]
        if isinstance(value, str) and _DAY.fullmatch(value):
            try:
                return day_start(date.fromisoformat(value))
            except ValueError as error:
                raise ValidationError("没有这一天 / there is no such day") from error
        return super()._deserialize(value, attr, data, **kwargs)


class ParsedField(fields.Field[Any]):
    """A JSON value read by one function, with its OpenAPI schema."""

    def __init__(self, parse: Callable[[Any], Any], openapi: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(metadata=dict(openapi), **kwargs)
        self._parse = parse

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        del attr, data, kwargs
        return self._parse(value)


def year_field(**kwargs: Any) -> ParsedField:
    """A calendar year in Shanghai."""
    openapi = {"type": "integer", "minimum": _YEARS.start, "maximum": _YEARS.stop - 1}
    return ParsedField(_parse_year, openapi, **kwargs)


def log_size_field(**kwargs: Any) -> ParsedField:
    """A number of transactions."""
    return ParsedField(_parse_log_size, {"type": "integer", "minimum": 0, "maximum": BIGINT_MAX}, **kwargs)


def flag_field(**kwargs: Any) -> ParsedField:
    """True or false in JSON, and nothing that merely means it."""
    return ParsedField(_parse_flag, {"type": "boolean"}, **kwargs)


def digest_field(**kwargs: Any) -> ParsedField:
    """A SHA-256 in lower-case hex."""
    return ParsedField(_parse_digest, {"type": "string", "pattern": f"^{_SHA256.pattern}$"}, **kwargs)


def criteria_field(**kwargs: Any) -> ParsedField:
    """Criteria that were checked, by name, each with a boolean, a text or an integer."""
    return ParsedField(_parse_criteria, {"type": "object"}, **kwargs)


def measure_field(**kwargs: Any) -> ParsedField:
    """The measured values by name, as text; the policy file says which names a rule takes."""
    return ParsedField(_parse_measure, {"type": "object", "additionalProperties": {"type": "string"}}, **kwargs)


def _parse_year(value: Any) -> int:
    if type(value) is not int or value not in _YEARS:
        raise ValidationError("须为 2000 至 2099 的整数 / must be an integer from 2000 to 2099")
    return value


def _parse_log_size(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= BIGINT_MAX:
        raise ValidationError("须为不小于 0 的整数 / must be an integer of at least 0")
    return value


def _parse_flag(value: Any) -> bool:
    if type(value) is not bool:
        raise ValidationError("须为 true 或 false / must be true or false")
    return value


def _parse_digest(value: Any) -> str:
    text = str(Text().deserialize(value))
    if _SHA256.fullmatch(text) is None:
        raise ValidationError("须为 64 位小写十六进制 / must be 64 lower-case hex digits")
    return text


def _parse_criteria(value: Any) -> dict[str, bool | int | str]:
    if not isinstance(value, dict) or len(value) > _MOST_CRITERIA:
        raise ValidationError(f"须为至多 {_MOST_CRITERIA} 项的对象 / must be an object of at most {_MOST_CRITERIA}")
    text = Text(min_length=1, max_length=2000)

    def checked(result: Any) -> bool | int | str:
        if isinstance(result, bool) or (type(result) is int and abs(result) <= _INTEGER_MOST):
            return result
        if isinstance(result, str):
            return str(text.deserialize(result))
        raise ValidationError("须为真假、文本或整数 / must be a boolean, a text or an integer")

    return {str(text.deserialize(name)): checked(result) for name, result in value.items()}


def _parse_measure(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict):
        raise ValidationError("须为对象 / must be an object")
    faults: dict[str, list[str]] = {}
    for name, text in value.items():
        try:
            Text(max_length=_MEASURE_LENGTH).deserialize(text)
        except ValidationError as error:
            faults[name] = [str(message) for message in error.messages]
    if faults:
        raise ValidationError(faults)
    return value
