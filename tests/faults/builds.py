"""Builds of the services with one guard removed: a fault must detect each of them, or it proves nothing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.rig import ROOT

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Edit:
    """A text that occurs exactly once in a file, and its replacement without the guard."""

    file: str
    guard: str
    without: str


@dataclass(frozen=True)
class Guard:
    """Edits of code and schema that remove a guard, and the fault that must detect it."""

    name: str
    edits: tuple[Edit, ...]
    fault: str
    # A regular expression that the findings must match, so that they show the lack of this guard and nothing else.
    tells: str


_LISTINGS = "services/listing/migrations/versions/r0006_schema.sql"
_TRADES = "services/trade_ingest/migrations/versions/r0007_schema.sql"
_LEDGER = "services/incentive/migrations/versions/r0012_schema.sql"

GUARDS = (
    Guard(
        "dedupe",
        (
            Edit("shared/register/revisions.py", "            if known is not None:\n", "            if False:\n"),
            Edit(_LISTINGS, ",\n    PRIMARY KEY (exchange, number, revision)", ""),
            Edit(_TRADES, ",\n    PRIMARY KEY (exchange, number, revision)", ""),
        ),
        "commit answer lost",
        "duplicates: lost",
    ),
    Guard(
        "fence on offsets",
        (
            Edit("shared/kafka/positions.py", " AND p.next_offset = m.from_offset", ""),
            Edit("shared/kafka/positions.py", "if moved != len(moves):", "if moved < 0:"),
        ),
        "commit answer lost",
        "duplicates: too many",
    ),
    Guard(
        "register lock",
        (Edit("shared/register/head.py", " FROM register_head FOR UPDATE", " FROM register_head"),),
        "delayed commit",
        # Either PostgreSQL refuses the second worker's row, or the sender finds no value for a key.
        "UniqueViolation|ended by a fault of ours: LookupError",
    ),
    Guard(
        "generation and seq of facts",
        (
            Edit("services/incentive/store/facts.py", "if record.version > recorded.get(where, (0, 0))", "if True"),
            Edit(
                _LEDGER,
                ",\n    CONSTRAINT fact_version UNIQUE (topic, key, generation, seq)",
                "",
            ),
            Edit(
                "services/incentive/migrations/versions/0049_names.sql",  # the newest version of the function
                "WHERE (excluded.generation, excluded.seq) > (c.generation, c.seq) AND excluded.about = c.about;",
                ";",
            ),
        ),
        "old facts repeated",
        "award first_purchase/",
    ),
    Guard(
        "committed records only",
        (
            Edit(
                "shared/kafka/source.py",
                'group_id=self.group,\n            isolation_level="read_committed",',
                'group_id=self.group,\n            isolation_level="read_uncommitted",',
            ),
        ),
        "sessions cut",
        # A sender starts with records that it aborts; each reader of facts reads them first.
        r"FactError: facts\.|DecodeError",
    ),
)
CONTROLS = {f"without: {guard.name}": guard for guard in GUARDS}


def build_without(guard: Guard, folder: Path) -> Path:
    """Copy the services' source tree to `folder` without the guard; ValueError if its text is not found once."""
    for package in ("services", "shared"):
        shutil.copytree(ROOT / package, folder / package)
    for edit in guard.edits:
        file = folder / edit.file
        text = file.read_text(encoding="utf-8")
        if text.count(edit.guard) != 1:
            raise ValueError(f"{edit.file}: {edit.guard!r} stands there {text.count(edit.guard)} times")
        file.write_text(text.replace(edit.guard, edit.without), encoding="utf-8")
    return folder
