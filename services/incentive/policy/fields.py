"""Building blocks of the policy file's schema: strict scalars, mappings and lists for marshmallow."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from inspect import signature
from typing import Any, Final, TypeAlias

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from services.incentive.policy.terms import MEASURE_PATTERN
from services.incentive.policy.yaml_tree import FieldProblem, Scalar
from shared.values.money import format_yuan, parse_yuan

# A check of a whole mapping, which runs even if its fields have faults.
Check = Callable[[Mapping[str, object]], Iterable[FieldProblem]]
SchemaField: TypeAlias = fields.Field[Any]

MISSING: Final = "缺少该字段 / missing field"
_MUST_BE_MAPPING: Final = "须为映射 / must be a mapping"
_MUST_BE_TEXT: Final = "须为文本（数字须加引号） / must be text (numbers in quotes)"
# These replace marshmallow's messages.
_MESSAGES: Final = {
    "required": MISSING,
    "type": _MUST_BE_MAPPING,
    "unknown": "未知的字段 / unknown field",
}


class ScalarField(fields.Field[object]):
    """A scalar of a YAML type that matches a pattern; `least` and `most` bound a number."""

    types: tuple[str, ...] = ("str",)
    pattern = r"(?s).*"
    parse: Callable[[str], object] = staticmethod(str)
    must_be = _MUST_BE_TEXT

    def __init__(
        self, attribute: str | None = None, *, required: bool = True, least: int | None = None, most: int | None = None
    ) -> None:
        super().__init__(attribute=attribute, required=required, error_messages={**_MESSAGES})
        self._least, self._most = least, most

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> object:
        del attr, data, kwargs
        if not isinstance(value, Scalar) or value.type not in self.types:
            raise ValidationError(_MUST_BE_TEXT if self.types == ("str",) else self.must_be)
        if not value.text.strip():
            raise ValidationError("不得为空 / must not be empty")
        try:
            found = self.parse(value.text) if re.fullmatch(self.pattern, value.text) else None
        except ValueError:
            found = None
        if found is None:
            raise ValidationError(self.must_be)
        if isinstance(found, int) and not (self._least or found) <= found <= (self._most or found):
            raise ValidationError("超出度量的范围 / is beyond what is measured (facts.sign.v1)")
        return found

    def canonical(self, text: str) -> str:
        """The text by which two files are compared."""
        return text


class TextValue(ScalarField):
    """Text that is not empty."""


class Name(ScalarField):
    """A name of a rule, kind, limit or grade."""

    pattern = r"[a-z][a-z0-9_]{0,63}"
    must_be = f"须符合 {pattern} / must match {pattern}"


class OneOf(ScalarField):
    """One of the texts that the code computes."""

    def __init__(self, *choices: str, attribute: str | None = None, required: bool = True) -> None:
        super().__init__(attribute, required=required)
        self.choices = choices
        known = ", ".join(choices)
        self.pattern = "|".join(re.escape(choice) for choice in choices)
        self.must_be = f"本版本只能计算 {known} / this version computes {known} only"


class Whole(ScalarField):
    """A whole number from 1."""

    types = ("int",)
    pattern = r"[1-9][0-9]{0,8}"
    parse = staticmethod(int)
    must_be = "须为正整数 / must be a whole number from 1"


class Day(ScalarField):
    """A day, YYYY-MM-DD, in quotes or not."""

    types = ("str", "timestamp")
    pattern = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    parse = staticmethod(date.fromisoformat)
    must_be = "须为日期 YYYY-MM-DD / must be a day YYYY-MM-DD"


class MonthDay(ScalarField):
    """A day of every year, "MM-DD"."""

    parse = staticmethod(lambda text: date.fromisoformat(f"2001-{text}"))
    must_be = '须为每年都有的日期 "MM-DD" / must be a day of every year, "MM-DD"'


class YuanValue(ScalarField):
    """Fen of an amount over zero, written in yuan as text."""

    pattern = r"(?!0+(\.0*)?$)[0-9]{1,15}(\.[0-9]{1,2})?"
    parse = staticmethod(parse_yuan)
    must_be = "须为大于 0、至多两位小数的金额文本 / must be an amount over 0 with at most two decimals"

    def canonical(self, text: str) -> str:
        return format_yuan(parse_yuan(text))


class Rate(ScalarField):
    """A rate over 0 and at most 1, written as text."""

    pattern = r"0\.(?!0+$)[0-9]{1,8}|1"
    parse = staticmethod(Decimal)
    must_be = '须为大于 0 且不大于 1 的小数文本，如 "0.05" / must be a decimal over 0 up to 1'


class DecimalText(ScalarField):
    """A decimal that is no amount, written as text."""

    pattern = MEASURE_PATTERN
    parse = staticmethod(Decimal)
    must_be = '须为小数文本，如 "1.25" / must be a decimal in quotes, such as "1.25"'


class StrictSchema(Schema):
    """A mapping without unknown fields; `make` builds its value from the fields that it has parameters for."""

    error_messages = _MESSAGES
    check: Check
    make: Callable[..., object]

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def run_check(self, _: object, original: object, **__: object) -> None:
        """Report the problems of the whole mapping, even if its fields have faults."""
        if isinstance(original, dict) and (problems := list(self.check(original))):
            raise ValidationError(problems)

    @post_load
    def run_make(self, loaded: dict[str, object], **_: object) -> object:
        names = loaded.keys() if self.make is dict else loaded.keys() & signature(self.make).parameters.keys()
        return self.make(**{name: tuple(one) if isinstance(one := loaded[name], list) else one for name in names})


class Mapped(fields.Nested):
    """A mapping with fields of its own."""

    def __init__(
        self,
        make: Callable[..., object],
        own: Mapping[str, SchemaField],
        *,
        check: Check = lambda _: (),
        required: bool = True,
    ) -> None:
        schema = StrictSchema.from_dict(dict(own))()
        assert isinstance(schema, StrictSchema)  # noqa: S101 - from_dict makes subclasses
        schema.make, schema.check = make, check
        super().__init__(schema, required=required, error_messages={**_MESSAGES})

    def schema_for(self, raw: object) -> Schema:
        """The schema of a mapping without faults."""
        del raw
        found: Schema = self.schema
        return found


class MappedBy(fields.Field[object]):
    """A mapping whose fields depend on the text of one of them."""

    def __init__(self, key: str, mappings: Mapping[str, Mapped]) -> None:
        super().__init__()
        self._key, self.mappings = key, mappings
        self._choice = OneOf(*mappings)

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> object:
        del attr, data, kwargs
        if not isinstance(value, dict):
            raise ValidationError(_MUST_BE_MAPPING)
        if self._key not in value:
            raise ValidationError({self._key: [MISSING]})
        try:
            self._choice.deserialize(value[self._key])
        except ValidationError as error:
            raise ValidationError({self._key: error.messages}) from None
        return self.schema_for(value).load(value)

    def schema_for(self, raw: object) -> Schema:
        return self.mappings[text_at(raw, self._key)].schema_for(raw)


class ListOf(fields.List[object]):
    """A list that is not empty.

    No two items have the same text in the field `unique`, and each text of `needed` (called `noun`) is there. Amounts
    in the fields `rising` rise from item to item. `naming` gives the text of an item that lacks the field `unique`.
    """

    def __init__(
        self,
        inner: ScalarField | Mapped | MappedBy,
        *,
        unique: str | None = None,
        noun: tuple[str, str] = ("名称", "name"),
        needed: Collection[str] = (),
        rising: tuple[str, ...] = (),
        naming: Callable[[object], str] = lambda _: "",
        required: bool = True,
    ) -> None:
        super().__init__(inner, required=required, error_messages={**_MESSAGES})
        self.unique, self._noun, self._needed, self._rising = unique, noun, needed, rising
        self._naming = naming

    def name_of(self, item: object) -> str:
        """The text by which an item is named; empty if it has none."""
        return text_at(item, self.unique or "") or self._naming(item)

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, object] | None, **kwargs: object
    ) -> list[object]:
        if not isinstance(value, list) or not value:
            raise ValidationError("须为非空列表 / must be a list with at least one item")
        problems = [*self._repeated(value), *self._missing(value), *not_rising(value, self._rising)]
        try:
            found = super()._deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            raise ValidationError({**error.messages_dict, "_schema": problems}) from None
        if problems:
            raise ValidationError(problems)
        return found

    def _repeated(self, items: list[object]) -> Iterator[FieldProblem]:
        name = self.unique or ""
        texts = [self.name_of(item) for item in items]
        for index, text in enumerate(texts):
            if text and text in texts[:index]:
                yield FieldProblem((index, name), f"重复的{self._noun[0]} / repeated {self._noun[1]}")

    def _missing(self, items: list[object]) -> Iterator[FieldProblem]:
        texts, (zh, en) = {self.name_of(item) for item in items}, self._noun
        for name in self._needed:
            if name not in texts:
                yield FieldProblem((), f"缺少{zh} {name} / {en} {name} is missing")


def not_rising(items: object, names: tuple[str, ...]) -> Iterator[FieldProblem]:
    """Yield a problem for each item whose amount in yuan is not more than that of the item before."""
    before: dict[str, int] = {}
    for index, item in enumerate(items if isinstance(items, list) else ()):
        for name in names:
            if re.fullmatch(YuanValue.pattern, text := text_at(item, name)):
                fen = parse_yuan(text)
                if fen <= before.get(name, 0):
                    yield FieldProblem((index, name), "须大于上一档 / must be more than that of the step before")
                before[name] = fen


def text_at(data: object, *names: str) -> str:
    """The text of a scalar within mappings; empty if it is not there."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data.text if isinstance(data, Scalar) else ""
