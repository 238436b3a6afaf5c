"""Sealed objects of a backup: only their key opens them, under their name, as they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.backup.sealed import (
    BackupKey,
    DamagedObjectError,
    WrongBackupKeyError,
    create_backup_key,
    load_backup_key,
)
from shared.operator_errors import OperatorError

if TYPE_CHECKING:
    from pathlib import Path

KEY = BackupKey(bytes(range(32)))


@given(st.binary(max_size=5000))
def test_a_key_opens_what_it_sealed(content: bytes) -> None:
    assert KEY.open("a/b", KEY.seal("a/b", content)) == content


@given(st.data())
def test_any_changed_bit_is_found(data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal("a/b", b"content" * 20))
    place = data.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((DamagedObjectError, WrongBackupKeyError), match="a/b"):
        KEY.open("a/b", bytes(sealed))


def test_an_object_cannot_take_the_place_of_another() -> None:
    with pytest.raises(DamagedObjectError, match="a/c"):
        KEY.open("a/c", KEY.seal("a/b", b"content"))


def test_a_cut_object_is_damaged() -> None:
    sealed = KEY.seal("a/b", b"content")
    for size in (0, 10, len(sealed) - 1):
        with pytest.raises(DamagedObjectError):
            KEY.open("a/b", sealed[:size])


def test_another_key_is_refused_by_its_id() -> None:
    other = BackupKey(bytes(32))
    with pytest.raises(WrongBackupKeyError, match=KEY.id.hex()):
        other.open("a/b", KEY.seal("a/b", b"content"))


def test_a_key_file_is_created_once_for_its_user(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert create_backup_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    known = load_backup_key(path)
    assert not create_backup_key(path)
    assert load_backup_key(path) == known
    assert load_backup_key(path).id == known.id


@pytest.mark.parametrize("text", ["", "jiangbu-backup-key-1:AAAA", "-----BEGIN PRIVATE KEY-----"])
def test_other_files_are_no_keys(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text, "ascii")
    with pytest.raises(OperatorError):
        load_backup_key(tmp_path / "key")
