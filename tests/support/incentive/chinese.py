"""How officials write Chinese: full-width punctuation, no spaces, days in words."""

from __future__ import annotations

import re

# Half-width punctuation (a comma between thousands and a point before decimals are part of a number), days such as
# 2026-03-01, two sentence marks in a row, and spaces.
_FAULTS = re.compile(r"(?<!\d),|,(?!\d{3})|[;:?!()\"]|(?<!\d)\.|\.(?!\d)|\d-\d|[。，；：、][。，；：、]| ")


def faults_in(text: str) -> list[str]:
    """Return what is not written so, each with what stands around it."""
    return [text[max(0, one.start() - 8) : one.end() + 8] for one in _FAULTS.finditer(text)]
