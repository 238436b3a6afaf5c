"""Folders that tests read files from."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
PRODUCT = ("services", "shared", "exchange_kit", "deploy", "devset", "spark")

SETTINGS = re.compile(r"^#?([A-Z][A-Z_]*)=", re.MULTILINE)


def modules(*rooms: str) -> Iterator[Path]:
    """Return the Python files of these folders, without generated ones."""
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            if not {"__pycache__", "build", ".venv"} & set(path.parts):
                yield path
