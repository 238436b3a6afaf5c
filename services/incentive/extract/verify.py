"""Whether an extract of the ledger is sound: checked from the extract alone, with Python 3.9 or later and nothing else.

    python verify.py --key FILE [--since OLDER.zip] [--html REPORT.html] [EXTRACT]

EXTRACT is the zip or the folder it was unpacked to; this folder when not given. FILE holds the verifier keys of the
logs, one a line, as the auditor has them from the services themselves (`/v1/log/keys`) or from witnesses. No network
is used, and nothing of the project that made the extract: this file is a second reading of the contract and of the
policy, slow and simple on purpose.

Exit code: 0 sound, 1 unsound, 2 a wrong call or key file.

What is done, in this order: every file by its hash in the signed manifest; the policy files; each log's entries up to
the root hash that its checkpoint signs; the postings; every fact anew from the documents of the registers; every
award's ceiling anew from the facts, what is payable of it, and what is posted for it; an older extract against this
one. What cannot be shown is said.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import os
import re
import sys
import zipfile
import zlib
from bisect import bisect_left
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

Json = dict[str, Any]
Point = tuple[int, int, int, int]
Keys = dict[tuple[str, bytes], bytes]
Span = tuple[int, int]
Node = tuple[int, int, bytes]
Leaf = tuple[int, bytes]
Party = tuple[str, str]  # subject, name
Balances = dict[str, list[int]]  # account: debit, credit
Key = tuple[str, str]  # exchange, number
Earned = tuple[str, Json]
Grants = dict[tuple[str, int], dict[str, tuple[str, int]]]  # subject, year: by name, the id and the amount

KEY_BYTES = HASH_BYTES = 32
SIGNATURE_BYTES = 64
LONGEST_INTEGER = 32  # digits: no known member takes a number so long

FORMAT = "jiangbu/extract/1"


class Unsound(Exception):  # noqa: N818 - what is said of the extract
    """What makes the extract unsound: the file, the line (from 1; None: the whole file), and why."""

    def __init__(self, file: str, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.file, self.line, self.reason = file, line, reason

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.reason}"


class BadCall(Exception):  # noqa: N818 - what is said of the call
    """The call or the key file is wrong; nothing is said of the extract."""


# --- Ed25519 (RFC 8032, 5.1), verification alone ---------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
NEUTRAL = (0, 1, 1, 0)
# y is 4/5, and x is even.
BASE_BYTES = (4 * pow(5, P - 2, P) % P).to_bytes(32, "little")


def decompress(encoded: bytes) -> Point | None:
    """A point in extended coordinates (X, Y, Z, T) of its 32 bytes; None if there is none of that encoding."""
    number = int.from_bytes(encoded, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= P:
        return None
    x_squared = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x_squared, (P + 3) // 8, P)
    if (x * x - x_squared) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - x_squared) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def add_points(left: Point, right: Point) -> Point:
    a = (left[1] - left[0]) * (right[1] - right[0]) % P
    b = (left[1] + left[0]) * (right[1] + right[0]) % P
    c = 2 * left[3] * right[3] * D % P
    d = 2 * left[2] * right[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar: int, point: Point) -> Point:
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = add_points(total, point)
        point = add_points(point, point)
        scalar >>= 1
    return total


def ed25519_verifies(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature of 64 bytes is that of the message by the public key of 32 bytes."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    base, key, r = decompress(BASE_BYTES), decompress(public), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if base is None or key is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = multiply(s, base), add_points(r, multiply(k, key))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


# --- signed notes and checkpoints (C2SP signed-note, tlog-checkpoint) ------------------------------------------------


def read_keys(text: str) -> Keys:
    """Verifier keys, one a line, as {(name, key id): public key}. BadCall for what is none."""
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
        # Type 4 are the keys of witnesses, whose signatures say nothing of an extract.
        is_key = bool(name) and len(key) == 1 + KEY_BYTES and key[0] in (1, 4)
        if not is_key or hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex() != key_id:
            raise BadCall(f"第 {number} 行不是公钥 / line {number} is no verifier key: {line:.80}")
        if key[0] == 1:
            keys[name, bytes.fromhex(key_id)] = key[1:]
    if not keys:
        raise BadCall("没有公钥 / there is no verifier key")
    return keys


def open_note(file: str, data: bytes, keys: Keys | None) -> tuple[str, str | None]:
    """The text of a note, and the name of a given key that signed it (keys None: nobody asks). Unsound if none did."""
    try:
        text, separator, lines = data.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        raise Unsound(file, None, "不是 UTF-8 / is not UTF-8") from None
    if not separator or not lines.endswith("\n"):
        raise Unsound(file, None, "不是带签名的说明 / is no signed note")
    text += "\n"
    if keys is None:
        return text, None
    for line in lines[:-1].split("\n"):
        found = re.fullmatch("— ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})", line)
        if found is None:
            raise Unsound(file, None, "签名行有误 / a line of a signature is wrong")
        try:
            value = base64.b64decode(found.group(2), validate=True)
        except ValueError:
            raise Unsound(file, None, "签名行有误 / a line of a signature is wrong") from None
        key = keys.get((found.group(1), value[:4]))
        if key is not None and ed25519_verifies(key, value[4:], text.encode()):
            return text, found.group(1)
    raise Unsound(file, None, "没有所给公钥的有效签名 / no valid signature by a given key")


class Checkpoint:
    """What a log was at a size."""

    def __init__(self, file: str, text: str) -> None:
        found = re.fullmatch("([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n((?:[^\n]+\n)*)", text)
        if found is None:
            raise Unsound(file, None, "不是检查点 / is no checkpoint")
        self.origin, self.size, self.root = found.group(1), int(found.group(2)), base64.b64decode(found.group(3))


def open_checkpoint(bundle: Bundle, log: Json, keys: Keys | None) -> Checkpoint:
    """The checkpoint of one of the manifest's logs, signed under its origin's name."""
    file = log["checkpoint"]
    text, name = open_note(file, bundle.read(file), keys)
    found = Checkpoint(file, text)
    if found.origin != log["origin"] or found.size != log["size"]:
        raise Unsound(file, None, "与清单中的日志不符 / is not of the log in the manifest")
    if keys is not None and name != found.origin:
        raise Unsound(file, None, "不是该日志的签名 / is not signed by that log")
    return found


# --- Merkle trees (RFC 6962, 2.1) ------------------------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(count: int) -> int:
    """The greatest power of two that is less than `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def peaks_of(size: int) -> list[Span]:
    """The perfect subtrees, as (start, end), that a tree of that size is the sum of, from left to right."""
    found, start = [], 0
    while start < size:
        width = 1 << ((size - start).bit_length() - 1)
        found.append((start, start + width))
        start += width
    return found


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over such subtrees' hashes."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    root = hashes[-1]
    for peak in reversed(hashes[:-1]):
        root = node_hash(peak, root)
    return root


class Ahead:
    """An iterator whose next item can be looked at."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = iter(items)
        self.next = next(self._items, None)

    def take(self) -> Any:
        taken, self.next = self.next, next(self._items, None)
        return taken


class Tree:
    """A tree made of the entries that are there and the hashes of the subtrees that are not.

    `leaves` gives (seq, hash) in order of seq, `nodes` (start, end, hash) in order of start. `wanted` are the subtrees
    whose hashes are to be kept.
    """

    def __init__(
        self, file: str, size: int, nodes: Iterable[Node], leaves: Iterable[Leaf], wanted: Iterable[Span] = ()
    ) -> None:
        self._file, self._nodes, self._leaves = file, Ahead(nodes), Ahead(leaves)
        self._wanted = set(wanted)
        self.kept: dict[Span, bytes] = {}
        self.root = self._hash(0, size) if size else hashlib.sha256(b"").digest()
        for left in (self._leaves.next, self._nodes.next):
            if left is not None:
                raise Unsound(file, None, f"条目 {left[0]} 不在应在之处 / entry {left[0]} is not in its place")

    def _hash(self, start: int, end: int) -> bytes:
        node, leaf = self._nodes.next, self._leaves.next
        if node is not None and node[:2] == (start, end):
            found: bytes = self._nodes.take()[2]
        elif end - start == 1 and leaf is not None and leaf[0] == start:
            found = self._leaves.take()[1]
        elif end - start == 1:
            raise Unsound(self._file, None, f"缺少条目 {start} / entry {start} is missing")
        else:
            middle = start + split(end - start)
            found = node_hash(self._hash(start, middle), self._hash(middle, end))
        if (start, end) in self._wanted:
            self.kept[start, end] = found
        return found


def read_proof(bundle: Bundle, file: str, size: int) -> Iterator[Node]:
    """The nodes of a proof file."""
    proof = bundle.json(file)
    if not isinstance(proof, dict) or set(proof) != {"size", "nodes"} or proof["size"] != size:
        raise Unsound(file, None, "与检查点的大小不符 / is not of the checkpoint's size")
    for start, end, encoded in proof["nodes"]:
        value = base64.b64decode(encoded, validate=True)
        if len(value) != HASH_BYTES or base64.b64encode(value).decode() != encoded:
            raise Unsound(file, None, f"不是散列 / is no hash: {encoded:.60}")
        yield (start, end, value)


# --- values ----------------------------------------------------------------------------------------------------------

SHANGHAI = timezone(timedelta(hours=8))
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)
YUAN = re.compile(r"(-?)([0-9]+)(?:\.([0-9]{1,2}))?")


def canonical(value: Any) -> bytes:
    """The bytes of RFC 8785, for what an extract holds: no floats, names in ASCII."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def fen(text: str) -> int:
    """Yuan as text, in fen."""
    found = YUAN.fullmatch(text)
    if found is None:
        raise ValueError(f"不是金额 / is no amount: {text:.40}")
    amount = int(found.group(2) + (found.group(3) or "").ljust(2, "0"))
    return -amount if found.group(1) else amount


def yuan(amount: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02}"


def instant(text: str) -> int:
    """RFC 3339 as microseconds since 1970."""
    found = TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"不是时间 / is no time: {text:.40}")
    year, month, day, hour, minute, second, decimals, sign, hours, minutes = found.groups()
    us = int((decimals or "").ljust(6, "0"))
    at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), us, timezone.utc)
    us = (at - EPOCH) // MICROSECOND
    if sign:
        offset = (int(hours) * 60 + int(minutes)) * 60_000_000
        us += -offset if sign == "+" else offset
    return us


def local(us: int) -> datetime:
    return (EPOCH + us * MICROSECOND).astimezone(SHANGHAI)


def time_text(us: int) -> str:
    """As every answer of the services has it."""
    return local(us).isoformat(timespec="microseconds")


def day_us(day: date) -> int:
    """When a day begins in Shanghai."""
    return (datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) - EPOCH) // MICROSECOND


def subject_of(party: Json) -> str:
    return f"{party['id_scheme']}:{party['id']}"


# --- the extract's files ---------------------------------------------------------------------------------------------

# Not in the manifest: it cannot hold its own hash, nor that of what signs it.
UNLISTED = ("manifest.json", "manifest.sig")


class Bundle:
    """The files of an extract, in a zip or in a folder; `own` are paths that the caller put there."""

    def __init__(self, path: str, own: Iterable[str | None] = ()) -> None:
        self.path = path
        self._zip: zipfile.ZipFile | None = None
        if os.path.isdir(path):
            self.names = sorted(self._walk({os.path.realpath(one) for one in own if one}))
        elif os.path.exists(path):
            self._file = open(path, "rb")  # noqa: SIM115 - closed where the bundle is left
            try:
                self._zip = zipfile.ZipFile(self._file)
            except (zipfile.BadZipFile, OSError) as error:
                self._file.close()
                raise Unsound(os.path.basename(path), None, f"无法读取 / cannot be read: {error}") from None
            self.names = sorted(self._zip.namelist())
            for one, other in zip(self.names, self.names[1:]):
                if one == other:
                    raise Unsound(one, None, "压缩包中出现两次 / is twice in the zip")
        else:
            raise BadCall(f"没有此文件 / there is no such file: {path}")

    def __enter__(self) -> Bundle:  # noqa: PYI034 - Self is of later Pythons
        return self

    def __exit__(self, *_: object) -> None:
        if self._zip is not None:
            self._zip.close()
            self._file.close()

    def _walk(self, own: set[str]) -> Iterator[str]:
        for folder, _, files in os.walk(self.path):
            for name in files:
                whole = os.path.join(folder, name)
                if os.path.realpath(whole) not in own:
                    yield os.path.relpath(whole, self.path).replace(os.sep, "/")

    def open(self, name: str) -> IO[bytes]:
        if name not in self.names:
            raise Unsound(name, None, "缺少此文件 / is missing")
        try:
            return self._zip.open(name) if self._zip else open(os.path.join(self.path, *name.split("/")), "rb")
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
            raise Unsound(name, None, f"无法读取 / cannot be read: {error}") from None

    def pieces(self, name: str) -> Iterator[bytes]:
        """The file's bytes, piece by piece."""
        with self.open(name) as file:
            try:
                while True:
                    piece = file.read(1 << 20)
                    if not piece:
                        return
                    yield piece
            except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
                raise Unsound(name, None, f"无法读取 / cannot be read: {error}") from None

    def read(self, name: str) -> bytes:
        return b"".join(self.pieces(name))

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """(number from 1, line without its end); Unsound if the last has no end."""
        rest, number = b"", 0
        for piece in self.pieces(name):
            *lines, rest = (rest + piece).split(b"\n")
            for line in lines:
                number += 1
                yield number, line
        if rest:
            raise Unsound(name, number + 1, "末行不完整 / the last line has no end")

    def json(self, name: str) -> Any:
        try:
            return json.loads(self.read(name).decode())
        except (ValueError, RecursionError) as error:
            raise Unsound(name, None, f"不是 JSON / is no JSON: {error}") from None

    def items(self, name: str) -> Iterator[tuple[int, Json, bytes]]:
        """(number, value, line) of a file of canonical JSON lines."""
        for number, line in self.lines(name):
            try:
                value = json.loads(line.decode())
                is_canonical = canonical(value) == line
            except (ValueError, RecursionError) as error:
                raise Unsound(name, number, f"不是 JSON / is no JSON: {error}") from None
            if not is_canonical or not isinstance(value, dict):
                raise Unsound(name, number, "不是规范形式 / is not in canonical form")
            yield number, value, line


def check_manifest(bundle: Bundle, keys: Keys | None) -> Json:
    """The manifest, once it is signed and every other file is the one whose hash it has."""
    content = bundle.read("manifest.json")
    text, signer = open_note("manifest.sig", bundle.read("manifest.sig"), keys)
    if text != f"jiangbu/extract\n{hashlib.sha256(content).hexdigest()}\n":
        raise Unsound("manifest.json", None, "不是签名所指的清单 / is not the one that is signed")
    manifest = bundle.json("manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Unsound("manifest.json", None, "格式未知 / is of an unknown format")
    listed = manifest["files"]
    for name in sorted(set(listed) | set(bundle.names) - set(UNLISTED)):
        if name not in listed:
            raise Unsound(name, None, "不属于此摘录 / does not belong to the extract")
        check_file(bundle, name, listed[name])
    if keys is not None and signer != manifest["logs"][0]["origin"]:
        raise Unsound("manifest.sig", None, "不是台账的签名 / is not signed by the ledger's log")
    return manifest


def check_file(bundle: Bundle, name: str, expected: Json) -> None:
    digest, size = hashlib.sha256(), 0
    for piece in bundle.pieces(name):
        digest.update(piece)
        size += len(piece)
    if (digest.hexdigest(), size) != (expected["sha256"], expected["bytes"]):
        reason = "与清单中的散列不符 / is not the file whose hash the manifest has"
        raise Unsound(name, first_other_line(bundle, name), reason)


def first_other_line(bundle: Bundle, name: str) -> int | None:
    """The first line that is not the one that was made; None where that cannot be told."""
    if "lines/" + name not in bundle.names:
        return None
    known = bundle.read("lines/" + name).decode("ascii", "replace").split()
    number = 0
    try:
        for number, line in bundle.lines(name):
            if number > len(known) or hashlib.sha256(line).hexdigest()[:8] != known[number - 1]:
                return number
    except Unsound as error:
        return error.line
    return number + 1 if number < len(known) else None


# --- what awards are computed by: the policy file and the whitelist --------------------------------------------------


class Whitelist:
    """Exchanges, when each counts, and who operates it when; days in Shanghai, half-open."""

    def __init__(self, content: Json) -> None:
        self.exchanges: dict[str, Json] = {one["id"]: one for one in content["exchanges"]}
        self._periods = {name: self._period_us(one) for name, one in self.exchanges.items()}

    @staticmethod
    def _period_us(period: Json) -> Any:
        begin = None if period["from"] is None else day_us(date.fromisoformat(period["from"]))
        return begin, None if period["until"] is None else day_us(date.fromisoformat(period["until"]))

    def counts(self, exchange: str, at_us: int) -> bool:
        if exchange not in self._periods:
            return False
        begin, end = self._periods[exchange]
        return (begin is None or begin <= at_us) and (end is None or at_us < end)

    def operator_on(self, exchange: str, day: date) -> Json | None:
        at_us = day_us(day)
        operators: list[Json] = self.exchanges.get(exchange, {}).get("operators", [])
        for operator in operators:
            begin, end = self._period_us(operator)
            if (begin is None or begin <= at_us) and (end is None or at_us < end):
                return operator
        return None


class Policy:
    """The values of a policy file. Its members are texts, as the file has them."""

    def __init__(self, tree: Json) -> None:
        self.id, self.revision = tree["id"], int(tree["revision"])
        self.rules = {rule["rule"]: rule for rule in tree["rules"]}
        declared = tree.get("declared", {})
        self.declared = {rule["rule"]: rule for rule in declared.get("rules", ())}
        self.limits = {limit["limit"]: limit for limit in declared.get("limits", ())}
        self.pools = {pool["pool"]: fen(pool["annual"]) for pool in declared.get("pools", ())}
        self.order = [*self.rules, *self.declared]
        self.signs = {one["sign"]: one["numbers"] for one in tree.get("signs", ())}
        general = tree["general"]
        self.in_force = self._period_us(general["in_force"])
        self.alternative = self._period_us(general["in_force"]["alternative"])
        self.closing_day = general["period_closing"]["day"]
        self.budget = fen(general["budget"]["annual"])

    @staticmethod
    def _period_us(clause: Json) -> Any:
        return day_us(date.fromisoformat(clause["from"])), day_us(date.fromisoformat(clause["until"]))

    def article(self, rule: str) -> str | None:
        """Of a rule; None where the file has none of that name."""
        terms = self.rules.get(rule) or self.declared.get(rule)
        return None if terms is None else terms["article"]

    def is_closed(self, year: int, now_us: int) -> bool:
        month, day = self.closing_day.split("-")
        return local(now_us).date() > date(year + 1, int(month), int(day))

    def values(self) -> Iterator[tuple[str, str, str]]:
        """What a person compares with the policy's text: (article, rule, value)."""
        for name, rule in [*self.rules.items(), *self.declared.items()]:
            for member in ("amount", "at_most", "at_least", "rate", "cap", "years"):
                if member in rule:
                    yield rule["article"], name, f"{member} {rule[member]}"
            for tier in rule.get("tiers", ()):
                yield rule["article"], name, f"over {tier['over']}: {tier['amount']}"
            for step in rule.get("steps", ()):
                yield rule["article"], name, f"at_least {step['at_least']}: {step['amount']}"
            for grade in rule.get("amounts", ()):
                yield rule["article"], name, f"{grade['grade']}: {grade['amount']}"
        for name, limit in self.limits.items():
            yield limit["article"], name, f"most {limit['most']} per {limit['per']}"


class Basis:
    """Every policy and whitelist that was in force, and those that were at last (None: nothing was ever posted).

    `registers`: those whose facts counted at last; None: of all that publish.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.policies: dict[tuple[str, int], Policy] = {}
        self.policy: Policy | None = None
        self.whitelist: Whitelist | None = None
        self.registers: list[str] | None = None
        file = "policy/settings.json"
        for one in bundle.json(file):
            source = bundle.read(one["policy"]["file"])
            if hashlib.sha256(source).hexdigest() != one["policy"]["sha256"]:
                raise Unsound(one["policy"]["file"], None, "不是当时在用的政策文件 / is not the file that was in force")
            values = bundle.json(one["policy"]["values"])
            check_values(one["policy"]["values"], values, source.decode())
            content = bundle.json(one["whitelist"]["file"])
            if hashlib.sha256(canonical(content)).hexdigest() != one["whitelist"]["sha256"]:
                raise Unsound(one["whitelist"]["file"], None, "不是当时在用的名单 / is not the list that was in force")
            self.policy, self.whitelist = Policy(values), Whitelist(content)
            if (self.policy.id, self.policy.revision) != (one["policy"]["id"], one["policy"]["revision"]):
                raise Unsound(one["policy"]["values"], None, "版本不符 / is of another revision")
            self.policies[self.policy.id, self.policy.revision] = self.policy
            self.registers = one.get("registers")

    def counts(self, fact: str) -> bool:
        """Whether a fact counts, by its name."""
        topic, register = fact.split("/")[:2]
        return self.registers is None or topic == DECLARED or register in self.registers

    def in_force(self) -> tuple[Policy, Whitelist]:
        """Those that awards were last computed by."""
        if self.policy is None or self.whitelist is None:
            raise ValueError("没有在用的政策 / no policy was in force")
        return self.policy, self.whitelist


def check_values(file: str, value: Any, source: str) -> None:
    """Unsound unless every text of the values stands in the policy file itself."""
    if isinstance(value, dict):
        for inner in value.values():
            check_values(file, inner, source)
    elif isinstance(value, list):
        for inner in value:
            check_values(file, inner, source)
    elif not isinstance(value, str) or not all(word in source for word in value.split()):
        raise Unsound(file, None, f"政策文件中没有此值 / the policy file has no such value: {value:.60}")


# --- the ledger ------------------------------------------------------------------------------------------------------

TRANSACTION = {
    "seq", "posted_at", "kind", "award_id", "amount", "entries", "policy", "article", "cause", "decision",
}  # fmt: skip
ENTITLEMENT_YEAR = re.compile(r":[0-9]{4}")


class Ledger:
    """The postings of an extract: each right by itself, in order, up to the root that is signed.

    `accounts`: sums of debit and credit, in fen. `awards`: of each award the last posting's instant, and whether more
    than entitlements were posted. `declared`: of each award the last declaration's number and hash, in order of seq.
    `acts`: what else persons did, by number, as the ledger has it.
    """

    def __init__(
        self, bundle: Bundle, manifest: Json, basis: Basis, checkpoint: Checkpoint, wanted: Iterable[Span]
    ) -> None:
        self._bundle, self._basis, self.request = bundle, basis, manifest["request"]
        self._size, self._as_of = manifest["size"], manifest["as_of"]
        self.accounts: Balances = {}
        self.awards: dict[str, Json] = {}
        self.declared: dict[str, tuple[int, str]] = {}
        self.acts: dict[int, Json] = {}
        self.count = self.debit = self.credit = 0
        file = "transactions.ndjson"
        nodes = read_proof(bundle, "proof.json", checkpoint.size)
        tree = Tree(file, checkpoint.size, nodes, self._leaves(file), wanted)
        self.kept = tree.kept
        if tree.root != checkpoint.root:
            reason = "条目与检查点的根散列不符 / the entries do not lead to the root that the checkpoint signs"
            raise Unsound(file, None, reason)

    def _leaves(self, file: str) -> Iterator[Leaf]:
        before = (-1, 0)
        for number, item, line in self._bundle.items(file):
            try:
                at_us = self._check(item, *before)
                self._check_entries(item)
            except (ValueError, KeyError, TypeError, IndexError) as error:
                raise Unsound(file, number, str(error) or repr(error)) from None
            before = (item["seq"], at_us)
            self.count += 1
            yield item["seq"], leaf_hash(line)

    def _check(self, item: Json, seq_before: int, us_before: int) -> int:
        """When it was posted, once all but its entries is right."""
        if set(item) != TRANSACTION:
            raise ValueError("成员有误 / its members are wrong")
        at_us = instant(item["posted_at"])
        if item["seq"] <= seq_before or at_us < us_before:
            raise ValueError("次序有误 / is out of order")
        if not (self.request["since"] or 0) <= item["seq"] < self._size or at_us > instant(self._as_of):
            raise ValueError("不在所求范围内 / is not within what was asked for")
        begin, end = self.request["from"], self.request["until"]
        if (begin and at_us < instant(begin)) or (end and at_us >= instant(end)):
            raise ValueError("不在所求时段内 / is not within the period that was asked for")
        is_act = item["kind"] == "decision"
        rule = None if item["award_id"] is None and is_act else item["award_id"].partition("/")[0]
        if rule is not None and self.request["rules"] and rule not in self.request["rules"]:
            raise ValueError("不属于所求奖项 / is not of the rules that were asked for")
        policy = self._basis.policies.get((item["policy"]["id"], item["policy"]["revision"]))
        if policy is None:
            raise ValueError("所依政策版本不在摘录中 / its policy revision is not in the extract")
        if rule is not None and policy.article(rule) not in (None, item["article"]):
            raise ValueError("条款与政策文件不符 / its article is not that of the policy file")
        if (item["decision"] is None) != (item["kind"] == "entitlement"):
            raise ValueError("决定与类别不符 / a decision does not go with its kind")
        if item["decision"] is not None:
            self._note_act(item)
        return at_us

    def _note_act(self, item: Json) -> None:
        decision = item["decision"]
        if decision["id"].startswith(f"{DECLARED}/"):
            self.declared[item["award_id"]] = (int(decision["id"].split("/")[1]), decision["sha256"])
        else:
            self.acts[item["seq"]] = item

    def _check_entries(self, item: Json) -> None:
        """Debits equal credits, the amount is what they say, and each account is of this kind and award."""
        kind, award_id = item["kind"], item["award_id"]
        if award_id is not None:
            award = self.awards.setdefault(award_id, {"decided": False})
            award["posted_at"] = item["posted_at"]
            award["decided"] = award["decided"] or kind != "entitlement"
        debited = credited = amount = 0
        for entry in item["entries"]:
            debit, credit = fen(entry["debit"]), fen(entry["credit"])
            if set(entry) != {"account", "debit", "credit"} or min(debit, credit) != 0 or max(debit, credit) <= 0:
                raise ValueError("一笔分录只有一方大于零 / exactly one side of an entry is over zero")
            debited, credited = debited + debit, credited + credit
            amount += self._post(kind, award_id, entry["account"], debit, credit)
        if debited != credited:
            raise ValueError("借贷不平 / debits do not equal credits")
        if fen(item["amount"]) != amount or bool(item["entries"]) != (kind != "decision"):
            raise ValueError("金额与分录不符 / its amount is not what its entries say")
        self.debit, self.credit = self.debit + debited, self.credit + credited

    def _post(self, kind: str, award_id: str, account: str, debit: int, credit: int) -> int:
        """Add to the account; what this entry does to the award, in fen."""
        name, _, rest = account.partition(":")
        end = rest.find(":" + award_id)
        after = rest[end + len(award_id) + 1 :]
        of_award = end > 0 and (re.fullmatch(ENTITLEMENT_YEAR, after) if name == "entitlement" else after == "")
        sums = self.accounts.setdefault(account, [0, 0])
        sums[0] += debit
        sums[1] += credit
        if kind == "entitlement" and name == "entitlement" and of_award:
            if sums[1] < sums[0] and is_from_the_beginning(self.request):
                raise ValueError(f"账户余额低于零 / the account falls below zero: {account}")
            return credit - debit
        rule = award_id.partition("/")[0]
        if kind == "entitlement" and name == "policy" and re.fullmatch(f"{rule}:[0-9]{{4}}", rest):
            return 0
        if kind == "approval" and (name == "budget" if debit else name == "approved" and of_award):
            return credit
        if kind == "payment" and (name == "paid" and of_award if debit else account == "treasury"):
            return debit
        if kind == "return" and (account == "treasury" if debit else name == "returned" and of_award):
            return credit
        raise ValueError(f"账户与类别、奖项不符 / the account is not of its kind and award: {account}")


def is_from_the_beginning(request: Json) -> bool:
    """Whether of each award that is there all postings are."""
    return not (request["since"] or request["from"] or request["until"])


def is_of_all_awards(request: Json) -> bool:
    """Whether no award was left out for whose it is or who asked."""
    return not (request["subjects"] or request["exchange"] or request["rules"]) and viewer_of(request) is None


def viewer_of(request: Json) -> str | None:
    """The exchange whose key asked; None for those who see all."""
    kind, _, exchange = request["role"].partition(":")
    return exchange if kind == "exchange" else None


def read_balances(bundle: Bundle, manifest: Json) -> Balances:
    """{account: (debit, credit)} of balances.json."""
    file = "balances.json"
    content = bundle.json(file)
    if (content["as_of"], content["size"]) != (manifest["as_of"], manifest["size"]) or content["next_cursor"]:
        raise Unsound(file, None, "不是此摘录时点的余额 / is not of the instant of this extract")
    found, before = {}, ""
    for number, item in enumerate(content["items"], 2):
        debit, credit = fen(item["debit"]), fen(item["credit"])
        if item["account"].encode() <= before.encode() or fen(item["balance"]) != credit - debit:
            raise Unsound(file, number, "次序或余额有误 / is out of order, or its balance is wrong")
        before = item["account"]
        found[before] = [debit, credit]
    return found


def check_balances(ledger: Ledger, balances: Balances, opening: Balances) -> None:
    """Unsound unless every balance is the sum of the postings, upon the balances of an older extract."""
    file = "balances.json"
    expected = {account: list(sums) for account, sums in opening.items()}
    for account, (debit, credit) in ledger.accounts.items():
        sums = expected.setdefault(account, [0, 0])
        sums[0] += debit
        sums[1] += credit
    for number, account in enumerate(balances, 2):
        if expected.get(account) != balances[account]:
            raise Unsound(file, number, f"余额不是分录之和 / is not the sum of the postings: {account}")
    for account in expected:
        if account not in balances:
            raise Unsound(file, None, f"缺少账户 / an account is missing: {account}")


# --- the registers: documents, and what stood when -------------------------------------------------------------------

ENTRY = {
    "seq", "kind", "exchange", "number", "revision", "topic", "partition", "offset", "value_sha256", "content_mode",
    "headers_sha256",
}  # fmt: skip


class Document:
    """One accepted revision, as far as facts are made of it; times in microseconds, amounts in fen."""

    __slots__ = (
        "amount", "at", "before", "buyer", "exchange", "listing_no", "mirrored", "mode", "number", "provider",
        "refunded", "revision", "seq", "status",
    )  # fmt: skip

    def __init__(self, entry: Json, data: Json) -> None:
        is_trade = entry["kind"] == "trade"
        self.seq, self.exchange = entry["seq"], sys.intern(entry["exchange"])
        self.number, self.revision = data["trade_no" if is_trade else "listing_no"], data["revision"]
        if (self.number, self.revision) != (entry["number"], entry["revision"]):
            raise ValueError("不是该条目的文件 / is not the document of its entry")
        self.status, self.mirrored = sys.intern(data["status"]), data.get("origin_exchange") is not None
        self.at = instant(data["completed_at" if is_trade else "listed_at"])
        self.provider = read_party(data["provider"])
        self.buyer = read_party(data["buyer"]) if is_trade else None
        self.mode = sys.intern(data["mode"]) if is_trade else None
        self.listing_no = data.get("listing_no") if is_trade else None
        self.amount = fen(data["amount"]) if is_trade else 0
        self.before: Document | None = None  # the revision of the same number that was entered before
        self.refunded = fen(data.get("refunded", "0")) if is_trade else 0

    def parties(self) -> tuple[Party, ...]:
        return (self.provider,) if self.buyer is None else (self.provider, self.buyer)


def read_party(party: Json) -> Party:
    """(subject, name)"""
    scheme = party.get("id_scheme", "uscc")
    return sys.intern(f"{scheme}:{party['id']}"), sys.intern(party["name"])


def party_json(party: Party) -> Json:
    scheme, _, code = party[0].partition(":")
    return {"id_scheme": scheme, "id": code, "name": party[1]}


class Register:
    """The entries of one register's log that are in the extract, up to the root that its checkpoint signs."""

    def __init__(
        self, bundle: Bundle, log: Json, checkpoint: Checkpoint, is_whole: bool, wanted: Iterable[Span]
    ) -> None:
        self._bundle, self.size = bundle, checkpoint.size
        self.begin(log)
        nodes = read_proof(bundle, log["proof"], checkpoint.size)
        tree = Tree(log["entries"], checkpoint.size, nodes, self._leaves(log["entries"]), wanted)
        self.kept = tree.kept
        if tree.root != checkpoint.root:
            reason = "条目与检查点的根散列不符 / the entries do not lead to the root that the checkpoint signs"
            raise Unsound(log["entries"], None, reason)
        if is_whole and self.count != checkpoint.size:
            raise Unsound(log["entries"], None, "登记簿不完整 / the register is not whole")

    def begin(self, log: Json) -> None:
        """With nothing in it yet."""
        self.name, self.count = log["log"], 0
        self._kind = {"listings": "listing", "trades": "trade"}[log["kind"]]
        self._documents: dict[Key, Document] = {}
        self._settings: list[tuple[int, Whitelist, list[str]]] = []
        self._listing_facts: dict[Key, list[tuple[int, Json]]] = {}
        self._names: dict[str, list[tuple[int, str]]] = {}
        self._by: dict[str, dict[Any, list[Key]]] = {"provider": {}, "buyer": {}, "exchange": {}}

    def _leaves(self, file: str) -> Iterator[Leaf]:
        before = -1
        for number, item, _ in self._bundle.items(file):
            try:
                entry = item["entry"]
                self._check(item, before)
                self.read(entry, checked_bytes(item["value"], entry["value_sha256"]), item["headers"])
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise Unsound(file, number, str(error) or repr(error)) from None
            before = entry["seq"]
            self.count += 1
            yield entry["seq"], leaf_hash(canonical(entry))

    @staticmethod
    def _check(item: Json, before: int) -> None:
        if set(item) != {"entry", "headers", "value"} or set(item["entry"]) != ENTRY:
            raise ValueError("成员有误 / its members are wrong")
        if item["entry"]["seq"] <= before:
            raise ValueError("次序有误 / is out of order")

    def read(self, entry: Json, value: bytes, headers: str | None) -> None:
        """Take in an entry with its record's value and headers."""
        checked_bytes(headers, entry["headers_sha256"])
        content = json.loads(value.decode(), parse_int=read_int)
        if entry["kind"] == "settings":
            self._settings.append((entry["seq"], Whitelist(content), content["cut_at"]))
        elif entry["kind"] == "fact" and self._kind == "trade":
            facts = self._listing_facts.setdefault((entry["exchange"], entry["number"]), [])
            if (content["exchange"], content["listing_no"]) != (entry["exchange"], entry["number"]):
                raise ValueError("不是该条目的事实 / is not the fact of its entry")
            facts.append((entry["seq"], content))
        elif entry["kind"] == self._kind:
            self._keep(Document(entry, content if entry["content_mode"] == "binary" else content["data"]))
        else:
            raise ValueError(f"类别有误 / its kind is wrong: {entry['kind']}")

    def _keep(self, document: Document) -> None:
        key = (document.exchange, document.number)
        document.before = self._documents.get(key)
        self._documents[key] = document
        self._note("exchange", (document.exchange, local(document.at).year), key)
        self._note("provider", document.provider[0], key)
        if document.buyer is not None:
            self._note("buyer", document.buyer[0], key)
        for subject, name in document.parties():
            names = self._names.setdefault(subject, [])
            if not names or names[-1][1] != name:
                names.append((document.seq, name))

    def _note(self, role: str, whose: Any, key: Key) -> None:
        keys = self._by[role].setdefault(whose, [])
        if not keys or keys[-1] != key:
            keys.append(key)

    def state(self, key: Key, seq: int) -> Document | None:
        """The revision of a number that stood when the register had `seq` entries; None before the first."""
        stood = [document for document in self._revisions(key) if document.seq < seq]
        return max(stood, key=lambda document: document.revision, default=None)

    def standing(self, role: str, whose: Any, seq: int) -> Iterator[Document]:
        """Documents as they stood: of a `provider` or `buyer` (a subject), or an `exchange` (its id, and the year)."""
        for key in set(self._by[role].get(whose, ())):
            document = self.state(key, seq)
            if document is None:
                continue
            is_there = {
                "provider": document.provider[0] == whose,
                "buyer": document.buyer is not None and document.buyer[0] == whose,
                "exchange": local(document.at).year == whose[-1],
            }[role]
            if is_there:
                yield document

    def facts(self) -> Iterator[tuple[str, str, int]]:
        """Of every fact that its documents can make: topic, key, and the newest entry that can have changed it."""
        changed: int = max(at for at, _, _ in self._settings)
        topic, role = (FIRST_LISTING, "provider") if self._kind == "listing" else (FIRST_PURCHASE, "buyer")
        for subject, keys in self._by[role].items():
            if subject.startswith("uscc:"):
                yield topic, subject, max(changed, self._newest(keys))
        if self._kind == "listing":
            return
        for (exchange, year), keys in self._by["exchange"].items():
            yield ANNUAL_TOTAL, f"exchange/{exchange}/{year}", max(changed, self._newest(keys))
            yield SIGN, f"exchange/{exchange}/{year}", max(changed, self._newest(keys))
        proved = max((facts[-1][0] for facts in self._listing_facts.values()), default=changed)
        for subject, keys in self._by["provider"].items():
            if subject.startswith("uscc:"):
                newest = max(changed, proved, self._newest(keys))
                for year in sorted({local(document.at).year for key in keys for document in self._revisions(key)}):
                    yield ANNUAL_TOTAL, f"provider/{subject}/{year}", newest
                    bought = self._by["buyer"].get(subject, [])
                    yield SIGN, f"provider/{subject}/{year}", max(changed, self._newest(keys + bought))
        for subject, keys in self._by["buyer"].items():
            if subject.startswith("uscc:"):
                yield SIGN, f"buyer/{subject}", max(changed, self._newest(keys))

    def _newest(self, keys: Iterable[Key]) -> int:
        newest: int = max(self._documents[key].seq for key in keys)
        return newest

    def _revisions(self, key: Key) -> Iterator[Document]:
        """From the one entered last to the first."""
        document = self._documents.get(key)
        while document is not None:
            yield document
            document = document.before

    def settings(self, seq: int) -> tuple[Whitelist, list[str]]:
        """(whitelist, cut dates) by which documents counted then."""
        found = None
        for at, whitelist, cut_at in self._settings:
            if at < seq:
                found = (whitelist, cut_at)
        if found is None:
            raise ValueError("当时没有名单 / there was no whitelist then")
        return found

    def name_of(self, subject: str, seq: int) -> str:
        """As in the document accepted last."""
        names = self._names.get(subject, [])
        place = bisect_left([at for at, _ in names], seq)
        if place == 0:
            raise ValueError(f"没有提到该主体的文件 / no document names {subject}")
        return names[place - 1][1]

    def listing_fact(self, key: Key, seq: int) -> Json | None:
        """What trade-ingest knew of a listing then."""
        found = None
        for at, content in self._listing_facts.get(key, ()):
            if at < seq:
                found = content
        return found

    def listing_facts(self) -> Iterator[tuple[Key, Json]]:
        for key in sorted(self._listing_facts):
            for _, content in self._listing_facts[key]:
                yield key, content


def read_int(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_INTEGER else float("inf")


def checked_bytes(encoded: str | None, digest: str | None) -> bytes:
    """The bytes, if they are those of the hash; none for none."""
    if encoded is None or digest is None:
        if encoded is not None or digest is not None:
            raise ValueError("字节与散列不符 / bytes and hash do not go together")
        return b""
    value = base64.b64decode(encoded, validate=True)
    if base64.b64encode(value).decode() != encoded or hashlib.sha256(value).hexdigest() != digest:
        raise ValueError("字节与散列不符 / the bytes are not those of the hash")
    return value


# --- facts anew from the documents -----------------------------------------------------------------------------------

LISTING, FIRST_LISTING = "facts.listing.v1", "facts.first-listing.v1"
FIRST_PURCHASE, ANNUAL_TOTAL = "facts.first-purchase.v1", "facts.annual-total.v1"
SIGN = "facts.sign.v1"
DECLARED = "declared"  # by the bureau: facts of no register


def fact_anew(register: Register, topic: str, rest: str, seq: int) -> Json:
    """The value of a fact by its register's first `seq` entries, without its version; `rest` is its key there."""
    parts = rest.split("/")
    if topic == LISTING:
        return listing_anew(register, parts[0], parts[1], seq)
    if topic == FIRST_LISTING:
        return first_anew(register, rest, seq, "provider", first_listing_json)
    if topic == FIRST_PURCHASE:
        return first_anew(register, rest, seq, "buyer", first_purchase_json)
    if topic == ANNUAL_TOTAL and parts[0] == "exchange":
        return exchange_total_anew(register, parts[1], int(parts[2]), seq)
    if topic == ANNUAL_TOTAL and parts[0] == "provider":
        return provider_total_anew(register, parts[1], int(parts[2]), seq)
    if topic == SIGN and parts[0] in SIGNS:
        return SIGNS[parts[0]](register, seq, *parts[1:])
    raise ValueError("没有这种事实 / there is no such fact")


def listing_anew(register: Register, exchange: str, number: str, seq: int) -> Json:
    document = register.state((exchange, number), seq)
    value: Json = {
        "exchange": exchange, "listing_no": number, "provider": None, "status": None, "listed_at": None,
        "mirrored": False, "counted": False,
    }  # fmt: skip
    if document is not None:
        value.update(
            provider=party_json(document.provider),
            status=document.status,
            listed_at=time_text(document.at),
            mirrored=document.mirrored,
            counted=register.settings(seq)[0].counts(exchange, document.at),
        )
    return value


def first_anew(register: Register, subject: str, seq: int, role: str, render: Callable[[Document], Json]) -> Json:
    """(四) 1, 2: the least document by instant, exchange and number of those that can be a first."""
    whitelist, _ = register.settings(seq)
    eligible = [
        document
        for document in register.standing(role, subject, seq)
        if document.status not in ("annulled", "cancelled")
        and not document.mirrored
        and whitelist.counts(document.exchange, document.at)
    ]
    first = min(eligible, key=lambda one: (one.at, one.exchange, one.number)) if eligible else None
    party = party_json((subject, register.name_of(subject, seq)))
    return {"party": party, "first": None if first is None else render(first)}


def first_listing_json(document: Document) -> Json:
    return {
        "exchange": document.exchange,
        "listing_no": document.number,
        "revision": document.revision,
        "listed_at": time_text(document.at),
    }


def first_purchase_json(document: Document) -> Json:
    return {
        "exchange": document.exchange,
        "trade_no": document.number,
        "revision": document.revision,
        "completed_at": time_text(document.at),
        "amount": yuan(document.amount),
        "refunded": yuan(document.refunded),
        "provider": party_json(document.provider),
    }


class Buckets:
    """Sums of trades by calendar month in Shanghai, cut again at some dates."""

    def __init__(self, cut_at: Sequence[str]) -> None:
        self._cuts = sorted(date.fromisoformat(day) for day in cut_at)
        self._sums: dict[tuple[date, date], list[int]] = {}

    def add(self, document: Document) -> None:
        day = local(document.at).date()
        month = day.replace(day=1)
        after = (month + timedelta(days=32)).replace(day=1)
        begin = max([month] + [cut for cut in self._cuts if cut <= day])
        end = min([after] + [cut for cut in self._cuts if cut > day])
        sums = self._sums.setdefault((begin, end), [0, 0, document.at])
        sums[0] += document.amount - document.refunded
        sums[1] += 1
        sums[2] = max(sums[2], document.at)

    def json(self) -> Any:
        return [
            {
                "from": time_text(day_us(begin)),
                "until": time_text(day_us(end)),
                "amount": yuan(sums[0]),
                "trades": sums[1],
                "last_completed_at": time_text(sums[2]),
            }
            for (begin, end), sums in sorted(self._sums.items())
        ]


def exchange_total_anew(register: Register, exchange: str, year: int, seq: int) -> Json:
    """(六) 2: all completed trades of the exchange in the year, mirrored ones not."""
    whitelist, cut_at = register.settings(seq)
    buckets = Buckets(cut_at)
    for document in register.standing("exchange", (exchange, year), seq):
        is_completed = document.status == "completed" and not document.mirrored
        if is_completed and whitelist.counts(exchange, document.at):
            buckets.add(document)
    return {"exchange": exchange, "year": year, "cut_at": cut_at, "buckets": buckets.json()}


def provider_total_anew(register: Register, subject: str, year: int, seq: int) -> Json:
    """(四) 3: the provider's trades of the year by exchange: those that count, and the others by reason."""
    whitelist, cut_at = register.settings(seq)
    shares: dict[str, Json] = {}
    for document in register.standing("provider", subject, seq):
        if local(document.at).year != year:
            continue
        share = shares.setdefault(
            document.exchange, {"counted": Buckets(cut_at), "unmatched": Buckets(cut_at), "other": {}}
        )
        reason = reason_of(register, document, whitelist, seq)
        if reason in ("counted", "unmatched"):
            share[reason].add(document)
        else:
            sums = share["other"].setdefault(reason, [0, 0])
            sums[0] += document.amount - document.refunded
            sums[1] += 1
    return {
        "party": party_json((subject, register.name_of(subject, seq))),
        "year": year,
        "cut_at": cut_at,
        "by_exchange": {
            exchange: {
                "counted": share["counted"].json(),
                "unmatched": share["unmatched"].json(),
                "other": [
                    {"reason": reason, "amount": yuan(amount), "trades": trades}
                    for reason, (amount, trades) in sorted(share["other"].items())
                ],
            }
            for exchange, share in shares.items()
        },
    }


def reason_of(register: Register, document: Document, whitelist: Whitelist, seq: int) -> str:
    """What a trade is in its provider's total: `counted`, or the first reason why not."""
    if not whitelist.counts(document.exchange, document.at):
        return "not_on_whitelist"
    if document.status != "completed":
        return "cancelled"
    if document.mirrored:
        return "mirrored"
    if document.mode != "listed":
        return "mode"
    fact = register.listing_fact((document.exchange, document.listing_no or ""), seq)
    is_proved = (
        fact is not None
        and fact["provider"] is not None
        and fact["counted"]
        and fact["status"] != "annulled"
        and subject_of(fact["provider"]) == document.provider[0]
        and instant(fact["listed_at"]) <= document.at
    )
    return "counted" if is_proved else "unmatched"


# Of a sign: how many of the greatest are told, from how many trades on an amount is said to repeat, below what a first
# purchase is small, from what on another is large, and how long after.
COUNTERPARTIES, REPEATED_AMOUNTS, REPEATED_FROM = 10, 5, 5
SMALL_FIRST, LARGE_PURCHASE, AFTER_FIRST_US = 100_000, 10_000_000, 90 * 86_400_000_000


def counting(register: Register, role: str, whose: Any, seq: int) -> Iterator[Document]:
    """Trades that a sign (G10) is measured of: completed, not mirrored, within the exchange's time on the list."""
    whitelist, _ = register.settings(seq)
    for document in register.standing(role, whose, seq):
        is_completed = document.status == "completed" and not document.mirrored
        if is_completed and whitelist.counts(document.exchange, document.at):
            yield document


def sum_json(documents: Sequence[Document]) -> Json:
    return {"amount": yuan(sum(map(net, documents))), "trades": len(documents)}


def net(document: Document) -> int:
    return document.amount - document.refunded


def examples_json(documents: Sequence[Document]) -> Any:
    """The trades that were entered first and last."""
    in_order = sorted(documents, key=lambda one: one.seq)
    ends = in_order[:1] if len(in_order) == 1 else [in_order[0], in_order[-1]]
    return [{"exchange": one.exchange, "trade_no": one.number} for one in ends]


def provider_sign(register: Register, seq: int, subject: str, year: str) -> Json:
    """To whom the provider sold most in the year, what it bought of them, and the amounts that repeat."""
    sold = [one for one in counting(register, "provider", subject, seq) if local(one.at).year == int(year)]
    bought = [one for one in counting(register, "buyer", subject, seq) if local(one.at).year == int(year)]
    to: dict[str, list[Document]] = {}
    of_amount: dict[int, list[Document]] = {}
    for one in sold:
        if one.buyer is not None and not one.buyer[0].startswith("natural_person:"):
            to.setdefault(one.buyer[0], []).append(one)
        of_amount.setdefault(net(one), []).append(one)
    greatest = sorted(to, key=lambda other: (-sum(map(net, to[other])), other.encode()))
    repeated = [amount for amount, ones in of_amount.items() if amount > 0 and len(ones) >= REPEATED_FROM]
    repeated.sort(key=lambda amount: (-amount * len(of_amount[amount]), -amount))
    return {
        "subject": subject,
        "year": int(year),
        "sold": sum_json(sold),
        "counterparties": [
            {
                "subject": other,
                "sold": sum_json(to[other]),
                "bought": sum_json([one for one in bought if one.provider[0] == other]),
            }
            for other in greatest[:COUNTERPARTIES]
        ],
        "repeated": [
            {
                "amount": yuan(amount),
                "trades": len(of_amount[amount]),
                "buyers": len({one.buyer for one in of_amount[amount]}),
                "examples": examples_json(of_amount[amount]),
            }
            for amount in repeated[:REPEATED_AMOUNTS]
        ],
    }


def buyer_sign(register: Register, seq: int, subject: str) -> Json:
    """A small first purchase, and the greatest of the large ones soon after it."""
    bought = sorted(counting(register, "buyer", subject, seq), key=lambda one: (one.at, one.exchange, one.number))
    large = [
        one for one in bought if net(one) >= LARGE_PURCHASE and bought[0].at <= one.at <= bought[0].at + AFTER_FIRST_US
    ]
    if not large or net(bought[0]) >= SMALL_FIRST:
        return {"subject": subject, "first": None, "greatest": None}

    def told(one: Document) -> Json:
        return {
            "exchange": one.exchange,
            "trade_no": one.number,
            "completed_at": time_text(one.at),
            "amount": yuan(net(one)),
        }

    return {"subject": subject, "first": told(bought[0]), "greatest": told(max(large, key=net))}


def exchange_sign(register: Register, seq: int, exchange: str, year: str) -> Json:
    """What the operators of an exchange bought on it in the year, while they operated it."""
    whitelist, _ = register.settings(seq)
    bought: dict[str, list[Document]] = {}
    for one in counting(register, "exchange", (exchange, int(year)), seq):
        operator = whitelist.operator_on(exchange, local(one.at).date())
        if operator is not None and one.buyer is not None and one.buyer[0] == f"uscc:{operator['uscc']}":
            bought.setdefault(one.buyer[0], []).append(one)
    return {
        "exchange": exchange,
        "year": int(year),
        "operators": [
            dict(subject=subject, examples=examples_json(ones), **sum_json(ones))
            for subject, ones in sorted(bought.items())
        ],
    }


SIGNS: dict[str, Callable[..., Json]] = {
    "provider": provider_sign, "buyer": buyer_sign, "exchange": exchange_sign,
}  # fmt: skip

Registers = dict[tuple[str, str, int], Register]  # listings or trades, register, generation


class Facts:
    """The facts of the extract, each held against the documents; by whose they are (a subject, or `exchange/<id>`).

    Lines are kept, and read again where they are needed: values would take ten times the memory.
    """

    def __init__(self, bundle: Bundle, manifest: Json, basis: Basis, registers: Registers) -> None:
        self.count = self.anew = self.of_before = self.of_gone = 0
        self._basis, self._not_asked = basis, manifest.get("registers_not_asked", ())
        self.declared: dict[str, tuple[int, str]] = {}
        self._lines: dict[str, list[bytes]] = {}
        self._viewer = viewer_of(manifest["request"])
        self._registers = registers
        file, before = "facts.ndjson", ""
        for number, item, line in bundle.items(file):
            try:
                self._check(item, before)
                self._lines.setdefault(about_of_fact(item["fact"]), []).append(line)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
                raise Unsound(file, number, str(error) or repr(error)) from None
            before = item["fact"]
            self.count += 1

    def _check(self, item: Json, before: str) -> None:
        value = item["value"]
        topic, name, rest = item["fact"].split("/", 2)
        if item["fact"].encode() <= before.encode():
            raise ValueError("次序有误 / is out of order")
        if (value["generation"], value["seq"]) != (item["generation"], item["seq"]):
            raise ValueError("版本与值不符 / its version is not that of its value")
        if not self._basis.counts(item["fact"]):
            raise ValueError("其登记簿当时不计 / is of a register that did not count")
        if topic == DECLARED:
            self._check_declared(value, rest)
            return
        kind = "listings" if topic == FIRST_LISTING else "trades"
        register = self._registers.get((kind, name, value["generation"]))
        if register is None:
            if name in self._not_asked:
                self.of_gone += 1
                return
            if (kind, name) not in {key[:2] for key in self._registers}:
                raise ValueError("摘录中没有其登记簿 / the extract has no register of it")
            self.of_before += 1
            return
        if item["seq"] > register.size:
            raise ValueError("所依条目多于登记簿 / it rests on more entries than its register has")
        expected = dict(fact_anew(register, topic, rest, item["seq"]), generation=item["generation"], seq=item["seq"])
        self._compare(value, expected)
        self.anew += 1

    def _check_declared(self, value: Json, rest: str) -> None:
        """By its key, and ready to be held against the ledger: its bytes are those of the value in canonical form."""
        earned_on = date.fromisoformat(value["earned_on"])
        key = f"{subject_of(value['party'])}/{value['rule']}/{earned_on.year}/{value['item']}"
        if rest != key:
            raise ValueError("不是该键的申报 / is not the declaration of its key")
        award_id = f"{value['rule']}/{subject_of(value['party'])}/{earned_on.year}/{value['item']}"
        self.declared[award_id] = (value["seq"], hashlib.sha256(canonical(value)).hexdigest())

    def check_declarations(self, ledger: Ledger, is_all: bool) -> tuple[int, int]:
        """Each declaration by the hash that the ledger's log has; (shown, not here); `is_all`: none may be missing."""
        shown = 0
        for award_id, stands in self.declared.items():
            posted = ledger.declared.get(award_id)
            if posted is None and not is_all:
                continue
            if posted != stands:
                reason = f"与台账所记的申报不符 / is not the declaration that the ledger has: {award_id}"
                raise Unsound("facts.ndjson", None, reason)
            shown += 1
        for award_id in ledger.declared if is_all else ():
            if award_id not in self.declared:
                raise Unsound("facts.ndjson", None, f"缺少申报 / a declaration is missing: {award_id}")
        return shown, len(self.declared) - shown

    def abouts(self) -> Iterable[str]:
        return self._lines

    def of(self, about: str) -> list[Json]:
        """The facts about a subject or an exchange, each with its topic."""
        items = [json.loads(line) for line in self._lines.get(about, ())]
        return [dict(item, topic=item["fact"].split("/")[0]) for item in items]

    def behind(self, is_all: bool) -> list[str]:
        """Facts that are no longer what their register's documents make; `is_all`: also those that are not here."""
        found = []
        for (_, name, generation), register in sorted(self._registers.items()):
            for topic, rest, newest in register.facts():
                fact = f"{topic}/{name}/{rest}"
                told = next((one["value"] for one in self.of(about_of_fact(fact)) if one["fact"] == fact), None)
                is_newest = told is not None and told["generation"] == generation and newest < told["seq"]
                if is_newest or (told is None and not is_all):
                    continue
                anew = fact_anew(register, topic, rest, register.size)
                is_nothing = told is None and not any(
                    anew.get(member)
                    for member in ("first", "buckets", "by_exchange", "counterparties", "repeated", "operators")
                )
                if not is_nothing and (told is None or any(anew[m] != told[m] for m in anew if m != "party")):
                    found.append(fact)
        return found

    def _compare(self, value: Json, expected: Json) -> None:
        if self._viewer is not None and "party" in value:
            # The name may stand in a document of another exchange.
            expected = dict(expected, party=dict(expected["party"], name=value["party"]["name"]))
        if value != expected:
            wrong = [
                member for member in sorted(set(value) | set(expected)) if value.get(member) != expected.get(member)
            ]
            raise ValueError(f"与文件重算不符 / is not what the documents make: {', '.join(wrong)}")


def about_of_fact(fact: str) -> str:
    """Whose awards follow from it."""
    rest = fact.split("/", 2)[2]
    if rest.startswith("exchange/"):
        return rest.rsplit("/", 1)[0]
    return rest.split("/")[1 if rest.startswith(("provider/", "buyer/")) else 0]


def check_listing_facts(registers: Registers) -> tuple[int, int]:
    """What trade-ingest was told of listings, held against the register of listings; (compared, not comparable)."""
    compared = unknown = 0
    for (kind, name, _), register in sorted(registers.items()):
        if kind != "trades":
            continue
        for (exchange, number), content in register.listing_facts():
            listings = registers.get(("listings", name, content["generation"]))
            if listings is None:
                unknown += 1
                continue
            seq = content["seq"]
            expected = dict(listing_anew(listings, exchange, number, seq), generation=content["generation"], seq=seq)
            if content != expected:
                file = f"evidence/{register.name}.ndjson"
                reason = "挂牌事实与挂牌登记簿不符 / a listing fact is not what the register of listings makes: "
                raise Unsound(file, None, f"{reason}{exchange}/{number}")
            compared += 1
    return compared, unknown


# --- awards anew from the facts --------------------------------------------------------------------------------------


def entitlements(about: str, facts: Sequence[Json], policy: Policy, whitelist: Whitelist) -> dict[str, Json]:
    """What the facts about a subject or an exchange earn: {award_id: what an award must say}."""
    if about.startswith("exchange/"):
        return tier_awards(about.split("/", 1)[1], facts, policy, whitelist)
    if not about.startswith("uscc:"):
        return {}
    return dict(
        [
            *first_listing_awards(about, facts, policy),
            *first_purchase_awards(about, facts, policy),
            *annual_awards(about, facts, policy),
            *declared_awards(about, facts, policy),
        ]
    )


def award(policy: Policy, rule: str, award_id: str, subject: str, **members: Any) -> Earned:
    found = {
        "award_id": award_id,
        "rule": rule,
        "article": policy.article(rule),
        "policy": {"id": policy.id, "revision": policy.revision},
        "subject": subject,
        "rate": None,
    }
    found.update(members)
    return award_id, found


def evidence(fact: Json, exchanges: Iterable[str]) -> Json:
    return {
        "fact": fact["fact"], "generation": fact["generation"], "seq": fact["seq"], "exchanges": sorted(exchanges),
    }  # fmt: skip


def least_first(facts: Sequence[Json], topic: str, at: str, number: str) -> Json | None:
    """Over all registers, the fact with the least first; None if there is none."""
    found = [fact for fact in facts if fact["topic"] == topic and fact["value"]["first"] is not None]
    return min(
        found,
        key=lambda fact: tuple(
            [instant(fact["value"]["first"][at])] + [fact["value"]["first"][name] for name in ("exchange", number)]
        ),
        default=None,
    )


def is_within(at_us: int, period: Span) -> bool:
    return period[0] <= at_us < period[1]


def first_listing_awards(subject: str, facts: Sequence[Json], policy: Policy) -> Iterator[Earned]:
    """(四) 1: a fixed amount for the first listing, if it is in force."""
    fact = least_first(facts, FIRST_LISTING, "listed_at", "listing_no")
    if fact is None:
        return
    first = fact["value"]["first"]
    at_us = instant(first["listed_at"])
    if not is_within(at_us, policy.in_force):
        return
    amount = fen(policy.rules["first_listing"]["amount"])
    yield award(
        policy, "first_listing", f"first_listing/{subject}", subject, exchange=first["exchange"],
        year=local(at_us).year, base=0, cap=amount, ceiling=amount,
        flags=[] if is_within(at_us, policy.alternative) else ["last_day"],
        evidence=[evidence(fact, [first["exchange"]])],
    )  # fmt: skip


def first_purchase_awards(subject: str, facts: Sequence[Json], policy: Policy) -> Iterator[Earned]:
    """(四) 2: a rate of the first purchase net of refunds, up to the cap, if it is in force."""
    fact = least_first(facts, FIRST_PURCHASE, "completed_at", "trade_no")
    if fact is None:
        return
    first, terms = fact["value"]["first"], policy.rules["first_purchase"]
    at_us = instant(first["completed_at"])
    base = fen(first["amount"]) - fen(first["refunded"])
    ceiling = min(rate_of(base, terms["rate"]), fen(terms["cap"]))
    if not is_within(at_us, policy.in_force) or ceiling == 0:
        return
    yield award(
        policy, "first_purchase", f"first_purchase/{subject}", subject, exchange=first["exchange"],
        year=local(at_us).year, base=base, rate=terms["rate"], cap=fen(terms["cap"]), ceiling=ceiling,
        flags=[] if is_within(at_us, policy.alternative) else ["last_day"],
        evidence=[evidence(fact, [first["exchange"]])],
    )  # fmt: skip


def rate_of(amount: int, rate: str) -> int:
    """Down to the fen, in whole numbers."""
    part = Fraction(rate)
    return amount * part.numerator // part.denominator


def sums_of(buckets: Iterable[Json], period: Span) -> tuple[int, int, int, int]:
    """(before, within, trades within, after) of a period whose limits cut no bucket."""
    before = within = trades = after = 0
    for bucket in buckets:
        begin, end = instant(bucket["from"]), instant(bucket["until"])
        if end <= period[0]:
            before += fen(bucket["amount"])
        elif begin >= period[1]:
            after += fen(bucket["amount"])
        elif period[0] <= begin and end <= period[1]:
            within += fen(bucket["amount"])
            trades += bucket["trades"]
        else:
            raise ValueError("合计未在政策日期处切分 / a total is not cut at the policy's dates")
    return before, within, trades, after


def annual_awards(subject: str, facts: Sequence[Json], policy: Policy) -> Iterator[Earned]:
    """(四) 3: a rate of the year's listed trades in force over all exchanges, from the threshold up to the cap."""
    terms = policy.rules["annual_listed_trading"]
    by_year: dict[int, list[Json]] = {}
    for fact in facts:
        if fact["topic"] == ANNUAL_TOTAL:
            by_year.setdefault(fact["value"]["year"], []).append(fact)

    def ceiling_of(totals: Sequence[Json], period: Span) -> tuple[int, int]:
        shares = [share for fact in totals for share in fact["value"]["by_exchange"].values()]
        base = sum(sums_of(share["counted"], period)[1] for share in shares)
        is_reached = base >= fen(terms["at_least"])
        return base, min(rate_of(base, terms["rate"]), fen(terms["cap"])) if is_reached else 0

    for year, totals in by_year.items():
        base, ceiling = ceiling_of(totals, policy.in_force)
        if ceiling == 0:
            continue
        counted = [
            (fact, [name for name, share in fact["value"]["by_exchange"].items()
                    if sums_of(share["counted"], policy.in_force)[2]])
            for fact in totals
        ]  # fmt: skip
        yield award(
            policy, "annual_listed_trading", f"annual_listed_trading/{subject}/{year}", subject, exchange=None,
            year=year, base=base, rate=terms["rate"], cap=fen(terms["cap"]), ceiling=ceiling,
            flags=[] if ceiling_of(totals, policy.alternative)[1] == ceiling else ["last_day"],
            evidence=[evidence(fact, exchanges) for fact, exchanges in counted if exchanges],
        )  # fmt: skip


def tier_awards(exchange: str, facts: Sequence[Json], policy: Policy, whitelist: Whitelist) -> dict[str, Json]:
    """(六) 2: each tier once, by difference to what the exchange earned before under this policy."""
    totals: dict[int, list[Json]] = {}
    for fact in facts:
        if fact["topic"] == ANNUAL_TOTAL:
            totals.setdefault(fact["value"]["year"], []).append(fact)
    alternative = {
        one["year"]: one["due"] for one in tier_years(exchange, totals, policy, whitelist, policy.alternative)
    }
    found: dict[str, Json] = {}
    earned_years: list[int] = []
    for one in tier_years(exchange, totals, policy, whitelist, policy.in_force):
        year = one["year"]
        if one["due"] == 0:
            continue
        rests_on = [fact for known in [year, *earned_years] for fact in totals[known] if fact["value"]["buckets"]]
        award_id, what = award(
            policy, "exchange_tiers", f"exchange_tiers/{exchange}/{year}", f"uscc:{one['operator']}",
            exchange=exchange, year=year, base=one["base"], cap=one["amount"], ceiling=one["due"],
            flags=[] if alternative[year] == one["due"] else ["last_day"],
            evidence=[evidence(fact, [exchange]) for fact in rests_on],
        )  # fmt: skip
        found[award_id] = what
        earned_years.append(year)
    return found


def tier_years(
    exchange: str, totals: Mapping[int, Sequence[Json]], policy: Policy, whitelist: Whitelist, period: Span
) -> Iterator[Json]:
    """Year by year: the running total up to the last instant in force, the highest tier that earns, what is due."""
    tiers = [(fen(tier["over"]), fen(tier["amount"])) for tier in policy.rules["exchange_tiers"]["tiers"]]
    passed = earned = 0
    for year in sorted(totals):
        before, within, _, after = sums_of([one for fact in totals[year] for one in fact["value"]["buckets"]], period)
        base = before + within
        amounts = [amount for over, amount in tiers if over >= max(passed, before) and over < base]
        operator = whitelist.operator_on(exchange, date(year, 12, 31))
        amount = amounts[-1] if amounts else 0
        due = max(0, amount - earned) if operator is not None else 0
        yield {
            "year": year, "base": base, "amount": amount, "due": due,
            "operator": None if operator is None else operator["uscc"],
        }  # fmt: skip
        passed = max(passed, base + after)
        earned += due


class Declared:
    """A declaration that stands: what it is worth by itself, what it earns, and which earlier ones it gave way to."""

    def __init__(self, fact: Json, terms: Json) -> None:
        self.fact, self.terms, self.value = fact, terms, fact["value"]
        self.rule, self.item, self.day = self.value["rule"], self.value["item"], self.value["earned_on"]
        self.at_us, self.year = day_us(date.fromisoformat(self.day)), int(self.day[:4])
        self.base, self.worth = worth_of(terms, self.value["measure"])
        self.ceiling = 0
        self.before: list[Declared] = []

    def is_same_matter(self, other: Declared) -> bool:
        """Whether what the other has had cannot be had again, or is deducted."""
        return (
            self.rule == other.rule
            and (self.terms["per"] == "subject" or self.item == other.item)
            and (self.terms["earned"] != "yearly" or self.year == other.year)
        )


def worth_of(terms: Json, measure: Json) -> tuple[int, int]:
    """(the measured sum, what it is worth before other declarations and limits)"""
    names = [terms["measure"]["name"]] if "measure" in terms else []
    if list(measure) != names or terms["earned"] == "recorded":
        return 0, 0
    text = measure[names[0]] if names else ""
    if "amount" in terms:
        return 0, 0 if "at_most" in terms and Decimal(text) > Decimal(terms["at_most"]) else fen(terms["amount"])
    if "amounts" in terms:
        return 0, sum(fen(grade["amount"]) for grade in terms["amounts"] if grade["grade"] == text)
    base = fen(text)
    if "steps" in terms:
        return base, max([fen(one["amount"]) for one in terms["steps"] if fen(one["at_least"]) <= base], default=0)
    worth = rate_of(base, terms["rate"])
    return base, worth if worth >= fen(terms.get("at_least", "0")) else 0


def declared_awards(subject: str, facts: Sequence[Json], policy: Policy) -> Iterator[Earned]:
    """What the bureau declared of a subject, from the earliest day to the last; limits are used up in that order."""
    alternative = {one.fact["fact"]: one.ceiling for one in declared_ceilings(facts, policy, policy.alternative)}
    for one in declared_ceilings(facts, policy, policy.in_force):
        if one.ceiling == 0:
            continue
        most = [fen(policy.limits[name]["most"]) for name in one.terms.get("limits", ())]
        rests_on = [known.fact for known in [one, *one.before]]
        yield award(
            policy, one.rule, f"{one.rule}/{subject}/{one.year}/{one.item}", subject,
            exchange=one.value["exchange"], year=one.year, base=one.base, rate=one.terms.get("rate"),
            cap=min(most, default=one.worth) if "rate" in one.terms else one.worth, ceiling=one.ceiling,
            flags=[] if alternative[one.fact["fact"]] == one.ceiling else ["last_day"],
            evidence=[evidence(fact, [fact["value"]["exchange"]] if fact["value"]["exchange"] else [])
                      for fact in rests_on],
        )  # fmt: skip


def declared_ceilings(facts: Sequence[Json], policy: Policy, period: Span) -> list[Declared]:
    order = list(policy.declared)
    standing = [
        Declared(fact, policy.declared[fact["value"]["rule"]])
        for fact in facts
        if fact["topic"] == DECLARED and not fact["value"]["withdrawn"] and fact["value"]["rule"] in policy.declared
    ]
    standing.sort(key=lambda one: (one.day, order.index(one.rule), one.item.encode()))
    for place, one in enumerate(standing):
        if one.worth and is_within(one.at_us, period):
            settle_declared(one, standing[:place], policy, period)
    return standing


def settle_declared(one: Declared, earlier: Sequence[Declared], policy: Policy, period: Span) -> None:
    """Once, first, once a year or by difference; then years; then what each limit has left."""
    same = [other for other in earlier if one.is_same_matter(other)]
    earned = [other for other in same if other.ceiling]
    history = [other.worth for other in same if other.at_us < period[0]]
    due = one.worth
    if one.terms["earned"] == "by_difference":
        due = 0 if one.worth <= max(history, default=0) else max(0, one.worth - sum(other.ceiling for other in earned))
        one.before = earned
    elif earned or (one.terms["earned"] == "first" and any(history)):
        due = 0
    years = [other.year for other in earlier if other.rule == one.rule and other.ceiling]
    if "years" in one.terms and years and one.year >= min(years) + int(one.terms["years"]):
        due = 0
    for name in one.terms.get("limits", ()):
        per = policy.limits[name]["per"]
        used = [
            other
            for other in earlier
            if other.ceiling
            and name in other.terms.get("limits", ())
            and (per != "item" or other.item == one.item)
            and (per != "subject_year" or other.year == one.year)
        ]
        left = max(0, fen(policy.limits[name]["most"]) - sum(other.ceiling for other in used))
        if left < due:
            due = left
            one.before = one.before + [other for other in used if other not in one.before]
    one.ceiling = due


# Flags that do not follow from the facts about the award's own subject: decisions raise the first, other subjects'
# purchases and the bureau's list the others.
OVER_APPROVED = "over_approved"
OF_OTHERS = (OVER_APPROVED, "split_purchases", "related_parties")


def signs_on(award: Json, facts: Sequence[Json], policy: Policy) -> list[str]:
    """What a person should look at (G10), of what follows from the facts about the subject or exchange alone."""
    return [
        name
        for name, numbers in policy.signs.items()
        if (name, award["rule"]) in LOOK and LOOK[name, award["rule"]](award, facts, numbers, policy)
    ]


def has_share(part: int, share: str, whole: int) -> bool:
    return Fraction(share) * whole <= part


def in_year(facts: Sequence[Json], topic: str, award: Json) -> Iterator[Json]:
    """The values of that topic and the award's year."""
    for fact in facts:
        if fact["topic"] == topic and fact["value"].get("year") == award["year"]:
            yield fact["value"]


def is_late_burst(award: Json, facts: Sequence[Json], numbers: Json, policy: Policy) -> bool:
    """Just over the threshold or step, and much of it in December."""
    terms, december = policy.rules[award["rule"]], 0
    for value in in_year(facts, ANNUAL_TOTAL, award):
        shares = [share["counted"] for share in value.get("by_exchange", {}).values()]
        for bucket in [one for buckets in shares or [value.get("buckets", [])] for one in buckets]:
            begin = instant(bucket["from"])
            if local(begin).month == 12 and is_within(begin, policy.in_force):  # noqa: PLR2004 - the month
                december += fen(bucket["amount"])
    if "tiers" in terms:
        threshold = next(fen(tier["over"]) for tier in terms["tiers"] if fen(tier["amount"]) == award["cap"])
    else:
        threshold = fen(terms["at_least"])
    over = award["base"] - threshold
    is_just_over = over <= -(-threshold * Fraction(numbers["over_by"]) // 1)
    return is_just_over and has_share(december, numbers["december"], award["base"])


def provider_signs(award: Json, facts: Sequence[Json]) -> tuple[int, dict[str, list[int]], dict[int, list[int]]]:
    """Over all registers: sold in all; sold to and bought of each; how often each amount, and to how many."""
    in_all, others, again = 0, {}, {}  # type: ignore[var-annotated]  # as in the line above
    for value in in_year(facts, SIGN, award):
        if "sold" not in value:
            continue
        in_all += fen(value["sold"]["amount"])
        for one in value["counterparties"]:
            sums = others.setdefault(one["subject"], [0, 0])
            sums[0] += fen(one["sold"]["amount"])
            sums[1] += fen(one["bought"]["amount"])
        for one in value["repeated"]:
            counts = again.setdefault(fen(one["amount"]), [0, 0])
            counts[0] += one["trades"]
            counts[1] += one["buyers"]
    return in_all, others, again


def is_round_trip(award: Json, facts: Sequence[Json], numbers: Json, _: Policy) -> bool:
    _in_all, others, _again = provider_signs(award, facts)
    return any(
        sold >= fen(numbers["sold"]) and has_share(bought, numbers["back"], sold) for sold, bought in others.values()
    )


def is_same_amount(award: Json, facts: Sequence[Json], numbers: Json, _: Policy) -> bool:
    in_all, _others, again = provider_signs(award, facts)
    return any(
        trades >= int(numbers["trades"])
        and buyers <= int(numbers["buyers"])
        and has_share(amount * trades, numbers["share"], in_all)
        for amount, (trades, buyers) in again.items()
    )


def is_small_first(award: Json, facts: Sequence[Json], numbers: Json, _: Policy) -> bool:
    fact = least_first(facts, FIRST_PURCHASE, "completed_at", "trade_no")
    if fact is None or award["base"] >= fen(numbers["first_below"]):
        return False
    begin = instant(fact["value"]["first"]["completed_at"])
    until = begin + int(numbers["days"]) * 86_400_000_000
    later = [one["value"]["greatest"] for one in facts if one["topic"] == SIGN and one["value"].get("greatest")]
    return any(
        fen(one["amount"]) >= fen(numbers["later"]) and begin <= instant(one["completed_at"]) <= until for one in later
    )


def is_own_exchange(award: Json, facts: Sequence[Json], numbers: Json, _: Policy) -> bool:
    bought = [one for value in in_year(facts, SIGN, award) for one in value["operators"]]
    return bool(bought) and has_share(sum(fen(one["amount"]) for one in bought), numbers["share"], award["base"])


LOOK: dict[tuple[str, str], Callable[[Json, Sequence[Json], Json, Policy], bool]] = {
    ("late_burst", "annual_listed_trading"): is_late_burst,
    ("late_burst", "exchange_tiers"): is_late_burst,
    ("round_trip", "annual_listed_trading"): is_round_trip,
    ("same_amount", "annual_listed_trading"): is_same_amount,
    ("small_first", "first_purchase"): is_small_first,
    ("own_exchange", "exchange_tiers"): is_own_exchange,
}

Told = tuple[Json, int, str]  # an award, and its line and file


class Awards:
    """The awards that were asked for and those that compete with them; lines, read again where they are needed."""

    def __init__(self, bundle: Bundle) -> None:
        self._asked = self._read(bundle, "awards.ndjson")
        self._context = self._read(bundle, "context.ndjson")
        for award_id, (_, number) in self._context.items():
            if award_id in self._asked:
                raise Unsound("context.ndjson", number, "已在 awards.ndjson / is in awards.ndjson, too")

    @staticmethod
    def _read(bundle: Bundle, file: str) -> dict[str, tuple[bytes, int]]:
        found: dict[str, tuple[bytes, int]] = {}
        before = ""
        for number, item, line in bundle.items(file):
            if item["award_id"].encode() <= before.encode():
                raise Unsound(file, number, "次序有误 / is out of order")
            before = item["award_id"]
            found[before] = (line, number)
        return found

    def asked(self) -> Iterator[Told]:
        for line, number in self._asked.values():
            yield json.loads(line), number, "awards.ndjson"

    def all(self) -> Iterator[Told]:
        yield from self.asked()
        for line, number in self._context.values():
            yield json.loads(line), number, "context.ndjson"

    def counts(self) -> tuple[int, int]:
        return len(self._asked), len(self._context)

    def __contains__(self, award_id: str) -> bool:
        return award_id in self._asked or award_id in self._context


def about_of(award: Json) -> str:
    """Whose facts an award follows from."""
    rule, _, rest = award["award_id"].partition("/")
    whose = rest.split("/")[0]
    return f"exchange/{whose}" if rule == "exchange_tiers" else whose


def check_awards(awards: Awards, facts: Facts, basis: Basis, manifest: Json) -> tuple[int, int]:
    """Every award anew from the facts, and each that the facts earn must be there; (anew, not wholly told)."""
    anew = unknown = 0
    viewer = viewer_of(manifest["request"])
    for award, number, file in awards.all():
        policy, whitelist = basis.in_force()
        as_of_us = instant(manifest["as_of"])
        about = about_of(award)
        of_it = facts.of(about)
        # What else was declared of its subject may be of others, and then is not here.
        is_declared = viewer is not None and award["rule"] in policy.declared
        if award["partial"] or is_declared or lacks_facts(award, of_it, basis):
            if viewer is None:
                reason = "摘录中没有它所依的事实 / the facts that it rests on are not in the extract"
                raise Unsound(file, number, reason)
            unknown += 1
            continue
        expected = entitlements(about, of_it, policy, whitelist).get(award["award_id"])
        if expected is not None and viewer is None:  # others are told of no sign
            expected["flags"] = expected["flags"] + signs_on(expected, of_it, policy)
        names = names_of(about, of_it, whitelist, award)
        if expected is None and not all(basis.counts(one["fact"]) for one in award["evidence"]):
            names.add(award["subject"]["name"])  # taken away while another register counted
        problem = differs(award, expected, names, policy, as_of_us)
        if problem or instant(award["updated_at"]) > as_of_us:
            reason = f"与事实重算不符 / is not what the facts earn: {problem or 'updated_at'}"
            raise Unsound(file, number, reason)
        anew += 1
    if viewer is None:
        check_all_are_there(awards, facts, basis, manifest["request"])
    return anew, unknown


def lacks_facts(award: Json, facts: Sequence[Json], basis: Basis) -> bool:
    """Whether facts that the award rests on are missing. Those of registers that count no more prove nothing."""
    known = {(fact["fact"], fact["generation"], fact["seq"]) for fact in facts}
    counted = [one for one in award["evidence"] if basis.counts(one["fact"])]
    if any((one["fact"], one["generation"], one["seq"]) not in known for one in counted):
        return True
    return not facts and len(counted) == len(award["evidence"])


def names_of(about: str, facts: Sequence[Json], whitelist: Whitelist, award: Json) -> set[str]:
    """Names that the award's subject has."""
    if about.startswith("exchange/"):
        operators = whitelist.exchanges.get(award["exchange"], {}).get("operators", ())
        return {one["name"] for one in operators if one["uscc"] == award["subject"]["id"]}
    return {fact["value"]["party"]["name"] for fact in facts if fact["topic"] != SIGN}


def differs(award: Json, expected: Json | None, names: Iterable[str], policy: Policy, now_us: int) -> str:
    """The members of the award that are not as expected (None: earned no more); empty if all are."""
    told: Json = {"period_closed": policy.is_closed(award["year"], now_us)}
    award = {**award, "flags": [flag for flag in award["flags"] if flag not in OF_OTHERS]}
    if award["subject"]["name"] not in names:
        return "subject.name"
    if expected is None:
        # What was taken away keeps its last exchange and year, rate and cap; its amounts are zero.
        rule, _, rest = award["award_id"].partition("/")
        told.update(base="0.00", ceiling="0.00", payable="0.00", suppressed_by=None, flags=[], rule=rule)
        told.update(policy={"id": policy.id, "revision": policy.revision})
        if policy.article(rule) is not None:
            told.update(article=policy.article(rule))
        if rule != "exchange_tiers" and subject_of(award["subject"]) != rest.split("/")[0]:
            return "subject"
    else:
        told.update(expected)
        told.update(base=yuan(expected["base"]), ceiling=yuan(expected["ceiling"]), cap=yuan(expected["cap"]))
        told["rate"] = None if expected["rate"] is None else format(Decimal(expected["rate"]), "f")
        subject = expected["subject"].split(":", 1)
        told["subject"] = {"id_scheme": subject[0], "id": subject[1], "name": award["subject"]["name"]}
    wrong = [member for member in sorted(told) if award[member] != told[member]]
    return ", ".join(wrong)


def check_all_are_there(awards: Awards, facts: Facts, basis: Basis, request: Json) -> None:
    """Unsound if the facts earn an award that must be in the extract, and is not."""
    is_all = is_of_all_awards(request) and is_from_the_beginning(request)
    groups = {(subject_of(award["subject"]), award["year"]) for award, _, _ in awards.asked()}
    for about in facts.abouts():
        for award_id, expected in entitlements(about, facts.of(about), *basis.in_force()).items():
            is_wanted = is_all or (expected["subject"], expected["year"]) in groups
            if is_wanted and award_id not in awards:
                raise Unsound("awards.ndjson", None, f"缺少应有的奖补 / an award that is earned is missing: {award_id}")


class Rival:
    """An award as it competes with others of its subject and year."""

    __slots__ = ("award_id", "ceiling", "file", "number", "rule", "told")

    def __init__(self, award: Json, number: int, file: str) -> None:
        self.award_id, self.rule, self.ceiling = award["award_id"], award["rule"], award["ceiling"]
        self.told = (award["payable"], award["suppressed_by"])
        self.number, self.file = number, file


def check_payables(awards: Awards, policy: Policy | None, grants: Grants) -> None:
    """就高不重复 (G6): of one subject and year the highest alone is payable; then the order of rules, then the id.

    `grants` of other municipal policies compete, and come after all rules where they are equal.
    """
    groups: dict[tuple[str, int], list[Rival]] = {}
    for award, number, file in awards.all():
        group = groups.setdefault((subject_of(award["subject"]), award["year"]), [])
        group.append(Rival(award, number, file))
    rank = {rule: place for place, rule in enumerate(policy.order)} if policy else {}
    for of_whom, group in groups.items():
        competing = [
            (-fen(one.ceiling), rank.get(one.rule, len(rank)), one.award_id.encode())
            for one in group
            if fen(one.ceiling) > 0
        ]
        competing += [
            (-amount, len(rank), name.encode()) for name, amount in grants.get(of_whom, {}).values() if amount
        ]
        winner = min(competing)[2].decode() if competing else None
        for one in group:
            payable = (one.ceiling, None)
            if winner not in (None, one.award_id) and fen(one.ceiling) > 0:
                payable = ("0.00", winner)
            if one.told != payable:
                raise Unsound(one.file, one.number, "就高不重复有误 / payable or suppressed_by is not what G6 makes")


def check_posted(awards: Awards, ledger: Ledger, balances: Balances, request: Json) -> None:
    """What is posted for an award is its ceiling, on the account of its subject and year, and nothing on another."""
    posted = posted_by_award(balances)
    for award, number, file in awards.asked():
        if award["partial"]:
            continue
        account = f"entitlement:{subject_of(award['subject'])}:{award['award_id']}:{award['year']}"
        if account not in balances:
            raise Unsound(file, number, f"没有其账户 / it has no account of its subject and year: {account}")
        found = {"entitlement": 0, "approved": 0, "paid": 0, "returned": 0}
        for where, balance in posted[award["award_id"]]:
            name = where.partition(":")[0]
            found[name] += balance
            if name == "entitlement" and where != account and balance != 0:
                raise Unsound("balances.json", None, f"账户应为零 / the account should be at zero: {where}")
        for name, amount in found.items():
            if fen(award["ceiling" if name == "entitlement" else name]) != amount:
                raise Unsound(file, number, f"与台账余额不符 / is not what is posted: {name}")
        if not check_last_posting(award, ledger.awards.get(award["award_id"]), request):
            raise Unsound(file, number, "与其末笔交易不符 / does not fit its last transaction")


def posted_by_award(balances: Balances) -> dict[str, list[tuple[str, int]]]:
    """The accounts of each award, each with its balance as it is meant: what is paid is a debit."""
    found: dict[str, list[tuple[str, int]]] = {}
    for account, (debit, credit) in balances.items():
        name, _, rest = account.partition(":")
        if name in ("entitlement", "approved", "paid", "returned"):
            award_id = (rest.rpartition(":")[0] if name == "entitlement" else rest).split(":", 2)[2]
            found.setdefault(award_id, []).append((account, debit - credit if name == "paid" else credit - debit))
    return found


def check_last_posting(award: Json, last: Json | None, request: Json) -> bool:
    """Whether the award is one that was posted, and not older than its last posting."""
    if last is None:
        return False
    is_undecided = not last["decided"] and is_from_the_beginning(request)
    if is_undecided and award["state"] != "estimated":
        return False
    return instant(award["updated_at"]) >= instant(last["posted_at"])


# --- what persons decided --------------------------------------------------------------------------------------------

STEPS = {
    "apply": (("estimated", "approved", "paid"), "applied"),
    "list": (("estimated", "approved", "paid"), "applied"),
    "review": (("applied",), "reviewed"),
    "joint_review": (("reviewed",), "joint_reviewed"),
    "publish": (("joint_reviewed",), "published"),
    "approve": (("published",), "approved"),
    "pay": (("approved", "estimated"), "paid"),
    "reject": (("estimated", "applied", "reviewed", "joint_reviewed", "published"), "rejected"),
    "reopen": (("rejected",), "estimated"),
}
POSTS = {"approve": "approval", "pay": "payment", "return": "return"}
# Which act a line is of, by the member that has its id.
ACT_IDS = (
    "decision_id",
    "release_id",
    "hold_id",
    "eligibility_id",
    "suspension_id",
    "other_grant_id",
    "related_party_id",
)


class Standing:
    """Where an award stands after its steps: `outstanding` is approved less returned, by subject and year."""

    def __init__(self) -> None:
        self.state, self.steps = "estimated", 0
        self.approved = self.paid = self.returned = self.unpaid = 0
        self.outstanding: dict[tuple[str, int], int] = {}
        self.reviewer = self.publisher = None
        self.until_us = 0

    def take(self, step: Json) -> None:
        """One more step; ValueError if it does not follow."""
        self._check(step)
        action, amount, whose = step["action"], fen(step["amount"]), (step["subject"], step["year"])
        self.state, self.steps = step["to"], self.steps + 1
        if action == "approve":
            self.approved, self.unpaid = self.approved + amount, self.unpaid + amount
            self.outstanding[whose] = self.outstanding.get(whose, 0) + amount
        elif action == "pay":
            self.paid, self.unpaid = self.paid + amount, 0
        elif action == "return":
            self.returned, self.unpaid = self.returned + amount, max(0, self.unpaid - amount)
            self.outstanding[whose] = self.outstanding.get(whose, 0) - amount
            if self.outstanding[whose] < 0:
                raise ValueError("追缴多于核定 / more is returned than was approved")
        elif action == "review":
            self.reviewer = step["by"]
        elif action == "publish":
            self.publisher, self.until_us = step["by"], instant(step["until"])

    def _check(self, step: Json) -> None:
        action, amount = step["action"], fen(step["amount"])
        sources, target = STEPS.get(action, ((self.state,), self.state))
        if step["from"] != self.state or step["from"] not in sources or step["to"] != target:
            raise ValueError("步骤不合次序 / the step does not follow the one before")
        if action not in POSTS and (action not in STEPS or amount):
            raise ValueError("步骤或金额有误 / no such step, or it moves money")
        if action == "joint_review" and step["by"] == self.reviewer:
            raise ValueError("初审与联合审核为同一人 / review and joint_review are by one person")
        if action == "approve" and (step["by"] == self.publisher or instant(step["at"]) < self.until_us):
            raise ValueError(
                "公示与核定为同一人，或公示期未满 / approved by the publisher, or before publicity was over"
            )
        if action == "pay" and amount != self.unpaid:
            raise ValueError("拨付额不是全部未拨付额 / is not all that was unpaid")


class Acts:
    """What persons did, each held against the hash that the ledger has of it, and what follows from it.

    `spent`: approved less returned of each year and rule. `held`: of each hold that stands its award and kind.
    `suspended`: of each suspension that was not lifted its rule and period. `grants`: of other policies, by subject and
    year.
    """

    def __init__(self, bundle: Bundle, ledger: Ledger) -> None:
        self.standings: dict[str, Standing] = {}
        self.spent: dict[tuple[int, str], int] = {}
        self.held: dict[str, tuple[str, str]] = {}
        self.suspended: dict[str, tuple[str, Span]] = {}
        self.grants: Grants = {}
        self._eligible: dict[str, list[tuple[str, Span]]] = {}
        file, left, before = "decisions.ndjson", dict(ledger.acts), -1
        for number, item, line in bundle.items(file):
            posted = left.pop(item.get("transaction", -1), None)
            kind = next((name for name in ACT_IDS if name in item), None)
            if posted is None or kind is None or hashlib.sha256(line).hexdigest() != posted["decision"]["sha256"]:
                raise Unsound(file, number, "与台账所载散列不符 / has not the hash that the ledger has")
            if item["transaction"] <= before:
                raise Unsound(file, number, "次序有误 / is out of order")
            before = item["transaction"]
            try:
                self._check(kind, item, posted)
            except (ValueError, KeyError, TypeError) as error:
                raise Unsound(file, number, str(error) or repr(error)) from None
            if is_from_the_beginning(ledger.request) and viewer_of(ledger.request) is None:
                self._take(kind, item, number)
        for seq in left:
            raise Unsound(file, None, f"缺少办理记录 / an act is missing, of transaction {seq}")

    @staticmethod
    def _check(kind: str, item: Json, posted: Json) -> None:
        """Whether it is what was posted."""
        expected = ("decision", "0.00", item.get("award_id"))
        if kind == "decision_id":
            expected = (POSTS.get(item["action"], "decision"), item["amount"], item["award_id"])
        elif kind == "release_id":
            expected = ("decision", "0.00", posted["award_id"])
        told = (posted["decision"]["id"], posted["posted_at"], posted["kind"], posted["amount"], posted["award_id"])
        if told != (item[kind], item["at"], *expected):
            raise ValueError("与其交易不符 / is not what its transaction is of")
        accounts = {entry["account"] for entry in posted["entries"]}
        whose = f"{item.get('subject')}:{item.get('award_id')}"
        wanted = {
            "approval": {f"budget:{item.get('year')}", f"approved:{whose}"},
            "payment": {f"paid:{whose}", "treasury"},
            "return": {"treasury", f"returned:{whose}"},
            "decision": set(),
        }[posted["kind"]]
        if accounts != wanted:
            raise ValueError("账户不是其主体与年度的 / the accounts are not those of its subject and year")

    def _take(self, kind: str, item: Json, number: int) -> None:
        if kind == "decision_id":
            self._take_step(item, number)
        elif kind == "hold_id":
            self.held[item["hold_id"]] = (item["award_id"], item["kind"])
        elif kind == "release_id":
            if not (self.held.pop(item["hold_id"], None) or self.suspended.pop(item["hold_id"], None)):
                raise Unsound("decisions.ndjson", number, "没有可解除的暂缓 / releases what does not hold")
        elif kind == "eligibility_id":
            self._eligible.setdefault(item["subject"], []).append((item["status"], period_of(item)))
        elif kind == "suspension_id":
            self.suspended[item["suspension_id"]] = (item["rule"], period_of(item))
        else:
            of_year = self.grants.setdefault((item["subject"], item["year"]), {})
            of_year[item["name"]] = (f"other_grant/{item['other_grant_id']}", fen(item["amount"]))

    def _take_step(self, step: Json, number: int) -> None:
        try:
            self.standings.setdefault(step["award_id"], Standing()).take(step)
            if step["action"] in ("approve", "pay"):
                self._check_holds(step)
        except (ValueError, KeyError, TypeError) as error:
            raise Unsound("decisions.ndjson", number, str(error) or repr(error)) from None
        sign = {"approve": 1, "return": -1}.get(step["action"], 0)
        which = (step["year"], step["award_id"].partition("/")[0])
        self.spent[which] = self.spent.get(which, 0) + sign * fen(step["amount"])

    def spent_in(self, year: int) -> dict[str, int]:
        """By rule."""
        return {rule: amount for (of_year, rule), amount in self.spent.items() if of_year == year}

    def _check_holds(self, step: Json) -> None:
        """ValueError if a person could see that no money may be approved or paid."""
        if self.holds_by_hand(step["award_id"]):
            raise ValueError("有暂缓时核定或拨付 / approved or paid in spite of a hold")
        if self.eligibility(step["subject"], instant(step["at"])) != "verified":
            raise ValueError("未经资格审核而核定或拨付 / approved or paid without verified eligibility")

    def eligibility(self, subject: str, at_us: int) -> str:
        status = "unverified"
        for told, period in self._eligible.get(subject, ()):
            if is_within(at_us, period):
                status = told
        return status

    def holds_by_hand(self, award_id: str) -> list[str]:
        kinds = {kind for whose, kind in self.held.values() if whose == award_id}
        return [kind for kind in ("manual", "objection") if kind in kinds]


def period_of(item: Json) -> Span:
    """`from` .. `until` of an act; null: without a beginning, or open."""
    start, end = item["from"], item["until"]
    return (-(10**18) if start is None else instant(start), 10**18 if end is None else instant(end))


def check_standings(awards: Awards, acts: Acts, facts: Facts, basis: Basis, manifest: Json) -> None:
    """State, amounts, eligibility, holds and flag of every award that was asked for, anew from acts.

    Whether it fits the budget only where all awards are here, as it depends on what was approved for others.
    """
    knows_budget = is_of_all_awards(manifest["request"])
    unknown = () if knows_budget else ("budget",)
    for award, number, file in awards.asked():
        found = acts.standings.get(award["award_id"]) or Standing()
        policy, _ = basis.in_force()
        told = {
            "state": found.state,
            "approved": yuan(found.approved),
            "paid": yuan(found.paid),
            "returned": yuan(found.returned),
            "eligibility": acts.eligibility(subject_of(award["subject"]), instant(manifest["as_of"])),
            "holds": expected_holds(award, found, acts, facts, policy, instant(manifest["as_of"])),
        }
        here = {**award, "holds": [kind for kind in award["holds"] if kind not in unknown]}
        told["holds"] = [kind for kind in told["holds"] if kind not in unknown]
        wrong = [member for member in told if here[member] != told[member]]
        if (OVER_APPROVED in award["flags"]) != is_over_approved(award, found):
            wrong.append("flags")
        if wrong:
            raise Unsound(file, number, f"与办理记录重算不符 / is not what the acts make: {', '.join(wrong)}")


def is_over_approved(award: Json, found: Standing) -> bool:
    whose = (subject_of(award["subject"]), award["year"])
    return any(
        amount > (fen(award["payable"]) if approved_for == whose else 0)
        for approved_for, amount in found.outstanding.items()
    )


def expected_holds(award: Json, found: Standing, acts: Acts, facts: Facts, policy: Policy, now_us: int) -> list[str]:
    """The holds of an award, in the contract's order."""
    subject, year = subject_of(award["subject"]), award["year"]
    to_approve = fen(award["payable"]) - found.outstanding.get((subject, year), 0)
    earned = earned_within(award, facts)
    stops = [
        ("eligibility", acts.eligibility(subject, now_us) != "verified"),
        ("budget", to_approve > 0 and not fits(to_approve, award, acts, policy)),
        (
            "rule_suspended",
            any(
                rule == award["rule"] and start < earned[1] and earned[0] < end
                for rule, (start, end) in acts.suspended.values()
            ),
        ),
    ]
    return [kind for kind, stands in stops if stands] + acts.holds_by_hand(award["award_id"])


def fits(amount: int, award: Json, acts: Acts, policy: Policy) -> bool:
    """Whether it fits into what the year has left, and what the pool of its rule has."""
    year, pool = award["year"], policy.declared.get(award["rule"], {}).get("pool")
    spent = [(policy.budget, sum(acts.spent_in(year).values()))]
    if pool is not None:
        rules = [name for name, rule in policy.declared.items() if rule.get("pool") == pool]
        spent.append((policy.pools[pool], sum(acts.spent_in(year).get(rule, 0) for rule in rules)))
    return all(amount <= most - used for most, used in spent)


def earned_within(award: Json, facts: Facts) -> Span:
    """When the one document or declaration was that earned an award; else, and if it was taken away, the whole year."""
    named = {(one["fact"], one["generation"], one["seq"]) for one in award["evidence"][:1]}
    for fact in facts.of(about_of(award)):
        if (fact["fact"], fact["generation"], fact["seq"]) not in named:
            continue
        first = fact["value"].get("first")
        if first:
            at_us = instant(first.get("listed_at") or first["completed_at"])
            return (at_us, at_us + 1)
        if "earned_on" in fact["value"]:
            day = date.fromisoformat(fact["value"]["earned_on"])
            return (day_us(day), day_us(day + timedelta(days=1)))
    return (day_us(date(award["year"], 1, 1)), day_us(date(award["year"] + 1, 1, 1)))


# --- what the manifest says of it all, and an older extract ----------------------------------------------------------


def check_totals(manifest: Json, ledger: Ledger, awards: Awards, facts: Facts, registers: Registers) -> None:
    """The manifest's counts and control totals."""
    asked, context = awards.counts()
    ceiling = payable = 0
    for award, _, _ in awards.asked():
        if not award["partial"]:
            ceiling, payable = ceiling + fen(award["ceiling"]), payable + fen(award["payable"])
    found = {
        "transactions": {"count": ledger.count, "debit": yuan(ledger.debit), "credit": yuan(ledger.credit)},
        "awards": {"count": asked, "ceiling": yuan(ceiling), "payable": yuan(payable)},
        "context": {"count": context},
        "decisions": {"count": len(ledger.acts)},
        "facts": {"count": facts.count},
        "evidence": {register.name: {"count": register.count} for register in registers.values()},
    }
    for name in sorted(found):
        if manifest["totals"].get(name) != found[name]:
            raise Unsound("manifest.json", None, f"控制总数不符 / a control total is wrong: {name}")


class Older:
    """An older extract: what its checkpoints sign, and its balances if they are of the whole ledger."""

    def __init__(self, path: str, keys: Keys | None) -> None:
        with Bundle(path) as bundle:
            manifest = check_manifest(bundle, keys)
            self.checkpoints = {log["origin"]: open_checkpoint(bundle, log, keys) for log in manifest["logs"]}
            self.size = manifest["size"]
            is_whole = is_of_all_awards(manifest["request"])
            self.balances = read_balances(bundle, manifest) if is_whole else None

    def wanted(self, origin: str) -> Iterable[Span]:
        """The subtrees whose hashes tell whether a log goes on from what it was."""
        return peaks_of(self.checkpoints[origin].size) if origin in self.checkpoints else ()

    def continues(self, file: str, now: Checkpoint, kept: Mapping[Span, bytes]) -> bool | None:
        """Whether a log goes on from what it was; None if the newer extract does not have what it takes to tell."""
        then = self.checkpoints.get(now.origin)
        if then is None:
            return None
        if then.size > now.size:
            raise Unsound(file, None, f"日志比旧摘录短 / the log is shorter than in the older extract: {now.origin}")
        peaks = peaks_of(then.size)
        if then.size == now.size:
            root = now.root
        elif all(peak in kept for peak in peaks):
            root = root_of([kept[peak] for peak in peaks])
        else:
            return None
        if root != then.root:
            raise Unsound(file, None, f"历史被改写 / history was rewritten: {now.origin} is not what it was")
        return True


# --- all of it, and the report ---------------------------------------------------------------------------------------


class Report:
    """What was found sound, what could not be shown, and what is wrong (the first fault first)."""

    def __init__(self) -> None:
        self.head: list[tuple[str, str]] = []
        self.shown: list[str] = []
        self.limits: list[str] = []
        self.faults: list[Unsound] = []
        self.file = "manifest.json"  # being looked at

    @property
    def is_sound(self) -> bool:
        return not self.faults

    def text(self) -> str:
        parts = [f"{name}: {value}" for name, value in self.head]
        for title, lines in self._sections():
            parts += ["", f"{title}:"] + [f"  - {line}" for line in lines]
        return "\n".join([*parts, "", self.verdict(), ""])

    def verdict(self) -> str:
        return f"结论 / verdict: {'可靠 / SOUND' if self.is_sound else '不可靠 / UNSOUND'}"

    def _sections(self) -> list[tuple[str, list[str]]]:
        sections = (
            ("有误 / what is wrong", self.faults),
            ("已核 / what was checked", self.shown),
            ("未能证明 / what could not be shown", self.limits),
        )
        return [(title, [str(line) for line in lines]) for title, lines in sections if lines]

    def html(self, at: str) -> str:
        """A page to file, which tells when it was made."""
        rows = "".join(f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>" for a, b in self.head)
        lists = ""
        for title, lines in self._sections():
            items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
            lists += f"<h2>{html.escape(title)}</h2><ol>{items}</ol>"
        style = (
            "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
            "th{text-align:left;vertical-align:top;padding-right:1em;white-space:nowrap}td{overflow-wrap:anywhere}"
        )
        color = "#060" if self.is_sound else "#a00"
        return (
            '<!DOCTYPE html><html lang="zh"><meta charset="utf-8"><title>核验报告 / verification report</title>'
            f"<style>{style}</style><h1>核验报告 / verification report</h1>"
            f"<p style='color:{color}'><strong>{html.escape(self.verdict())}</strong></p>"
            f"<table>{rows}</table>{lists}<p>核验于 / verified at {html.escape(at)}</p></html>\n"
        )


def verify(path: str, keys: Keys | None, older_path: str | None = None, own: Iterable[str | None] = ()) -> Report:
    """The report on an extract; keys None: signatures are not looked at. BadCall where nothing can be said."""
    report = Report()
    try:
        with Bundle(path, own) as bundle:
            manifest = check_manifest(bundle, keys)
            check_that_keys_are_there(manifest, keys)
            Check(bundle, manifest, keys, report).run(older_path)
    except Unsound as error:
        report.faults.append(error)
    except WRONG_CONTENT as error:
        report.faults.append(Unsound(report.file, None, f"内容有误 / its content is wrong: {error!r}"))
    return report


# What Python raises where a file does not hold what it should.
WRONG_CONTENT = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OverflowError)


def check_that_keys_are_there(manifest: Json, keys: Keys | None) -> None:
    """BadCall if a log has no key under its name."""
    names = None if keys is None else {name for name, _ in keys}
    missing = [log["origin"] for log in manifest["logs"] if names is not None and log["origin"] not in names]
    if missing:
        raise BadCall(f"缺少公钥 / there is no verifier key of {', '.join(missing)}")


class Check:
    """One extract, checked from its files to what follows from them; each step rests on those before."""

    def __init__(self, bundle: Bundle, manifest: Json, keys: Keys | None, report: Report) -> None:
        self._bundle, self._manifest, self._keys, self._report = bundle, manifest, keys, report
        self._request = manifest["request"]

    def run(self, older_path: str | None) -> None:
        self._tell_head()
        older = None if older_path is None else self._open_older(older_path)
        self._at("policy/settings.json")
        basis = Basis(self._bundle)
        ledger = self._check_ledger(basis, older)
        registers = self._check_registers(older)
        self._at("facts.ndjson")
        facts = Facts(self._bundle, self._manifest, basis, registers)
        compared, not_compared = check_listing_facts(registers)
        self._tell_facts(facts, compared, not_compared)
        self._check_declarations(facts, ledger)
        self._check_awards(basis, ledger, facts, registers, older)
        self._tell_limits(older)

    def _at(self, file: str) -> None:
        """Where a fault is that says no place of its own."""
        self._report.file = file

    def _shown(self, zh: str, en: str) -> None:
        self._report.shown.append(f"{zh} / {en}")

    def _limit(self, zh: str, en: str) -> None:
        self._report.limits.append(f"{zh} / {en}")

    def _tell_head(self) -> None:
        request = {name: value for name, value in sorted(self._request.items()) if value not in (None, [])}
        digest = hashlib.sha256(self._bundle.read("manifest.json")).hexdigest()
        self._report.head += [
            ("清单 / manifest", f"SHA-256 {digest}"),
            ("请求 / request", json.dumps(request, ensure_ascii=False)),
            ("时点 / as of", str(self._manifest["as_of"])),
        ]
        for log in self._manifest["logs"]:
            self._report.head.append(("日志 / log", f"{log['origin']}, {log['size']} 条 / entries"))
        for name, key_id in sorted(self._keys or ()):
            self._report.head.append(("所给公钥 / key given", f"{name}+{key_id.hex()}"))
        files = len(self._manifest["files"])
        self._shown(f"{files} 个文件与清单的散列相符", f"{files} files are those whose hashes the manifest has")
        if self._keys is None:
            self._limit("未给公钥，签名未核", "no keys were given, so no signature was checked")

    def _open_older(self, path: str) -> Older:
        try:
            older = Older(path, self._keys)
        except Unsound as error:
            raise Unsound(os.path.basename(path), None, f"旧摘录有误 / the older extract is unsound: {error}") from None
        origin = self._manifest["logs"][0]["origin"]
        if origin not in older.checkpoints:
            raise BadCall(f"旧摘录属于另一台账 / the older extract is of another ledger: {path}")
        return older

    def _check_ledger(self, basis: Basis, older: Older | None) -> Ledger:
        log = self._manifest["logs"][0]
        self._at(log["checkpoint"])
        checkpoint = open_checkpoint(self._bundle, log, self._keys)
        self._at("transactions.ndjson")
        is_newest = self._request["as_of"] is None
        if self._manifest["size"] > checkpoint.size or (is_newest and self._manifest["size"] != checkpoint.size):
            raise Unsound("manifest.json", None, "与台账大小不符 / it does not tell of all that the ledger has")
        wanted = () if older is None else older.wanted(log["origin"])
        ledger = Ledger(self._bundle, self._manifest, basis, checkpoint, wanted)
        self._shown(
            f"{ledger.count} 笔交易各自有效，借贷相等（合计 {yuan(ledger.debit)} 元），并在所签的台账日志中",
            f"{ledger.count} transactions are valid, debits equal credits ({yuan(ledger.debit)} yuan), and they are in"
            " the ledger's log that is signed",
        )
        if is_of_all_awards(self._request) and not (self._request["from"] or self._request["until"]):
            since, size = self._request["since"] or 0, self._manifest["size"]
            if ledger.count != max(0, size - since):
                raise Unsound("transactions.ndjson", None, "交易有遗漏 / transactions are left out")
            self._shown(f"自第 {since} 号起无一遗漏", f"none is left out from number {since} on")
        if older is not None and not older.continues("proof.json", checkpoint, ledger.kept):
            size = older.checkpoints[log["origin"]].size
            raise BadCall(
                f"此摘录不能与旧摘录比对，请以 since={size} 申请 / this extract is not cut at the older one's"
                f" size: ask for one with since {size}"
            )
        return ledger

    def _check_registers(self, older: Older | None) -> Registers:
        registers = {}
        for log in self._manifest["logs"][1:]:
            self._at(log["checkpoint"])
            checkpoint = open_checkpoint(self._bundle, log, self._keys)
            self._at(log["entries"])
            wanted = () if older is None else older.wanted(log["origin"])
            register = Register(self._bundle, log, checkpoint, self._has_whole_registers(), wanted)
            registers[log["kind"], log["register"], log["generation"]] = register
            name = log["log"]
            self._shown(
                f"{name}: {register.count} 条登记与其记录字节相符，并在所签的日志中",
                f"{name}: {register.count} entries are those of their records' bytes, and in its log that is signed",
            )
            if older is None:
                continue
            if older.continues(log["proof"], checkpoint, register.kept):
                self._shown(f"{name}: 延续旧摘录的日志", f"{name}: goes on from the older extract")
            else:
                self._limit(
                    f"{name}: 是否延续旧摘录，本摘录的条目不足以证明",
                    f"{name}: its entries here do not show that it goes on from the older extract",
                )
        return registers

    def _tell_facts(self, facts: Facts, compared: int, not_compared: int) -> None:
        self._shown(
            f"{facts.anew} 项事实由登记的文件重算，相符",
            f"{facts.anew} facts were worked out anew from the registers' documents, and agree",
        )
        if compared:
            self._shown(
                f"{compared} 项挂牌事实与挂牌登记簿相符",
                f"{compared} listing facts that trades were matched by agree with the register of listings",
            )
        if self._has_whole_registers() and not self._request["as_of"] and not facts.of_gone:
            self._tell_behind(facts.behind(is_of_all_awards(self._request) and is_from_the_beginning(self._request)))
        not_anew = facts.of_before + not_compared
        if not_anew:
            self._limit(
                f"{not_anew} 项事实出自登记簿的前一代，无法重算",
                f"{not_anew} facts are of a former generation of their register and could not be worked out anew",
            )

        if facts.of_gone:
            names = ", ".join(self._manifest["registers_not_asked"])
            self._limit(
                f"{facts.of_gone} 项事实出自当时计入、现已由其他登记簿取代的 {names}，其文件不在摘录中，无法重算；"
                "请另以切换之后的时点（as_of）申请",
                f"{facts.of_gone} facts are of {names}, which counted then and was replaced by other registers: its"
                " documents are not here, and the facts could not be worked out anew; ask as of an instant after that",
            )

    def _check_declarations(self, facts: Facts, ledger: Ledger) -> None:
        is_all = is_of_all_awards(self._request) and is_from_the_beginning(self._request)
        shown, not_shown = facts.check_declarations(ledger, is_all)
        if shown:
            self._shown(
                f"{shown} 项申报即台账日志所记的申报", f"{shown} declarations are those that the ledger's log has"
            )
        if not_shown:
            self._limit(
                f"{not_shown} 项申报的登记不在摘录中",
                f"of {not_shown} declarations the ledger's entries are not in the extract",
            )

    def _has_whole_registers(self) -> bool:
        return self._request["evidence"] == "registers" and viewer_of(self._request) is None

    def _tell_behind(self, behind: Sequence[str]) -> None:
        if behind:
            self._limit(
                f"登记簿有更新的文件，{len(behind)} 项事实台账尚未得知（如 {behind[0]}）；以后仍是如此，则是被扣住",
                f"{len(behind)} facts are older than what the registers have ({behind[0]}, say): the ledger was not"
                " told yet; if a later extract says the same, they are being kept back",
            )
        else:
            self._shown(
                "台账已得知登记簿的全部文件所成的事实", "the ledger was told all that the registers' documents make"
            )

    def _check_awards(
        self, basis: Basis, ledger: Ledger, facts: Facts, registers: Registers, older: Older | None
    ) -> None:
        self._at("balances.json")
        balances = read_balances(self._bundle, self._manifest)
        opening = self._opening(older)
        if opening is not None:
            check_balances(ledger, balances, opening)
            self._shown(
                f"{len(balances)} 个账户的余额等于分录之和", f"{len(balances)} balances are the sums of postings"
            )
        else:
            self._limit(
                "期初余额不在摘录中，余额未由分录重算", "balances were not summed, as postings before are not here"
            )
        self._at("awards.ndjson")
        awards = Awards(self._bundle)
        anew, unknown = check_awards(awards, facts, basis, self._manifest)
        self._shown(
            f"{anew} 项奖补的上限由事实重算，相符", f"{anew} ceilings were worked out anew from facts, and agree"
        )
        if unknown:
            self._limit(
                f"{unknown} 项奖补涉及他人，上限无法重算",
                f"{unknown} awards rest on what is of others, and could not be worked out anew",
            )
        flagged = sum(any(flag in OF_OTHERS[1:] for flag in award["flags"]) for award, _, _ in awards.all())
        if flagged:
            self._limit(
                f"{flagged} 项奖补的提示涉及他人或关联方名单，无法重算",
                f"flags of {flagged} awards rest on what is of others, and could not be worked out anew",
            )
        self._at("decisions.ndjson")
        acts = Acts(self._bundle, ledger)
        self._shown(
            f"{len(ledger.acts)} 项办理记录与台账所载散列相符",
            f"{len(ledger.acts)} acts of persons have the ledger's hashes",
        )
        self._at("awards.ndjson")
        if viewer_of(self._request) is None and is_from_the_beginning(self._request):
            check_payables(awards, basis.policy, acts.grants)
            self._shown("可兑现额按就高不重复重算，相符", "what is payable was worked out anew under G6, and agrees")
            check_standings(awards, acts, facts, basis, self._manifest)
            self._shown(
                "各项奖补的状态、已核定、资格、暂缓由办理记录重算，相符；步骤合乎次序、两人经办与公示期",
                "states, amounts, eligibility and holds of awards were worked out anew from acts, and agree; steps are"
                " in order, by two persons where that is asked for, and after the publicity",
            )
        elif viewer_of(self._request) is None:
            self._limit(
                "此前的办理记录不在摘录中，可兑现额、状态与暂缓未重算",
                "acts of before are not here, so what is payable, states and holds were not worked out anew",
            )
        else:
            self._limit(
                "可兑现额取决于他人的奖补，资格与暂缓取决于不在此的办理记录",
                "what is payable depends on awards of others, eligibility and holds on acts that are not here",
            )
        check_posted(awards, ledger, balances, self._request)
        self._shown("各项奖补与其台账账户一致", "awards are what is posted on their accounts")
        check_totals(self._manifest, ledger, awards, facts, registers)
        if basis.policy is not None:
            values = "; ".join(f"{article} {rule}: {value}" for article, rule, value in basis.policy.values())
            self._shown(f"所依政策值，请与文件原文比对：{values}", "the policy's values, to be compared with its text")

    def _opening(self, older: Older | None) -> Balances | None:
        """The balances that this extract's postings come upon; None if they are not known."""
        if is_from_the_beginning(self._request):
            return {}
        is_all = is_of_all_awards(self._request) and not (self._request["from"] or self._request["until"])
        if older is None or not is_all or older.size != self._request["since"]:
            return None
        return older.balances

    def _tell_limits(self, older: Older | None) -> None:
        if not (is_of_all_awards(self._request) and is_from_the_beginning(self._request)):
            self._limit(
                "这是筛选后的摘录：符合条件者是否有遗漏，无法证明",
                "the extract is filtered: that nothing was left out that fits the request cannot be shown",
            )
        if self._request["as_of"]:
            self._limit(
                "这是过去某一时点的摘录：该时点之前的末几笔是否有遗漏，无法证明（请不带 as_of 申请）",
                "the extract is as of an earlier instant: that no transaction before it was left out at the end cannot"
                " be shown (ask without as_of)",
            )
        if not self._has_whole_registers():
            self._limit(
                "登记簿未全部摘录：是否另有应计或更早的文件，无法证明（请以 evidence=registers 申请）",
                "registers are not whole here: that no other document should count cannot be shown (ask with evidence"
                " registers)",
            )
        if older is None:
            self._limit(
                "未给旧摘录：过去是否被改写，须以 --since 比对，或问见证方",
                "no older extract was given: whether the past was rewritten is told by --since, or by witnesses",
            )
        else:
            self._shown("台账延续旧摘录", "the ledger goes on from the older extract")
        self._limit(
            "隔离记录和 views/ 只由签名保证；交易场所所报、经办人所记是否属实不在核验之内",
            "the quarantine and views/ are vouched for by the signature alone; whether what exchanges reported and"
            " persons recorded is true is not looked at",
        )


def main(arguments: Sequence[str] | None = None, need_key: bool = True) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(description="核验台账摘录 / verify an extract of the ledger")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("extract", nargs="?", default=here, metavar="EXTRACT", help="zip 或文件夹 / zip or folder")
    parser.add_argument("--key", metavar="FILE", required=need_key, help="各日志的公钥 / verifier keys of the logs")
    parser.add_argument("--since", metavar="OLDER", help="旧摘录 / an older extract")
    parser.add_argument("--html", metavar="FILE", help="另存网页报告 / write the report as a page, too")
    given = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        keys = None if given.key is None else read_key_file(given.key)
        report = verify(given.extract, keys, given.since, (given.key, given.since, given.html))
        if given.html:
            with open(given.html, "w", encoding="utf-8") as file:
                file.write(report.html(datetime.now(timezone.utc).isoformat(timespec="seconds")))
    except (BadCall, OSError) as error:
        sys.stderr.write(f"错误 / error: {error}\n")
        return 2
    sys.stdout.write(report.text())
    return 0 if report.is_sound else 1


def read_key_file(path: str) -> Keys:
    try:
        with open(path, encoding="utf-8") as file:
            return read_keys(file.read())
    except UnicodeDecodeError:
        raise BadCall(f"公钥文件不是 UTF-8 / the key file is not UTF-8: {path}") from None


if __name__ == "__main__":
    sys.exit(main())
