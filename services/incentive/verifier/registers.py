"""The registers' entries: documents, listing facts and settings, and their state at any number of entries."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from .bundle import Bundle, check_log
from .policy import ExchangeWhitelist
from .proofs.merkle import TreeLeaf, leaf_hash
from .proofs.signatures import SignedCheckpoint
from .report import Unsound
from .values import DocumentKey, Json, Party, Span, canonical, fen, instant, local, read_int

ENTRY_FIELDS = {
    "seq", "kind", "exchange", "number", "revision", "topic", "partition", "offset", "value_sha256", "content_mode",
    "headers_sha256",
}  # fmt: skip

# A trade dated more than this after its record is future-dated.
AHEAD_HOURS = 24
AHEAD_US = AHEAD_HOURS * 3_600_000_000

INDUSTRIES = tuple("ABCDEFGHIJKLMNOPQRST")
NOT_STATED = "unknown"

Recorded = TypeVar("Recorded")


class RegisterDocument:
    """One accepted revision, as far as facts depend on it; times in microseconds, amounts in fen."""

    __slots__ = (
        "amount",
        "at",
        "buyer",
        "exchange",
        "industry",
        "is_ahead",
        "listing_no",
        "mirrored",
        "mode",
        "number",
        "product_kind",
        "provider",
        "refunded",
        "revision",
        "seq",
        "status",
    )  # fmt: skip

    def __init__(self, seq: int, kind: str, exchange: str, data: Json, record_us: int | None = None) -> None:
        """`record_us` is the Kafka timestamp of the revision's first record; None counts as never before the trade."""
        is_trade = kind == "trade"
        self.seq, self.exchange = seq, sys.intern(exchange)
        self.number, self.revision = data["trade_no" if is_trade else "listing_no"], data["revision"]
        self.status, self.mirrored = sys.intern(data["status"]), data.get("origin_exchange") is not None
        self.at = instant(data["completed_at" if is_trade else "listed_at"])
        self.is_ahead = is_trade and record_us is not None and self.at > record_us + AHEAD_US
        self.provider = read_party(data["provider"])
        self.buyer = read_party(data["buyer"]) if is_trade else None
        self.mode = sys.intern(data["mode"]) if is_trade else None
        self.listing_no = data.get("listing_no") if is_trade else None
        self.amount = fen(data["amount"]) if is_trade else 0
        self.refunded = fen(data.get("refunded", "0")) if is_trade else 0
        product = data.get("product") or {}
        self.product_kind, self.industry = sys.intern(product.get("kind", NOT_STATED)), read_industry(product)

    @property
    def is_void(self) -> bool:
        """Return True if it was annulled or cancelled."""
        return self.status in ("annulled", "cancelled")

    @property
    def net(self) -> int:
        return self.amount - self.refunded

    @property
    def year(self) -> int:
        return local(self.at).year

    @property
    def place(self) -> tuple[int, str, str]:
        """Orders documents to find the first."""
        return (self.at, self.exchange, self.number)

    def whose(self, role: str) -> str | None:
        """The subject that is its `provider` or `buyer`, or its `exchange` and year; None for no buyer."""
        if role == "exchange":
            return f"{self.exchange}/{self.year}"
        party = self.provider if role == "provider" else self.buyer
        return None if party is None else party[0]


def last_before(history: Sequence[tuple[int, Recorded]], seq: int) -> Recorded | None:
    """The last value that one of the first `seq` entries recorded; None if none did."""
    return next((value for at, value in reversed(history) if at < seq), None)


def read_industry(product: Json) -> str:
    """The section of GB/T 4754; what was there before the field was known may be anything."""
    industry = product.get("industry")
    return sys.intern(industry) if isinstance(industry, str) and industry in INDUSTRIES else NOT_STATED


def read_party(party: Json) -> Party:
    scheme = party.get("id_scheme", "uscc")
    return sys.intern(f"{scheme}:{party['id']}"), sys.intern(party["name"])


class RegisterEvidence:
    """The entries of one register that are in the extract; `kind` is `listing` or `trade`."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self.kind, self.size, self.count = name, kind, 0, 0
        self.earner = "provider" if kind == "listing" else "buyer"  # who earns by the first document
        self.kept: dict[Span, bytes] = {}
        self.by_role: dict[str, dict[str, list[DocumentKey]]] = {"provider": {}, "buyer": {}, "exchange": {}}
        self._revisions: dict[DocumentKey, list[RegisterDocument]] = {}  # in order of entries
        self._settings: list[tuple[int, tuple[ExchangeWhitelist, list[str]]]] = []
        self._ahead_hours: list[tuple[int, int | None]] = []
        self._refunds: list[tuple[int, bool]] = []
        self._void: list[tuple[int, bool]] = []
        self._products: list[tuple[int, bool]] = []
        self._listing_facts: dict[DocumentKey, list[tuple[int, Json]]] = {}
        self._names: dict[str, list[tuple[int, str]]] = {}

    def read(self, item: Json) -> None:
        """Add an entry with its record's value and headers."""
        entry, content = item["entry"], checked_bytes(item["value"], item["entry"]["value_sha256"])
        checked_bytes(item["headers"], entry["headers_sha256"])
        value = json.loads(content.decode(), parse_int=read_int)
        key = (entry["exchange"], entry["number"])
        if entry["kind"] == "settings":
            self.add_settings(entry["seq"], value)
        elif entry["kind"] == "fact" and self.kind == "trade":
            if (value["exchange"], value["listing_no"]) != key:
                raise Unsound("不是该条目的事实", "not the fact of its entry")
            self.add_listing_fact(entry["seq"], value)
        elif entry["kind"] == self.kind:
            data = value if entry["content_mode"] == "binary" else value["data"]
            record_us = instant(item["record_at"])
            document = RegisterDocument(entry["seq"], self.kind, entry["exchange"], data, record_us)
            if (document.number, document.revision) != (entry["number"], entry["revision"]):
                raise Unsound("不是该条目的文档", "not the document of its entry")
            self.add_document(document)
        else:
            raise Unsound("类别有误", "wrong kind", entry["kind"])

    def add_settings(self, seq: int, content: Json) -> None:
        self._settings.append((seq, (ExchangeWhitelist(content), content["cut_at"])))
        self._ahead_hours.append((seq, content.get("ahead_hours")))
        self._refunds.append((seq, content.get("refunds", False)))
        self._void.append((seq, content.get("void", False)))
        self._products.append((seq, content.get("products", False)))

    def add_listing_fact(self, seq: int, content: Json) -> None:
        key = (content["exchange"], content["listing_no"])
        self._listing_facts.setdefault(key, []).append((seq, content))

    def add_document(self, document: RegisterDocument) -> None:
        key = (document.exchange, document.number)
        self._revisions.setdefault(key, []).append(document)
        for role, keys_of in self.by_role.items():
            whose = document.whose(role)
            if whose is not None:
                keys = keys_of.setdefault(whose, [])
                if keys[-1:] != [key]:
                    keys.append(key)
        for subject, name in filter(None, (document.provider, document.buyer)):
            names = self._names.setdefault(subject, [])
            if not names or names[-1][1] != name:
                names.append((document.seq, name))

    def revision_at(self, key: DocumentKey, seq: int) -> RegisterDocument | None:
        """The highest revision of a number among the first `seq` entries."""
        known = [document for document in self._revisions.get(key, ()) if document.seq < seq]
        return max(known, key=lambda document: document.revision, default=None)

    def documents(self, role: str, whose: str, seq: int) -> Iterator[RegisterDocument]:
        """Yield the documents that are current after the first `seq` entries and of that subject or exchange."""
        for key in set(self.by_role[role].get(whose, ())):
            document = self.revision_at(key, seq)
            if document is not None and document.whose(role) == whose:
                yield document

    def years(self, keys: Iterable[DocumentKey]) -> list[int]:
        return sorted({document.year for key in keys for document in self._revisions[key]})

    def newest(self, keys: Iterable[DocumentKey]) -> int:
        """The last entry of any of these numbers, or of settings."""
        return max(self._settings[-1][0], *(self._revisions[key][-1].seq for key in keys))

    def newest_listing_fact(self) -> int:
        return max((facts[-1][0] for facts in self._listing_facts.values()), default=0)

    def settings(self, seq: int) -> tuple[ExchangeWhitelist, list[str]]:
        """The whitelist and the cut dates of totals among the first `seq` entries."""
        found = last_before(self._settings, seq)
        if found is None:
            raise Unsound("当时没有名录", "there was no whitelist then")
        return found

    def names_ahead(self, seq: int) -> bool:
        """Return True if facts name future-dated trades; under the settings of an earlier version they did not."""
        return last_before(self._ahead_hours, seq) == AHEAD_HOURS

    def names_refunds(self, seq: int) -> bool:
        """Return True if totals name refunds; under the settings of an earlier version they did not."""
        return last_before(self._refunds, seq) is True

    def names_void(self, seq: int) -> bool:
        """Return True if firsts name the annulled or cancelled document before them."""
        return last_before(self._void, seq) is True

    def names_products(self, seq: int) -> bool:
        """Return True if totals of exchanges have sums by kind and industry of product."""
        return last_before(self._products, seq) is True

    def name_of(self, subject: str, seq: int) -> str:
        """The name in the document accepted last."""
        name = last_before(self._names.get(subject, ()), seq)
        if name is None:
            raise Unsound("没有提到该主体的文档", "no document names the subject", subject)
        return name

    def listing_fact(self, key: DocumentKey, seq: int) -> Json | None:
        """The listing fact that trade-ingest had at that time."""
        return last_before(self._listing_facts.get(key, ()), seq)

    def listing_facts(self) -> Iterator[Json]:
        for _, facts in sorted(self._listing_facts.items()):
            yield from (content for _, content in facts)


def read_register(
    bundle: Bundle, log: Json, checkpoint: SignedCheckpoint, is_whole: bool, wanted: Iterable[Span]
) -> RegisterEvidence:
    """Read one register's entries, checked against the root hash in its checkpoint."""
    register = RegisterEvidence(log["log"], {"listings": "listing", "trades": "trade"}[log["kind"]])
    register.size = checkpoint.size
    leaves = read_entries(bundle, log["entries"], register)
    register.kept = check_log(bundle, (log["entries"], log["proof"]), checkpoint, leaves, wanted)
    if is_whole and register.count != checkpoint.size:
        raise Unsound("登记簿不完整", "the register is incomplete", file=log["entries"])
    return register


def read_entries(bundle: Bundle, file: str, register: RegisterEvidence) -> Iterator[TreeLeaf]:
    for item, _ in bundle.items(file, lambda item: item["entry"]["seq"]):
        entry = item["entry"]
        if set(item) != {"entry", "headers", "record_at", "value"} or set(entry) != ENTRY_FIELDS:
            raise Unsound("字段有误", "wrong fields")
        register.read(item)
        register.count += 1
        yield entry["seq"], leaf_hash(canonical(entry))


def checked_bytes(encoded: str | None, digest: str | None) -> bytes:
    """Decode base64 whose SHA-256 is `digest`; empty if there are none."""
    if encoded is None and digest is None:
        return b""
    value = base64.b64decode(encoded or "", validate=True)
    if encoded is None or base64.b64encode(value).decode() != encoded or hashlib.sha256(value).hexdigest() != digest:
        raise Unsound("字节与哈希不符", "bytes do not match their hash")
    return value
