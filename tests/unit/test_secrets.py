import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.__main__ import main
from deploy.secrets import OUR_UID, SecretsError, make_secrets, wanted_secrets
from shared.exchanges import load_exchanges

ROOT = Path(__file__).parents[2]
WANTED = list(wanted_secrets(load_exchanges(ROOT / "exchanges.yaml")))


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


def test_the_command_says_what_it_made(tmp_path: Path) -> None:
    environment = {"EXCHANGES_FILE": str(ROOT / "exchanges.yaml")}
    first = CliRunner().invoke(main, ["secrets", str(tmp_path / "s")], env=environment)
    assert first.exit_code == 0, first.output
    assert str(tmp_path / "s" / "exchange.dcdex" / "kafka-password") in first.output
    assert f"made: {len(WANTED)}" in first.output
    assert not any(content.strip() in first.output for content in contents(tmp_path).values())
    assert CliRunner().invoke(main, ["secrets", str(tmp_path / "s")], env=environment).output.endswith("made: 0\n")
