"""Ed25519 signatures (RFC 8032), signed notes and checkpoints (C2SP signed-note, tlog-checkpoint)."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Optional

from ..report import Unsound, UsageError

Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T
VerifierKeys = dict[tuple[str, bytes], bytes]  # name, key id: public key
GivenKeys = Optional[VerifierKeys]  # None: signatures are not checked

KEY_BYTES = HASH_BYTES = 32
SIGNATURE_BYTES = 64
SIGNER_KEY, WITNESS_KEY = 1, 4  # types of verifier keys

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)
NEUTRAL = (0, 1, 1, 0)
# The base point: y is 4/5, and x is even.
BASE_BYTES = (4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")


def decompress(encoded: bytes) -> Point | None:
    """Decode a point from its 32 bytes; None if they encode none."""
    number = int.from_bytes(encoded, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= PRIME:
        return None
    x_squared = (y * y - 1) * pow(CURVE_D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(x_squared, (PRIME + 3) // 8, PRIME)
    if (x * x - x_squared) % PRIME:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    if (x * x - x_squared) % PRIME or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


def add_points(left: Point, right: Point) -> Point:
    a = (left[1] - left[0]) * (right[1] - right[0]) % PRIME
    b = (left[1] + left[0]) * (right[1] + right[0]) % PRIME
    c = 2 * left[3] * right[3] * CURVE_D % PRIME
    d = 2 * left[2] * right[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def multiply(scalar: int, point: Point) -> Point:
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add_points(total, point)
        point = add_points(point, point)
        scalar >>= 1
    return total


def ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Return True if the signature of 64 bytes is that of the message by the public key of 32 bytes."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    base, key, r = decompress(BASE_BYTES), decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if base is None or key is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = multiply(s, base), add_points(r, multiply(k, key))
    return not ((left[0] * right[2] - right[0] * left[2]) % PRIME or (left[1] * right[2] - right[1] * left[2]) % PRIME)


def read_keys(text: str) -> VerifierKeys:
    """Parse verifier keys, one a line; keys of witnesses, who sign nothing of an extract, are left out."""
    keys = {}
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError:
            key = b""
        is_key = bool(name) and len(key) == 1 + KEY_BYTES and key[0] in (SIGNER_KEY, WITNESS_KEY)
        if not is_key or hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_id:
            raise UsageError(f"第 {number} 行不是公钥", f"line {number} is not a verifier key", f"{line:.80}")
        if key[0] == SIGNER_KEY:
            keys[name, bytes.fromhex(key_id)] = key[1:]
    if not keys:
        raise UsageError("没有公钥", "there is no verifier key")
    return keys


def open_note(data: bytes, keys: GivenKeys) -> tuple[str, str | None]:
    """Return the text of a note and the name of a given key that signed it (None if no keys were given)."""
    try:
        text, separator, lines = data.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        raise Unsound("不是 UTF-8", "not UTF-8") from None
    if not separator or not lines.endswith("\n"):
        raise Unsound("不是带签名的说明", "not a signed note")
    text += "\n"
    if keys is None:
        return text, None
    signers = []
    for line in lines[:-1].split("\n"):
        found = re.fullmatch("— ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
        try:
            value = base64.b64decode("" if found is None else found.group(2), validate=True)
        except ValueError:
            found = None
        if found is None:
            raise Unsound("签名行有误", "malformed signature line")
        key = keys.get((found.group(1), value[:4]))
        if key is not None and ed25519_verifies(key, value[4:], text.encode()):
            signers.append(found.group(1))
    if not signers:
        raise Unsound("没有所给公钥的有效签名", "no valid signature by a given key")
    return text, signers[0]


class SignedCheckpoint:
    """A log's origin, size and root hash."""

    def __init__(self, text: str) -> None:
        found = re.fullmatch("([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n((?:[^\n]+\n)*)", text)
        if found is None:
            raise Unsound("不是检查点", "not a checkpoint")
        self.origin, self.size, self.root = found.group(1), int(found.group(2)), base64.b64decode(found.group(3))
