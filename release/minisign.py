"""Signatures in the format of minisign: Ed25519 over the BLAKE2b-512 hash of a file, and over a trusted comment."""

import hashlib
from base64 import b64decode, b64encode
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from release.contents import ReleaseError

_PLAIN: Final = b"Ed"
_PREHASHED: Final = b"ED"
_UNENCRYPTED: Final = b"\0\0"
# Algorithms of signature, key derivation and checksum, salt, two limits; then id, seed, public key, checksum.
_HEAD_BYTES: Final = 2 + 2 + 2 + 32 + 8 + 8
_KEY_BYTES: Final = _HEAD_BYTES + 8 + 32 + 32 + 32


class SigningKey(NamedTuple):
    """A secret key and the id that minisign shows of it."""

    key_id: bytes
    private: Ed25519PrivateKey


def read_secret_key(text: str) -> SigningKey:
    """Read a secret key file without a password (`minisign -G -W`). ReleaseError."""
    try:
        key = b64decode(text.splitlines()[1], validate=True)
    except (IndexError, ValueError) as error:
        raise ReleaseError("this is not a secret key of minisign") from error
    if len(key) != _KEY_BYTES or not key.startswith(_PLAIN):
        raise ReleaseError("this is not a secret key of minisign")
    if key[2:4] != _UNENCRYPTED:
        raise ReleaseError(
            "the key has a password: leave the signature out, and sign SHA256SUMS with minisign -S where the key is"
        )
    key_id, seed, public = key[_HEAD_BYTES:][:8], key[_HEAD_BYTES + 8 :][:32], key[_HEAD_BYTES + 40 :][:32]
    private = Ed25519PrivateKey.from_private_bytes(seed)
    if private.public_key().public_bytes_raw() != public:
        raise ReleaseError("the two halves of the secret key do not belong together")
    return SigningKey(key_id, private)


def signature_of(content: bytes, key: SigningKey, comment: str, trusted_comment: str) -> str:
    """Return the text of the `.minisig` file of a file's content; both comments have one line."""
    signature = key.private.sign(hashlib.blake2b(content).digest())
    whole = key.private.sign(signature + trusted_comment.encode())
    lines = (
        f"untrusted comment: {comment}",
        b64encode(_PREHASHED + key.key_id + signature).decode(),
        f"trusted comment: {trusted_comment}",
        b64encode(whole).decode(),
    )
    return "".join(f"{line}\n" for line in lines)
