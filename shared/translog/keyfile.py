"""The Ed25519 signing key of a log, in a PEM file (PKCS #8) as `openssl genpkey` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from shared.durable_files import create_file

if TYPE_CHECKING:
    from pathlib import Path


class KeyFileError(ValueError):
    """The file holds no usable private key."""


def new_key_pem() -> str:
    """Generate a key; returns the content of its file."""
    made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.decode("ascii")


def load_key(path: Path) -> Ed25519PrivateKey:
    """Load the key. KeyFileError, or OSError if the file cannot be read."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path}: not a private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: not an Ed25519 key")
    return key


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """Load the key, or create it, readable by its user alone. KeyFileError, OSError."""
    try:
        return load_key(path)
    except FileNotFoundError:
        create_file(path, new_key_pem())
    return load_key(path)
