"""Signatures in the format of minisign, compared with those of the program."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pytest

from release.contents import ReleaseError
from release.minisign import read_secret_key, signature_of
from tests.support.releases.signing_keys import PUBLIC_KEY, SIGNING_KEY

# Made by minisign 0.11, of the content b"abc\n" with that key.
SIGNATURE = """\
untrusted comment: signature of jiangbu 0.0.0
RURMu1sk68Q1VyM8Y7sxz0k1NDl8ofhMhcyLLac0+o96TVuegv2m7WS7tdWQ2Tg4JlgIaEUMWDprt7d4kvKSybTtno6eJr1WOQI=
trusted comment: jiangbu 0.0.0
Z38gLgME7FW5OljzTbD6uKur7J2T9csU2omDX2mrS301GQSRaQUPho7tNxtnxpiOT02bg8R38ICiMNgdF6KsAw==
"""


def changed(place: int, replacement: bytes) -> str:
    """Return the key with other bytes at a place."""
    key = bytearray(b64decode(SIGNING_KEY.splitlines()[1]))
    key[place : place + len(replacement)] = replacement
    return f"untrusted comment: changed\n{b64encode(key).decode()}\n"


def test_a_signature_equals_that_of_minisign() -> None:
    made = signature_of(b"abc\n", read_secret_key(SIGNING_KEY), "signature of jiangbu 0.0.0", "jiangbu 0.0.0")
    assert made == SIGNATURE


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a secret key"),
        ("untrusted comment: no Base64\n!!!\n", "not a secret key"),
        (PUBLIC_KEY, "not a secret key"),
        (changed(0, b"XX"), "not a secret key"),
        (changed(2, b"Sc"), "has a password"),
        (changed(62, b"\0"), "do not belong together"),
        (changed(94, b"\1"), "do not belong together"),
    ],
)
def test_what_is_no_usable_key_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ReleaseError, match=reason):
        read_secret_key(text)
