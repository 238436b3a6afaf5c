"""The Ed25519 signing key of a log, in a PEM file (PKCS #8) as `openssl genpkey` writes it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


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
        pass
    # A temporary file, not one named by process id: two containers on one volume may share an id.
    handle, part = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(new_key_pem())
            file.flush()
            os.fsync(file.fileno())
        # Linking is atomic and never replaces a key that another process created meanwhile.
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        Path(part).unlink()
    return load_key(path)
