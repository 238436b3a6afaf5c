"""The file of a service's signing key: created once, readable by its user alone, and checked."""

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.secrets import SIGNING_KEY, Secret, make_secrets
from shared.service_log.signing import signing_key
from shared.settings import Settings, SettingsError
from shared.translog.keyfile import load_key, load_or_create_key


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody@127.0.0.1/nothing")
    monkeypatch.setenv("SIGNING_KEY_FILE", str(tmp_path / "new" / "folder" / "key"))
    return Settings("listing")


def test_the_first_start_makes_it_and_others_find_it(settings: Settings) -> None:
    made = signing_key(settings)
    file = settings.signing_key_file
    assert file is not None
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["key"]
    assert signing_key(settings).private_bytes_raw() == made.private_bytes_raw()


def test_of_many_that_start_at_once_all_have_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(load_or_create_key, [tmp_path / "key"] * 64))
    assert len({key.private_bytes_raw() for key in keys}) == 1


def test_without_the_setting_it_is_in_the_home_folder(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    signing_key(replace(settings, signing_key_file=None))
    assert (tmp_path / ".local" / "state" / "jiangbu" / "signing-key").exists()


def test_a_secret_that_is_made_beforehand_is_taken(settings: Settings, tmp_path: Path) -> None:
    secret = Secret("listing", SIGNING_KEY)
    make_secrets(tmp_path, [secret])
    file = secret.path(tmp_path)
    made = load_key(file)
    assert signing_key(replace(settings, signing_key_file=file)).private_bytes_raw() == made.private_bytes_raw()


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\xfe", "another kind"])
def test_what_is_no_key_is_reported(settings: Settings, tmp_path: Path, content: bytes | str) -> None:
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "key"
    file.write_bytes(other if isinstance(content, str) else content)
    with pytest.raises(SettingsError, match=r"^SIGNING_KEY_FILE: .*/key"):
        signing_key(replace(settings, signing_key_file=file))


def test_a_folder_that_cannot_be_made_is_reported(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="SIGNING_KEY_FILE"):
        signing_key(replace(settings, signing_key_file=tmp_path / "file" / "key"))
