"""Verification in bounded memory, and what it says of an extract that is changed."""

from __future__ import annotations

import random
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from services.incentive.extract.join_verifier import joined_verifier
from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from tests.support.extracts.large_extract import LargeExtract
from tests.support.extracts.tiny_limits import tiny_limits
from tests.support.incentive.changed_extract import signed_again, zipped

if TYPE_CHECKING:
    from pathlib import Path

MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10)
"""
FEW, MANY, MOST_GROWTH_MB = 5_000, 15_000, 20  # with everything in memory the difference is 45 MB
CACHES = "CACHE_KB, SORTING_KB = 65_536, 16_384"
CHANGED = ("transactions.ndjson", "awards.ndjson", "facts.ndjson", "balances.json", "evidence/trades-r1-1.ndjson")


def test_memory_does_not_grow_with_the_extract(tmp_path: Path) -> None:
    assert peak_mb(MANY, tmp_path) - peak_mb(FEW, tmp_path) <= MOST_GROWTH_MB


def peak_mb(count: int, folder: Path) -> int:
    """The peak memory of verify.py on an extract of that size; its caches are small, so that they fill."""
    path, program, keys = folder / f"{count}.zip", folder / "verify.py", folder / "keys"
    keys.write_text(LargeExtract(path, count).keys, "utf-8")
    source = joined_verifier()
    assert CACHES in source
    program.write_text(source.replace(CACHES, "CACHE_KB, SORTING_KB = 2_048, 1_024"), "utf-8")
    verified = [sys.executable, "-I", "-S", str(program), "--key", str(keys), str(path)]
    starter = [sys.executable, "-I", "-S", "-c", MEASURE, *verified]
    return int(subprocess.run(starter, capture_output=True, check=True).stdout)


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], str]:
    path = tmp_path_factory.mktemp("large") / "extract.zip"
    keys = LargeExtract(path, 60).keys
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}, keys


@pytest.mark.parametrize("seed", range(15))
def test_the_report_does_not_depend_on_what_is_kept_in_memory(
    extract: tuple[dict[str, bytes], str], seed: int, tmp_path: Path
) -> None:
    """Changed by the owner of the keys, too."""
    rng, (files, keys) = random.Random(seed), extract
    name = rng.choice(CHANGED)
    lines = files[name].split(b"\n")
    place, digit = rng.randrange(len(lines) - 1), str(rng.randrange(10)).encode()
    if seed:
        digits = [at for at, sign in enumerate(lines[place]) if chr(sign).isdigit()]
        at = rng.choice(digits or [0])
        lines[place] = rng.choice([lines[place][:at] + digit + lines[place][at + 1 :], lines[place - 1]])
    changed = {**files, name: b"\n".join(lines)}
    path = zipped(signed_again(changed), tmp_path / "changed.zip")
    report = verify(path, read_keys(keys))
    assert report.is_sound or seed
    with tiny_limits():
        assert verify(path, read_keys(keys)).text() == report.text()
