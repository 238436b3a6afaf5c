"""Faults of backups that `jiangbu doctor` reports: slots that fill the disk, archives that fail, and old copies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy.backup.manifest import BackupManifest, BaseCopy, ServerCopy, StoredPart
from deploy.doctor.backups import Archiver, BackupSlot, age_faults, archiver_faults, slot_faults

_PART = StoredPart("runs/00000001/base", 1, "0" * 64, 1)


def manifest(run: str, base: str) -> BackupManifest:
    """A backup with a run and an older whole copy, finished at these instants."""
    copies = tuple(BaseCopy(one, one, 1, 0, 1, (), _PART) for one in ("2026-01-01T00:00:00Z", base))
    return BackupManifest(7, run, run, ServerCopy("1", 18, 1 << 24, "s", copies, (), run), (), (), ())


def test_a_slot_keeps_little_until_its_backup_runs_again() -> None:
    assert list(slot_faults([BackupSlot("jiangbu_backup_a", False, 900 << 20)])) == []


def test_slots_of_backups_that_do_not_run() -> None:
    kept, lost = slot_faults([BackupSlot("jiangbu_backup_a", False, 5 << 30), BackupSlot("jiangbu_backup_b", True, 0)])
    assert "jiangbu_backup_a keeps 5120 MiB" in kept
    assert "pg_drop_replication_slot('jiangbu_backup_a')" in kept
    assert "jiangbu_backup_b has lost its log" in lost


@pytest.mark.parametrize(
    ("archiver", "count"),
    [
        (Archiver(is_on=False, fails=True, failed_wal="0"), 0),
        (Archiver(is_on=True, fails=False, failed_wal=""), 0),
        (Archiver(is_on=True, fails=True, failed_wal="000000010000000000000002"), 1),
    ],
)
def test_an_archive_fails_if_the_last_try_did(archiver: Archiver, count: int) -> None:
    faults = list(archiver_faults(archiver))
    assert len(faults) == count
    assert all("fails at 000000010000000000000002: check archive_command" in fault for fault in faults)


@pytest.mark.parametrize(
    ("run", "base", "words"),
    [
        ("2026-03-09T23:00:00Z", "2026-03-08T00:00:00Z", []),
        ("2026-03-08T20:00:00Z", "2026-03-08T00:00:00Z", ["28 hours old"]),
        ("2026-03-09T23:00:00Z", "2026-02-28T00:00:00Z", ["10 days old"]),
        ("2026-02-28T01:00:00Z", "2026-02-28T00:00:00Z", ["239 hours old", "10 days old"]),
    ],
)
def test_backups_age(run: str, base: str, words: list[str]) -> None:
    faults = list(age_faults(manifest(run, base), datetime(2026, 3, 10, tzinfo=UTC)))
    assert [word in fault for word, fault in zip(words, faults, strict=True)] == [True] * len(words)
