"""Tiles: paths as in C2SP tlog-tiles, bundles, and nodes computed from tiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.translog.tiles import TILE_WIDTH, Tile, entry_bundle, is_within, parse_tile
from tests.support.translog.bundles import parse_bundle

tiles = st.builds(Tile, st.none() | st.integers(0, 7), st.integers(0, 10**12), st.integers(1, TILE_WIDTH))


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "0/000"),
        (Tile(1, 999, 1), "1/999.p/1"),
        (Tile(0, 1000, 256), "0/x001/000"),
        (Tile(2, 1234067, 256), "2/x001/x234/067"),  # the standard's own example
        (Tile(None, 1234067, 8), "entries/x001/x234/067.p/8"),
    ],
)
def test_paths(tile, path) -> None:
    assert tile.path == path
    assert parse_tile(path) == tile


@given(tiles)
def test_every_tile_has_its_path(tile) -> None:
    assert parse_tile(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "0",
        "0/0",
        "0/0000",
        "0/x000/001",
        "0/001/002",
        "00/000",
        "8/000",
        "63/000",
        "-1/000",
        "0/000.p/0",
        "0/000.p/256",
        "0/000.p/01",
        "0/000.p/1/",
        "0/000\n",
        "Entries/000",
        "0/٠٠٠",
        "../0/000",
    ],
)
def test_other_paths_name_nothing(path) -> None:
    assert parse_tile(path) is None


def test_what_a_size_has() -> None:
    assert is_within(Tile(0, 1, 44), 300)
    assert not is_within(Tile(0, 1, 45), 300)
    assert is_within(Tile(None, 1, 44), 300)
    assert is_within(Tile(1, 0, 1), 300)
    assert not is_within(Tile(1, 0, 2), 300)
    assert not is_within(Tile(2, 0, 1), 300)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles(entries) -> None:
    assert parse_bundle(entry_bundle(entries)) == entries


@given(st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=5), st.data())
def test_a_cut_bundle_is_refused(entries, data) -> None:
    bundle = entry_bundle(entries)
    whole = {len(entry_bundle(entries[:n])) for n in range(len(entries))}
    cut = data.draw(st.integers(0, len(bundle) - 1).filter(lambda at: at not in whole))
    with pytest.raises(ValueError, match="ends inside entry"):
        parse_bundle(bundle[:cut])


def test_entries_have_a_longest() -> None:
    assert len(entry_bundle([b"x" * 65_535])) == 65_537
    with pytest.raises(ValueError, match="65536 bytes"):
        entry_bundle([b"x" * 65_536])
