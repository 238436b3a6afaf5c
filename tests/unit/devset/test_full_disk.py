"""A full disk is reported as such, no matter which program failed first."""

from pathlib import Path

import pytest

from devset import folder, up
from devset.processes import LocalError


def test_a_full_disk_is_recognized_by_the_message_and_by_the_free_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not up.is_full(tmp_path, LocalError("Kafka does not start"))
    assert up.is_full(tmp_path, LocalError("FATAL: could not write: No space left on device"))
    monkeypatch.setattr(up, "FULL_BYTES", 1 << 62)
    assert up.is_full(tmp_path, LocalError("Kafka does not start"))


@pytest.mark.parametrize(
    ("locale", "message"),
    [
        ("en_US.UTF-8", "only .* are free for .*choose another --data-dir"),
        ("zh_CN.UTF-8", "磁盘空间不足：.*用 --data-dir 另选目录"),
    ],
)
def test_a_set_does_not_start_without_free_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locale: str, message: str
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    monkeypatch.setattr(folder, "NEEDED_BYTES", 1 << 62)
    with pytest.raises(LocalError, match=message), folder.claim(tmp_path / "data"):
        pass
