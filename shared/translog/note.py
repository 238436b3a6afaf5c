"""Signed notes (C2SP signed-note) with Ed25519 keys: a text and signatures of it by named keys.

A verifier key is `<name>+<key id in hex>+<base64 of type and key>`; the key id is the first four bytes of
SHA-256(name, 0x0A, type, key).
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

if TYPE_CHECKING:
    from collections.abc import Iterable

ED25519: Final = 0x01
COSIGNATURE_V1: Final = 0x04
_KEY_ID_BYTES: Final = 4
_SIGNATURE_LINE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_NAME: Final = re.compile(r"[^\s+]+")


class NoteError(ValueError):
    """The text is not a signed note, or the key is malformed."""


@dataclass(frozen=True)
class Signature:
    """A signature line of a note: name and id of the key, and the bytes after the id."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        return f"— {self.name} {b64encode(self.key_id + self.value).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text that ends with a line feed, and its signatures in order."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}"


@dataclass(frozen=True)
class VerifierKey:
    """The public key of a named signer, for Ed25519 signatures or for cosignatures of witnesses."""

    name: str
    public: bytes
    kind: int = ED25519

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise NoteError(f"not the name of a key: {self.name!r}")
        if self.kind not in (ED25519, COSIGNATURE_V1) or len(self.public) != 32:  # noqa: PLR2004 - bytes of Ed25519
            raise NoteError("not an Ed25519 key")

    @property
    def key_id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self._key()).digest()[:_KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self._key()).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """Parse a verifier key. NoteError if it is malformed, of an unknown type, or its id does not match."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        key = _unbase64(encoded)
        found = cls(name, key[1:], key[0] if key else 0)
        if found.key_id.hex() != key_id:
            raise NoteError(f"the id of key {name} does not match the key")
        return found

    def signs(self, signature: Signature, message: bytes) -> bool:
        """Return True if this key made the signature of the message."""
        if (signature.name, signature.key_id) != (self.name, self.key_id):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature.value, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def _key(self) -> bytes:
        return bytes((self.kind,)) + self.public


@dataclass(frozen=True)
class SignerKey:
    """A private key and the name under which it signs notes."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    def signature(self, text: str) -> Signature:
        return Signature(self.name, self.verifier.key_id, self.private.sign(text.encode()))


def sign(text: str, key: SignerKey) -> Note:
    """Sign the text. NoteError if it cannot be the text of a note."""
    _check_text(text)
    return Note(text, (key.signature(text),))


def parse_note(data: bytes | str) -> Note:
    """Parse a note without verifying it. NoteError."""
    try:
        whole = data if isinstance(data, str) else data.decode()
    except UnicodeDecodeError as error:
        raise NoteError("a note is UTF-8") from error
    text, separator, lines = whole.rpartition("\n\n")
    if not separator or not lines.endswith("\n"):
        raise NoteError("a note ends with a blank line and its signatures")
    text += "\n"
    _check_text(text)
    return Note(text, tuple(_parse_signature(line) for line in lines[:-1].split("\n")))


def open_note(data: bytes | str, keys: Iterable[VerifierKey]) -> Note:
    """Return the note with only the signatures by these keys. NoteError if there is none or one does not verify."""
    note = parse_note(data)
    known = {(key.name, key.key_id): key for key in keys if key.kind == ED25519}
    verified = []
    for signature in note.signatures:
        key = known.pop((signature.name, signature.key_id), None)
        if key is None:
            continue
        if not key.signs(signature, note.text.encode()):
            raise NoteError(f"the signature of {key.name} does not verify")
        verified.append(signature)
    if not verified:
        raise NoteError("no signature by a known key")
    return Note(note.text, tuple(verified))


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(ord(sign) < 0x20 and sign != "\n" for sign in text):  # noqa: PLR2004 - controls
        raise NoteError("the text of a note must end with a line feed and have no other control characters")


def _parse_signature(line: str) -> Signature:
    found = _SIGNATURE_LINE.fullmatch(line)
    if found is None:
        raise NoteError(f"not a signature line: {line[:100]!r}")
    value = _unbase64(found[2])
    if len(value) <= _KEY_ID_BYTES:
        raise NoteError(f"a signature without a value: {line[:100]!r}")
    return Signature(found[1], value[:_KEY_ID_BYTES], value[_KEY_ID_BYTES:])


def _unbase64(text: str) -> bytes:
    try:
        found = b64decode(text, validate=True)
    except ValueError as error:
        raise NoteError(f"not base64: {text[:100]!r}") from error
    if b64encode(found).decode() != text:  # unused bits are set
        raise NoteError(f"not canonical base64: {text[:100]!r}")
    return found
