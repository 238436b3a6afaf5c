"""Money: whole fen inside, yuan as a decimal string at the edge, never float."""

import re

FEN_PER_YUAN = 100

# `[0-9]`, not `\d`: the latter takes the digits of other scripts too, and so does `int()`.
_YUAN = re.compile(r"([0-9]+)(?:\.([0-9]{1,2}))?")


def parse_yuan(text: str) -> int:
    r"""Fen of an amount as the contract writes it: `[0-9]+(\.[0-9]{1,2})?` yuan. ValueError for anything else."""
    match = _YUAN.fullmatch(text)
    if match is None:
        raise ValueError("not an amount in yuan with at most two decimals")
    yuan, decimals = match.groups()
    return int(yuan + (decimals or "").ljust(2, "0"))


def format_yuan(fen: int) -> str:
    """Yuan with two decimals: 20000000 -> "200000.00", -5 -> "-0.05"."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"
