"""Lists as CSV."""

import csv
import io
from contextlib import ExitStack

import flask
import pytest
from marshmallow import Schema, fields

from shared.web.answers import answer, integers, lists, nested, text_lists, texts
from shared.web.csv_list import cells_of, columns_of, csv_response, unguarded, wants_csv


@pytest.mark.parametrize(
    ("accept", "is_csv"),
    [
        (None, False),
        ("*/*", False),
        ("text/csv", True),
        ("text/csv, */*;q=0.1", True),
        ("application/json, text/csv;q=0.9", False),
        ("application/json;q=0.8, text/csv;q=0.9", True),
        ("text/html", False),
    ],
)
def test_csv_is_for_those_who_prefer_it(accept: str | None, is_csv: bool):
    with flask.Flask("test").test_request_context(headers={} if accept is None else {"Accept": accept}):
        assert wants_csv() == is_csv


def test_rows_are_streamed():
    rows = [[f"n{number}", "文，本", "", str(number)] for number in range(25_000)]
    closed = []
    with ExitStack() as opened:
        opened.callback(closed.append, True)
        response = csv_response("list", ("a", "text.zh", "none", "n"), iter(rows), opened)
    assert closed == []
    pieces = list(response.iter_encoded())
    assert len(pieces) > 1
    read = list(csv.reader(io.StringIO(b"".join(pieces).decode())))
    assert read == [["a", "text.zh", "none", "n"], *rows]
    response.close()
    assert closed == [True]
    assert response.headers["Content-Disposition"] == 'attachment; filename="list.csv"'
    assert response.headers["Vary"] == "Accept"


def test_objects_are_columns_and_lists_are_json():
    party = answer("Party", texts("id", "name"), base=Schema)
    item = answer(
        "Item",
        texts("no"),
        nested(party=party, null=True),
        text_lists("flags"),
        lists(errors=party),
        integers("n", null=True),
        {"is_it": fields.Boolean(), "measure": fields.Dict()},
        base=Schema,
    )
    columns = columns_of(item())
    assert columns == ["no", "party.id", "party.name", "flags", "errors", "n", "is_it", "measure"]
    found = {"no": "1", "party": {"id": "x", "name": "甲"}, "flags": ["a", "b"], "errors": [{"id": "1", "name": "乙"}]}
    assert cells_of({**found, "n": 7, "is_it": True, "measure": {"pue": "1.2"}}, columns) == [
        *("1", "x", "甲", '["a","b"]', '[{"id":"1","name":"乙"}]', "7", "true", '{"pue":"1.2"}')
    ]
    empty = {"no": "1", "party": None, "flags": [], "errors": [], "n": None, "is_it": False, "measure": {}}
    assert cells_of(empty, columns) == ["1", "", "", "[]", "[]", "", "false", "{}"]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        *(("=1+1", "'=1+1"), ("+1", "'+1"), ("@x", "'@x"), ("-x", "'-x"), ("\tx", "'\tx")),
        *((plain, plain) for plain in ("-25.00", "a=b", "x", "'x", "")),
    ],
)
def test_a_cell_is_never_a_formula(text: str, cell: str):
    response = csv_response("list", ("a", "b"), iter([[text, "x"]]), ExitStack())
    [written, _] = list(csv.reader(io.StringIO(response.get_data(as_text=True))))[1]
    assert written == cell
    assert unguarded(written) == text
