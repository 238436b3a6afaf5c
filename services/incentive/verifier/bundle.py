"""The files of an extract, its manifest with the request, and the proofs of its logs."""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Callable

from .proofs.merkle import PartialTree, TreeLeaf, TreeNode
from .proofs.signatures import HASH_BYTES, GivenKeys, SignedCheckpoint, open_note
from .report import WRONG_CONTENT, Unsound, UsageError
from .storage.disk import DiskStore
from .storage.progress import VerificationProgress
from .values import Json, Span, canonical

EXTRACT_FORMAT = "jiangbu/extract/1"
# Not in the manifest, which cannot hold its own hash or that of its signature.
UNLISTED = ("manifest.json", "manifest.sig")
CHUNK_BYTES = 1 << 20
JSON_SPACES = " \t\n\r"
JSON_SPACE = re.compile(f"[{JSON_SPACES}]*")
DECODER = json.JSONDecoder()
LONGEST_ITEM = 4 * CHUNK_BYTES  # characters


class Bundle:
    """The files of an extract, in a zip or in a folder; `own` are the caller's files in that folder.

    `place` is the file, and its line, that is being checked: a fault that names no other is reported there. `store`
    keeps on disk what is read; `progress` shows how far it is.
    """

    def __init__(self, path: str, own: Iterable[str | None] = (), progress: VerificationProgress | None = None) -> None:
        self.path, self.store = path, DiskStore()
        self.progress = progress or VerificationProgress()
        self.place: tuple[str, int | None] = ("manifest.json", None)
        self._zip: zipfile.ZipFile | None = None
        if os.path.isdir(path):
            self.names = sorted(self._walk({os.path.realpath(one) for one in own if one}))
        elif os.path.exists(path):
            self._open_zip()
        else:
            raise UsageError("没有此文件", "no such file", path)

    def _open_zip(self) -> None:
        self._file = open(self.path, "rb")  # noqa: SIM115 - closed with the bundle
        try:
            self._zip = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, OSError) as error:
            self._file.close()
            raise unreadable(os.path.basename(self.path), error) from None
        self.names = sorted(self._zip.namelist())
        twice = [one for one, other in zip(self.names, self.names[1:]) if one == other]
        if twice:
            self._file.close()
            raise Unsound("压缩包中出现两次", "twice in the zip", file=twice[0])

    def __enter__(self) -> Bundle:  # noqa: PYI034 - Self is of later Pythons
        return self

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if self._zip is not None:
            self._zip.close()
            self._file.close()
        file, line = self.place
        if isinstance(error, Unsound):
            if error.file is None:
                error.file, error.line = file, line
        elif isinstance(error, WRONG_CONTENT):
            raise Unsound("内容有误", "invalid content", repr(error), file=file, line=line) from None

    def _walk(self, own: set[str]) -> Iterator[str]:
        for folder, _, files in os.walk(self.path):
            for name in files:
                whole = os.path.join(folder, name)
                if os.path.realpath(whole) not in own:
                    yield os.path.relpath(whole, self.path).replace(os.sep, "/")

    def chunks(self, name: str) -> Iterator[bytes]:
        if name not in self.names:
            raise Unsound("缺少此文件", "missing", file=name)
        path = os.path.join(self.path, *name.split("/"))
        try:
            with self._zip.open(name) if self._zip else open(path, "rb") as file:
                while chunk := file.read(CHUNK_BYTES):
                    yield chunk
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, zlib.error) as error:
            raise unreadable(name, error) from None

    def read(self, name: str) -> bytes:
        self.place = name, None
        return b"".join(self.chunks(name))

    def lines(self, name: str) -> Iterator[tuple[int, bytes]]:
        """Yield (number from 1, line without its newline)."""
        rest, number = b"", 0
        for chunk in self.chunks(name):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                number += 1
                self.place = name, number
                self.progress.at(name, number)
                yield number, line
        if rest:
            raise Unsound("末行不完整", "the last line is incomplete", file=name, line=number + 1)
        self.place = name, None

    def json(self, name: str) -> Any:
        content = self.read(name)
        try:
            return json.loads(content.decode())
        except (ValueError, RecursionError) as error:
            raise Unsound("不是 JSON", "not JSON", str(error)) from None

    def items(self, name: str, place: Callable[[Json], Any]) -> Iterator[tuple[Json, bytes]]:
        """Yield (value, line) of a file of canonical JSON lines, whose values are in order of their `place`."""
        before = None
        for _, line in self.lines(name):
            try:
                value = json.loads(line.decode())
                is_canonical = canonical(value) == line
            except (ValueError, RecursionError) as error:
                raise Unsound("不是 JSON", "not JSON", str(error)) from None
            if not is_canonical or not isinstance(value, dict):
                raise Unsound("不是规范形式", "not in canonical form")
            here = place(value)
            if before is not None and here <= before:
                raise Unsound("次序有误", "out of order")
            before = here
            yield value, line

    def array(self, name: str, field: str) -> JsonArray:
        """The array in a field of a JSON object, item by item."""
        self.place = name, None
        return JsonArray(self.chunks(name), field)


class JsonArray:
    """Yields the items of an array that need not fit in memory; `rest` is then the object, with the array empty."""

    def __init__(self, chunks: Iterable[bytes], field: str) -> None:
        self._chunks, self._field = iter(chunks), field
        self._read = codecs.getincrementaldecoder("utf-8")()
        self._text, self._at, self._is_all = "", 0, False
        self.rest: Json = {}

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._read_through()
        except (ValueError, RecursionError) as error:
            # A fault of the file itself, such as a missing one, is told as it is.
            raise error if isinstance(error, Unsound) else Unsound("不是 JSON", "not JSON", str(error)) from None

    def _read_through(self) -> Iterator[Any]:
        begin = re.compile(f'"{self._field}"[{JSON_SPACES}]*:[{JSON_SPACES}]*\\[')
        while (found := begin.search(self._text)) is None and self._more():
            pass
        self._at = len(self._text) if found is None else found.end()
        head = self._text[: self._at]
        if found is not None:
            yield from self._items()
        while self._more():
            pass
        self.rest = json.loads(head + self._text[self._at :])
        if self.rest.get(self._field) != []:
            raise ValueError(f"another {self._field}")

    def _more(self) -> bool:
        """Read on; False at the end of the file."""
        chunk = next(self._chunks, b"")
        self._is_all = not chunk
        self._text, self._at = self._text[self._at :] + self._read.decode(chunk, self._is_all), 0
        return not self._is_all

    def _items(self) -> Iterator[Any]:
        """Yield the items up to the bracket that ends the array."""
        is_first = True
        while (sign := self._sign()) != "]":
            if not is_first:
                if sign != ",":
                    raise ValueError(f"Expecting ',' delimiter: {sign:.10}")
                self._at += 1
                self._sign()
            is_first = False
            yield self._item()

    def _sign(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            found = JSON_SPACE.match(self._text, self._at)
            self._at = self._at if found is None else found.end()
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _item(self) -> Any:
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except ValueError:
                if len(self._text) - self._at > LONGEST_ITEM or not self._more():
                    raise
                continue
            # A number may go on in the next chunk.
            is_whole, length = self._text[end : end + 1] in (",", "]", *JSON_SPACES), end - self._at
            if is_whole or not self._more():
                self._at += length
                return value


def unreadable(name: str, error: Exception) -> Unsound:
    return Unsound("无法读取", "unreadable", str(error), file=name)


def check_manifest(bundle: Bundle, keys: GivenKeys) -> Json:
    """Return the manifest, checked against its signature and every other file against its hash."""
    content = bundle.read("manifest.json")
    text, signer = open_note(bundle.read("manifest.sig"), keys)
    if text != f"jiangbu/extract\n{hashlib.sha256(content).hexdigest()}\n":
        raise Unsound("不是签名所指的清单", "not the manifest that was signed", file="manifest.json")
    manifest: Json = bundle.json("manifest.json")
    if not isinstance(manifest, dict) or manifest.get("format") != EXTRACT_FORMAT:
        raise Unsound("格式未知", "unknown format")
    listed = manifest["files"]
    for name in sorted(set(listed) | set(bundle.names) - set(UNLISTED)):
        if name not in listed:
            raise Unsound("不属于此核验包", "not part of the extract", file=name)
        check_file(bundle, name, listed[name])
    if keys is not None and signer != manifest["logs"][0]["origin"]:
        raise Unsound("不是台账的签名", "not signed by the ledger's log", file="manifest.sig")
    return manifest


def check_file(bundle: Bundle, name: str, expected: Json) -> None:
    digest, size = hashlib.sha256(), 0
    for chunk in bundle.chunks(name):
        digest.update(chunk)
        size += len(chunk)
        bundle.progress.at(name, size >> 20, "MB")
    if (digest.hexdigest(), size) != (expected["sha256"], expected["bytes"]):
        line = first_other_line(bundle, name)
        raise Unsound("与清单中的哈希不符", "differs from its hash in the manifest", file=name, line=line)


def first_other_line(bundle: Bundle, name: str) -> int | None:
    """The first line that was changed; None where it cannot be determined."""
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


def open_checkpoint(bundle: Bundle, log: Json, keys: GivenKeys) -> SignedCheckpoint:
    """Read the checkpoint of one of the manifest's logs; it must be signed under the name of its origin."""
    text, name = open_note(bundle.read(log["checkpoint"]), keys)
    found = SignedCheckpoint(text)
    if found.origin != log["origin"] or found.size != log["size"]:
        raise Unsound("与清单中的日志不符", "differs from the log in the manifest")
    if keys is not None and name != found.origin:
        raise Unsound("不是该日志的签名", "not signed by that log")
    return found


def has_all_postings(request: Json) -> bool:
    """Return True if the extract has every posting of the awards in it."""
    return not (request["since"] or request["from"] or request["until"])


def has_all_awards(request: Json) -> bool:
    """Return True if no award was left out by subject, exchange, rule or viewer."""
    return not (request["subjects"] or request["exchange"] or request["rules"]) and viewer_of(request) is None


def is_of_one_alone(request: Json) -> bool:
    """Return True if the extract has the records of one subject and no others."""
    return bool(request["evidence"] == "own")


def is_by_subject(request: Json) -> bool:
    """Return True if the subject asked: its extract has no declarations, and of acts those with a statement."""
    return bool(request["role"].startswith("subject:"))


def viewer_of(request: Json) -> str | None:
    """The exchange whose key requested the extract; None for a reader who sees everything."""
    kind, _, exchange = request["role"].partition(":")
    return exchange if kind == "exchange" else None


def read_proof(bundle: Bundle, file: str, size: int) -> Iterator[TreeNode]:
    """The nodes of a proof file, which is checked before the first."""
    proof = bundle.array(file, "nodes")
    for node in proof:
        proof_node(node)
    if set(proof.rest) != {"size", "nodes"} or proof.rest["size"] != size:
        raise Unsound("与检查点的大小不符", "not of the checkpoint's size")
    return map(proof_node, bundle.array(file, "nodes"))


def proof_node(node: Any) -> TreeNode:
    start, end, encoded = node
    value = base64.b64decode(encoded, validate=True)
    if len(value) != HASH_BYTES or base64.b64encode(value).decode() != encoded:
        raise Unsound("不是哈希", "not a hash", f"{encoded:.60}")
    return (start, end, value)


def check_log(
    bundle: Bundle,
    files: tuple[str, str],
    checkpoint: SignedCheckpoint,
    leaves: Iterable[TreeLeaf],
    wanted: Iterable[Span],
) -> dict[Span, bytes]:
    """Check entries against the signed root hash, by the files (entries, proof); return the wanted subtrees' hashes."""
    entries, proof = files
    tree = PartialTree(entries, checkpoint.size, read_proof(bundle, proof, checkpoint.size), leaves, wanted)
    if tree.root != checkpoint.root:
        raise Unsound("条目与检查点的根哈希不符", "entries do not hash to the root in the checkpoint", file=entries)
    return tree.kept
