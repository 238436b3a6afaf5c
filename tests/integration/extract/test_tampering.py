"""Every change to an extract, or to the data behind it, is found: docs/en/audit/tampering.md.

Mutations are random and seeded. Without the logs' key, the signed hashes detect each and name file and line. With the
key, when everything is signed again, the content detects them.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import Counter
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.incentive.verifier.bundle import UNLISTED
from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import VerifierKeys, read_keys
from services.incentive.verifier.values import fen, subject_of, yuan
from shared.events.documents import NOT_STATED
from shared.events.fact_topics import SIGN
from shared.translog.checkpoint import Checkpoint
from shared.translog.note import SignerKey, parse_note, sign
from shared.values.canonical_json import canonical_json
from tests.support.extracts.raw_changes import RAW_CHANGES
from tests.support.incentive.changed_extract import Draft, Files, checkpoint_of, signed_again, zipped
from tests.support.incentive.extract_makers import SECRET_TRADE, Makers, checked, files, makers_of
from tests.support.incentive.whole_set import fed_with_a_world
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from services.incentive.verifier.report import VerificationReport

LEDGER_KEY = SignerKey(f"{LOG_ORIGIN}/ledger", LOG_KEY)
# Fields covered by the signature alone (docs/en/audit/extracts.md); NO_LONGER_EARNED: of awards no longer earned.
SIGNED_ALONE = {
    "awards.ndjson": {"updated_at", "readings"},
    "context.ndjson": {
        *("eligibility", "holds", "updated_at", "state", "approved", "paid", "returned", "recovered", "readings")
    },
    "facts.ndjson": {"partition", "offset", "received_at", "recorded_at"},
}
NO_LONGER_EARNED = {"cap", "rate", "exchange", "evidence"}
BY_OUTSIDERS, BY_THE_KEY = 300, 320


@pytest.fixture(scope="module")
def makers(postgres, tmp_path_factory) -> Iterator[Makers]:
    with makers_of(postgres, tmp_path_factory.mktemp("tampering")) as found:
        yield found


@pytest.fixture(scope="module")
def extract(makers: Makers) -> Files:
    """A small extract of everything."""
    return files(makers.extract(evidence="registers"))


@pytest.fixture(scope="module")
def keys(makers: Makers) -> VerifierKeys:
    return read_keys(makers.keys())


def report_on(content: Files, keys: VerifierKeys, folder: Path) -> VerificationReport:
    return verify(zipped(content, folder / "changed.zip"), keys)


# --- without the key ---


def test_a_change_without_the_key_is_detected_with_file_and_line(extract: Files, keys, tmp_path: Path) -> None:
    assert report_on(extract, keys, tmp_path).is_sound
    rng = random.Random(1)
    done: Counter[str] = Counter()
    while sum(done.values()) < BY_OUTSIDERS:
        name, change = rng.choice(sorted(extract)), rng.choice(RAW_CHANGES)
        data = extract[name]
        if not data or (changed := change(data, rng)) == data:
            continue
        report = report_on({**extract, name: changed}, keys, tmp_path)
        assert report.faults, (name, change.__name__)
        fault = report.faults[0]
        if name in UNLISTED:
            assert fault.file in UNLISTED, (name, change.__name__, fault)
        else:
            assert fault.file == name, (name, change.__name__, fault)
        if f"lines/{name}" in extract:
            # A line that lost only its newline counts as changed.
            old, new = data.replace(b"\n", b"\n\0").split(b"\0"), changed.replace(b"\n", b"\n\0").split(b"\0")
            first = next(n for n in range(len(old) + len(new)) if old[n : n + 1] != new[n : n + 1])
            assert fault.line == first + 1, (name, change.__name__, fault)
        done[change.__name__] += 1
    assert set(done) == {change.__name__ for change in RAW_CHANGES}


def test_a_missing_or_foreign_file_is_detected(extract: Files, keys, tmp_path: Path) -> None:
    for name in extract:
        rest = {other: data for other, data in extract.items() if other != name}
        fault = report_on(rest, keys, tmp_path).faults[0]
        assert (fault.file, fault.message.text()) == (name, "缺少此文件 / missing")
    for name in ("more.txt", "evidence/more.ndjson", "lines/more"):
        assert report_on({**extract, name: b""}, keys, tmp_path).faults[0].file == name


def test_a_signature_by_another_key_is_detected(extract: Files, keys, tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()
    assert report_on(signed_again(extract, other), keys, tmp_path).faults[0].file == "manifest.sig"
    for name in extract:
        if name.endswith("checkpoint"):
            text = parse_note(extract[name]).text
            note = str(sign(text, SignerKey(text.split("\n")[0], other))).encode()
            assert report_on({**extract, name: note}, keys, tmp_path).faults[0].file == name
            assert report_on(signed_again({**extract, name: note}), keys, tmp_path).faults[0].file == name
    # The key of another log of the same set.
    signed = extract["manifest.sig"].replace(LEDGER_KEY.name.encode(), f"{LOG_ORIGIN}/trades/r1/1".encode())
    assert not report_on({**extract, "manifest.sig": signed}, keys, tmp_path).is_sound


# --- with the key ---

ROWS = ("transactions.ndjson", "awards.ndjson", "facts.ndjson", "decisions.ndjson")


def changed_value(value: Any, rng: random.Random) -> Any:
    """A plausible other value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + rng.choice((1, -1, 10))
    if value is None:
        return "x"
    digits = [at for at, sign in enumerate(value) if sign.isdigit()]
    if digits and rng.random() < 0.8:
        at = rng.choice(digits)
        return value[:at] + str((int(value[at]) + rng.randint(1, 8)) % 10) + value[at + 1 :]
    return value + "1"


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, name))
    else:
        yield path


def change_member(item: Any, signed_alone: set[str], rng: random.Random) -> Any:
    changed = json.loads(json.dumps(item))
    path = rng.choice([path for path in leaves(changed) if path[0] not in signed_alone])
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = changed_value(inner[path[-1]], rng)
    return changed


def tamper_rows(name: str, rows: list[Any], rng: random.Random) -> tuple[str, list[Any]]:
    what = rng.choice(("member", "member", "member", "drop", "double", "swap", "truncate"))
    at, changed = rng.randrange(len(rows)), list(rows)
    if what == "member":
        is_gone = name in ("awards.ndjson", "context.ndjson") and rows[at]["ceiling"] == "0.00"
        alone = SIGNED_ALONE.get(name, set()) | (NO_LONGER_EARNED if is_gone else set())
        changed[at] = change_member(rows[at], alone, rng)
    elif what == "drop":
        del changed[at]
    elif what == "double":
        changed.insert(at, rows[rng.randrange(len(rows))])
    elif what == "swap":
        other = rng.randrange(len(rows))
        changed[at], changed[other] = rows[other], rows[at]
    else:
        del changed[at:]
    return what, changed


def tampered(extract: Files, rng: random.Random) -> tuple[str, str, Files]:
    """Return the name of a file, the change made to it, and the extract signed again."""
    evidence = [name for name in extract if name.startswith("evidence/")]
    name = rng.choice([*ROWS, *ROWS, "balances.json", "proof.json", "policy/settings.json", *evidence])
    if name.endswith(".ndjson"):
        rows = [json.loads(line) for line in extract[name].splitlines()]
        what, rows = tamper_rows(name, rows, rng)
        data = b"".join(canonical_json(row) + b"\n" for row in rows)
    elif name == "balances.json":
        told = json.loads(extract[name])
        what, items = tamper_rows(name, told["items"], rng)
        body = b",\n".join(map(canonical_json, items))
        data = extract[name].split(b"\n")[0] + b"\n" + body + b'\n], "next_cursor": null}\n'
    elif name.endswith(".json"):
        told = json.loads(extract[name])
        alone = {"recorded_at", "from_seq"} if name.startswith("policy/") else set()
        one = rng.randrange(len(told)) if isinstance(told, list) else None
        if one is None:
            told, what = change_member(told, set(), rng), "member"
        else:
            told[one], what = change_member(told[one], alone, rng), "member"
        data = json.dumps(told).encode()
    else:
        note = parse_note(extract[name])
        found = Checkpoint.parse(note.text)
        what = rng.choice(("size", "root", "origin"))
        values = {
            "size": Checkpoint(found.origin, found.size + 1, found.root),
            "root": Checkpoint(found.origin, found.size, hashlib.sha256(found.root).digest()),
            "origin": Checkpoint(f"{found.origin}0", found.size, found.root),
        }[what]
        data = str(sign(values.text(), SignerKey(values.origin, LOG_KEY))).encode()
    return name, what, signed_again({**extract, name: data})


def test_a_change_signed_again_with_the_key_is_detected(extract: Files, keys, tmp_path: Path) -> None:
    assert report_on(signed_again(extract), keys, tmp_path).is_sound
    rng = random.Random(2)
    done: Counter[tuple[str, str]] = Counter()
    while sum(done.values()) < BY_THE_KEY:
        name, what, changed = tampered(extract, rng)
        if changed[name] == extract[name] or json_equal(changed[name], extract[name]):
            continue
        report = report_on(changed, keys, tmp_path)
        assert not report.is_sound, (name, what, difference(extract[name], changed[name]))
        done[name, what] += 1
    assert len({name for name, _ in done}) >= 10


def json_equal(one: bytes, other: bytes) -> bool:
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def difference(one: bytes, other: bytes) -> list[bytes]:
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return [line for pair in pairs if pair[0] != pair[1] for line in pair]


def test_files_of_two_extracts_mixed_are_detected(makers: Makers, extract: Files, keys, tmp_path: Path) -> None:
    """Each file of an earlier extract is put into a later one, which is signed again."""
    fed_with_a_world(makers.set, 99, 40, 5000)
    later = files(makers.extract(evidence="registers"))
    assert report_on(later, keys, tmp_path).is_sound
    found = 0
    for name in set(extract) & set(later) - {"manifest.json"}:
        if extract[name] == later[name]:
            continue
        assert not report_on({**later, name: extract[name]}, keys, tmp_path).is_sound, name
        if not name.startswith(("views/", "lines/", "quarantine", "manifest")):
            assert not report_on(signed_again({**later, name: extract[name]}), keys, tmp_path).is_sound, name
        found += 1
    assert found >= 10


# --- a whole history forged with the key and the databases ---

MORE = 100  # fen added to the award; the trade gets 20 times as much


class Forged:
    """An extract with a higher first purchase of the secret buyer, consistent down to `how_far`; all logs fit."""

    def __init__(self, extract: Files, how_far: str) -> None:
        self.files = dict(extract)
        self._rows = {name: [json.loads(line) for line in extract[name].splitlines()] for name in ROWS}
        buyer = SECRET_TRADE["buyer"]["id"]
        self._award = self._find("awards.ndjson", award_id=f"first_purchase/uscc:{buyer}")
        self._forge_ledger()
        if how_far != "ledger":
            first = self._forge_fact()
            if how_far == "registers":
                self._forge_register(first)
        for name, rows in self._rows.items():
            self.files[name] = b"".join(canonical_json(row) + b"\n" for row in rows)
        draft = Draft(self.files)
        draft.book_again()
        self.files = draft.done()
        self._forge_totals()
        self.files = signed_again(self.files)

    def _find(self, name: str, **members: Any) -> dict[str, Any]:
        return next(row for row in self._rows[name] if members.items() <= row.items())

    def _forge_ledger(self) -> None:
        posted = self._find("transactions.ndjson", award_id=self._award["award_id"])
        balances = json.loads(self.files["balances.json"])
        for entry in posted["entries"]:
            side = "debit" if fen(entry["debit"]) else "credit"
            item = next(one for one in balances["items"] if one["account"] == entry["account"])
            add(entry, side, MORE)
            add(item, side, MORE)
            add(item, "balance", MORE if side == "credit" else -MORE)
        add(posted, "amount", MORE)
        for member in ("ceiling", "payable"):
            add(self._award, member, MORE)
        self.files["balances.json"] = json.dumps(balances).encode()

    def _forge_fact(self) -> dict[str, Any]:
        first = self._find("facts.ndjson", fact=self._award["evidence"][0]["fact"])["value"]["first"]
        add(first, "amount", 20 * MORE)
        add(self._award, "base", 20 * MORE)
        return first

    def _forge_register(self, first: dict[str, Any]) -> None:
        """Forge the trade and the totals that contain it: its exchange's, and its provider's under `mode`."""
        name = "evidence/trades-r1-1.ndjson"
        rows = [json.loads(line) for line in self.files[name].splitlines()]
        row = next(one for one in rows if one["entry"]["number"] == first["trade_no"])
        event = json.loads(base64.b64decode(row["value"]))
        event["data"]["amount"] = first["amount"]
        value = json.dumps(event).encode()
        row["value"], row["entry"]["value_sha256"] = base64.b64encode(value).decode(), hashlib.sha256(value).hexdigest()
        self.files[name] = b"".join(canonical_json(one) + b"\n" for one in rows)
        entries = [canonical_json(one["entry"]) for one in rows]
        self.files["evidence/trades-r1-1.checkpoint"] = checkpoint_of(f"{LOG_ORIGIN}/trades/r1/1", entries)
        seq = row["entry"]["seq"]
        for fact in self._rows["facts.ndjson"]:
            value_, year = fact["value"], first["completed_at"][:4]
            if fact["fact"].startswith(SIGN):
                if fact["fact"].endswith(f"/{subject_of(first['provider'])}/{year}"):
                    add(value_["sold"], "amount", 20 * MORE)
                    add(value_["counterparties"][0]["sold"], "amount", 20 * MORE)
                continue
            if fact["fact"].endswith(f"/exchange/dcdex/{year}") and fact["seq"] > seq:
                month = next(one for one in value_["buckets"] if one["from"][:7] == first["completed_at"][:7])
                add(month, "amount", 20 * MORE)
                product = event["data"].get("product") or {}
                for member in ("kind", "industry"):
                    add(value_[f"by_{member}"][product.get(member) or NOT_STATED], "amount", 20 * MORE)
            if fact["fact"].endswith(f"/{subject_of(first['provider'])}/{year}"):
                add(value_["by_exchange"]["dcdex"]["other"][0], "amount", 20 * MORE)
        for award in self._rows["awards.ndjson"]:
            if award["award_id"] == f"exchange_tiers/dcdex/{first['completed_at'][:4]}":
                add(award, "base", 20 * MORE)

    def _forge_totals(self) -> None:
        manifest = json.loads(self.files["manifest.json"])
        for name, members in (("transactions", ("debit", "credit")), ("awards", ("ceiling", "payable"))):
            for member in members:
                add(manifest["totals"][name], member, MORE)
        self.files["manifest.json"] = json.dumps(manifest).encode()


def add(item: dict[str, Any], member: str, more_fen: int) -> None:
    item[member] = yuan(fen(item[member]) + more_fen)


@pytest.mark.parametrize(
    ("how_far", "file", "words"),
    [("ledger", "awards.ndjson", "与事实重算不符"), ("facts", "facts.ndjson", "与文档重算不符")],
)
def test_a_forged_ledger_is_detected_by_facts_and_documents(
    extract: Files, keys, tmp_path: Path, how_far: str, file: str, words: str
) -> None:
    fault = report_on(Forged(extract, how_far).files, keys, tmp_path).faults[0]
    assert (fault.file, words in fault.message.text()) == (file, True), fault
    assert fault.line is not None


def test_a_history_forged_down_to_the_registers_is_detected_by_an_older_extract(
    extract: Files, keys, tmp_path: Path
) -> None:
    forged = Forged(extract, "registers").files
    report = report_on(forged, keys, tmp_path)
    assert report.is_sound, report.text()
    report = verify(zipped(forged, tmp_path / "forged.zip"), keys, zipped(extract, tmp_path / "older.zip"))
    assert "history was rewritten" in report.faults[0].message.text()


# --- rows changed in the databases by their owner ---

CHANGES = {
    "a posting": ("ledger", "ledger_entry", "debit_fen = debit_fen * 2, credit_fen = credit_fen * 2"),
    "the words of a posting": ("ledger", "ledger_transaction", """cause = jsonb_set(cause, '{text}', '"x"')"""),
    "an award": ("ledger", "award_version", "base_fen = base_fen + 1"),
    "a fact": (
        "ledger",
        "fact",
        """value = convert_to(replace(convert_from(value, 'UTF8'), '"trades":1', '"trades":2'), 'UTF8')""",
    ),
    "a trade": ("trades", "trade", "value = value || ' '::bytea"),
    "where a trade stands": ("trades", "trade", '"offset" = "offset" + 1000000'),
    "a listing": ("listings", "listing", "value = value || ' '::bytea"),
    "a listing fact": ("trades", "listing_fact", "value = value || ' '::bytea"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_manually_changed_rows_are_detected_by_the_next_extract(makers: Makers, tmp_path: Path, what: str) -> None:
    whose, table, change = CHANGES[what]
    owner = {
        "ledger": makers.set.ledger_owner_url,
        "trades": makers.set.trades.owner_url,
        "listings": makers.set.listings.owner_url,
    }[whose]
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE before AS TABLE {table}")
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        try:
            connection.execute(f"UPDATE {table} SET {change}")
            assert not checked(makers, makers.extract(), tmp_path).is_sound
        finally:
            connection.execute(f"TRUNCATE {table}")
            connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE before")
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            connection.execute("DROP TABLE before")
    assert checked(makers, makers.extract(), tmp_path).is_sound
