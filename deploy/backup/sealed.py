"""Encryption of a backup's objects: zstd, then AES-256-GCM under a key derived for each object.

A sealed object is bound to its name, so that one cannot take the place of another:

    "JBK1" | id of the key, 8 bytes | salt, 32 bytes | ciphertext with its tag
"""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from shared.durable_files import create_file
from shared.operator_errors import OperatorError

_MAGIC: Final = b"JBK1"
_KEY_LINE: Final = "jiangbu-backup-key-1:"
_SECRET_BYTES: Final = 32
_ID_BYTES: Final = 8
_SALT_BYTES: Final = 32
_SALT_FROM: Final = len(_MAGIC) + _ID_BYTES
_HEADER_BYTES: Final = _SALT_FROM + _SALT_BYTES
# Each object has a key of its own, so its nonce never meets another message.
_NONCE: Final = bytes(12)


class WrongBackupKeyError(OperatorError):
    """The object was sealed with another key."""


class DamagedObjectError(OperatorError):
    """An object of a backup is missing or is not what was written; the message names it."""


def missing(name: str) -> DamagedObjectError:
    """Return the error for an object that does not exist."""
    return DamagedObjectError(f"{name}: 缺失 / is missing")


@dataclass(frozen=True)
class BackupKey:
    """The secret of a backup, 32 bytes."""

    secret: bytes

    @property
    def id(self) -> bytes:
        """Eight bytes that tell keys apart and reveal nothing of the secret."""
        return sha256(b"jiangbu backup key id" + self.secret).digest()[:_ID_BYTES]

    def seal(self, name: str, content: bytes) -> bytes:
        """Compress and encrypt an object."""
        salt = os.urandom(_SALT_BYTES)
        packed = zstandard.ZstdCompressor(level=3).compress(content)
        return _MAGIC + self.id + salt + self._cipher(name, salt).encrypt(_NONCE, packed, name.encode())

    def open(self, name: str, sealed: bytes) -> bytes:
        """Return the content. WrongBackupKeyError, DamagedObjectError."""
        if len(sealed) < _HEADER_BYTES or not sealed.startswith(_MAGIC):
            raise DamagedObjectError(f"{name}: 已损坏 / is damaged")
        key_id, salt = sealed[len(_MAGIC) : _SALT_FROM], sealed[_SALT_FROM:_HEADER_BYTES]
        if key_id != self.id:
            raise WrongBackupKeyError(
                f"{name}: 密钥不符，须用 {key_id.hex()}，现为 {self.id.hex()}"
                f" / was encrypted with key {key_id.hex()}, this is {self.id.hex()}"
            )
        try:
            packed = self._cipher(name, salt).decrypt(_NONCE, sealed[_HEADER_BYTES:], name.encode())
        except InvalidTag as error:
            raise DamagedObjectError(f"{name}: 已损坏 / is damaged") from error
        return zstandard.ZstdDecompressor().decompress(packed)

    def _cipher(self, name: str, salt: bytes) -> AESGCM:
        derived = HKDF(SHA256(), _SECRET_BYTES, salt, b"jiangbu backup object 1:" + name.encode()).derive(self.secret)
        return AESGCM(derived)


def new_backup_key() -> str:
    """Return the line of a new key file."""
    return f"{_KEY_LINE}{urlsafe_b64encode(os.urandom(_SECRET_BYTES)).decode()}"


def create_backup_key(path: Path) -> bool:
    """Create a key file that its user alone can read; False if the file exists."""
    return create_file(path, f"{new_backup_key()}\n")


def load_backup_key(path: Path) -> BackupKey:
    """Read a key file. OperatorError."""
    try:
        text = path.read_text("ascii").strip()
        secret = urlsafe_b64decode(text.removeprefix(_KEY_LINE))
    except (OSError, ValueError) as error:
        raise OperatorError(f"{path}: 无法读取 / cannot be read: {error}") from error
    if not text.startswith(_KEY_LINE) or len(secret) != _SECRET_BYTES:
        raise OperatorError(f"{path}: 不是备份密钥 / is not a backup key (`jiangbu backup key`)")
    return BackupKey(secret)
