"""Archives whose bytes depend on names and contents alone."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING

from release.archives import packed

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"Chart.yaml": "name: 奖补\n", "templates/apis.yaml": "kind: Deployment\n"}


def folder_of(files: dict[str, str], folder: Path, mode: int, time_s: int) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(mode)
        os.utime(path, (time_s, time_s))
    return folder


def test_modes_and_times_and_order_of_files_do_not_matter(tmp_path: Path) -> None:
    first = folder_of(FILES, tmp_path / "first", 0o600, 1_000_000)
    second = folder_of(dict(reversed(FILES.items())), tmp_path / "second", 0o755, 2_000_000)
    assert packed(first, "jiangbu", 1_700_000_000) == packed(second, "jiangbu", 1_700_000_000)


def test_an_archive_has_the_files_below_its_top_folder_with_the_given_time(tmp_path: Path) -> None:
    content = packed(folder_of(FILES, tmp_path, 0o600, 1_000_000), "jiangbu", 1_700_000_000)
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = {entry.name: (archive.extractfile(entry), entry) for entry in archive}
        assert {name: file.read().decode() for name, (file, _) in found.items() if file is not None} == {
            f"jiangbu/{name}": text for name, text in FILES.items()
        }
        assert {(entry.mtime, entry.mode, entry.uid, entry.uname) for _, entry in found.values()} == {
            (1_700_000_000, 0o644, 0, "")
        }
