"""Keyset pagination: a cursor holds the identifying fields of the last item, so no item is repeated or missed."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from marshmallow import Schema, fields

from shared.postgres.query import BIGINT_MAX
from shared.values.json_types import Json
from shared.web.answers import JsonSchema
from shared.web.problems import FieldFault, Problem
from shared.web.query import QuerySchema, WholeNumber

LIMIT_DEFAULT: Final = 50
LIMIT_MOST: Final = 500
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,1024}")

Row = TypeVar("Row")
Key = TypeVar("Key", str, int)


class PageQuery(QuerySchema):
    """Parameters of every list; subclasses add filters."""

    limit = WholeNumber(least=1, most=LIMIT_MOST, load_default=LIMIT_DEFAULT)
    cursor = fields.String(metadata={"description": "next_cursor of the previous page"})


def encode_cursor(*values: str | int) -> str:
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """Return the values given to `encode_cursor`, of these types; None without a cursor.

    Raises Problem 422 for a cursor that `encode_cursor` did not make.
    """
    if cursor is None:
        return None
    values = _cursor_values(cursor)
    fits = values is not None and [type(value) for value in values] == list(kinds)
    # base64 and JSON accept other spellings of the same values.
    if values is None or not fits or encode_cursor(*values) != cursor:
        fault = FieldFault("cursor", "不是本服务给出的 next_cursor / not a next_cursor of this service")
        raise Problem(422, errors=[fault])
    return tuple(values)


def decode_key(cursor: str | None, kind: type[Key]) -> Key | None:
    """Return the one value of a cursor, or None without a cursor. Raises Problem 422 as `decode_cursor` does."""
    values = decode_cursor(cursor, kind)
    key: Key | None = None if values is None else values[0]
    return key


def _cursor_values(cursor: str) -> list[str | int] | None:
    if _CURSOR.fullmatch(cursor) is None:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, list) or any(_is_unstorable(value) for value in values):
        return None
    return values


def _is_unstorable(value: object) -> bool:
    """Return True for a value that PostgreSQL refuses: U+0000, lone surrogates, integers beyond bigint, other types."""
    if isinstance(value, str):
        return "\0" in value or any("\ud800" <= character <= "\udfff" for character in value)
    return not isinstance(value, int) or abs(value) > BIGINT_MAX


def page(rows: Sequence[Row], limit: int, cursor_of: Callable[[Row], str], render: Callable[[Row], Json]) -> Json:
    """Render a page of ordered rows; the query must have fetched up to `limit` + 1 rows."""
    given = rows[:limit]
    return {
        "items": [render(row) for row in given],
        "next_cursor": cursor_of(given[-1]) if len(rows) > limit else None,
    }


def page_of_whole(
    found: Iterable[Row], after: Key | None, limit: int, position: Callable[[Row], Key], render: Callable[[Row], Json]
) -> Json:
    """Render a page of a list that was read whole, in order of `position`, of which a cursor holds one."""
    rest = [one for one in found if after is None or position(one) > after]
    return page(rest, limit, lambda one: encode_cursor(position(one)), render)


def page_schema(name: str, item: type[Schema]) -> type[Schema]:
    """Return the schema of a page of `item`; a `JsonSchema` if the item is one."""
    page_fields: Json = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
    }
    kind: type[Schema] = JsonSchema if issubclass(item, JsonSchema) else Schema
    return kind.from_dict(page_fields, name=name)
