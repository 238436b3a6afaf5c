"""Fields of request bodies, read strictly; `from` and `until` are instants, or days, which begin in Shanghai."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, fields, validate

from shared.events.fields import Text, Time
from shared.postgres.query import BIGINT_MAX
from shared.values.times import day_start
from shared.web.query import Parsed

_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_YEARS: Final = range(2000, 2100)
_MEASURE_LENGTH: Final = 200


class TimeOrDay(Time):
    """An instant, or a day, which stands for the instant at which it begins in Shanghai."""

    documented: ClassVar = {"description": "2026-03-01, or RFC 3339"}  # no format, as it may be either

    def parse(self, text: str) -> datetime:
        if not _DAY.fullmatch(text):
            return super().parse(text)
        try:
            return day_start(date.fromisoformat(text))
        except ValueError as error:
            raise ValidationError("没有这一天 / there is no such day") from error


class Words(Text):
    """Text that a person wrote: not empty, and more than blanks."""

    documented: ClassVar = {"pattern": r"\S"}

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(min_length=1, max_length=max_length, **kwargs)

    def parse(self, text: str) -> str:
        if text and not text.strip():
            raise ValidationError("不得只有空白 / must not be blank")
        return text


def limited_list(
    item: fields.Field[str] | fields.Nested,
    most: int,
    counter: str,
    *,
    allow_none: bool = False,
    required: bool = False,
) -> fields.List[Any]:
    """A list of at most so many items; `counter` is the Chinese measure word."""
    said = f"最多 {most} {counter} / at most {most}"
    return fields.List(item, validate=validate.Length(max=most, error=said), allow_none=allow_none, required=required)


def _parse_year(value: object) -> int:
    if type(value) is not int or value not in _YEARS:
        raise ValidationError("须为 2000 至 2099 的整数 / must be an integer from 2000 to 2099")
    return value


def _parse_log_size(value: object) -> int:
    if type(value) is not int or not 0 <= value <= BIGINT_MAX:
        raise ValidationError("须为不小于 0 的整数 / must be an integer of at least 0")
    return value


def _parse_flag(value: object) -> bool:
    if type(value) is not bool:
        raise ValidationError("须为 true 或 false / must be true or false")
    return value


def _parse_digest(value: object) -> str:
    text = str(Text().deserialize(value))
    if _SHA256.fullmatch(text) is None:
        raise ValidationError("须为 64 位小写十六进制 / must be 64 lower-case hex digits")
    return text


def _parse_measure(value: object) -> Mapping[str, str]:
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


# A calendar year in Shanghai.
Year = partial(Parsed, _parse_year, {"type": "integer", "minimum": _YEARS.start, "maximum": _YEARS.stop - 1})
# A number of transactions.
LogSize = partial(Parsed, _parse_log_size, {"type": "integer", "minimum": 0, "maximum": BIGINT_MAX})
# True or false in JSON, and nothing that merely means it.
Flag = partial(Parsed, _parse_flag, {"type": "boolean"})
# A SHA-256 in lower-case hex.
Digest = partial(Parsed, _parse_digest, {"type": "string", "pattern": f"^{_SHA256.pattern}$"})
# The measured values by name, as text; the policy file says which names a rule takes.
Measure = partial(Parsed, _parse_measure, {"type": "object", "additionalProperties": {"type": "string"}})
