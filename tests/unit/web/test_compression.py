"""Answers are compressed for clients that accept it, and read back as they were."""

from __future__ import annotations

import gzip

import pytest
from flask import Flask, Response, stream_with_context

from shared.web.compression import compress

LONG = "奖补" * 2000


@pytest.fixture(scope="module")
def app() -> Flask:
    app = Flask(__name__)
    app.after_request(compress)
    app.add_url_rule("/page", view_func=lambda: Response(LONG, mimetype="text/html"), endpoint="page")
    app.add_url_rule("/short", view_func=lambda: Response("x" * 1000, mimetype="text/html"), endpoint="short")
    app.add_url_rule("/zip", view_func=lambda: Response(LONG, mimetype="application/zip"), endpoint="zip")
    stream = lambda: Response(stream_with_context(iter([LONG])), mimetype="text/html")  # noqa: E731
    app.add_url_rule("/stream", view_func=stream, endpoint="stream")
    return app


def test_a_page_is_compressed_for_who_accepts_it(app: Flask) -> None:
    answer = app.test_client().get("/page", headers={"Accept-Encoding": "br, gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.data).decode() == LONG
    assert int(answer.headers["Content-Length"]) == len(answer.data) < 500


@pytest.mark.parametrize("accepted", [None, "identity", "gzip;q=0", "br"])
def test_a_page_stays_for_who_does_not(app: Flask, accepted: str | None) -> None:
    answer = app.test_client().get("/page", headers={} if accepted is None else {"Accept-Encoding": accepted})
    assert (answer.headers.get("Content-Encoding"), answer.text) == (None, LONG)
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("path", ["/short", "/zip", "/stream"])
def test_what_gains_nothing_or_is_a_stream_stays(app: Flask, path: str) -> None:
    answer = app.test_client().get(path, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers


def test_the_length_of_a_page_varies(app: Flask) -> None:
    client = app.test_client()
    assert len({len(client.get("/page", headers={"Accept-Encoding": "gzip"}).data) for _ in range(40)}) > 5
