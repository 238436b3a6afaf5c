"""The project's policy file as later revisions, for tests that put another one in force."""

from __future__ import annotations

from typing import Final

from services.incentive.policy.loader import load_policy
from shared.settings import POLICY_FILE

REVISION: Final = load_policy(POLICY_FILE).revision
REVISION_LINE: Final = f"revision: {REVISION}"
_TEXT: Final = POLICY_FILE.read_text("utf-8")


def later_policy(later_by: int, **values: str) -> str:
    """The file so many revisions later (0: the same one), with texts, of which each occurs once, replaced."""
    source = _TEXT
    for old, new in {f"\n{REVISION_LINE}\n": f"\nrevision: {REVISION + later_by}\n", **values}.items():
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source
