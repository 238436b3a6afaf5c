"""Strict marshmallow fields for the contract's types.

marshmallow's own are too lenient: `Regexp` accepts a trailing newline, `AwareDateTime` accepts spaces, week dates and
times without seconds, and strings may hold U+0000 and lone surrogates, which PostgreSQL and UTF-8 reject.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, fields, validate

from shared.events.documents import MAX_REVISION
from shared.values.money import format_yuan, parse_yuan
from shared.values.parties import NUMBER_PATTERN, is_number
from shared.values.times import LeapSecondError, format_time, parse_time

Messages = dict[str, str | list[Any] | dict[Any, Any]]  # the type that marshmallow gives them

REQUIRED: Final = "必填 / is required"
NOT_NULL: Final = "不得为 null / must not be null"
NOT_TEXT: Final = "须为字符串 / must be a string"
NOT_OBJECT: Final = "须为 JSON 对象 / must be a JSON object"

_TEXT_MESSAGES: Final[Messages] = {
    "required": REQUIRED,
    "null": NOT_NULL,
    "invalid": NOT_TEXT,
    "nul": "不得含 U+0000 / must not contain U+0000",
    "surrogate": "不得含孤立代理码 / must not contain lone surrogates",
}
_REVISION_MESSAGES: Final[Messages] = {
    "required": REQUIRED,
    "null": NOT_NULL,
    "invalid": "须为整数 / must be an integer",
}


class Text(fields.String):
    """A string without U+0000 and lone surrogates; lengths are in code points.

    Subclasses have another value inside: `parse` makes it (ValidationError), `format` is its inverse.
    """

    default_error_messages = _TEXT_MESSAGES
    documented: ClassVar[Mapping[str, object]] = {}  # the defaults of `metadata`

    def __init__(self, *, min_length: int = 0, max_length: int | None = None, **kwargs: Any) -> None:
        if max_length is not None:
            said = f"长度须为 {min_length} 至 {max_length} 个字符 / must have {min_length} to {max_length} characters"
            kwargs["validate"] = validate.Length(min=min_length, max=max_length, error=said)
        elif min_length:
            kwargs["validate"] = validate.Length(min=min_length, error="不得为空 / must not be empty")
        super().__init__(**kwargs | {"metadata": {**self.documented, **kwargs.get("metadata", {})}})

    def _serialize(self, value: object, attr: str | None, obj: object, **kwargs: object) -> str | None:
        del attr, obj, kwargs
        return None if value is None else self.format(value)

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> Any:
        del attr, data, kwargs
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\0" in value:
            raise self.make_error("nul")
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise self.make_error("surrogate") from error
        return self.parse(value)

    def format(self, value: Any) -> str:
        return str(value)

    def parse(self, text: str) -> object:
        return text


class Choice(Text):
    """One of the given words."""

    def __init__(self, words: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        said = f"须为 {'、'.join(words)} 之一 / must be one of {', '.join(words)}" if len(words) > 1 else ""
        self.validators = [validate.OneOf(words, error=said or f"须为 {words[0]} / must be {words[0]}")]


class Number(Text):
    """The number of a document or product: `[A-Za-z0-9][A-Za-z0-9._:-]{0,63}`."""

    documented: ClassVar = {"pattern": f"^{NUMBER_PATTERN}$"}

    def parse(self, text: str) -> str:
        if not is_number(text):
            raise ValidationError(f"须符合 {NUMBER_PATTERN} / must match {NUMBER_PATTERN}")
        return text


class Revision(fields.Integer):
    """An integer 1 .. 2^31-1: no boolean, no 1.0, no string."""

    default_error_messages = _REVISION_MESSAGES

    def __init__(self, **kwargs: Any) -> None:
        said = f"须在 1 至 {MAX_REVISION} 之间 / must be 1 to {MAX_REVISION}"
        super().__init__(strict=True, validate=validate.Range(min=1, max=MAX_REVISION, error=said), **kwargs)

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> int:
        del attr, data, kwargs
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class Yuan(Text):
    """An amount: yuan as a decimal string outside, fen inside."""

    documented: ClassVar = {"pattern": r"^[0-9]+(\.[0-9]{1,2})?$", "example": "5000000.00"}

    def __init__(self, *, positive: bool = False, up_to_fen: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.positive, self.up_to_fen = positive, up_to_fen

    def format(self, value: int) -> str:
        return format_yuan(value)

    def parse(self, text: str) -> int:
        try:
            fen = parse_yuan(text)
        except ValueError as error:
            said = (
                "须为最多两位小数的十进制金额字符串（元） / must be yuan as a decimal string with at most two decimals"
            )
            raise ValidationError(said) from error
        if self.positive and fen == 0:
            raise ValidationError("必须大于 0 / must be over 0")
        if self.up_to_fen is not None and fen > self.up_to_fen:
            most = format_yuan(self.up_to_fen)
            raise ValidationError(f"不得超过 {most} / must be at most {most}")
        return fen


class Time(Text):
    """An instant: the contract's RFC 3339 subset outside, an aware datetime inside."""

    documented: ClassVar = {"format": "date-time"}

    def format(self, value: datetime) -> str:
        return format_time(value)

    def parse(self, text: str) -> datetime:
        try:
            return parse_time(text)
        except LeapSecondError as error:
            raise ValidationError("不支持闰秒（:60） / leap seconds (:60) are not supported") from error
        except ValueError as error:
            said = (
                "须为带时区的 RFC 3339 时间（大写 T 与 Z，含秒，最多六位小数，2000 至 2099 年）"
                " / must be an RFC 3339 time with offset, upper-case T and Z, seconds,"
                " at most 6 decimals, years 2000 to 2099"
            )
            raise ValidationError(said) from error
