import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from deploy.__main__ import main
from deploy.api_keys import HASHES, ROLES, make_api_keys
from deploy.secrets import OUR_UID, POSTGRES_GID, Secret, SecretsError, make_secrets, wanted_secrets
from shared.web.keys import load_keys
from shared.whitelist import load_whitelist
from tests.support.paths import ROOT

EXCHANGES = load_whitelist(ROOT / "exchanges.yaml")
WANTED = list(wanted_secrets(EXCHANGES))
API_KEYS = len(ROLES) + len(EXCHANGES.ids)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text("ascii") for path in folder.rglob("*") if path.is_file()}


def test_each_holder_has_secrets_of_its_own(tmp_path: Path) -> None:
    make_secrets(tmp_path, WANTED)
    found = contents(tmp_path)
    for name in ("admin", "listing", "trade-ingest", "incentive", "exchange.kmdex", "exchange.dcdex"):
        assert f"{name}/kafka-password" in found
    assert len(set(found.values())) == len(found) == len(WANTED)
    assert min(map(len, found.values())) > 40


def test_a_secret_that_is_there_is_never_changed(tmp_path: Path) -> None:
    (tmp_path / "listing").mkdir()
    (tmp_path / "listing" / "kafka-password").write_text("chosen by hand", "ascii")
    assert len(make_secrets(tmp_path, WANTED)) == len(WANTED) - 1
    before = contents(tmp_path)
    assert before["listing/kafka-password"] == "chosen by hand"
    assert make_secrets(tmp_path, WANTED) == []
    assert contents(tmp_path) == before


def test_nobody_else_can_read_them(tmp_path: Path) -> None:
    make_secrets(tmp_path, WANTED)
    owner = OUR_UID if os.geteuid() == 0 else os.geteuid()
    for secret in WANTED:
        for path in (secret.path(tmp_path), secret.path(tmp_path).parent):
            found = path.stat()
            assert found.st_uid == owner
            assert stat.S_IMODE(found.st_mode) & 0o027 == 0
            is_shared = bool(found.st_mode & stat.S_IRGRP)
            assert is_shared == (secret.gid is not None and os.geteuid() == 0)
            assert not is_shared or found.st_gid == secret.gid


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SecretsError, match="file/admin"):
        make_secrets(tmp_path / "file", WANTED)


@contextmanager
def as_user(uid: int, groups: list[int]) -> Iterator[None]:
    """Run the block as another user; needs root."""
    before = os.getgroups(), os.getegid()
    os.setgroups(groups)
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before[1])
        os.setgroups(before[0])


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may become another user")
def test_a_member_of_the_group_needs_no_root() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        with as_user(OUR_UID, [POSTGRES_GID]):
            make_secrets(Path(folder) / "s", [Secret("postgres", "password", POSTGRES_GID), Secret("listing", "other")])
        shared, own = Path(folder) / "s" / "postgres", Path(folder) / "s" / "listing"
        found = [one.stat() for one in (shared, shared / "password", own, own / "other")]
        assert {one.st_uid for one in found} == {OUR_UID}
        assert [one.st_gid for one in found] == [POSTGRES_GID, POSTGRES_GID, OUR_UID, OUR_UID]
        assert [stat.S_IMODE(one.st_mode) for one in found] == [0o750, 0o640, 0o700, 0o600]


def test_api_keys_are_known_to_the_services_by_their_hashes(tmp_path: Path) -> None:
    made = make_api_keys(tmp_path, EXCHANGES)
    assert len(made) == API_KEYS
    keys = load_keys(tmp_path / HASHES)
    roles = {path.parent.name: keys.find(path.read_bytes().strip()).role for path in made}
    assert roles == ROLES | {f"exchange.{name}": f"exchange:{name}" for name in EXCHANGES.ids}
    assert make_api_keys(tmp_path, EXCHANGES) == []


def test_a_key_is_changed_by_removing_its_file_and_all_else_is_kept(tmp_path: Path) -> None:
    make_api_keys(tmp_path, EXCHANGES)
    hashes, key_file = tmp_path / HASHES, tmp_path / "auditor" / "api-key"
    entries = [one for one in yaml.safe_load(hashes.read_text("utf-8")) if one["name"] != "bureau2"]
    by_hand = {"name": "监察 / supervision", "role": "auditor", "sha256": "0" * 64}
    hashes.write_text(yaml.safe_dump([by_hand, *entries], allow_unicode=True), "utf-8")
    old = key_file.read_bytes().strip()
    key_file.unlink()
    assert make_api_keys(tmp_path, EXCHANGES) == [key_file]
    keys = load_keys(hashes)
    assert keys.find(old) is None
    assert keys.find(key_file.read_bytes().strip()).name == "auditor"
    names = [key.name for key in keys.keys]
    assert by_hand["name"] in names
    assert "bureau2" not in names
    assert len(names) == API_KEYS


def test_hashes_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    make_api_keys(tmp_path, EXCHANGES)
    (tmp_path / HASHES).write_text("- 1", "utf-8")
    (tmp_path / "auditor" / "api-key").unlink()
    with pytest.raises(SecretsError, match=r"api-keys\.yaml"):
        make_api_keys(tmp_path, EXCHANGES)


def test_the_command_says_what_it_made(tmp_path: Path) -> None:
    environment = {"EXCHANGES_FILE": str(ROOT / "exchanges.yaml")}
    first = CliRunner().invoke(main, ["secrets", str(tmp_path / "s")], env=environment)
    assert first.exit_code == 0, first.output
    assert str(tmp_path / "s" / "exchange.dcdex" / "kafka-password") in first.output
    assert f"{len(WANTED) + API_KEYS} created" in first.output
    assert not any(content.strip() in first.output for content in contents(tmp_path).values())
    assert CliRunner().invoke(main, ["secrets", str(tmp_path / "s")], env=environment).output.endswith("0 created\n")
