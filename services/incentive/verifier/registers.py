"""The registers' entries: documents, listing facts and settings, and their state at any number of entries."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from .bundle import Bundle, check_log
from .policy import ExchangeWhitelist
from .proofs.merkle import TreeLeaf, leaf_hash
from .proofs.signatures import SignedCheckpoint
from .report import Unsound
from .storage.disk import DiskStore, DiskTable, packed, unpacked
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

ROLES = ("provider", "buyer", "exchange_year")
DOCUMENT_COLUMNS = (
    "seq INTEGER PRIMARY KEY, exchange TEXT, number TEXT, revision INTEGER, provider TEXT, buyer TEXT,"
    " exchange_year TEXT, year INTEGER, is_revised INTEGER, body BLOB"
)


class RegisterDocument(NamedTuple):
    """One accepted revision, as far as facts depend on it; times in microseconds, amounts in fen."""

    seq: int
    exchange: str
    number: str
    revision: int
    status: str
    mirrored: bool
    at: int
    is_ahead: bool
    provider: Party
    buyer: Party | None
    mode: str | None
    listing_no: str | None
    amount: int
    refunded: int
    product_kind: str
    industry: str

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
        """The subject that is its `provider` or `buyer`, or its exchange and year (`exchange_year`); None: no buyer."""
        if role == "exchange_year":
            return f"{self.exchange}/{self.year}"
        party = self.provider if role == "provider" else self.buyer
        return None if party is None else party[0]


def read_document(seq: int, kind: str, exchange: str, data: Json, record_us: int | None = None) -> RegisterDocument:
    """The document of an event's data.

    `record_us` is the Kafka timestamp of the revision's first record; None counts as never before the trade.
    """
    is_trade, product = kind == "trade", data.get("product") or {}
    at_us = instant(data["completed_at" if is_trade else "listed_at"])
    return RegisterDocument(
        seq, exchange, data["trade_no" if is_trade else "listing_no"], data["revision"], data["status"],
        data.get("origin_exchange") is not None, at_us,
        is_trade and record_us is not None and at_us > record_us + AHEAD_US,
        read_party(data["provider"]), read_party(data["buyer"]) if is_trade else None,
        data["mode"] if is_trade else None, data.get("listing_no") if is_trade else None,
        fen(data["amount"]) if is_trade else 0, fen(data.get("refunded", "0")) if is_trade else 0,
        product.get("kind", NOT_STATED), read_industry(product),
    )  # fmt: skip


def last_before(history: Sequence[tuple[int, Recorded]], seq: int) -> Recorded | None:
    """The last value that one of the first `seq` entries recorded; None if none did."""
    return next((value for at, value in reversed(history) if at < seq), None)


def read_industry(product: Json) -> str:
    """The section of GB/T 4754; what was there before the field was known may be anything."""
    industry = product.get("industry")
    return industry if isinstance(industry, str) and industry in INDUSTRIES else NOT_STATED


def read_party(party: Json) -> Party:
    scheme = party.get("id_scheme", "uscc")
    return f"{scheme}:{party['id']}", party["name"]


class RegisterEvidence:
    """The entries of one register that are in the extract, on disk; `kind` is `listing` or `trade`."""

    def __init__(self, name: str, kind: str, store: DiskStore | None = None) -> None:
        self.name, self.kind, self.size, self.count = name, kind, 0, 0
        self.earner = "provider" if kind == "listing" else "buyer"  # who earns by the first document
        self.kept: dict[Span, bytes] = {}
        store = store or DiskStore()
        self._documents = DiskTable(store, DOCUMENT_COLUMNS, "exchange, number, revision DESC, seq", *ROLES)
        self._settings: list[tuple[int, tuple[ExchangeWhitelist, list[str]]]] = []
        self._ahead_hours: list[tuple[int, int | None]] = []
        self._refunds: list[tuple[int, bool]] = []
        self._void: list[tuple[int, bool]] = []
        self._products: list[tuple[int, bool]] = []
        self._listing_facts = DiskTable(
            store, "seq INTEGER PRIMARY KEY, exchange TEXT, number TEXT, content BLOB", "exchange, number"
        )
        self._newest_listing_fact = 0
        self._is_marked = True

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
            document = read_document(entry["seq"], self.kind, entry["exchange"], data, record_us)
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
        self._listing_facts.add(seq, content["exchange"], content["listing_no"], packed(content))
        self._newest_listing_fact = seq

    def add_document(self, document: RegisterDocument) -> None:
        self._is_marked = False
        whose = [document.whose(role) for role in ROLES]
        self._documents.add(
            document.seq, document.exchange, document.number, document.revision, *whose, document.year, 0,
            packed(tuple(document)),
        )  # fmt: skip

    def _settle(self) -> None:
        """Mark the documents of numbers that have several."""
        if not self._is_marked:
            self._documents.settle()
            of = f"FROM {self._documents.name} GROUP BY exchange, number HAVING count(*) > 1"
            several = f"(exchange, number) IN (SELECT exchange, number {of})"
            self._documents.update(f"SET is_revised = 1 WHERE is_revised = 0 AND {several}")
            self._is_marked = True

    def revision_at(self, key: DocumentKey, seq: int) -> RegisterDocument | None:
        """The highest revision of a number among the first `seq` entries."""
        newest = "WHERE exchange = ? AND number = ? AND seq < ? ORDER BY revision DESC, seq LIMIT 1"
        row = self._documents.row("body", newest, *key, seq)
        return None if row is None else RegisterDocument._make(unpacked(row[0]))

    def documents(self, role: str, whose: str, seq: int) -> Iterator[RegisterDocument]:
        """Yield the documents that are current after the first `seq` entries and of that subject or exchange."""
        self._settle()
        for is_revised, body in self._documents.rows("is_revised, body", f"WHERE {role} = ? AND seq < ?", whose, seq):
            document = RegisterDocument._make(unpacked(body))
            if not is_revised or self.revision_at((document.exchange, document.number), seq) == document:
                yield document

    def whose(self, role: str) -> Iterator[tuple[str, int]]:
        """Yield each subject, or exchange and year, that documents name, in order of their first entries.

        With the last entry of any number that named it, or of settings.
        """
        self._settle()
        group = f"WHERE {role} IS NOT NULL GROUP BY {role} ORDER BY min(seq)"
        for whose, newest, is_revised in self._documents.rows(f"{role}, max(seq), max(is_revised)", group):
            yield whose, max(self._settings[-1][0], self._newest(role, whose) if is_revised else newest)

    def newest(self, role: str, whose: str) -> int:
        """The last entry of any number that named a subject, or of settings."""
        return max(self._settings[-1][0], self._newest(role, whose))

    def _newest(self, role: str, whose: str) -> int:
        row = self._documents.row("max(seq)", self._numbers_of(role), whose)
        return 0 if row is None or row[0] is None else row[0]

    def years(self, role: str, whose: str) -> list[int]:
        """The years of all documents of the numbers that named a subject."""
        return sorted(year for (year,) in self._documents.rows("DISTINCT year", self._numbers_of(role), whose))

    def _numbers_of(self, role: str) -> str:
        return f"WHERE (exchange, number) IN (SELECT exchange, number FROM {self._documents.name} WHERE {role} = ?)"

    def newest_listing_fact(self) -> int:
        return self._newest_listing_fact

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
        found: tuple[int, str] | None = None
        for role in ("provider", "buyer"):
            last = f"WHERE {role} = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
            row = self._documents.row("seq, body", last, subject, seq)
            if row is not None and (found is None or row[0] >= found[0]):
                document = RegisterDocument._make(unpacked(row[1]))
                party = document.provider if role == "provider" else document.buyer
                found = (row[0], "" if party is None else party[1])
        if found is None:
            raise Unsound("没有提到该主体的文档", "no document names the subject", subject)
        return found[1]

    def listing_fact(self, key: DocumentKey, seq: int) -> Json | None:
        """The listing fact that trade-ingest had at that time."""
        last = "WHERE exchange = ? AND number = ? AND seq < ? ORDER BY seq DESC LIMIT 1"
        row = self._listing_facts.row("content", last, *key, seq)
        return None if row is None else unpacked(row[0])

    def listing_facts(self) -> Iterator[Json]:
        for (content,) in self._listing_facts.rows("content", "ORDER BY exchange, number, seq"):
            yield unpacked(content)


def read_register(
    bundle: Bundle, log: Json, checkpoint: SignedCheckpoint, is_whole: bool, wanted: Iterable[Span]
) -> RegisterEvidence:
    """Read one register's entries, checked against the root hash in its checkpoint."""
    register = RegisterEvidence(log["log"], {"listings": "listing", "trades": "trade"}[log["kind"]], bundle.store)
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
