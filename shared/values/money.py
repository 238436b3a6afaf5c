"""Money: integer fen inside, yuan as a decimal string outside, never a float."""

FEN_PER_YUAN = 100
_DECIMALS = 2


def parse_yuan(text: str) -> int:
    r"""Parse an amount in yuan, `[0-9]+(\.[0-9]{1,2})?`, to fen. ValueError for anything else."""
    yuan, point, decimals = text.partition(".")
    digits = yuan + decimals.ljust(_DECIMALS, "0")
    # `isdigit` and `int` also accept the digits of other scripts.
    is_number = digits.isascii() and digits.isdigit()
    if not (is_number and yuan and len(decimals) <= _DECIMALS and bool(point) == bool(decimals)):
        raise ValueError("not an amount in yuan with at most two decimals")
    return int(digits)


def format_yuan(fen: int) -> str:
    """Format fen as yuan with two decimals: 20000000 -> "200000.00", -5 -> "-0.05"."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"
