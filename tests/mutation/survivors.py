"""The list of surviving mutants: one a line, with the reason after two spaces and `#`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_REASON = "  # "


def read_survivors(path: Path) -> dict[str, str]:
    """Read the listed mutants with their reasons. Raises ValueError if lines are not sorted or lack a reason."""
    lines = path.read_text("utf-8").splitlines()
    found = {}
    for line in lines:
        name, separator, reason = line.rpartition(_REASON)
        if not separator or not reason.strip():
            raise ValueError(f"{path}: a mutant and its reason are needed: {line}")
        found[name] = reason
    if lines != sorted(set(lines)):
        raise ValueError(f"{path}: lines must be sorted, each once")
    return found


def write_survivors(path: Path, survivors: Mapping[str, str]) -> None:
    path.write_text("".join(sorted(f"{name}{_REASON}{reason}\n" for name, reason in survivors.items())), "utf-8")
