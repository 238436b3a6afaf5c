"""Extracts changed as the owner of keys and databases could: rows edited, logs and manifest signed again."""

from __future__ import annotations

import base64
import hashlib
import json
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

from services.incentive.verifier.bundle import UNLISTED
from services.incentive.verifier.values import fen, yuan
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import Edge, leaf_hash
from shared.translog.note import SignerKey, sign
from shared.values.canonical_json import canonical_json
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Files = dict[str, bytes]
Json = dict[str, Any]

LEDGER_ORIGIN, TRADES_ORIGIN = f"{LOG_ORIGIN}/ledger", f"{LOG_ORIGIN}/trades/r1/1"
TRANSACTIONS, BALANCES, ACTS = "transactions.ndjson", "balances.json", "decisions.ndjson"
STATEMENTS = "statements.ndjson"
TRADES = "evidence/trades-r1-1.ndjson"
SETTINGS, ENTERED, ENTERED_PROOF = (f"policy/settings.{end}" for end in ("json", "ndjson", "proof.json"))


def zipped(content: Files, path: Path, twice: str | None = None) -> str:
    with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a duplicate name
        for name, data in content.items():
            archive.writestr(name, data)
        if twice is not None:
            archive.writestr(twice, content[twice])
    return str(path)


def signed_again(content: Files, private: Ed25519PrivateKey = LOG_KEY, signer: str = LEDGER_ORIGIN) -> Files:
    """Return the files with a matching manifest and line marks, signed."""
    changed = dict(content)
    for name in changed:
        if name.startswith("lines/"):
            marks = [hashlib.sha256(line).hexdigest()[:8] for line in changed[name[6:]].split(b"\n")[:-1]]
            changed[name] = "".join(f"{mark}\n" for mark in marks).encode()
    manifest = json.loads(changed["manifest.json"])
    manifest["files"] = {
        name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in changed.items()
        if name not in UNLISTED
    }
    changed["manifest.json"] = json.dumps(manifest, indent=1, sort_keys=True).encode()
    text = f"jiangbu/extract\n{hashlib.sha256(changed['manifest.json']).hexdigest()}\n"
    changed["manifest.sig"] = str(sign(text, SignerKey(signer, private))).encode()
    return changed


def checkpoint_of(origin: str, entries: Iterable[bytes]) -> bytes:
    leaves = [leaf_hash(entry) for entry in entries]
    return str(sign(Checkpoint(origin, len(leaves), root_of(leaves)).text(), SignerKey(origin, LOG_KEY))).encode()


def root_of(leaves: list[bytes]) -> bytes:
    return Edge().grown(leaves, 8)[0].root()


class Draft:
    """An extract that is being changed. `line` is that of the row looked up last."""

    def __init__(self, content: Files) -> None:
        self.files, self.line = dict(content), 0
        self.private, self.signer, self.ledger_origin = LOG_KEY, LEDGER_ORIGIN, LEDGER_ORIGIN
        self.afterwards: dict[str, bytes | None] = {}  # put into the files, or removed, after signing
        self.twice: str | None = None
        self._rows: dict[str, list[Json]] = {}
        self._documents: dict[str, Any] = {}

    def rows(self, name: str) -> list[Json]:
        """Return the rows of an NDJSON file; changes to them are kept."""
        return self._rows.setdefault(name, [json.loads(line) for line in self.files[name].splitlines()])

    def document(self, name: str) -> Any:
        return self._documents.setdefault(name, json.loads(self.files[name]))

    def row(self, name: str, place: int | Json | Callable[[Json], bool]) -> Json:
        """Return a row by its number (from 0), or the first one with these fields."""
        rows = self.rows(name)
        if isinstance(place, int):
            found = rows[place]
        elif isinstance(place, dict):
            found = next(row for row in rows if place.items() <= row.items())
        else:
            found = next(row for row in rows if place(row))
        self.line = rows.index(found) + 1
        return found

    def act(self, place: int | Json | Callable[[Json], bool], **fields: Any) -> tuple[Json, Json]:
        """Change an act, with its hash in the ledger; return it and its transaction."""
        act = self.row(ACTS, place)
        act.update(fields)
        posted = self.rows(TRANSACTIONS)[act["transaction"]]
        posted["decision"]["sha256"] = hashlib.sha256(canonical_json(act)).hexdigest()
        return act, posted

    def restate(self, place: Json, edit: Callable[[Json], object], *, is_named: bool = True) -> None:
        """Change a statement; `is_named`: with its hash in its decision, and that of the decision in the ledger."""
        row = self.row(STATEMENTS, place)
        before = hashlib.sha256(canonical_json(row)).hexdigest()
        edit(row)
        self.rows(STATEMENTS).sort(key=lambda one: hashlib.sha256(canonical_json(one)).digest())
        if is_named:
            self.act({"statement": before}, statement=hashlib.sha256(canonical_json(row)).hexdigest())
            self.book_again()
        self.line = self.rows(STATEMENTS).index(row) + 1

    def post(self, transaction: Json, amount: str) -> None:
        """Change the amount of a transaction of two entries."""
        transaction["amount"] = amount
        for entry in transaction["entries"]:
            entry["debit" if fen(entry["debit"]) else "credit"] = amount

    def book_again(self) -> None:
        """Make balances and the ledger's checkpoint match the transactions."""
        sums: dict[str, list[int]] = {}
        for transaction in self.rows(TRANSACTIONS):
            for entry in transaction["entries"]:
                both = sums.setdefault(entry["account"], [0, 0])
                both[0] += fen(entry["debit"])
                both[1] += fen(entry["credit"])
        self.document(BALANCES)["items"] = [
            {"account": account, "debit": yuan(debit), "credit": yuan(credit), "balance": yuan(credit - debit)}
            for account, (debit, credit) in sorted(sums.items())
        ]
        entries = map(canonical_json, self.rows(TRANSACTIONS))
        self.files["checkpoint"] = checkpoint_of(self.ledger_origin, entries)
        self.rows(ENTERED)[:] = [row for row in self.rows(TRANSACTIONS) if row["kind"] == "settings"]
        self.prove_settings()

    def prove_settings(self) -> None:
        """Make the proof of what was put in force match the transactions."""
        known, rows = {row["seq"] for row in self.rows(ENTERED)}, self.rows(TRANSACTIONS)
        hashes = {row["seq"]: leaf_hash(canonical_json(row)) for row in rows if row["seq"] not in known}
        nodes = [[seq, seq + 1, base64.b64encode(value).decode()] for seq, value in hashes.items()]
        self.document(ENTERED_PROOF).update(size=len(rows), nodes=nodes)

    def put_in_force(self, **policy: Any) -> Json:
        """Put the first settings in force again, by one more transaction; fields of the policy may differ."""
        manifest, rows, settings = self.document("manifest.json"), self.rows(TRANSACTIONS), self.document(SETTINGS)
        again = json.loads(json.dumps(settings[0]))
        again["policy"].update(policy)
        again.update(from_seq=len(rows), recorded_at=manifest["as_of"])
        settings.append(again)
        entered = json.loads(json.dumps(rows[0]))
        named = {name: again["policy"][name] for name in ("id", "revision", "sha256")}
        entered.update(seq=len(rows), posted_at=manifest["as_of"])
        entered["policy"], entered["settings"]["policy"] = {"id": named["id"], "revision": named["revision"]}, named
        rows.append(entered)
        self._resize(len(rows))
        return again

    def cut(self, size: int) -> None:
        """Keep only the first transactions."""
        del self.rows(TRANSACTIONS)[size:]
        self._resize(size)

    def _resize(self, size: int) -> None:
        manifest = self.document("manifest.json")
        for part in (manifest, manifest["logs"][0], self.document("proof.json"), self.document(BALANCES)):
            part["size"] = size
        self.book_again()

    def done(self) -> Files:
        """Return the changed files, signed."""
        for name, rows in self._rows.items():
            self.files[name] = b"".join(canonical_json(row) + b"\n" for row in rows)
        for name, document in self._documents.items():
            self.files[name] = json.dumps(document).encode()
        if BALANCES in self._documents:
            whole = self._documents[BALANCES]
            head = json.dumps({name: whole[name] for name in ("as_of", "size")})[:-1].encode()
            items = b",\n".join(map(canonical_json, whole["items"]))
            self.files[BALANCES] = head + b', "items": [\n' + items + b'\n], "next_cursor": null}\n'
        signed = signed_again(self.files, self.private, self.signer) | self.afterwards
        return {name: data for name, data in signed.items() if data is not None}
