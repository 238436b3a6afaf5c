"""Codes of one-time links: made to be typed from a letter, and too many to be guessed."""

import hashlib
import secrets
from typing import Final

# Crockford's Base32: no I, L, O and U, so that a code is read from paper without doubt.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS: Final = str.maketrans("OIL", "011")
_GROUP: Final = 5
CODE_LENGTH: Final = 25  # 125 bits


def new_code() -> str:
    """A random code as it is printed: five groups of five characters."""
    return _grouped("".join(secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH)))


def read_code(typed: str) -> str | None:
    """The code as it is printed, of one that somebody typed in any case, with or without hyphens; None for no code."""
    code = "".join(typed.upper().split()).replace("-", "").translate(_READ_AS)
    if len(code) != CODE_LENGTH or not set(code) <= set(_ALPHABET):
        return None
    return _grouped(code)


def code_sha256(code: str) -> str:
    """The SHA-256, in hex, of a code as it is printed: all that is kept of it."""
    return hashlib.sha256(code.encode()).hexdigest()


def _grouped(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, CODE_LENGTH, _GROUP))
