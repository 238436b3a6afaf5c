"""Lists as CSV: all rows, columns in the order of the API's fields, for spreadsheets and programs."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from typing import Final

from flask import Response, request

from shared.values.json_types import Json

CSV: Final = "text/csv"
_JSON: Final = "application/json"
_ROWS: Final = 1_000
# A spreadsheet would run text that begins so as a formula; negative numbers are none.
_FORMULA: Final = re.compile(r"[=+@\t\r]|-(?![0-9])")


def wants_csv() -> bool:
    """Return True if the request prefers CSV to JSON."""
    return request.accept_mimetypes.best_match([_JSON, CSV]) == CSV


def csv_response(name: str, columns: Iterable[str], items: Iterable[Json], opened: ExitStack) -> Response:
    """Stream items as CSV; a column such as `text.zh` is a field of a nested object. `opened` is closed at the end."""
    response = Response(_lines(list(columns), iter(items)), content_type=f"{CSV}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.vary.add("Accept")
    response.call_on_close(opened.pop_all().close)
    return response


def _lines(columns: list[str], items: Iterator[Json]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    while True:
        rows = [[_cell(item, column) for column in columns] for item in islice(items, _ROWS)]
        writer.writerows(rows)
        yield out.getvalue().encode()
        if not rows:
            return
        out.seek(0)
        out.truncate()


def _cell(item: Json, column: str) -> str:
    value: object = item
    for name in column.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    text = "" if value is None else str(value)
    return f"'{text}" if _FORMULA.match(text) else text
