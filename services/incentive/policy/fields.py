"""Building blocks of the policy file's schema: its scalars, mappings by a field, and lists that rise."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from marshmallow import Schema, ValidationError, fields

from services.incentive.policy.terms import MEASURE_PATTERN
from shared.values.money import format_yuan, parse_yuan
from shared.yaml_files.fields import MISSING, MUST_BE_MAPPING, ListOf, Mapped, ScalarField, text_at
from shared.yaml_files.tree import FieldProblem


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
    out_of_range = "超出度量的范围 / is beyond what is measured (facts.sign.v1)"


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
    out_of_range = Whole.out_of_range

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


class MappedBy(fields.Field[object]):
    """A mapping whose fields depend on the text of one of them."""

    def __init__(self, key: str, mappings: Mapping[str, Mapped]) -> None:
        super().__init__()
        self._key, self.mappings = key, mappings
        self._choice = OneOf(*mappings)

    def _deserialize(self, value: object, attr: str | None, data: object, **kwargs: object) -> object:
        del attr, data, kwargs
        if not isinstance(value, dict):
            raise ValidationError(MUST_BE_MAPPING)
        if self._key not in value:
            raise ValidationError({self._key: [MISSING]})
        try:
            self._choice.deserialize(value[self._key])
        except ValidationError as error:
            raise ValidationError({self._key: error.messages}) from None
        return self.schema_for(value).load(value)

    def schema_for(self, raw: object) -> Schema:
        return self.mappings[text_at(raw, self._key)].schema_for(raw)


class RisingList(ListOf):
    """A list in which amounts in the fields `rising` rise from item to item."""

    def __init__(self, inner: Mapped, *, rising: tuple[str, ...], required: bool = True) -> None:
        super().__init__(inner, required=required)
        self._rising = rising

    def problems(self, items: list[object]) -> Iterator[FieldProblem]:
        yield from super().problems(items)
        yield from not_rising(items, self._rising)


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
