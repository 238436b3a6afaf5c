"""Advisories: what a record says about a version, and no locked dependency is affected by a known one."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from release.advisories import affected, main, read_export

if TYPE_CHECKING:
    from pathlib import Path

RECORD: dict[str, Any] = {
    "id": "PYSEC-0000-1",
    "aliases": ["CVE-0000-0001"],
    "modified": "2026-11-01T00:00:00Z",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Some.Package"},
            "ranges": [
                {"type": "GIT", "events": [{"introduced": "0"}]},
                {
                    "type": "ECOSYSTEM",
                    "events": [{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0"}, {"fixed": "2.0.3"}],
                },
            ],
            "versions": ["1.1"],
        },
        {"package": {"ecosystem": "npm", "name": "some-package"}, "versions": ["3.0"]},
    ],
}


@pytest.fixture(params=["folder", "zip"])
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An export with one record, one withdrawn record, and one of a version list without ranges."""
    listed = {
        **RECORD,
        "id": "PYSEC-0000-2",
        "affected": [{"package": {"ecosystem": "PyPI", "name": "some-package"}, "versions": ["4.0"]}],
    }
    records = [RECORD, listed, {**RECORD, "id": "PYSEC-0000-3", "withdrawn": "2026-11-02T00:00:00Z"}]
    folder = tmp_path / "some-package"
    folder.mkdir()
    for record in records:
        (folder / f"{record['id']}.json").write_text(json.dumps(record), "utf-8")
    if request.param == "folder":
        return tmp_path
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    return tmp_path / "all.zip"


@pytest.mark.parametrize(
    ("version", "ids"),
    [
        ("1.1", ["PYSEC-0000-1"]),
        ("1.2rc1", ["PYSEC-0000-1"]),
        ("1.2", []),
        ("2.0.2", ["PYSEC-0000-1"]),
        ("2.0.3", []),
        ("3.0", []),
        ("4.0.0", ["PYSEC-0000-2"]),
    ],
)
def test_a_version_is_affected_within_the_spans_of_a_record(export: Path, version: str, ids: list[str]) -> None:
    known = read_export(export, {"some-package"})
    found = affected(known.advisories, {("some-package", version), ("another", "1.1")})
    assert [advisory.id for _, _, advisory in found] == ids
    assert known.newest == "2026-11-01"


def test_other_packages_are_left_out(export: Path) -> None:
    assert read_export(export, {"another"}).advisories == ()


def test_an_affected_version_is_named_and_fails(export: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some.lock").write_text("some-package==1.1 \\\n", "utf-8")
    monkeypatch.setattr("release.advisories.ROOT", tmp_path)
    monkeypatch.setattr("release.advisories.LOCKS", ("some.lock",))
    done = CliRunner().invoke(main, ["--from", str(export)])
    assert done.exit_code == 1
    assert "some-package 1.1: PYSEC-0000-1 (CVE-0000-0001)" in done.output


def test_no_locked_dependency_has_a_known_advisory() -> None:
    done = CliRunner().invoke(main)
    assert done.exit_code == 0, done.output
    assert int(done.output.split()[0]) > 100
