"""Folders that tests read files from."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"

SETTINGS = re.compile(r"^#?([A-Z][A-Z_]*)=", re.MULTILINE)
