"""The pins of the lock files: packages, versions and hashes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

_PIN: Final = re.compile(
    r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)[^\n]*((?:\n +--hash=\S+(?: \\)?)*)",
    re.MULTILINE,
)
_HASH: Final = re.compile(r"--hash=(\S+)")


class Pin(NamedTuple):
    """A locked package: its normalized name, version and hashes, without extras and markers."""

    name: str
    version: str
    hashes: frozenset[str]


def pins(lock: Path) -> Iterator[Pin]:
    """Yield the pins of a lock file."""
    for name, version, hashes in _PIN.findall(lock.read_text("utf-8")):
        yield Pin(canonicalize_name(name), version, frozenset(_HASH.findall(hashes)))
