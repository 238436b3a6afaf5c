"""Publishing resumes after the last acknowledged line, and starts over if the file has changed."""

from pathlib import Path

import pytest

from exchange_kit.progress_file import MARK_EVERY, Position, Trail, progress_path, store_position
from shared.kafka.publish.publish_records import PublishResult

LINES = [b"line %d\n" % number for number in range(3 * MARK_EVERY)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file whose first 200 records were acknowledged."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"".join(LINES))
    position = walk(path).reached(2 * MARK_EVERY + 1)
    assert position is not None
    store_position(path, position)
    return path


def walk(path: Path, cluster: str = "c", exchange: str = "kmdex", *, again: bool = False) -> Trail:
    trail = Trail(path, cluster, exchange, again=again)
    with path.open("rb") as lines:
        lines.seek(trail.start.size)
        for line in lines:
            trail.pass_line(line, sent=True)
    trail.mark()
    return trail


def test_it_goes_on_after_the_last_mark_that_is_acknowledged(file: Path) -> None:
    trail = walk(file)
    assert (trail.start.records, trail.start.size) == (2 * MARK_EVERY, len(b"".join(LINES[: 2 * MARK_EVERY])))
    assert not trail.outdated
    assert trail.reached(MARK_EVERY - 1) is None
    end = trail.reached(MARK_EVERY)
    assert end is not None
    assert (end.records, end.size) == (len(LINES), file.stat().st_size)
    store_position(file, end)
    assert Trail(file, "c", "kmdex").start == end
    assert trail.reached(MARK_EVERY) is None


def test_a_file_that_has_grown_or_was_repaired_behind_that_place_goes_on(file: Path) -> None:
    file.write_bytes(b"".join(LINES[: 2 * MARK_EVERY]) + b"mended\nmore\n")
    assert Trail(file, "c", "kmdex").start.records == 2 * MARK_EVERY


@pytest.mark.parametrize(("cluster", "exchange"), [("other", "kmdex"), ("c", "dcdex")])
def test_another_cluster_or_exchange_has_a_progress_file_of_its_own(file: Path, cluster: str, exchange: str) -> None:
    kept = progress_path(file).read_bytes()
    trail = walk(file, cluster, exchange)
    assert (trail.outdated, trail.start.size) == (False, 0)
    reached = trail.reached(MARK_EVERY)
    assert reached is not None
    store_position(file, reached)
    assert progress_path(file).read_bytes() == kept
    assert Trail(file, cluster, exchange).start == reached
    assert Trail(file, "c", "kmdex").start.records == 2 * MARK_EVERY


@pytest.mark.parametrize("content", [b"".join(LINES).replace(b"line 7\n", b"Line 7\n"), b"".join(LINES[:150]), b""])
def test_a_file_changed_within_what_is_acknowledged_starts_again(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    trail = walk(file)
    assert trail.outdated
    assert trail.start.size == 0


@pytest.mark.parametrize("kept", [b"", b"{}", b"\xff", b"[1]"])
def test_a_kept_position_that_is_none_starts_again(file: Path, kept: bytes) -> None:
    progress_path(file).write_bytes(kept)
    assert Trail(file, "c", "kmdex").outdated


def test_again_starts_over(file: Path) -> None:
    trail = walk(file, again=True)
    assert trail.start.size == 0
    assert not trail.outdated


def test_a_last_line_without_its_end_is_not_passed(file: Path) -> None:
    with file.open("ab") as more:
        more.write(b"half")
    reached = walk(file).reached(MARK_EVERY + 1)
    assert reached == Position("c", "kmdex", file.stat().st_size - 4, reached.sha256 if reached else "", len(LINES))


def test_what_is_acknowledged_in_order_stops_at_the_first_gap() -> None:
    published = PublishResult()
    for index, partition, offset in ((1, 0, 5), (0, 1, 9), (3, 0, 7), (4, 0, 6)):
        published.add(index, "t", partition, offset)
    assert published.in_order == 2
    published.add(2, "t", 1, 10)
    assert published.in_order == 5
    published.fail(5, "TimeoutError")
    published.add(6, "t", 0, 8)
    assert (published.in_order, published.failed, published.failures) == (5, 1, ["TimeoutError"])
    assert published.offsets == {("t", 0): (5, 8), ("t", 1): (9, 10)}
