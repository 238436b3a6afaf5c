"""Requests are answered by threads of their lane, and those of other lanes stay free."""

from __future__ import annotations

import threading

import pytest

from shared.web.server.lanes import OPEN, REQUESTS, STREAMS, THREADS, Lanes, lane_of


@pytest.mark.parametrize(
    ("path", "lane"),
    [
        ("/healthz", "healthz"),
        ("/readyz", "readyz"),
        ("/metrics", "metrics"),
        ("/v1/evidence", STREAMS),
        ("/v1/entries", STREAMS),
        ("/v1/extracts/0a/download", STREAMS),
        ("/extracts/0a/download", STREAMS),
        ("/docs", OPEN),
        ("/docs/assets/docs.js", OPEN),
        ("/static/style.css", OPEN),
        ("/openapi.json", OPEN),
        ("/v1/listings", REQUESTS),
        ("/v1/extracts", REQUESTS),
        ("/healthz/", REQUESTS),
        ("", REQUESTS),
    ],
)
def test_the_lane_of_a_path(path: str, lane: str) -> None:
    assert lane_of(path, is_large=False) == lane


def test_a_large_body_is_read_in_the_lane_of_streams() -> None:
    assert lane_of("/v1/listings", is_large=True) == STREAMS


def test_a_lane_that_hangs_refuses_in_time_and_leaves_the_others_free() -> None:
    lanes, go_on = Lanes(), threading.Event()
    try:
        hanging = []
        while not lanes.is_full(REQUESTS):
            hanging.append(lanes.submit(REQUESTS, go_on.wait))
        assert len(hanging) > THREADS[REQUESTS]
        for lane in set(THREADS) - {REQUESTS}:
            assert not lanes.is_full(lane)
            assert lanes.submit(lane, lambda: "answered").result(60) == "answered"
        lanes.done(REQUESTS)
        assert not lanes.is_full(REQUESTS)
    finally:
        go_on.set()
        lanes.shutdown(wait=True)
