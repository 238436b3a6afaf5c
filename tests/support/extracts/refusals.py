"""Every refusal of the verifier: how an extract is changed, and the file, line and reason that it reports.

The rows are for `verify.py` and for the page `verify.html`, which checks a part of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.incentive.verifier.main import read_key_file, verify
from services.incentive.verifier.proofs.signatures import read_keys
from services.incentive.verifier.values import fen, yuan
from shared.translog.merkle import leaf_hash
from shared.translog.note import SignerKey, parse_note, sign
from shared.values.canonical_json import canonical_json
from tests.support.incentive.changed_extract import (
    ACTS,
    BALANCES,
    ENTERED,
    LEDGER_ORIGIN,
    SETTINGS,
    STATEMENTS,
    TRADES,
    TRADES_ORIGIN,
    TRANSACTIONS,
    Draft,
    checkpoint_of,
    root_of,
    zipped,
)
from tests.support.registers.worlds import LOG_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from services.incentive.verifier.report import Unsound
    from tests.support.incentive.changed_extract import Files, Json

    Change = Callable[[Draft], object]

AWARDS, CONTEXT, FACTS, MANIFEST = "awards.ndjson", "context.ndjson", "facts.ndjson", "manifest.json"
PROOF, TRADES_PROOF = "proof.json", "evidence/trades-r1-1.proof.json"
FIRST = 1  # the first transaction after what was put in force
HERE = -1  # stands for the line of the last row that the change looked up
FIRST_PURCHASE = "facts.first-purchase.v1/"
ZEROS = base64.b64encode(bytes(32)).decode()
LATE, EARLY = "2030-01-01T00:00:00.000000+08:00", "2020-01-01T00:00:00.000000+08:00"
REVIEWER, APPROVER = "bureau", "bureau3"  # of the acts in the fixture


class Refusal(NamedTuple):
    """A change and the expected report. `older`: the same extract with that change is passed as the older one."""

    reason: str
    file: str
    line: int | None
    change: Change
    older: Change | None = None
    damage: Callable[[bytes], bytes] | None = None  # applied to the zip file


# --- ways to change an extract ---


def put(name: str, place: Any, path: str, value: Any) -> Change:
    """Set a field of a row, or of a document (place None)."""

    def change(draft: Draft) -> None:
        target = draft.document(name) if place is None else draft.row(name, place)
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
        for step in steps:
            target = target[step]
        target[last] = value

    return change


def raw(name: str, edit: Callable[[bytes], bytes]) -> Change:
    """Change the bytes of a file before it is signed."""
    return lambda draft: draft.files.update({name: edit(draft.files[name])})


def unsigned(name: str, edit: Callable[[bytes], bytes | None]) -> Change:
    """Change the bytes of a file after signing; None removes the file."""

    def change(draft: Draft) -> None:
        draft.done()
        draft.afterwards[name] = edit(draft.done().get(name, b""))

    return change


def drop(name: str, place: Any) -> Change:
    return lambda draft: draft.rows(name).remove(draft.row(name, place))


def swap(name: str, place: int) -> Change:
    """Swap a row with the next one."""

    def change(draft: Draft) -> None:
        rows = draft.rows(name)
        rows[place], rows[place + 1] = rows[place + 1], rows[place]

    return change


def double(name: str, place: int) -> Change:
    return lambda draft: draft.rows(name).insert(place, draft.rows(name)[place])


def act(place: Any, **fields: Any) -> Change:
    """Change an act, also in the ledger."""

    def change(draft: Draft) -> None:
        draft.act(place, **fields)
        line = draft.line
        draft.book_again()
        draft.line = line

    return change


def restated(path: str, value: Any, kind: str = "approve", *, is_named: bool = True) -> Change:
    """Set a field of the first statement of a kind, and its hash in decision and ledger."""

    def edit(row: Json) -> None:
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
        for step in steps:
            row = row[step]
        row[last] = value

    return lambda draft: draft.restate({"kind": kind}, edit, is_named=is_named)


def unstated(draft: Draft) -> None:
    """Have a decision name no statement."""
    row = draft.row(STATEMENTS, 0)
    draft.rows(STATEMENTS).remove(row)
    draft.act({"statement": hashlib.sha256(canonical_json(row)).hexdigest()}, statement=None)
    line = draft.line
    draft.book_again()
    draft.line = line


def stated_twice(draft: Draft) -> None:
    """Have two decisions name one statement."""
    first = draft.row(ACTS, lambda row: row.get("statement") is not None)
    draft.act(lambda row: row.get("statement") not in (None, first["statement"]), statement=first["statement"])
    line = draft.line
    draft.book_again()
    draft.line = line


def act_amount(action: str, amount: str) -> Change:
    def change(draft: Draft) -> None:
        _, posted = draft.act({"action": action}, amount=amount)
        draft.post(posted, amount)
        draft.book_again()

    return change


def of_kind(kind: str) -> Callable[[Json], bool]:
    return lambda row: row["entry"]["kind"] == kind


def has(field: str) -> Callable[[Json], bool]:
    return lambda row: field in row


def waits(row: Json) -> bool:
    return "declared_table_id" in row and "added" in row


def a_small_grant(row: Json) -> bool:
    return "other_grant_id" in row and row.get("amount") == "0.01"


def another_grant(**fields: Any) -> Change:
    """Change what a grant deducts, also in the ledger; the award from which it is deducted keeps its payable."""

    def change(draft: Draft) -> None:
        grant = dict(draft.row(ACTS, a_small_grant))
        draft.act(a_small_grant, **fields)
        draft.book_again()

        def is_named(row: Json) -> bool:
            whose = f"{row['subject']['id_scheme']}:{row['subject']['id']}", row["year"], [row["rule"]]
            return row["payable"] != "0.00" and whose == (grant["subject"], grant["year"], grant["rules"])

        draft.row(AWARDS, is_named)

    return change


def a_first_purchase(row: Json) -> bool:
    return row["fact"].startswith(FIRST_PURCHASE) and row["value"]["first"] is not None


def signed_note(text: str, name: str = LEDGER_ORIGIN) -> bytes:
    return str(sign(text, SignerKey(name, LOG_KEY))).encode()


def other_key(draft: Draft) -> None:
    draft.private = Ed25519PrivateKey.generate()


def trades_key(draft: Draft) -> None:
    draft.signer = TRADES_ORIGIN


def other_signer(draft: Draft) -> None:
    draft.files["checkpoint"] = signed_note(parse_note(draft.files["checkpoint"]).text, TRADES_ORIGIN)


def twice(draft: Draft) -> None:
    draft.twice = "README.md"


def last_line_open(draft: Draft) -> None:
    draft.line = len(draft.rows(AWARDS))
    data = draft.files[AWARDS]
    draft.afterwards = {}
    draft.files[AWARDS] = data[:-1]
    draft._rows.clear()  # noqa: SLF001 - only the bytes are changed


def amend_policy(old: bytes, new: bytes) -> Change:
    """Change the policy file, also in the ledger."""

    def change(draft: Draft) -> None:
        for one in draft.document(SETTINGS):
            policy = one["policy"]
            for name in (policy["file"], policy["values"]):
                draft.files[name] = draft.files[name].replace(old, new)
            policy["sha256"] = hashlib.sha256(draft.files[policy["file"]]).hexdigest()
        draft.rows(TRANSACTIONS)[0]["settings"]["policy"]["sha256"] = policy["sha256"]
        draft.book_again()

    return change


def another_revision(draft: Draft) -> None:
    """Put revision 9 in force at the end, and have the first posting name it."""
    policy = draft.document(SETTINGS)[0]["policy"]
    old, new = (str(one).encode() for one in (policy["revision"], 9))
    files = {"file": "policy/9.yaml", "values": "policy/9.json"}
    for name, file in files.items():
        whole = draft.files[policy[name]].replace(b"revision: " + old, b"revision: " + new)
        draft.files[file] = whole.replace(b'"revision": "' + old, b'"revision": "' + new)
    sha256 = hashlib.sha256(draft.files["policy/9.yaml"]).hexdigest()
    draft.put_in_force(**files, revision=9, sha256=sha256)
    draft.row(TRANSACTIONS, FIRST)["policy"]["revision"] = 9
    draft.book_again()


def no_settings_file(draft: Draft) -> None:
    draft.document(SETTINGS).clear()


def other_bytes(draft: Draft) -> None:
    """Put the same revision in force again with another file."""
    content = draft.files[draft.document(SETTINGS)[0]["policy"]["file"]] + b"#"
    draft.files["policy/other.yaml"] = content
    draft.put_in_force(file="policy/other.yaml", sha256=hashlib.sha256(content).hexdigest())
    draft.book_again()


def entered_in_vain(draft: Draft) -> None:
    """Put settings in force by a transaction that the other files do not have."""
    draft.put_in_force()
    draft.book_again()
    draft.document(SETTINGS).pop()
    draft.rows(ENTERED).pop()
    draft.prove_settings()
    draft.row(TRANSACTIONS, -1)


def another_amount(draft: Draft) -> None:
    name = draft.document(SETTINGS)[0]["policy"]["values"]
    draft.files[name] = draft.files[name].replace(b"20000.00", b"31415.92")


def no_settings(draft: Draft) -> None:
    """Remove all settings and transactions but keep the awards."""
    draft.document(SETTINGS).clear()
    draft.rows(ACTS).clear()
    draft.rows(FACTS).clear()
    draft.document(MANIFEST)["request"] |= {"evidence": "awards", "as_of": LATE}
    del draft.document(MANIFEST)["logs"][1:]
    draft.cut(0)


def turned_round(draft: Draft) -> None:
    """Negate the first posting, so that it reverses an amount that was never posted."""
    transaction = draft.row(TRANSACTIONS, FIRST)
    transaction["amount"] = f"-{transaction['amount']}"
    for entry in transaction["entries"]:
        entry["debit"], entry["credit"] = entry["credit"], entry["debit"]


def returned_to_the_treasury(draft: Draft) -> None:
    """Post a return as an earlier version did, so that nothing is to be recovered."""
    draft.row(TRANSACTIONS, {"kind": "return"})["entries"][0]["account"] = "treasury"
    draft.row(TRANSACTIONS, {"kind": "recovery"})


def recovered_from_the_budget(draft: Draft) -> None:
    draft.row(TRANSACTIONS, {"kind": "recovery"})["entries"][1]["account"] = "budget:2026"


def recovered_as_a_whole(draft: Draft) -> None:
    award = draft.row(AWARDS, lambda row: row["returned"] != "0.00")
    award["recovered"] = award["returned"]


def balance_moved(draft: Draft) -> None:
    item = draft.document(BALANCES)["items"][0]
    item["debit"], item["credit"] = "1.00", yuan(fen(item["credit"]) + 100)


def covered_twice(draft: Draft) -> None:
    size = draft.document(PROOF)["size"]
    draft.document(PROOF)["nodes"] = [[size - 1, size, ZEROS]]


def left_out(draft: Draft) -> None:
    """Replace a transaction by its hash."""
    hidden = draft.rows(TRANSACTIONS).pop(5)
    draft.document(PROOF)["nodes"] = [[5, 6, base64.b64encode(leaf_hash(canonical_json(hidden))).decode()]]


def entry_left_out(draft: Draft) -> None:
    rows = draft.rows(TRADES)
    hidden, seq = rows.pop()["entry"], len(rows)
    node = base64.b64encode(leaf_hash(canonical_json(hidden))).decode()
    draft.document(TRADES_PROOF)["nodes"] = [[seq, seq + 1, node]]


def another_past(draft: Draft) -> None:
    draft.rows(TRANSACTIONS)[FIRST]["cause"] = {"text": "x"}
    draft.book_again()


def shorter(draft: Draft) -> None:
    draft.cut(len(draft.rows(TRANSACTIONS)) - 1)


def version(seq: int) -> Change:
    def change(draft: Draft) -> None:
        row = draft.row(FACTS, a_first_purchase)
        row["seq"] = row["value"]["seq"] = seq

    return change


def last_fact(old: str, new: str) -> Change:
    def change(draft: Draft) -> None:
        row = draft.row(FACTS, -1)
        row["fact"] = row["fact"].replace(old, new)

    return change


def uncounted(draft: Draft) -> None:
    for settings in (draft.document(SETTINGS)[0], draft.rows(TRANSACTIONS)[0]["settings"]):
        settings["registers"] = ["r9"]
    draft.book_again()
    draft.row(FACTS, lambda row: not row["fact"].startswith("declared/"))


def listing_fact_renamed(draft: Draft) -> None:
    """Change a name in a listing fact, which changes no total."""

    def is_known(row: Json) -> bool:
        return row["entry"]["kind"] == "fact" and json.loads(base64.b64decode(row["value"]))["provider"] is not None

    row = draft.row(TRADES, is_known)
    value = json.loads(base64.b64decode(row["value"]))
    value["provider"]["name"] = "x"
    data = json.dumps(value).encode()
    row["value"], row["entry"]["value_sha256"] = base64.b64encode(data).decode(), hashlib.sha256(data).hexdigest()
    entries = [canonical_json(one["entry"]) for one in draft.rows(TRADES)]
    draft.files["evidence/trades-r1-1.checkpoint"] = checkpoint_of(TRADES_ORIGIN, entries)


def also_in_context(draft: Draft) -> None:
    draft.rows(CONTEXT).append(draft.rows(AWARDS)[0])


def other_year(draft: Draft) -> None:
    """Move the only posting of an award without decisions to the account of another year."""
    posted = draft.rows(TRANSACTIONS)[-1]
    entry = posted["entries"][1]
    entry["account"] = entry["account"][:-4] + "2099"
    draft.book_again()
    draft.row(AWARDS, {"award_id": posted["award_id"]})


def split_years(draft: Draft) -> None:
    """Move the second of two postings of an award to the account of another year."""
    grown: dict[str, list[Json]] = {}
    for row in draft.rows(TRANSACTIONS):
        if row["kind"] == "entitlement":
            grown.setdefault(row["award_id"], []).append(row)
    posted = next(rows for rows in grown.values() if len(rows) == 2 and all(fen(one["amount"]) > 0 for one in rows))
    entry = posted[1]["entries"][1]
    entry["account"] = entry["account"][:-4] + "2099"
    draft.book_again()


def posted_more(draft: Draft) -> None:
    posted = draft.rows(TRANSACTIONS)[-1]
    draft.post(posted, yuan(fen(posted["amount"]) + 100))
    draft.book_again()
    draft.row(AWARDS, {"award_id": posted["award_id"]})


def held_before_approval(draft: Draft) -> None:
    """Turn the eligibility check before an award's first step into a hold on the award."""
    checked = draft.row(ACTS, has("eligibility_id"))
    approved = draft.row(ACTS, {"action": "approve"})
    posted = draft.rows(TRANSACTIONS)[checked["transaction"]]
    posted["award_id"] = approved["award_id"]
    posted["article"] = draft.rows(TRANSACTIONS)[approved["transaction"]]["article"]
    hold = {"hold_id": checked.pop("eligibility_id"), "award_id": approved["award_id"], "kind": "manual"}
    act(has("status"), **hold)(draft)
    draft.row(ACTS, {"action": "approve"})


def ineligible(draft: Draft) -> None:
    unmet = {"good_credit": {"met": False}}
    act(has("eligibility_id"), status="failed", reason="r", criteria=unmet)(draft)
    draft.row(ACTS, {"action": "approve"})


def notice_not_over(draft: Draft) -> None:
    place = {"action": "publish"}
    act(place, notice={**draft.row(ACTS, place)["notice"], "until": "2099-01-01"})(draft)
    draft.row(ACTS, {"action": "approve"})


def published_for(until: str, days_off: Sequence[str] = ()) -> Change:
    """Change the last day of a notice and the days off that it was counted by."""

    def change(draft: Draft) -> None:
        place = {"action": "publish"}
        found = draft.row(ACTS, place)
        notice, calendar = {**found["notice"], "until": until}, {**found["calendar"], "days_off": [*days_off]}
        act(place, notice=notice, calendar=calendar)(draft)

    return change


def another_year(draft: Draft) -> None:
    place = {"action": "publish"}
    act(place, published={**draft.row(ACTS, place)["published"], "year": 2099})(draft)
    draft.row(ACTS, {"action": "approve"})


def header_broken(data: bytes) -> bytes:
    return data.replace(b"PK\x03\x04", b"PK\x03\x05", 1)


def content_broken(data: bytes) -> bytes:
    return data.replace(b"jiangbu/extract\n", b"jiangbu/extract\t", 1)


def posting(field: str, value: str) -> Change:
    """Change the first entry of the first transaction."""
    return put(TRANSACTIONS, FIRST, f"entries/0/{field}", value)


def a_fact(path: str, value: Any) -> Change:
    return put(FACTS, a_first_purchase, path, value)


payable_of_one_yuan = put(AWARDS, 0, "payable", "1.00")

NOTHING: Change = lambda _: None  # noqa: E731 - the row's change is elsewhere

REFUSALS = [
    # The zip, and the signed manifest.
    Refusal("twice in the zip", "README.md", None, twice),
    Refusal("unreadable", "changed.zip", None, NOTHING, damage=lambda data: data[:-200]),
    Refusal("unreadable", "policy/*", None, NOTHING, damage=header_broken),
    Refusal("unreadable", "manifest.sig", None, NOTHING, damage=content_broken),
    Refusal("not UTF-8", "manifest.sig", None, unsigned("manifest.sig", lambda _: b"\xff")),
    Refusal("not a signed note", "manifest.sig", None, unsigned("manifest.sig", lambda _: b"x")),
    Refusal("malformed signature line", "manifest.sig", None, unsigned("manifest.sig", lambda _: b"x\n\nx\n")),
    Refusal("no valid signature by a given key", "manifest.sig", None, other_key),
    Refusal("not the manifest that was signed", MANIFEST, None, unsigned(MANIFEST, lambda data: data + b" ")),
    Refusal("unknown format", MANIFEST, None, put(MANIFEST, None, "format", "x")),
    Refusal("not part of the extract", "more.txt", None, unsigned("more.txt", lambda _: b"")),
    Refusal("missing", "quarantine.ndjson", None, unsigned("quarantine.ndjson", lambda _: None)),
    Refusal("differs from its hash in the manifest", AWARDS, 1, unsigned(AWARDS, lambda data: b"x" + data)),
    Refusal("not signed by the ledger's log", "manifest.sig", None, trades_key),
    Refusal("not JSON", PROOF, None, raw(PROOF, lambda _: b"{")),
    Refusal("not JSON", SETTINGS, None, raw(SETTINGS, lambda _: b"{")),
    Refusal("not JSON", AWARDS, 1, raw(AWARDS, lambda data: b"x" + data)),
    Refusal("not in canonical form", AWARDS, 1, raw(AWARDS, lambda data: b" " + data)),
    Refusal("the last line is incomplete", AWARDS, HERE, last_line_open),
    # Checkpoints and proofs.
    Refusal("not a checkpoint", "checkpoint", None, raw("checkpoint", lambda _: signed_note("x\n"))),
    Refusal("differs from the log in the manifest", "checkpoint", None, put(MANIFEST, None, "logs/0/size", 1)),
    Refusal("not signed by that log", "checkpoint", None, other_signer),
    Refusal("not of the checkpoint's size", PROOF, None, put(PROOF, None, "size", 1)),
    Refusal("not a hash", PROOF, None, put(PROOF, None, "nodes", [[0, 1, "AAAA"]])),
    Refusal("entry 5 is missing", TRANSACTIONS, None, drop(TRANSACTIONS, 5)),
    Refusal("entry 76 is out of place", TRANSACTIONS, None, covered_twice),
    Refusal("entries do not hash to the root in the checkpoint", TRANSACTIONS, None, put(TRANSACTIONS, 1, "cause", {})),
    # The policy and the whitelist in force.
    Refusal("not the policy file that was in force", "policy/*.yaml", None, put(SETTINGS, None, "0/policy/sha256", "")),
    Refusal("wrong revision", "policy/*.json", None, put(SETTINGS, None, "0/policy/revision", 9)),
    Refusal("the policy file has no such value", "policy/*.json", None, another_amount),
    Refusal("not the whitelist that was in force", "policy/*", None, put(SETTINGS, None, "0/whitelist/sha256", "x")),
    Refusal("not what the ledger put in force", SETTINGS, None, put(SETTINGS, None, "0/registers", ["r9"])),
    Refusal("not all that the ledger put in force", SETTINGS, None, no_settings_file),
    Refusal("one revision with other bytes", SETTINGS, None, other_bytes),
    Refusal("not a transaction that puts settings in force", ENTERED, 1, put(ENTERED, 0, "amount", "1.00")),
    Refusal("outside the requested range", ENTERED, 1, put(MANIFEST, None, "size", 0)),
    Refusal("entries do not hash to the root in the checkpoint", ENTERED, None, put(ENTERED, 0, "cause/text", "x")),
    Refusal("not the policy revision in force then", TRANSACTIONS, HERE, another_revision),
    Refusal("not in policy/settings.ndjson", TRANSACTIONS, HERE, entered_in_vain),
    Refusal("no policy was in force", AWARDS, 1, no_settings),
    # Transactions.
    Refusal("invalid content", TRANSACTIONS, HERE, put(TRANSACTIONS, FIRST, "policy", None)),
    Refusal("not of the ledger's size", MANIFEST, None, put(MANIFEST, None, "size", 99)),
    Refusal("wrong fields", TRANSACTIONS, 1, put(TRANSACTIONS, 0, "more", 1)),
    Refusal("out of order", TRANSACTIONS, 2, put(TRANSACTIONS, 1, "posted_at", EARLY)),
    Refusal("not a time", TRANSACTIONS, 1, put(TRANSACTIONS, 0, "posted_at", "x")),
    Refusal("outside the requested range", TRANSACTIONS, 1, put(MANIFEST, None, "request/since", 1)),
    Refusal("outside the requested period", TRANSACTIONS, 1, put(MANIFEST, None, "request/from", LATE)),
    Refusal("its policy revision is not in the extract", TRANSACTIONS, 2, put(TRANSACTIONS, 1, "policy/revision", 9)),
    Refusal("not of the requested rules", TRANSACTIONS, 2, put(MANIFEST, None, "request/rules", ["exchange_tiers"])),
    Refusal("its article is not that of the policy file", TRANSACTIONS, 2, put(TRANSACTIONS, FIRST, "article", "x")),
    Refusal("its decision does not match its kind", TRANSACTIONS, 2, put(TRANSACTIONS, FIRST, "decision", {})),
    Refusal("not an amount", TRANSACTIONS, 2, posting("debit", "x")),
    Refusal("exactly one side of an entry must be over zero", TRANSACTIONS, 2, posting("credit", "1.00")),
    Refusal("debits do not equal credits", TRANSACTIONS, 2, posting("debit", "1.00")),
    Refusal("its amount does not follow from its entries", TRANSACTIONS, 2, put(TRANSACTIONS, FIRST, "amount", "1.00")),
    Refusal("the account falls below zero", TRANSACTIONS, 2, turned_round),
    Refusal("the account falls below zero", TRANSACTIONS, HERE, returned_to_the_treasury),
    Refusal("the account does not fit the kind and award", TRANSACTIONS, HERE, recovered_from_the_budget),
    Refusal("the account does not fit the kind and award", TRANSACTIONS, 2, posting("account", "treasury")),
    Refusal("transactions are left out", TRANSACTIONS, None, left_out),
    # An older extract.
    Refusal("the older extract is unsound", "older.zip", None, NOTHING, older=unsigned("README.md", lambda _: b"x")),
    Refusal("the log is shorter than in the older extract", PROOF, None, shorter, older=NOTHING),
    Refusal("history was rewritten", PROOF, None, another_past, older=NOTHING),
    # Entries of the registers.
    Refusal("wrong fields", TRADES, 1, put(TRADES, 0, "more", 1)),
    Refusal("out of order", TRADES, 2, double(TRADES, 0)),
    Refusal("bytes do not match their hash", TRADES, 1, put(TRADES, 0, "value", ZEROS)),
    Refusal("wrong kind", TRADES, 1, put(TRADES, 0, "entry/kind", "x")),
    Refusal("not the document of its entry", TRADES, HERE, put(TRADES, of_kind("trade"), "entry/revision", 99)),
    Refusal("not the fact of its entry", TRADES, HERE, put(TRADES, of_kind("fact"), "entry/number", "x")),
    Refusal("the register is incomplete", TRADES, None, entry_left_out),
    # Facts.
    Refusal("out of order", FACTS, 2, swap(FACTS, 0)),
    Refusal("its version is not that of its value", FACTS, 1, put(FACTS, 0, "seq", 99)),
    Refusal("its register did not count", FACTS, HERE, uncounted),
    Refusal("its register is not in the extract", FACTS, HERE, last_fact("/r1/", "/r9/")),
    Refusal("no such fact", FACTS, HERE, last_fact("facts.sign.v1/", "facts.x.v1/")),
    Refusal("it depends on more entries than its register has", FACTS, HERE, version(10**6)),
    Refusal("there was no whitelist then", FACTS, HERE, version(0)),
    Refusal("no document names the subject", FACTS, HERE, version(1)),
    Refusal("differs from its recomputation from the documents", FACTS, HERE, a_fact("value/first/amount", "1.00")),
    Refusal("a listing fact differs from the register", TRADES, None, listing_fact_renamed),
    Refusal("not the declaration of its key", FACTS, 1, put(FACTS, 0, "value/item", "x")),
    Refusal("not the declaration in the ledger", FACTS, None, put(FACTS, 0, "value/measure", {})),
    Refusal("a declaration is missing", FACTS, None, drop(FACTS, 0)),
    # Balances.
    Refusal("not the balances as of this extract", BALANCES, None, put(BALANCES, None, "as_of", "x")),
    Refusal("out of order, or wrong balance", BALANCES, 2, put(BALANCES, None, "items/0/balance", "1.00")),
    Refusal("not the sum of the postings", BALANCES, 2, balance_moved),
    Refusal("an account is missing", BALANCES, None, lambda draft: draft.document(BALANCES)["items"].pop(0)),
    # Awards.
    Refusal("out of order", AWARDS, 2, swap(AWARDS, 0)),
    Refusal("is in awards.ndjson, too", CONTEXT, 1, also_in_context),
    Refusal("the facts that it depends on are not in the extract", AWARDS, 1, put(AWARDS, 0, "evidence/0/seq", 1)),
    Refusal("differs from its recomputation from the facts", AWARDS, 1, put(AWARDS, 0, "base", "1.00")),
    Refusal("a total is not cut at the policy's dates", AWARDS, 1, amend_policy(b"2025-10-15", b"2025-10-20")),
    Refusal(
        "a reading that this program does not compute", CONTEXT, None, amend_policy(b"kinds_compete", b"none_competes")
    ),
    Refusal("an award that is earned is missing", AWARDS, None, drop(AWARDS, 0)),
    Refusal("payable or suppressed_by does not follow from G6 and G11", AWARDS, 1, payable_of_one_yuan),
    Refusal("differs from the acts", AWARDS, 1, put(AWARDS, 0, "eligibility", "failed")),
    Refusal("differs from the acts", AWARDS, 1, put(AWARDS, 0, "recovered", "1.00")),
    Refusal("differs from the acts", AWARDS, HERE, recovered_as_a_whole),
    Refusal("differs from the acts", AWARDS, 1, put(AWARDS, 0, "flags", ["not_eligible"])),
    Refusal("differs from the acts", AWARDS, HERE, put(AWARDS, {"flags": ["over_approved"]}, "flags", [])),
    Refusal("differs from the acts", AWARDS, 1, put(AWARDS, 0, "period_closed", None)),
    Refusal("no account of its subject and year", AWARDS, HERE, other_year),
    Refusal("the account should be zero", BALANCES, None, split_years),
    Refusal("differs from what is posted", AWARDS, HERE, posted_more),
    Refusal("does not fit its last transaction", AWARDS, 1, put(AWARDS, 0, "updated_at", EARLY)),
    # Acts.
    Refusal("differs from its hash in the ledger", ACTS, 1, put(ACTS, 0, "by", "x")),
    Refusal("out of order", ACTS, 2, swap(ACTS, 0)),
    Refusal("the act of transaction 75 is missing", ACTS, None, drop(ACTS, -1)),
    Refusal("differs from its transaction", ACTS, 1, act(0, at=EARLY)),
    Refusal("the accounts are not those of its subject and year", ACTS, HERE, act({"action": "approve"}, year=2099)),
    Refusal("the step does not follow the one before", ACTS, HERE, act({"action": "review"}, **{"from": "paid"})),
    Refusal("the step leads to another state", ACTS, HERE, act({"action": "review"}, to="paid")),
    Refusal("the step does not follow the one before", ACTS, HERE, act({"action": "apply"}, action="x")),
    *(
        Refusal("steps that need separate hands are by one person", ACTS, HERE, act({"action": action}, person=other))
        for action, other in (("joint_review", REVIEWER), ("approve", REVIEWER), ("pay", APPROVER))
    ),
    Refusal("a step without its document", ACTS, HERE, act({"action": "approve"}, documents=[])),
    Refusal("paid on a wrong day", ACTS, HERE, act({"action": "pay"}, paid_on="2020-01-01")),
    Refusal("approved for another subject or year than was published", ACTS, HERE, another_year),
    Refusal("more is approved than was published", ACTS, HERE, act_amount("approve", "9999999999.00")),
    Refusal("approved before the public notice was over", ACTS, HERE, notice_not_over),
    Refusal("approved or paid in spite of a hold", ACTS, HERE, held_before_approval),
    Refusal("approved or paid without verified eligibility", ACTS, HERE, ineligible),
    Refusal(
        "a record of eligibility that lacks what it needs", ACTS, HERE, act(has("eligibility_id"), status="failed")
    ),
    Refusal(
        "an account is not confirmed by another person",
        ACTS,
        HERE,
        act(has("account_confirmation_id"), account_id="none"),
    ),
    Refusal(
        "a table of declarations is not confirmed by another person", ACTS, HERE,
        act(has("declared_table_confirmation_id"), person=REVIEWER),
    ),
    Refusal(
        "ends a table of declarations that does not wait", ACTS, HERE,
        act(has("declared_table_discard_id"), declared_table_id="none"),
    ),
    *(
        Refusal(
            "a table of declarations that needed no other person", ACTS, HERE, act(waits, **{name: yuan})
        )
        for name, yuan in (("above", "21000000.00"), ("added", "20000000.00"))
    ),
    Refusal("releases a hold that is not in force", ACTS, HERE, act(has("release_id"), hold_id="x")),
    Refusal(
        "an objection without an outcome, or an outcome of another hold", ACTS, HERE,
        act(has("release_id"), outcome="upheld"),
    ),
    Refusal("a notice of fewer working days than the policy wants", ACTS, HERE, published_for("2026-01-15")),
    Refusal("a notice of fewer working days than the policy wants", ACTS, HERE, published_for("2026-01-11")),
    Refusal(
        "a notice of fewer working days than the policy wants", ACTS, HERE,
        published_for("2026-01-16", ["2026-01-13"]),
    ),
    Refusal(
        "the calendar names a day for what its weekday is already", ACTS, HERE,
        published_for("2026-01-31", ["2026-01-17"]),
    ),
    Refusal("a grant without a document", ACTS, HERE, act(has("other_grant_id"), documents=[])),
    Refusal(
        "withdraws a grant that is not in force", ACTS, HERE, act(has("grant_withdrawal_id"), other_grant_id="x")
    ),
    *(
        Refusal("payable or suppressed_by does not follow from G6 and G11", AWARDS, HERE, another_grant(**fields))
        for fields in ({"amount": "0.02"}, {"rules": []}, {"awards": ["x"], "rules": []}, {"year": 2020})
    ),
    Refusal("the payment is not all that was unpaid", ACTS, HERE, act_amount("pay", "1.00")),
    Refusal("more is returned than was notified", ACTS, HERE, act_amount("return", "9999999999.00")),
    Refusal(
        "returned before the notice was over, without an answer", ACTS, HERE, act({"action": "return"}, documents=[])
    ),
    # Statements.
    Refusal("no decision names this statement", STATEMENTS, HERE, restated("reason", "x", is_named=False)),
    Refusal("a statement is missing", STATEMENTS, None, drop(STATEMENTS, 0)),
    Refusal("a decision lacks its statement, or has one that no policy provides for", ACTS, HERE, unstated),
    Refusal("two decisions name one statement", ACTS, HERE, stated_twice),
    Refusal("not the policy and whitelist in force then", STATEMENTS, HERE, restated("policy/sha256", "0" * 64)),
    Refusal("not the policy and whitelist in force then", STATEMENTS, HERE, restated("whitelist_sha256", "0" * 64)),
    Refusal("its article is not that of the policy file", STATEMENTS, HERE, restated("article", "x")),
    *(
        Refusal("authority, remedies or template are not the policy file's", STATEMENTS, HERE, restated(path, value))
        for path, value in (
            ("authority", "x"), ("decided_by/post", "x"), ("remedies/0/days", 30), ("contact", "x"), ("template", "x"),
        )
    ),
    *(
        Refusal("differs from its decision", STATEMENTS, HERE, restated(path, value))
        for path, value in (
            ("reason", "x"), ("at", LATE), ("year", 2020), ("item", "x"), ("decided_by/name", "x"), ("documents", []),
            ("decided_by/person", "x"), ("ground", "error"), ("subject/id", "x"),
        )
    ),
    Refusal("differs from its decision", STATEMENTS, HERE, restated("notice/until", "2030-01-01", "publish")),
    *(
        Refusal("differs from the notice before it", STATEMENTS, HERE, restated(f"notice/{field}", value, kind))
        for field, value, kind in (
            ("until", "2026-01-01", "approve"), ("where", "x", "approve"), ("from", "2020-01-01", "return"),
            ("ground", "court", "return"), ("reason", "x", "return"),
        )
    ),
    Refusal(
        "its objections do not have the form of its template", STATEMENTS, HERE,
        restated("objections", [{"reason": "r", "hold_id": "h"}]),
    ),
    Refusal("wrong number", STATEMENTS, HERE, restated("number", "1")),
    Refusal("wrong number", STATEMENTS, HERE, restated("number", "昆数奖补〔2020〕1")),
    Refusal("the numbers of statements have gaps", STATEMENTS, None, restated("number", "昆数奖补〔2026〕99")),
    Refusal("wrong amount, in figures or words", STATEMENTS, HERE, restated("amounts/amount", "1.00")),
    Refusal("wrong amount, in figures or words", STATEMENTS, HERE, restated("amount_in_words", "人民币壹元整")),
    Refusal("the payable is over the ceiling", STATEMENTS, HERE, restated("amounts/payable", "9999999999.00")),
    Refusal(
        "its ceiling is not what the ledger had posted before", STATEMENTS, HERE,
        restated("amounts/ceiling", "9999999999.00"),
    ),
    Refusal("its amounts differ from the acts before it", STATEMENTS, HERE, restated("amounts/paid", "1.00", "return")),
    Refusal("a fact is not of its version", STATEMENTS, HERE, restated("facts/0/seq", 999)),
    Refusal("a fact differs from that of the extract", STATEMENTS, HERE, restated("facts/0/value/x", 1)),
    # The manifest's counts and sums.
    Refusal("wrong control total", MANIFEST, None, put(MANIFEST, None, "totals/awards/count", 1)),
]  # fmt: skip


# --- wrong calls, which give no verdict on an extract ---


def of_another_ledger(draft: Draft) -> None:
    draft.ledger_origin = draft.signer = f"{LEDGER_ORIGIN}2"
    draft.document(MANIFEST)["logs"][0]["origin"] = draft.ledger_origin
    draft.document(BALANCES)
    draft.book_again()


def not_cut(draft: Draft) -> None:
    """Keep only the later transactions and replace the earlier ones by one hash."""
    draft.document(MANIFEST)["request"]["exchange"] = "kmdex"
    rows = draft.rows(TRANSACTIONS)
    leaves = [leaf_hash(canonical_json(row)) for row in rows[:32]]
    del rows[:32]
    draft.document(PROOF)["nodes"] = [[0, 32, base64.b64encode(root_of(leaves)).decode()]]


def unchanged(older: Change | None = None) -> Refusal:
    return Refusal("", "", None, NOTHING, older)


class Misuse(NamedTuple):
    reason: str
    call: Callable[[Extract], object]


MISUSES = [
    Misuse("line 1 is not a verifier key", lambda _: read_keys("x")),
    Misuse("there is no verifier key", lambda _: read_keys("")),
    Misuse("the key file is not UTF-8", lambda extract: read_key_file(extract.write("keys", b"\xff"))),
    Misuse("no such file", lambda extract: verify("nowhere.zip", extract.keys)),
    Misuse("no verifier key", lambda extract: extract.check(unchanged(), extract.ledger_key)),
    Misuse("the older extract is of another ledger", lambda extract: extract.check(unchanged(of_another_ledger))),
    Misuse(
        "this extract cannot be compared with the older one: request one with since=20",
        lambda extract: extract.check(Refusal("", "", None, not_cut, lambda draft: draft.cut(20))),
    ),
]  # fmt: skip


class Extract:
    """The extract that is changed, and the keys of its logs."""

    def __init__(self, content: Files, keys: str, folder: Path) -> None:
        self._content, self._folder = content, folder
        another = SignerKey(f"{LEDGER_ORIGIN}2", LOG_KEY).verifier
        self.key_lines = f"{keys}{another}\n"
        self.keys = read_keys(self.key_lines)
        self.ledger_key = read_keys(next(line for line in keys.splitlines() if line.startswith(f"{LEDGER_ORIGIN}+")))

    def write(self, name: str, data: bytes) -> str:
        (self._folder / name).write_bytes(data)
        return str(self._folder / name)

    def changed(self, row: Refusal) -> tuple[Path, Path | None, int]:
        """Write the extract with the row's change, and the older one if it has one; return also the changed line."""
        draft, path, older_path = Draft(self._content), self._folder / "changed.zip", None
        row.change(draft)
        zipped(draft.done(), path, draft.twice)
        if row.damage is not None:
            path.write_bytes(row.damage(path.read_bytes()))
        if row.older is not None:
            then, older_path = Draft(self._content), self._folder / "older.zip"
            row.older(then)
            zipped(then.done(), older_path)
        return path, older_path, draft.line

    def check(self, row: Refusal, keys: Any = None) -> tuple[Unsound, int]:
        """Return the only fault that the verifier reports for the changed extract, and the changed line."""
        path, older_path, line = self.changed(row)
        older = None if older_path is None else str(older_path)
        (fault,) = verify(str(path), keys or self.keys, older).faults or (None,)
        assert fault is not None, "the changed extract is sound"
        return fault, line
