"""Building blocks of a YAML file's schema for marshmallow: strict scalars, mappings and lists of `tree.Scalar`."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from inspect import signature
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from shared.operator_errors import OperatorError
from shared.yaml_files.tree import FieldProblem, Scalar, Tree, YamlFault, YamlFileError, field_name, flatten

# A check of a whole mapping, which runs even if its fields have faults.
Check = Callable[[Mapping[str, object]], Iterable[FieldProblem]]
SchemaField: TypeAlias = fields.Field[Any]
T = TypeVar("T")

MISSING: Final = "缺少该字段 / missing field"
MUST_BE_MAPPING: Final = "须为映射 / must be a mapping"
_MUST_BE_TEXT: Final = "须为文本（数字须加引号） / must be text (numbers in quotes)"
# These replace marshmallow's messages.
_MESSAGES: Final = {
    "required": MISSING,
    "type": MUST_BE_MAPPING,
    "unknown": "未知的字段 / unknown field",
}


class ScalarField(fields.Field[object]):
    """A scalar of a YAML type that matches a pattern; `least` and `most` bound a number."""

    types: tuple[str, ...] = ("str",)
    pattern = r"(?s).*"
    parse: Callable[[str], object] = staticmethod(str)
    must_be = _MUST_BE_TEXT
    out_of_range = "超出范围 / is out of range"

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
            raise ValidationError(self.out_of_range)
        return found

    def canonical(self, text: str) -> str:
        """The text by which two files are compared."""
        return text


class TextValue(ScalarField):
    """Text that is not empty."""


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


class ListOf(fields.List[object]):
    """A list that is not empty.

    No two items have the same text in the field `unique`, and each text of `needed` (called `noun`) is there. `naming`
    gives the text of an item that lacks the field `unique`.
    """

    def __init__(
        self,
        inner: SchemaField,
        *,
        unique: str | None = None,
        noun: tuple[str, str] = ("名称", "name"),
        needed: Collection[str] = (),
        naming: Callable[[object], str] = lambda _: "",
        required: bool = True,
    ) -> None:
        super().__init__(inner, required=required, error_messages={**_MESSAGES})
        self.unique, self._noun, self._needed = unique, noun, needed
        self._naming = naming

    def name_of(self, item: object) -> str:
        """The text by which an item is named; empty if it has none."""
        return text_at(item, self.unique or "") or self._naming(item)

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, object] | None, **kwargs: object
    ) -> list[object]:
        if not isinstance(value, list) or not value:
            raise ValidationError("须为非空列表 / must be a list with at least one item")
        problems = list(self.problems(value))
        try:
            found = super()._deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            raise ValidationError({**error.messages_dict, "_schema": problems}) from None
        if problems:
            raise ValidationError(problems)
        return found

    def problems(self, items: list[object]) -> Iterator[FieldProblem]:
        """Yield the problems of the list beside those of its items."""
        yield from self._repeated(items)
        yield from self._missing(items)

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


def load_tree(schema: Schema, tree: Tree, file: str) -> Any:
    """Load a file's tree by its schema. YamlFileError with every fault, each with its line and field."""
    faults = set(tree.faults)
    loaded: Any = None
    try:
        loaded = schema.load(tree.data)  # type: ignore[arg-type]  # other data is a fault, too
    except ValidationError as error:
        faults |= {YamlFault(tree.line(path), field_name(path), text) for path, text in flatten(error.messages)}
    if faults:
        raise YamlFileError(file, faults)
    return loaded


def load_file(path: Path, read: Callable[[bytes, str], T], error_type: type[OperatorError]) -> T:
    """Return what `read` makes of the content and name of a file. `error_type` if it cannot be read or has faults."""
    try:
        return read(path.read_bytes(), path.name)
    except OSError as error:
        raise error_type(f"{path}: 无法读取 / cannot be read: {error.strerror}") from error
    except YamlFileError as error:
        raise error_type(str(error)) from error


def text_at(data: object, *names: str) -> str:
    """The text of a scalar within mappings; empty if it is not there."""
    for name in names:
        data = data.get(name) if isinstance(data, dict) else None
    return data.text if isinstance(data, Scalar) else ""
