"""Dumped databases of the last revision before the migrations were squashed, with the rows of a test set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.postgres.row_security import viewer_role

if TYPE_CHECKING:
    from shared.settings import Service

REPLACED: Final[dict[Service, str]] = {"listing": "0005", "trade-ingest": "0006", "incentive": "0011"}
_FOLDER = Path(__file__).with_name("schema")


def replaced_schema(service: Service, role: str, *, rows: bool = True) -> str:
    """Return the SQL that creates such a database for a service's role, with or without rows."""
    name = service.replace("-", "_")
    dump = (_FOLDER / f"{name}-{REPLACED[service]}.sql").read_text("utf-8")
    if not rows:  # rows are between the tables and their constraints
        tables, _, rest = dump.partition("\nINSERT INTO ")
        dump = tables + rest[rest.index("\nALTER TABLE ONLY ") :]
    return dump.replace("{viewer}", viewer_role(role)).replace("{role}", role)
