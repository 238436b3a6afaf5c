"""Money: integer fen inside, yuan as a decimal string outside, never a float."""

import re

FEN_PER_YUAN = 100

# `[0-9]`, not `\d`: `\d` and `int()` also accept the digits of other scripts.
_YUAN = re.compile(r"([0-9]+)(?:\.([0-9]{1,2}))?")


def parse_yuan(text: str) -> int:
    r"""Parse an amount in yuan, `[0-9]+(\.[0-9]{1,2})?`, to fen. ValueError for anything else."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError("not an amount in yuan with at most two decimals")
    yuan, decimals = match.groups()
    return int(yuan + (decimals or "").ljust(2, "0"))


def format_yuan(fen: int) -> str:
    """Format fen as yuan with two decimals: 20000000 -> "200000.00", -5 -> "-0.05"."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"
