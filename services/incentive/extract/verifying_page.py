"""The page `verify.html`, which checks an extract in a browser; every extract contains it."""

from importlib.resources import files
from typing import Final

NAME: Final = "verify.html"


def verifying_page() -> bytes:
    """Return the page: one file that asks nothing of a network (its Content-Security-Policy allows none)."""
    return files(__package__).joinpath(NAME).read_bytes()
