"""Pages of lists: a cursor is the identifying member(s) of the last item given, so no item is seen twice or missed."""

import base64
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from marshmallow import Schema, fields

from shared.postgres.database import BIGINT_MOST
from shared.web.problems import FieldFault, Problem
from shared.web.query import JsonSchema, QuerySchema, WholeNumber

LIMIT_DEFAULT: Final = 50
LIMIT_MOST: Final = 500
_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,1024}")

Row = TypeVar("Row")


class PageQuery(QuerySchema):
    """What every list takes; filters are added by a subclass."""

    limit = WholeNumber(least=1, most=LIMIT_MOST, load_default=LIMIT_DEFAULT)
    cursor = fields.String(metadata={"description": "next_cursor of the page before"})


def encode_cursor(*members: str | int) -> str:
    """An opaque text of the identifying member(s)."""
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The member(s) of `encode_cursor`, of these types; None at the start. Problem 422 when we did not make it."""
    if cursor is None:
        return None
    members = _cursor_members(cursor)
    fits = members is not None and [type(member) for member in members] == list(kinds)
    # Only what we wrote ourselves: other spellings of the same members would be taken by base64 and JSON too.
    if members is None or not fits or encode_cursor(*members) != cursor:
        fault = FieldFault("cursor", "不是本服务给出的 next_cursor / not a next_cursor of this service")
        raise Problem(422, errors=[fault])
    return tuple(members)


def _cursor_members(cursor: str) -> list[Any] | None:
    if _CURSOR.fullmatch(cursor) is None:
        return None
    try:
        members = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(members, list) or any(_is_beyond_database(member) for member in members):
        return None
    return members


def _is_beyond_database(member: Any) -> bool:
    """Whether PostgreSQL would refuse it (U+0000, a lone surrogate, over bigint), or it is no member of ours at all."""
    if isinstance(member, str):
        return "\0" in member or any("\ud800" <= character <= "\udfff" for character in member)
    return not isinstance(member, int) or abs(member) > BIGINT_MOST


def page(
    rows: Sequence[Row], limit: int, cursor_of: Callable[[Row], str], render: Callable[[Row], dict[str, Any]]
) -> dict[str, Any]:
    """The answer for rows in order, of which one more than `limit` was asked for."""
    given = rows[:limit]
    return {
        "items": [render(row) for row in given],
        "next_cursor": cursor_of(given[-1]) if len(rows) > limit else None,
    }


def page_schema(name: str, item: type[Schema]) -> type[Schema]:
    """The OpenAPI shape of such an answer; one of items that are JSON already is so, too."""
    members: dict[str, Any] = {
        "items": fields.List(fields.Nested(item), required=True),
        "next_cursor": fields.String(required=True, allow_none=True),
    }
    kind: type[Schema] = JsonSchema if issubclass(item, JsonSchema) else Schema
    return kind.from_dict(members, name=name)
