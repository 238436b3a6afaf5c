"""When a disk watch hands the primary over, and to whom."""

from __future__ import annotations

import base64
import json
import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from deploy.ha import disk_watch
from deploy.ha.disk_watch import (
    METRICS_NAME,
    DiskRoom,
    HandoverDecision,
    WatchedSet,
    decide,
    free_space,
    room_prefix,
    room_range,
    rooms_in,
    write_metrics,
)

if TYPE_CHECKING:
    import random
    from pathlib import Path

LEAST = 1 << 30
SHORT = DiskRoom(LEAST - 1, LEAST)
AMPLE = DiskRoom(9 * LEAST, LEAST)
SEEN = WatchedSet(
    "db1", "db1", is_paused=False, room=SHORT, standbys={"db2": AMPLE, "db3": AMPLE._replace(free=8 * LEAST)}
)
MACHINES = ("db1", "db2", "db3")


def is_due(seen: WatchedSet) -> bool:
    return decide(seen).is_due


def test_a_primary_without_room_is_handed_over_to_whom_patroni_elects() -> None:
    assert decide(SEEN) == HandoverDecision(True, f"{LEAST - 1} bytes are free")
    assert decide(SEEN._replace(standbys={"db3": AMPLE})).is_due


@pytest.mark.parametrize("other", [None, SHORT, AMPLE._replace(rests=True)])
def test_a_standby_is_named_if_another_has_no_room(other: DiskRoom | None) -> None:
    assert decide(SEEN._replace(standbys={"db2": other, "db3": AMPLE})).candidate == "db3"
    four = {"db2": other, "db3": AMPLE, "db4": AMPLE._replace(free=AMPLE.free + 1), "db5": AMPLE}
    assert decide(SEEN._replace(standbys=four)).candidate == "db4"


def test_no_standby_is_named_where_the_server_may_end_before_its_wal_is_sent() -> None:
    """One that is named does not ask whether another standby has a newer commit."""
    for free, candidate in ((LEAST // 2, "db3"), (LEAST // 2 - 1, None), (0, None)):
        found = decide(SEEN._replace(room=DiskRoom(free, LEAST), standbys={"db2": SHORT, "db3": AMPLE}))
        assert (found.is_due, found.candidate) == (True, candidate)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (SEEN._replace(room=SHORT._replace(free=LEAST)), "there is room"),
        (SEEN._replace(leader="db2"), "not the primary"),
        (SEEN._replace(leader=None), "not the primary"),
        (SEEN._replace(is_paused=True), "paused"),
        (SEEN._replace(room=SHORT._replace(rests=True)), "handed over less than 300 s ago"),
        (SEEN._replace(standbys={}), "no synchronous standby"),
    ],
)
def test_it_stays_where_it_is_otherwise(seen: WatchedSet, reason: str) -> None:
    assert not is_due(seen)
    assert reason in decide(seen).reason


@pytest.mark.parametrize(
    "room",
    [
        DiskRoom(2 * LEAST - 2, LEAST),  # a little more than here
        AMPLE._replace(rests=True),  # it handed over itself
        DiskRoom(7 * LEAST, 4 * LEAST),  # its own least is higher
        DiskRoom(0, 0),
    ],
)
def test_a_standby_without_clearly_more_room_is_not_chosen(room: DiskRoom) -> None:
    assert not is_due(SEEN._replace(standbys={"db2": room}))
    assert not is_due(SEEN._replace(standbys={"db2": room, "db3": None}))


rooms = st.builds(DiskRoom, free=st.integers(0, 10), least=st.integers(0, 4), rests=st.booleans())


@given(rooms, st.dictionaries(st.sampled_from(MACHINES[1:]), st.none() | rooms))
def test_whom_it_is_handed_to_does_not_hand_it_back(room: DiskRoom, standbys: dict[str, DiskRoom | None]) -> None:
    decision = decide(SEEN._replace(room=room, standbys=standbys))
    if not decision.is_due or (decision.candidate is None and room.free < room.least // 2):
        return
    for name in standbys if decision.candidate is None else [decision.candidate]:
        chosen = standbys[name]
        assert chosen is not None
        assert chosen.free > room.free
        assert not is_due(WatchedSet(name, name, is_paused=False, room=chosen, standbys={"db1": room}))


@given(
    st.lists(st.fixed_dictionaries({name: st.integers(0, 10) for name in MACHINES}), max_size=40),
    st.randoms(use_true_random=False),
)
def test_while_they_rest_the_primary_moves_at_most_once_from_each_machine(
    spaces: list[dict[str, int]], elected: random.Random
) -> None:
    """However the free space of all machines changes meanwhile, and whomever Patroni elects."""
    leader, left = "db1", Counter[str]()
    for space in spaces:
        standbys = {name: DiskRoom(free, 4, rests=name in left) for name, free in space.items()}
        own = standbys.pop(leader)
        decision = decide(WatchedSet(leader, leader, is_paused=False, room=own, standbys=standbys))
        if decision.is_due:
            left[leader] += 1
            leader = decision.candidate or elected.choice(sorted(standbys))
    assert set(left.values()) <= {1}
    assert len(left) < len(MACHINES)


def statvfs(free: int, files: int = 100) -> os.statvfs_result:
    return os.statvfs_result((4096, 1, 10**6, free, free, 1000, files, files, 0, 255))


def test_the_least_of_data_wal_and_tablespaces_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    spaces = {data: statvfs(9), tmp_path: statvfs(5)}
    monkeypatch.setattr(disk_watch.os, "statvfs", lambda folder: spaces[folder])
    assert free_space(data) == 5  # before the first start
    for number, folder in enumerate((data / "pg_wal", data / "pg_tblspc" / "16384")):
        folder.mkdir(parents=True)
        spaces[folder] = statvfs(8 - number)
        assert free_space(data) == 8 - number
    spaces[data] = statvfs(9, files=0)
    assert free_space(data) == 0  # no file can be created


def test_rooms_are_kept_under_a_prefix_of_their_own() -> None:
    prefix = room_prefix("jiangbu")
    kept = {
        "key": base64.b64encode(f"{prefix}db1".encode()),
        "value": base64.b64encode(json.dumps(SHORT._asdict()).encode()),
    }
    assert rooms_in({"kvs": [kept]}, prefix) == {"db1": SHORT}
    assert rooms_in({"header": {}}, prefix) == {}
    first, end = (base64.b64decode(one).decode() for one in room_range(prefix).values())
    assert first <= f"{prefix}db1" < end <= room_prefix("jiangbu2")
    assert not prefix.startswith("/service/")  # a change there wakes Patroni


def test_prometheus_reads_the_room_or_nothing(tmp_path: Path) -> None:
    write_metrics(tmp_path, "db1", AMPLE)
    write_metrics(tmp_path, "db1", SHORT)
    assert [file.name for file in tmp_path.iterdir()] == [METRICS_NAME]
    families = text_string_to_metric_families((tmp_path / METRICS_NAME).read_text("utf-8"))
    samples = [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]
    assert samples == [
        ("jiangbu_postgres_room_bytes", {"machine": "db1"}, SHORT.free),
        ("jiangbu_postgres_room_least_bytes", {"machine": "db1"}, SHORT.least),
    ]
