"""Cursors of lists: the values of an item's sort keys, so that no item is repeated or missed."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from marshmallow import fields

from shared.postgres.query import BIGINT_MAX
from shared.postgres.sorted_rows import Key, Value
from shared.web.problems import FieldFault, Problem
from shared.web.query import QuerySchema, WholeNumber

LIMIT_DEFAULT: Final = 50
LIMIT_MOST: Final = 500
_CURSOR: Final = re.compile(r"[A-Za-z0-9_-]{1,4096}")
_EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_DIGEST_LENGTH: Final = 16
_FOREIGN: Final = FieldFault("cursor", "不是本服务给出的 next_cursor / not a next_cursor of this service")
_OTHER_LIST: Final = FieldFault(
    "cursor", "属于另一种排序或筛选 / is of a list with another sort, order or other filters"
)


class PageQuery(QuerySchema):
    """Parameters of every list; subclasses add filters."""

    limit = WholeNumber(least=1, most=LIMIT_MOST, load_default=LIMIT_DEFAULT)
    cursor = fields.String(metadata={"description": "next_cursor of the previous page"})


class ListPosition(NamedTuple):
    """An item's place in a list: the values of its keys; `is_backwards` to read the items before it."""

    values: tuple[Value, ...]
    is_backwards: bool = False


def list_digest(sort: str, order: str, filters: Mapping[str, object]) -> str:
    """Return what a cursor names its list by: digits of the SHA-256 of sort, order and filters."""
    named = sorted((name, str(value)) for name, value in filters.items())
    return hashlib.sha256(json.dumps([sort, order, named]).encode()).hexdigest()[:_DIGEST_LENGTH]


def encode_cursor(digest: str, position: ListPosition) -> str:
    written = [_written(value) for value in position.values]
    text = json.dumps([digest, int(position.is_backwards), *written], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, digest: str, keys: Sequence[Key]) -> ListPosition | None:
    """Return the position given to `encode_cursor`, in the same list and order; None without a cursor.

    Raises Problem 422 for a cursor that `encode_cursor` did not make, or made of another list.
    """
    if cursor is None:
        return None
    match _cursor_values(cursor):
        case [str(named), 0 | 1 as backwards, *written] if named != digest and type(backwards) is int:
            raise Problem(422, errors=[_OTHER_LIST])
        case [str(), 0 | 1 as backwards, *written] if len(written) == len(keys):
            values = tuple(_read(value, key.kind) for value, key in zip(written, keys, strict=True))
            position = ListPosition(values, bool(backwards))
            # base64 and JSON accept other spellings of the same values.
            if encode_cursor(digest, position) == cursor:
                return position
    raise Problem(422, errors=[_FOREIGN])


def _written(value: Value) -> str | int:
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value


def _read(value: object, kind: type) -> Value:
    """Return a value of this type. Problem 422 for another, and for one that PostgreSQL refuses."""
    if kind is str and isinstance(value, str) and not _is_unstorable(value):
        return value
    if type(value) is int and abs(value) <= BIGINT_MAX:
        if kind is int:
            return value
        if kind is datetime:
            try:
                return _EPOCH + value * _MICROSECOND
            except OverflowError:
                pass
    raise Problem(422, errors=[_FOREIGN])


def _cursor_values(cursor: str) -> object:
    if _CURSOR.fullmatch(cursor) is None:
        return None
    try:
        return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("utf-8"))
    except (ValueError, RecursionError):
        return None


def _is_unstorable(text: str) -> bool:
    """Return True for a text that PostgreSQL refuses: U+0000 and lone surrogates."""
    return "\0" in text or any("\ud800" <= character <= "\udfff" for character in text)
