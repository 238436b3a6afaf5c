"""Lists as CSV for spreadsheets and programs: columns in the order of the API's fields.

An object is a column for each of its fields, such as `text.zh`; a list is one column of JSON. Null is an empty cell.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Final

from flask import Response, request
from marshmallow import Schema, fields

from shared.values.json_types import Json

FieldOrder = Mapping[str, "FieldOrder"]

CSV: Final = "text/csv"
_JSON: Final = "application/json"
_PIECE_CHARACTERS: Final = 1 << 18
# A spreadsheet would run text that begins so as a formula; negative numbers are none.
_FORMULA: Final = re.compile(r"[=+@\t\r]|-(?![0-9])")


def wants_csv() -> bool:
    """Return True if the request prefers CSV to JSON."""
    return request.accept_mimetypes.best_match([_JSON, CSV]) == CSV


def columns_of(schema: Schema) -> list[str]:
    """Return the columns of items with this schema."""
    columns: list[str] = []
    for name, field in schema.dump_fields.items():
        if isinstance(field, fields.Nested) and not field.many:
            columns += [f"{name}.{inner}" for inner in columns_of(field.schema)]
        else:
            columns.append(name)
    return columns


def order_of(schema: Schema) -> FieldOrder:
    """Return the fields of a schema in the order of the columns, each with those of the object that it is, if any."""
    return {
        name: order_of(field.schema) if isinstance(field, fields.Nested) and not field.many else {}
        for name, field in schema.dump_fields.items()
    }


def in_order(order: FieldOrder, item: Json) -> Json:
    """Return an item with its fields in an order; those that it does not name come last."""
    ordered: Json = {}
    for name, inner in order.items():
        if name in item:
            value = item[name]
            ordered[name] = in_order(inner, value) if inner and value is not None else value
    return ordered | {name: value for name, value in item.items() if name not in ordered}


def cells_of(item: Json, columns: Iterable[str]) -> list[str]:
    """Return an item's cells as text."""
    return [_cell(item, column) for column in columns]


def csv_response(name: str, columns: Sequence[str], rows: Iterator[Sequence[str]], opened: ExitStack) -> Response:
    """Stream rows as CSV. `opened` is closed at the end."""
    response = Response(_pieces(columns, rows), content_type=f"{CSV}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.vary.add("Accept")
    response.call_on_close(opened.pop_all().close)
    return response


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows as one text of CSV."""
    return b"".join(_pieces(columns, rows)).decode()


def _pieces(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(_guarded(row))
        if out.tell() >= _PIECE_CHARACTERS:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def unguarded(cell: str) -> str:
    """Return the text of a cell as it was before a spreadsheet was kept from running it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell, 1) else cell


def _guarded(cells: Iterable[str]) -> list[str]:
    return [f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells]


def _cell(item: Json, column: str) -> str:
    value: object = item
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
