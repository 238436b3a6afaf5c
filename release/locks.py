"""The pins of the lock files: packages, versions and hashes."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

_PIN: Final = re.compile(
    r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)[^\n]*((?:\n +--hash=\S+(?: \\)?)*)",
    re.MULTILINE,
)
_HASH: Final = re.compile(r"--hash=(\S+)")
# The packages that require a pin: `# via a` on one line, or one name a line below `# via`.
_ENTRY: Final = re.compile(r"^([\w.-]+)[^\n]*\n((?:[ ]+[^\n]*\n?)*)", re.MULTILINE)
_VIA: Final = re.compile(r"^ +#(?: via)? +([\w.-]+)", re.MULTILINE)


class Pin(NamedTuple):
    """A locked package: its normalized name, version and hashes, without extras and markers."""

    name: str
    version: str
    hashes: frozenset[str]


def pins(lock: Path) -> Iterator[Pin]:
    """Yield the pins of a lock file."""
    for name, version, hashes in _PIN.findall(lock.read_text("utf-8")):
        yield Pin(canonicalize_name(name), version, frozenset(_HASH.findall(hashes)))


def needed_by(lock: Path, names: set[str]) -> set[str]:
    """Return these packages and all that they need, by the comments (`via`) of an annotated lock file."""
    needs: defaultdict[str, set[str]] = defaultdict(set)
    for name, about in _ENTRY.findall(lock.read_text("utf-8")):
        for requirer in _VIA.findall(about):
            needs[canonicalize_name(requirer)].add(canonicalize_name(name))
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= needs[name] - found
    return found
