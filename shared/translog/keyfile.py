"""The key that a service signs its log with: Ed25519, in a file of PEM (PKCS #8), as `openssl genpkey` writes it."""

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
    """A file that holds no private key of ours."""


def new_key_pem() -> str:
    """A new key, as its file holds it."""
    made = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.decode("ascii")


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file. Raises KeyFileError, OSError if there is none."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path}: not a private key in PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: not an Ed25519 key")
    return key


def load_or_create_key(path: Path) -> Ed25519PrivateKey:
    """The key in the file; the first to ask makes it, readable to its user alone. Raises KeyFileError."""
    try:
        return load_key(path)
    except FileNotFoundError:
        pass
    # In a file of its own: two containers on one volume may have the same process id.
    handle, part = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(new_key_pem())
            file.flush()
            os.fsync(file.fileno())
        # A link is there as a whole or not at all, and never in place of what another has made meanwhile.
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        Path(part).unlink()
    return load_key(path)
