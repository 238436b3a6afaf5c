"""Lists as CSV."""

import csv
import io
from contextlib import ExitStack

import flask
import pytest

from shared.web.csv_list import csv_response, wants_csv


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        (None, False),
        ("*/*", False),
        ("text/csv", True),
        ("text/csv, */*;q=0.1", True),
        ("application/json, text/csv;q=0.9", False),
        ("text/html", False),
    ],
)
def test_csv_is_for_those_who_prefer_it(accept: str | None, is_csv: bool):
    with flask.Flask("test").test_request_context(headers={} if accept is None else {"Accept": accept}):
        assert wants_csv() == is_csv


def test_rows_are_streamed_with_fields_of_objects_as_columns():
    items = [{"a": f"n{number}", "text": {"zh": "文，本"}, "none": None, "n": number} for number in range(2500)]
    closed = []
    with ExitStack() as opened:
        opened.callback(closed.append, True)
        response = csv_response("list", ("a", "text.zh", "none", "n"), items, opened)
    assert closed == []
    rows = list(csv.reader(io.StringIO(response.get_data(as_text=True))))
    assert rows[0] == ["a", "text.zh", "none", "n"]
    assert rows[1:] == [[f"n{number}", "文，本", "", str(number)] for number in range(2500)]
    response.close()
    assert closed == [True]
    assert response.headers["Content-Disposition"] == 'attachment; filename="list.csv"'
    assert response.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        *(("=1+1", "'=1+1"), ("+1", "'+1"), ("@x", "'@x"), ("-x", "'-x"), ("\tx", "'\tx")),
        *((plain, plain) for plain in ("-25.00", "a=b", "x")),
    ],
)
def test_a_cell_is_never_a_formula(text: str, cell: str):
    response = csv_response("list", ("a",), [{"a": text}], ExitStack())
    assert list(csv.reader(io.StringIO(response.get_data(as_text=True))))[1] == [cell]
