"""Writer of an extract (contract, section 5): each file of the zip, from one snapshot of ledger and registers.

Its memory is bounded: rows are streamed, and what is needed twice is queried twice or kept in temporary files.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final, TypeVar

import msgspec
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection

from services.incentive.domain.facts import DECLARED
from services.incentive.extract import verifying_page
from services.incentive.extract.archive import Archive, ZipTarget
from services.incentive.extract.inclusion_proof import ProofNode, proof_nodes
from services.incentive.extract.join_verifier import joined_verifier
from services.incentive.extract.request import ExtractRequest
from services.incentive.extract.selection import Selection
from services.incentive.extract.table_files import TableFiles, watched
from services.incentive.extract.tables import AWARDS, BALANCES, DECISIONS, TABLES, TRANSACTIONS, csv_lines
from services.incentive.queries.ledger import ledger_size
from services.incentive.store.register_client import RegisterClient, RegisterLog, RegisterRefused, RegisterUnavailable
from services.incentive.store.rulebook import settings_in_force
from shared.disk_rows import DiskRows
from shared.events.fact_topics import FIRST_LISTING
from shared.postgres.query import fetch_value
from shared.postgres.row_security import set_viewer
from shared.service_log.store import stored_hashes
from shared.settings import RegisterAddress
from shared.translog.checkpoint import Checkpoint
from shared.translog.note import SignerKey, parse_note, sign
from shared.translog.tiles import Tile, node_by_tiles
from shared.values.canonical_json import canonical_json
from shared.values.json_types import Json
from shared.values.times import format_time

T = TypeVar("T")

FORMAT: Final = "jiangbu/extract/1"
EVERYTHING: Final = "*"


@dataclass(frozen=True)
class ExtractOrder:
    """An extract to write: the request, the size of the ledger's log when it was made, and the signing key."""

    request: ExtractRequest
    log_size: int
    private: Ed25519PrivateKey


Tick = Callable[[float], None]  # takes the share that is done; raises to stop


def write_extract(
    connection: Connection,
    order: ExtractOrder,
    registers: RegisterClient,
    addresses: Mapping[str, RegisterAddress],
    stream: ZipTarget,
    tick: Tick,
) -> None:
    """Write the zip to `stream`. `connection` is in a transaction of its own, at one snapshot.

    Raises RegisterUnavailable, RegisterRefused, and whatever `tick` raises.
    """
    with Archive(stream) as archive:
        _ExtractWriter(connection, order, registers, addresses, archive, tick).run()


class _ExtractWriter:
    """Writes one extract step by step, and collects its manifest."""

    def __init__(
        self,
        connection: Connection,
        order: ExtractOrder,
        registers: RegisterClient,
        addresses: Mapping[str, RegisterAddress],
        archive: Archive,
        tick: Tick,
    ) -> None:
        self._connection, self._order, self._request = connection, order, order.request
        self._registers, self._archive, self._tick = registers, archive, tick
        self._point = ledger_size(connection, order.log_size, order.request.as_of)
        if order.request.reader is not None:
            set_viewer(connection, order.request.reader)
        self._selection = Selection(connection, order.request, self._point)
        self._logs = [
            registers.log(kind, register, getattr(addresses[register], service))
            for register in sorted(addresses)
            if self._selection.registers is None or register in self._selection.registers
            for kind, service in (("trades", "trade_ingest"), ("listings", "listing"))
            if order.request.own is None  # documents name others
        ]
        in_force = settings_in_force(connection)
        self._counted_now = None if in_force is None else in_force.registers
        self._not_asked: set[str] = set()
        self._newest: dict[str, int] = {}  # by log, how many entries the facts and listing facts rest on
        self._totals: Json = {"evidence": {}}
        self._manifest_logs: list[Json] = []

    def run(self) -> None:
        steps: tuple[Callable[[], None], ...] = (
            self._add_policy,
            self._add_ledger,
            self._add_awards,
            self._add_balances,
            self._add_facts,
            self._add_evidence,
            self._add_quarantine,
            self._add_views,
        )
        self._steps = len(steps)
        with TableFiles(self._request.workbooks) as self._tables:
            for self._step, step in enumerate(steps):
                self._check()
                step()
        self._archive.add("verify.py", joined_verifier().encode())
        self._archive.add(verifying_page.NAME, verifying_page.verifying_page())
        self._archive.add("README.md", self._readme())
        self._archive.add_marks()
        self._add_manifest()

    def _watched(self, items: Iterable[T]) -> Iterator[T]:
        return watched(items, self._check)

    def _check(self) -> None:
        self._tick(self._step / self._steps)

    # --- policies and whitelists ---

    def _add_policy(self) -> None:
        listed, known = [], set()
        for row in self._selection.settings:
            source, whitelist = row.policy_source.encode(), canonical_json(row.whitelist)
            name = f"policy/{row.policy_id}.r{row.policy_revision}.{row.policy_digest[:8]}"
            names = f"policy/whitelist.{row.whitelist_digest[:8]}.json"
            for file, content in ((f"{name}.yaml", source), (f"{name}.json", _as_json(source)), (names, whitelist)):
                if file not in known:
                    self._archive.add(file, content)
                    known.add(file)
            listed.append(
                {
                    "from_seq": row.from_seq,
                    "recorded_at": format_time(row.recorded_at),
                    "policy": {
                        "id": row.policy_id,
                        "revision": row.policy_revision,
                        "sha256": row.policy_digest,
                        "file": f"{name}.yaml",
                        "values": f"{name}.json",
                    },
                    "whitelist": {"sha256": row.whitelist_digest, "file": names},
                    "registers": row.registers,
                }
            )
        self._archive.add("policy/settings.json", _pretty(listed))

    # --- the ledger ---

    def _add_ledger(self) -> None:
        statement = "SELECT note FROM log_checkpoint WHERE size = %(size)s ORDER BY id DESC LIMIT 1"
        note = fetch_value(self._connection, statement, str, size=self._order.log_size)
        checkpoint = Checkpoint.parse(parse_note(note).text)
        self._origin = checkpoint.origin

        def fetch(tile: Tile) -> bytes:
            return stored_hashes(self._connection, tile.level or 0, tile.first, tile.width)

        seqs, since = self._selection.transaction_seqs(), self._request.since or 0
        node = node_by_tiles(checkpoint.size, fetch)
        nodes = proof_nodes(checkpoint.size, since, seqs, node)
        transactions = self._tables.kept(TRANSACTIONS, self._watched(self._selection.transactions()))
        files = ("transactions.ndjson", "proof.json", "checkpoint")
        count = self._add_log("ledger", checkpoint, files, transactions, nodes, note.encode())
        self._totals["transactions"] = {"count": count, **self._selection.transaction_sums()}
        entered = self._selection.entered_settings()
        self._archive.add_lines("policy/settings.ndjson", [line for _, line in entered])
        of_settings = proof_nodes(checkpoint.size, 0, (seq for seq, _ in entered), node)
        self._add_proof("policy/settings.proof.json", checkpoint.size, of_settings)

    def _add_log(
        self,
        name: str,
        checkpoint: Checkpoint,
        files: tuple[str, str, str],
        lines: Iterable[bytes],
        nodes: Iterable[ProofNode],
        note: bytes,
        **described: object,
    ) -> int:
        """Add entries of a log, their proof and the checkpoint, and return how many entries there are."""
        entries, proof, signed = files
        count = self._archive.add_lines(entries, lines)
        self._add_proof(proof, checkpoint.size, self._watched(nodes))
        self._archive.add(signed, note)
        of_log = {"log": name, "origin": checkpoint.origin, "size": checkpoint.size, **described}
        self._manifest_logs.append({**of_log, "entries": entries, "proof": proof, "checkpoint": signed})
        return count

    def _add_proof(self, name: str, size: int, nodes: Iterable[ProofNode]) -> None:
        with self._archive.open(name) as member:
            member.write(f'{{"size": {size}, "nodes": ['.encode())
            before = "\n"
            for node in nodes:
                encoded = base64.b64encode(node.hash).decode()
                member.write(f'{before}[{node.start}, {node.end}, "{encoded}"]'.encode())
                before = ",\n"
            member.write(b"\n]}\n")

    # --- awards, balances, facts ---

    def _add_awards(self) -> None:
        awards = map(canonical_json, self._watched(self._selection.awards(asked=True)))
        count = self._archive.add_lines("awards.ndjson", self._tables.kept(AWARDS, awards))
        self._totals["awards"] = {"count": count, **self._selection.award_sums()}
        context = map(canonical_json, self._selection.awards(asked=False))
        self._totals["context"] = {"count": self._archive.add_lines("context.ndjson", context)}
        decided = self._tables.kept(DECISIONS, map(canonical_json, self._watched(self._selection.decisions())))
        self._totals["decisions"] = {"count": self._archive.add_lines("decisions.ndjson", decided)}
        # An exchange sees none.
        stated = self._watched(self._selection.statements() if self._request.viewer is None else ())
        self._totals["statements"] = {"count": self._archive.add_lines("statements.ndjson", stated)}

    def _add_balances(self) -> None:
        def lines() -> Iterator[bytes]:
            as_of = None if self._point.as_of is None else format_time(self._point.as_of)
            yield f'{{"as_of": {json.dumps(as_of)}, "size": {self._point.size}, "items": ['.encode()
            before: bytes | None = None
            items = map(canonical_json, self._watched(self._selection.balances()))
            for item in self._tables.kept(BALANCES, items):
                if before is not None:
                    yield before + b","
                before = item
            if before is not None:
                yield before
            yield b'], "next_cursor": null}'

        self._archive.add_lines("balances.json", lines())

    def _add_facts(self) -> None:
        def lines() -> Iterator[bytes]:
            for item in self._watched(self._selection.facts()):
                if not item["fact"].startswith(f"{DECLARED}/"):
                    self._rests_on_register(item)
                yield canonical_json(item)

        self._totals["facts"] = {"count": self._archive.add_lines("facts.ndjson", lines())}

    def _rests_on_register(self, item: Json) -> None:
        topic, register, _ = item["fact"].split("/", 2)
        if register not in {found.register for found in self._logs}:
            if self._request.own is None and (self._counted_now is None or register in self._counted_now):
                raise RegisterRefused(f"REGISTERS: 未列出 {register} / {register} is not listed")
            self._not_asked.add(register)  # not for one subject, or it counted then and exists no longer
            return
        kind = "listings" if topic == FIRST_LISTING else "trades"
        self._rests_on(kind, register, item["generation"], item["seq"])

    def _rests_on(self, kind: str, register: str, generation: int, seq: int) -> None:
        name = f"{kind}-{register}-{generation}"
        self._newest[name] = max(seq, self._newest.get(name, 0))

    # --- evidence ---

    def _add_evidence(self) -> None:
        """Add trades before listings: the facts that trades were matched by name the listings that they rest on."""
        wanted = self._selection.subjects_of_facts
        for found in sorted(self._logs, key=lambda one: (one.kind != "trades", one.register)):
            self._add_register(found, wanted)

    def _add_register(self, found: RegisterLog, wanted: DiskRows[tuple[str, ...]]) -> None:
        size, viewer = found.checkpoint.size, self._request.viewer
        if self._newest.get(found.name, 0) > size:
            raise RegisterUnavailable(f"{found.url}: its checkpoint covers only {size} entries yet")
        is_whole = self._request.evidence == "registers"
        until = size if is_whole else self._newest.get(found.name, 0)
        if is_whole and viewer is not None:
            wanted.add((f"exchange/{viewer}",))
        whose: Iterable[str] = (EVERYTHING,) if is_whole and viewer is None else (about for (about,) in wanted)
        name = f"evidence/{found.name}"
        files = (f"{name}.ndjson", f"{name}.proof.json", f"{name}.checkpoint")
        seqs = DiskRows[tuple[int, ...]](1)

        def lines() -> Iterator[bytes]:
            for line in self._watched(self._registers.entries(found, whose, until, viewer)):
                entry = _decode_line(line)
                seqs.add((entry.entry.seq,))
                if entry.entry.kind == "fact":
                    self._add_listing(found.register, wanted, base64.b64decode(entry.value))
                yield line

        nodes = proof_nodes(size, 0, (seq for (seq,) in seqs), self._registers.node(found))
        described = {"kind": found.kind, "register": found.register, "generation": found.generation}
        count = self._add_log(found.name, found.checkpoint, files, lines(), nodes, found.note, **described)
        self._totals["evidence"][found.name] = {"count": count}

    def _add_listing(self, register: str, wanted: DiskRows[tuple[str, ...]], value: bytes) -> None:
        """Note a listing fact that a register of trades applied: one of the register of listings with the same id."""
        fact = _decode_fact(value)
        wanted.add((f"listing/{fact.exchange}/{fact.listing_no}",))
        self._rests_on("listings", register, fact.generation, fact.seq)

    def _add_quarantine(self) -> None:
        exchange = self._request.viewer or self._request.exchange
        addresses = [] if self._request.is_foreign else self._logs

        def lines() -> Iterator[bytes]:
            for found in addresses:
                yield from map(canonical_json, self._watched(self._registers.quarantine(found.url, exchange)))

        self._archive.add_lines("quarantine.ndjson", lines())

    # --- for people, and the manifest ---

    def _add_views(self) -> None:
        for view in TABLES:
            items = self._watched(self._tables.items(view))
            self._archive.add_lines(f"views/{view.name}.csv", csv_lines(view, items))
            if not self._request.workbooks:
                continue
            with self._archive.open(f"views/{view.name}.xlsx", compress=False) as member:
                for piece in self._tables.workbook(view, self._check):
                    member.write(piece)

    def _readme(self) -> bytes:
        template = files(__package__).joinpath("README.template.md").read_text("utf-8")
        return template.replace("{request}", json.dumps(self._request_json(), ensure_ascii=False)).encode()

    def _request_json(self) -> Json:
        request = msgspec.to_builtins(self._request, builtin_types=(datetime,))
        return {name: format_time(value) if isinstance(value, datetime) else value for name, value in request.items()}

    def _add_manifest(self) -> None:
        manifest = {
            "format": FORMAT,
            "request": self._request_json(),
            "as_of": None if self._point.as_of is None else format_time(self._point.as_of),
            "size": self._point.size,
            "logs": self._manifest_logs,
            "totals": self._totals,
            "left_out": self._left_out(),
            "registers_not_asked": sorted(self._not_asked),
            "files": {name: {"bytes": one.size, "sha256": one.sha256} for name, one in self._archive.entries.items()},
        }
        content = _pretty(manifest)
        self._archive.add("manifest.json", content)
        signed = f"jiangbu/extract\n{hashlib.sha256(content).hexdigest()}\n"
        self._archive.add("manifest.sig", str(sign(signed, SignerKey(self._origin, self._order.private))).encode())

    def _left_out(self) -> Json:
        """Describe what the role may not see, and count what was left out for that reason."""
        viewer, own = self._request.viewer, self._request.own
        if own is not None:
            text = {
                "zh": f"只含 {own} 自己的记录：不含登记簿文档、被拒收事件、核查线索，以及分录提到他人的奖补",
                "en": f"only the own records of {own}: no documents of registers, rejected events or red flags, and no"
                " awards whose postings name others",
            }
            if self._request.asking_subject is not None:
                text["zh"] += "；由其本人申请的，也不含申报原文和没有决定书的办理记录（其中有经办人）"
                text["en"] += (
                    "; requested by itself, no declarations, and no acts without a statement, which name persons"
                    " inside the bureau"
                )
            return {"text": text, "awards": self._selection.awards_left_out()}
        if viewer is None:
            return {}
        return {
            "text": {
                "zh": f"只含 {viewer} 可见的内容：不含其他交易场所的奖补、金额、文件和提到它们的事实",
                "en": f"only what {viewer} may see: no awards, amounts or documents of other exchanges,"
                " and no facts that name them",
            },
            **self._selection.counts(),
        }


def _pretty(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


class _Entry(msgspec.Struct):
    seq: int
    kind: str


class _EntryLine(msgspec.Struct):
    entry: _Entry
    value: str


class _ListingFact(msgspec.Struct):
    exchange: str
    listing_no: str
    generation: int
    seq: int


_decode_line: Final = msgspec.json.Decoder(_EntryLine).decode
_decode_fact: Final = msgspec.json.Decoder(_ListingFact).decode


@lru_cache(maxsize=8)
def _as_json(policy_source: bytes) -> bytes:
    """Return all values of a policy file as the texts in the file."""
    values = yaml.load(policy_source, yaml.BaseLoader)  # noqa: S506 - builds only texts
    return json.dumps(values, ensure_ascii=False, indent=1).encode()
