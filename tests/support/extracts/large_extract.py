"""Extracts of any size, written without a ledger: each transaction of a first purchase and a trade of its own.

They have what the ledger's own have, whole registers included, but no tables for people and, if asked, no acts. All
entities are fictional.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from services.incentive.extract.inclusion_proof import proof_nodes
from services.incentive.verifier.facts import recompute_fact
from services.incentive.verifier.registers import RegisterEvidence
from services.incentive.verifier.values import rate_of, yuan
from shared.register.head import register_settings
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import leaf_hash, node_hash, range_hash
from shared.translog.note import SignerKey, sign
from shared.values.canonical_json import canonical_json
from shared.values.parties import complete_uscc
from shared.whitelist import load_whitelist
from tests.support.incentive.ledger import CUT_AT
from tests.support.paths import ROOT
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Json = dict[str, Any]

POLICY_FILE = ROOT / "services/incentive/policy/kunming-2025-14.yaml"
AT = "2026-06-01T08:00:01.000000+08:00"
A_PROVIDERS = 1000  # trades
REQUEST = {
    **dict.fromkeys(("as_of", "exchange", "from", "since", "until")),
    "evidence": "registers", "role": "auditor", "rules": [], "subjects": [],
}  # fmt: skip


class LargeExtract:
    """An extract of `count` transactions, written to a zip; `keys` are those of its logs."""

    def __init__(self, path: Path, count: int) -> None:
        self._count = count
        self._files: dict[str, Json] = {}
        self._logs: list[Json] = []
        self.keys = ""
        tree = yaml.load(POLICY_FILE.read_text("utf-8"), yaml.BaseLoader)  # noqa: S506 - builds only texts
        self._policy = {"id": tree["id"], "revision": int(tree["revision"])}
        self._articles = {rule["rule"]: rule["article"] for rule in tree["rules"]}
        self._whitelist = load_whitelist(ROOT / "exchanges.yaml")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as self._zip:
            entered = self._add_policy(tree)
            files = ("transactions.ndjson", "proof.json", "checkpoint")
            self._add_log("ledger", "ledger", files, self._ledger(entered))
            self._add_register("trades", "trade", count)
            self._add_register("listings", "listing", 0)
            self._add_awards()
            self._add_facts()
            for name in ("context.ndjson", "decisions.ndjson", "statements.ndjson", "quarantine.ndjson"):
                self._add(name, [])
            self._add_manifest()

    def _add(self, name: str, pieces: Iterable[bytes]) -> int:
        """Add a file, and return how many pieces it has."""
        digest, size, number = hashlib.sha256(), 0, 0
        with self._zip.open(name, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                size, number = size + len(piece), number + 1
        self._files[name] = {"bytes": size, "sha256": digest.hexdigest()}
        return number

    def _add_log(
        self, log: str, origin: str, files: tuple[str, str, str], entries: Iterable[tuple[bytes, bytes]], **of: Any
    ) -> int:
        """Add a log, given as lines and their entries, and return its size."""
        tree = LogTree()

        def lines() -> Iterator[bytes]:
            for line, entry in entries:
                tree.leaves.append(leaf_hash(entry))
                yield line + b"\n"

        size = self._add(files[0], lines())
        self._add(files[1], [b'{"size": %d, "nodes": []}\n' % size])
        signer = SignerKey(f"{LOG_ORIGIN}/{origin}", LOG_KEY)
        self.keys += f"{signer.verifier}\n"
        self._add(files[2], [str(sign(Checkpoint(signer.name, size, tree.root()).text(), signer)).encode()])
        names = dict(zip(("entries", "proof", "checkpoint"), files, strict=True))
        self._logs.append({"log": log, "origin": signer.name, "size": size, **names, **of})
        if log == "ledger":
            self._add("policy/settings.proof.json", [tree.proof_of_first()])
        return size

    # --- the ledger ---

    def _add_policy(self, tree: Json) -> bytes:
        """Add the settings, and return the transaction that puts them in force."""
        source, whitelist = POLICY_FILE.read_bytes(), canonical_json(self._whitelist.canonical())
        policy = {**self._policy, "sha256": hashlib.sha256(source).hexdigest()}
        names = {"sha256": hashlib.sha256(whitelist).hexdigest()}
        files = {"file": "policy/policy.yaml", "values": "policy/policy.json"}
        listed = {
            "from_seq": 0, "recorded_at": AT, "registers": None, "policy": {**policy, **files},
            "whitelist": {**names, "file": "policy/whitelist.json"},
        }  # fmt: skip
        entered = canonical_json(
            {
                **dict.fromkeys(("article", "award_id", "decision")),
                "amount": "0.00",
                "cause": {"facts": [], "text": "施行"},
                "entries": [],
                "kind": "settings",
                "policy": self._policy,
                "posted_at": AT,
                "seq": 0,
                "settings": {"policy": policy, "registers": None, "whitelist": names},
            }
        )
        self._add("policy/policy.yaml", [source])
        self._add("policy/policy.json", [json.dumps(tree, ensure_ascii=False).encode()])
        self._add("policy/whitelist.json", [whitelist])
        self._add("policy/settings.json", [json.dumps([listed]).encode()])
        self._add("policy/settings.ndjson", [entered + b"\n"])
        return entered

    def _ledger(self, entered: bytes) -> Iterator[tuple[bytes, bytes]]:
        yield entered, entered
        for number in range(self._count):
            buyer, amount = buyer_of(number), yuan(ceiling_of(number))
            award_id = f"first_purchase/{buyer}"
            sides = (("policy:first_purchase:2026", amount, "0.00"), (account_of(buyer), "0.00", amount))
            line = canonical_json(
                {
                    "amount": amount,
                    "article": self._articles["first_purchase"],
                    "award_id": award_id,
                    "cause": {"facts": [self._named(buyer)], "text": "首次测算"},
                    "decision": None,
                    "entries": [{"account": one, "debit": debit, "credit": credit} for one, debit, credit in sides],
                    "kind": "entitlement",
                    "policy": self._policy,
                    "posted_at": AT,
                    "seq": number + 1,
                }
            )
            yield line, line

    def _named(self, buyer: str) -> Json:
        return {"fact": f"facts.first-purchase.v1/r1/{buyer}", "generation": 1, "seq": self._count + 1}

    def _add_awards(self) -> None:
        numbers = sorted(range(self._count), key=buyer_of)
        self._add("awards.ndjson", (self._award(number) for number in numbers))
        total = yuan(self._total())
        balances = [(account_of(buyer_of(number)), "0.00", yuan(ceiling_of(number))) for number in numbers]
        balances.append(("policy:first_purchase:2026", total, "0.00"))
        lines = (
            canonical_json({
                "account": account, "balance": credit if debit == "0.00" else f"-{debit}", "credit": credit,
                "debit": debit,
            })
            for account, debit, credit in balances
        )  # fmt: skip
        head = b'{"as_of": "%s", "size": %d, "items": [\n' % (AT.encode(), self._count + 1)
        self._add("balances.json", [head, b",\n".join(lines), b'\n], "next_cursor": null}\n'])

    def _total(self) -> int:
        return sum(map(ceiling_of, range(self._count)))

    def _award(self, number: int) -> bytes:
        buyer, ceiling = buyer_of(number), yuan(ceiling_of(number))
        nothing = dict.fromkeys(("approved", "paid", "recovered", "returned"), "0.00")
        award = {
            **nothing, "article": self._articles["first_purchase"], "award_id": f"first_purchase/{buyer}",
            "base": yuan(amount_of(number)), "cap": "200000.00", "ceiling": ceiling, "eligibility": "unverified",
            "evidence": [{**self._named(buyer), "exchanges": ["kmdex"]}], "exchange": "kmdex", "flags": [],
            "holds": ["eligibility"], "kind": "first_purchase", "partial": False, "payable": ceiling,
            "period_closed": False, "policy": self._policy, "rate": "0.05", "readings": [], "rule": "first_purchase",
            "state": "estimated", "subject": party(buyer, f"虚构买方{number}"), "suppressed_by": None,
            "updated_at": AT, "year": 2026,
        }  # fmt: skip
        return canonical_json(award) + b"\n"

    # --- registers and facts ---

    def _add_register(self, kind: str, document: str, count: int) -> None:
        register = RegisterEvidence(kind, document)
        cuts = [date.fromisoformat(day) for day in CUT_AT]
        settings = register_settings(self._whitelist, cuts).content

        def entries() -> Iterator[tuple[bytes, bytes]]:
            for seq in range(count + 1):
                item = entry_of(seq, canonical_json(trade(seq - 1) if seq else settings))
                register.read(item)
                yield canonical_json(item), canonical_json(item["entry"])

        name = f"evidence/{kind}-r1-1"
        files = (f"{name}.ndjson", f"{name}.proof.json", f"{name}.checkpoint")
        of = {"kind": kind, "register": "r1", "generation": 1}
        register.size = self._add_log(f"{kind}-r1-1", f"{kind}/r1/1", files, entries(), **of)
        if kind == "trades":
            self._trades = register

    def _add_facts(self) -> None:
        providers = [provider_of(number) for number in range(0, self._count, A_PROVIDERS)]
        rest = [
            *(("facts.annual-total.v1", f"provider/{provider}/2026") for provider in providers),
            *(("facts.first-purchase.v1", buyer_of(number)) for number in range(self._count)),
            *(("facts.sign.v1", f"provider/{provider}/2026") for provider in providers),
            ("facts.annual-total.v1", "exchange/kmdex/2026"),
        ]
        self._fact_count = self._add("facts.ndjson", (self._fact(topic, key) for topic, key in sorted(rest)))

    def _fact(self, topic: str, key: str) -> bytes:
        version = {"generation": 1, "seq": self._count + 1}
        value = {**recompute_fact(self._trades, topic, key, self._count + 1), **version}
        where = {"partition": 0, "offset": 0, "received_at": AT, "recorded_at": AT}
        return canonical_json({"fact": f"{topic}/r1/{key}", **version, **where, "value": value}) + b"\n"

    def _add_manifest(self) -> None:
        total = yuan(self._total())
        counts = {name: {"count": 0} for name in ("context", "decisions", "statements")}
        manifest = {
            "format": "jiangbu/extract/1", "request": REQUEST, "as_of": AT, "size": self._count + 1,
            "logs": self._logs, "left_out": {}, "registers_not_asked": [], "files": self._files,
            "totals": {
                **counts, "transactions": {"count": self._count + 1, "debit": total, "credit": total},
                "awards": {"count": self._count, "ceiling": total, "payable": total},
                "facts": {"count": self._fact_count},
                "evidence": {"trades-r1-1": {"count": self._count + 1}, "listings-r1-1": {"count": 1}},
            },
        }  # fmt: skip
        content = json.dumps(manifest).encode()
        text = f"jiangbu/extract\n{hashlib.sha256(content).hexdigest()}\n"
        self._zip.writestr("manifest.json", content)
        self._zip.writestr("manifest.sig", str(sign(text, SignerKey(f"{LOG_ORIGIN}/ledger", LOG_KEY))))


class LogTree:
    """The tree of a log that is being written."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self._levels: list[list[bytes]] = []

    def root(self) -> bytes:
        return range_hash(0, len(self.leaves), self._node)

    def _node(self, height: int, index: int) -> bytes:
        self._levels = self._levels or [self.leaves]
        while len(self._levels) <= height:
            below = self._levels[-1]
            self._levels.append([node_hash(*pair) for pair in zip(below[::2], below[1::2], strict=False)])
        return self._levels[height][index]

    def proof_of_first(self) -> bytes:
        """The proof that the first entry is in the log."""
        nodes = [
            [node.start, node.end, base64.b64encode(node.hash).decode()]
            for node in proof_nodes(len(self.leaves), 0, [0], self._node)
        ]
        return json.dumps({"size": len(self.leaves), "nodes": nodes}).encode()


def entry_of(seq: int, value: bytes) -> Json:
    """The entry of a trade, or the first one, of settings, with its record's value."""
    names = ("content_mode", "exchange", "headers_sha256", "number", "offset", "partition", "revision", "topic")
    entry: Json = {**dict.fromkeys(names), "kind": "settings", "seq": seq}
    if seq:
        entry |= {
            "content_mode": "structured", "exchange": "kmdex", "kind": "trade", "number": f"T{seq - 1}",
            "offset": seq - 1, "partition": 0, "revision": 1, "topic": "exchange.kmdex.trades.v1",
        }  # fmt: skip
    entry["value_sha256"] = hashlib.sha256(value).hexdigest()
    encoded = base64.b64encode(value).decode()
    return {"entry": entry, "headers": None, "record_at": AT if seq else None, "value": encoded}


def trade(number: int) -> Json:
    """The event of a trade, as far as the verifier reads it."""
    return {
        "data": {
            "amount": yuan(amount_of(number)), "buyer": party(buyer_of(number), f"虚构买方{number}"),
            "completed_at": "2026-03-01T10:00:00+08:00", "currency": "CNY", "mode": "negotiated",
            "provider": party(provider_of(number), f"虚构供方{number // A_PROVIDERS}"), "refunded": "0", "revision": 1,
            "status": "completed", "trade_no": f"T{number}",
        }
    }  # fmt: skip


def amount_of(number: int) -> int:
    return 1_000 + number % 5000  # so that an exchange does not reach a tier


def ceiling_of(number: int) -> int:
    return rate_of(amount_of(number), "0.05", "down_to_the_fen_once_at_the_end")


def buyer_of(number: int) -> str:
    return "uscc:" + complete_uscc(f"9154{number:013d}")


def provider_of(number: int) -> str:
    return "uscc:" + complete_uscc(f"9153{number // A_PROVIDERS:013d}")


def account_of(buyer: str) -> str:
    return f"entitlement:{buyer}:first_purchase/{buyer}:2026"


def party(subject: str, name: str) -> Json:
    scheme, _, code = subject.partition(":")
    return {"id_scheme": scheme, "id": code, "name": name}
