"""Files appear whole, with the wanted permissions, or not at all."""

import stat
from pathlib import Path

import pytest

from shared.durable_files import create_file, replace_file


def refuse(_: Path) -> None:
    raise OSError("no such group")


def test_a_file_is_created_once_and_only_its_user_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "password"
    assert create_file(path, "first\n")
    assert not create_file(path, "second\n")
    assert path.read_text("utf-8") == "first\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_prepared_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no such group"):
        create_file(tmp_path / "password", "secret\n", refuse)
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_file_has_the_new_content_and_mode(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("old", "utf-8")
    path.chmod(0o666)
    (tmp_path / "keys.part").write_text("left by a crash", "utf-8")
    replace_file(path, "new")
    assert path.read_text("utf-8") == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]
