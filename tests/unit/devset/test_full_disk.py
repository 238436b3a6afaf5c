"""A full disk is reported as such, whichever program failed first."""

from pathlib import Path

import pytest

from devset import folder, up
from devset.processes import LocalError


def test_a_full_disk_is_known_by_what_is_said_and_by_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not up.is_full(tmp_path, LocalError("Kafka does not start"))
    assert up.is_full(tmp_path, LocalError("FATAL: could not write: No space left on device"))
    monkeypatch.setattr(up, "FULL_BYTES", 1 << 62)
    assert up.is_full(tmp_path, LocalError("Kafka does not start"))


def test_a_set_does_not_begin_where_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "NEEDED_BYTES", 1 << 62)
    with pytest.raises(LocalError, match=r"are free for .*choose another --data-dir"), folder.claim(tmp_path / "data"):
        pass
