"""Releases of a repository: reproducible, complete, verified by other programs, refused where they would mislead."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from release import __main__ as command
from release.__main__ import finish, main, release
from release.advisories import locked_versions
from release.build import Source, sha256
from release.contents import (
    CHART,
    IMAGE,
    LAST_OPENAPI,
    OPENAPI,
    PRODUCTS,
    SIGNATURE,
    SUMS,
    UNSIGNED,
)
from tests.support.engines.kubernetes import HELM
from tests.support.paths import ROOT
from tests.support.procedures import carry_out
from tests.support.releases.repository import DAY, VERSION, git, make_repository
from tests.support.releases.signing_keys import PUBLIC_KEY, SIGNING_KEY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "release.key"
    file.touch(0o600)
    file.write_text(SIGNING_KEY, "utf-8")
    return file


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    make_repository(folder)
    return folder


@pytest.fixture(scope="module")
def made(extended: None, source: Path, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of that commit, without its image."""
    target = tmp_path_factory.mktemp("made") / "release"
    release(source, target, key, (IMAGE,))
    return target


@pytest.fixture
def work(source: Path, tmp_path: Path) -> Path:
    """A clone that the test may change."""
    git(tmp_path, "clone", "-q", "--no-hardlinks", str(source), "work")
    return tmp_path / "work"


@pytest.fixture
def unpacked(made: Path, tmp_path: Path) -> Path:
    """A copy of the release, with the public key, that the test may change."""
    folder = tmp_path / "unpacked"
    shutil.copytree(made, folder)
    (folder / "jiangbu.pub").write_text(PUBLIC_KEY, "utf-8")
    return folder


@pytest.fixture
def verify(unpacked: Path) -> Callable[[], str]:
    """`verify()` follows the documents in the copy; AssertionError if a command fails."""
    if shutil.which("minisign") is None:
        pytest.skip("没有 minisign / minisign is not installed")
    return lambda: carry_out("verify a release", os.environ, cwd=unpacked)


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


def test_two_builds_of_a_commit_have_the_same_bytes(made: Path, work: Path, key: Path, tmp_path: Path) -> None:
    """The second has another folder, as on the page, other times and modes of files, another locale and hash seed."""
    again = tmp_path / "elsewhere" / "again"
    command = [sys.executable, "-m", "release", "--to", "../elsewhere/again", "--key", key, "--without", IMAGE]
    environment = os.environ | {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Shanghai"}
    done = subprocess.run(command, cwd=work, env=environment, umask=0o077, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert hashes(again) == hashes(made)


def test_the_sums_name_every_file_but_themselves_and_their_signature(made: Path) -> None:
    named = {line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in (made / SUMS).read_text("utf-8").splitlines()}
    assert named == {name: found for name, found in hashes(made).items() if name not in (SUMS, SIGNATURE)}
    assert {f"openapi/{name}.json" for name in ("listing", "trade-ingest", "incentive")} <= set(named)


def test_the_manifest_says_of_what_it_was_made_and_what_is_missing(made: Path, source: Path) -> None:
    manifest = json.loads((made / "release.json").read_text("utf-8"))
    assert (manifest["version"], manifest["released_on"]) == (VERSION, DAY)
    assert manifest["commit"] == git(source, "rev-parse", "HEAD")
    assert manifest["left_out"] == [IMAGE]


def test_wheels_have_version_and_time_of_the_commit_and_their_own_modules_alone(made: Path, source: Path) -> None:
    committed_at = time.gmtime(int(git(source, "log", "-1", "--format=%ct")))
    for product in PRODUCTS:
        with zipfile.ZipFile(made / product.wheel(VERSION)) as wheel:
            names = wheel.namelist()
            (metadata,) = [name for name in names if name.endswith(".dist-info/METADATA")]
            assert f"Name: {product.name}\nVersion: {VERSION}\n" in wheel.read(metadata).decode()
            assert {entry.date_time[:5] for entry in wheel.infolist()} == {committed_at[:5]}
        assert [name for name in names if name.startswith(("tests/", "release/", "devset/")) or "pycache" in name] == []
        assert any(name.endswith("__init__.py") for name in names)


def test_the_bill_names_each_wheel_with_its_hash_and_what_it_needs(made: Path) -> None:
    text = (made / f"jiangbu-{VERSION}.cdx.json").read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    components = {one["bom-ref"]: one for one in bill["components"]}
    needs = {one["ref"]: one.get("dependsOn", []) for one in bill["dependencies"]}
    assert set(needs["release"]) == {product.name for product in PRODUCTS}
    for product in PRODUCTS:
        (found,) = components[product.name]["hashes"]
        assert found == {"alg": "SHA-256", "content": sha256(made / product.wheel(VERSION))}
        packages = {(components[ref]["name"], components[ref]["version"]) for ref in needs[product.name]}
        locked = locked_versions([ROOT / product.lock])
        assert packages == locked if product.is_whole else packages < locked
        assert all(components[ref]["externalReferences"][0]["hashes"] for ref in needs[product.name])
    assert "flask" not in {canonicalize_name(components[ref]["name"]) for ref in needs["jiangbu-exchange-kit"]}


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as opened:
        files = {entry.name: opened.extractfile(entry) for entry in opened}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_the_chart_is_what_helm_packs(made: Path, source: Path, tmp_path: Path) -> None:
    """But for times, and for Chart.yaml, which Helm writes in another order."""
    ours, theirs = f"jiangbu-{VERSION}.tgz", tmp_path / f"jiangbu-{VERSION}.tgz"
    subprocess.run([HELM.found(), "package", source / CHART, "-d", tmp_path], check=True, capture_output=True)
    packed, expected = members(made / ours), members(theirs)
    description = "jiangbu/Chart.yaml"
    assert yaml.safe_load(packed.pop(description)) == yaml.safe_load(expected.pop(description))
    assert packed == expected
    shown = subprocess.run([HELM.found(), "show", "chart", made / ours], check=True, capture_output=True, text=True)
    assert yaml.safe_load(shown.stdout)["version"] == VERSION


def test_the_documents_verify_a_release(verify: Callable[[], str], unpacked: Path, source: Path) -> None:
    told = verify()
    assert f"Trusted comment: jiangbu {VERSION} of commit {git(source, 'rev-parse', 'HEAD')}" in told
    assert told.count(": OK\n") == len(hashes(unpacked)) - len((SUMS, SIGNATURE, "jiangbu.pub"))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("CHANGELOG.md", b"2026", b"2027"),
        (SUMS, b"  CHANGELOG.md", b"  CHANGELOG.mb"),
        (SIGNATURE, VERSION.encode(), b"7.8.8"),
        ("jiangbu.pub", b"RWRMu1sk68Q1VwA3", b"RWRMu1sk68Q1VwB3"),
    ],
)
def test_what_was_changed_after_signing_is_not_verified(
    verify: Callable[[], str], unpacked: Path, name: str, old: bytes, new: bytes
) -> None:
    content = (unpacked / name).read_bytes()
    assert old in content
    (unpacked / name).write_bytes(content.replace(old, new, 1))
    with pytest.raises(AssertionError, match="verify a release"):
        verify()


def test_a_file_that_is_missing_is_not_verified(verify: Callable[[], str], unpacked: Path) -> None:
    (unpacked / "release.json").unlink()
    with pytest.raises(AssertionError, match=r"release\.json"):
        verify()


def test_documents_of_a_version_with_a_day_become_those_of_the_last_release(made: Path, source: Path) -> None:
    assert hashes(source / LAST_OPENAPI) == hashes(source / OPENAPI)
    changed = {line.split()[1] for line in git(source, "status", "--porcelain").splitlines()}
    assert f"{LAST_OPENAPI}/listing.json" in changed
    assert changed <= {f"{LAST_OPENAPI}/{file.name}" for file in (source / OPENAPI).iterdir()}


def test_documents_of_a_trial_do_not(work: Path, tmp_path: Path) -> None:
    finish(work, Source(work, "0" * 40, 1_700_000_000, VERSION, None), tmp_path)
    assert git(work, "status", "--porcelain") == ""


def refused(arguments: list[str]) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1, done.output
    assert "Traceback" not in done.output
    return done.output


def test_uncommitted_changes_are_refused(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "ROOT", work)
    (work / "README.md").write_text("changed", "utf-8")
    assert "README.md" in refused(["--to", str(tmp_path / "new"), "--without", UNSIGNED, "--without", IMAGE])
    assert [path.name for path in tmp_path.iterdir()] == ["work"]


def test_a_folder_with_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "not an empty folder" in refused(["--to", str(tmp_path), "--without", UNSIGNED])


def test_a_release_is_not_left_unsigned_by_accident(tmp_path: Path) -> None:
    assert "--without signature" in refused(["--to", str(tmp_path / "new")])


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "release.key"
    key.write_text(SIGNING_KEY, "utf-8")
    key.chmod(0o640)
    assert "chmod 600" in refused(["--to", str(tmp_path / "new"), "--key", str(key)])


def test_without_a_container_engine_the_image_is_left_out_only_on_request(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "ROOT", source)
    (tmp_path / "bin").mkdir()
    for program in ("git", "env"):
        (tmp_path / "bin" / program).symlink_to(str(shutil.which(program)))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert "--without image" in refused(["--to", str(tmp_path / "new"), "--without", UNSIGNED])
    assert not (tmp_path / "new").exists()
