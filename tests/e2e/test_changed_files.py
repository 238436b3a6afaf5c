"""A set restarted with another policy revision, whitelist and signing key by the procedures of docs/en/operations.

A witness checks the logs, and detects that a database superuser finally rewrites history.
"""

import json
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from devset.client import Client
from shared.events.records import from_line
from shared.kafka.publish.publish_records import publish
from shared.settings import POLICY_FILE, KafkaSettings
from shared.translog.checkpoint import Checkpoint, open_checkpoint
from shared.translog.note import VerifierKey
from tests.support.policy.revisions import REVISION, later_policy
from tests.support.procedures import ROOT, carry_out
from tests.support.translog.witnessing import NAME, rewrite_listings, witness
from tests.support.up import QUIET_WITHIN_S, Up, client_of, up_while_used

AWARD = "first_purchase/uscc:91530100MAXXAAA02W"
started = contextmanager(up_while_used)
CAP = 'rate: "0.05"\n    cap: "{}"'


def send(running: dict[str, Any], lines: list[bytes]) -> None:
    records = [record for record in (from_line(line, "kmdex", None) for line in lines) if record is not None]
    published = publish(records, KafkaSettings((running["kafka"],)).client_config(), lambda _: None)
    assert published.acknowledged.total() == len(lines)


def ceiling(client: Client) -> tuple[str, int]:
    """Return the award's ceiling and the policy revision that it was computed under."""
    client.await_quiet(QUIET_WITHIN_S, lambda: None)
    award = client.get("incentive", f"/v1/awards/{AWARD}")
    return award["ceiling"], award["policy"]["revision"]


def newer_revision(folder: Path) -> Path:
    """Write the next revision, with a lower cap of first purchases, and check it by the procedure."""
    file = folder / "newer.yaml"
    file.write_text(later_policy(1, **{CAP.format("200000.00"): CAP.format("150000.00")}), encoding="utf-8")
    told = carry_out("check a policy revision", {"OLD": str(POLICY_FILE), "NEW": str(file)})
    for said in ("200000.00", "150000.00", "(四) 2"):
        assert said in told
    return file


def changed_whitelist(folder: Path) -> Path:
    """Write a whitelist in which dcdex has ended and a third exchange was added."""
    listed = yaml.safe_load((ROOT / "exchanges.yaml").read_text(encoding="utf-8"))["exchanges"]
    kmdex, dcdex = listed
    dcdex["until"] = "2026-02-01"
    added = {**kmdex, "id": "newdex", "name": "虚构丙 / Fictional C"}
    file = folder / "exchanges.yaml"
    file.write_text(yaml.safe_dump({"exchanges": [kmdex, dcdex, added]}, allow_unicode=True), encoding="utf-8")
    return file


def test_awards_follow_another_revision_and_another_whitelist(
    own_set: Callable[..., Up], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = (ROOT / "docs" / "example-events.ndjson").read_bytes().splitlines()[:2]
    with started(own_set()) as running:
        send(running, example)
        assert ceiling(client_of(running)) == ("200000.00", REVISION)
        keys = running["keys"]
        first = seen_by_witness(running, tmp_path / "witness", "--name", NAME)
        assert [one.size for one in first.values()] == [3, 2, 3]
    carry_out("another signing key", {"SECRETS": str(tmp_path), "HOLDER": "data"})
    monkeypatch.setenv("POLICY_FILE", str(newer_revision(tmp_path)))
    with started(own_set("--exchanges", str(changed_whitelist(tmp_path)))) as running:
        client = client_of(running)
        assert ceiling(client) == ("150000.00", REVISION + 1)
        posted = client.items("incentive", "/v1/ledger/transactions", award_id=AWARD)
        assert [one["policy"]["revision"] for one in posted] == [REVISION, REVISION + 1]
        assert keys.items() < running["keys"].items()
        assert "exchange:newdex" in running["keys"]
        # The same new listing at the exchange that was added and at the one that ended.
        listing = example[0].replace(b"L2026-0001", b"L2026-0009")
        send(running, [listing.replace(b"kmdex", b"newdex"), listing.replace(b"kmdex", b"dcdex")])
        client.await_quiet(QUIET_WITHIN_S, lambda: None)
        listed = client.items("listing", "/v1/listings")
        assert {(one["exchange"], one["counted"]) for one in listed if one["listing_no"] == "L2026-0009"} == {
            ("newdex", True),
            ("dcdex", False),
        }
        signed_by_another_key(running, tmp_path / "witness", first)
        rewritten_history_is_found(running, tmp_path, example[0])


def seen_by_witness(running: dict[str, Any], folder: Path, *options: str) -> dict[str, Checkpoint]:
    """Run a round of the witness, which must find no fault; return its checkpoints by origin."""
    result = witness(running, folder, *options)
    assert result.exit_code == 0, result.output
    kept = sorted(folder.glob("*.checkpoint"))
    checkpoints = [open_checkpoint(file.read_bytes(), keys_of(file)) for file in kept]
    assert [one.origin for one in checkpoints] == ["jiangbu/ledger", "jiangbu/listings/r1/1", "jiangbu/trades/r1/1"]
    return {one.origin: one for one in checkpoints}


def keys_of(kept: Path) -> list[VerifierKey]:
    """Return the keys with which the witness accepted the checkpoints of a log."""
    return [VerifierKey.parse(line) for line in kept.with_suffix(".keys").read_text("utf-8").splitlines()]


def signed_by_another_key(running: dict[str, Any], folder: Path, first: dict[str, Checkpoint]) -> None:
    """Check that the witness continues, and that the keys served by the service verify what the old key signed."""
    before = {file.name: file.read_bytes() for file in folder.glob("*.checkpoint")}
    now = seen_by_witness(running, folder)
    assert all(now[origin].size > checkpoint.size for origin, checkpoint in first.items())
    auditor = {"Authorization": f"Bearer {running['keys']['auditor']}"}
    for service, name in (("listing", "listings"), ("trade_ingest", "trades"), ("incentive", "ledger")):
        said = requests.get(f"{running[service]}/v1/log/keys", headers=auditor, timeout=30).text.splitlines()
        new, old = map(VerifierKey.parse, said)
        (file,) = folder.glob(f"*{name}*.checkpoint")
        assert keys_of(file) == [old, new]
        assert open_checkpoint(file.read_bytes(), [new]) == now[new.name]
        assert open_checkpoint(before[file.name], [old]) == first[old.name]


def rewritten_history_is_found(running: dict[str, Any], folder: Path, listing: bytes) -> None:
    """Check that the witness detects it; nobody else can, as rows and log are consistent and the key is right."""
    rewrite_listings(folder / "data")
    result = witness(running, folder / "witness")
    assert result.exit_code == 1
    assert "ALARM: jiangbu/listings/r1/1: history was rewritten: same size, different root" in result.output
    send(running, [listing.replace(b"L2026-0001", b"L2026-0010")])
    client_of(running).await_quiet(QUIET_WITHIN_S, lambda: None)
    result = witness(running, folder / "witness", "--watch")
    assert result.exit_code == 1
    assert "the larger tree does not continue the smaller one" in result.output
    kept = (folder / "witness" / "jiangbu%2Flistings%2Fr1%2F1.checkpoint").read_bytes()
    evidence = [json.loads(file.read_bytes()) for file in (folder / "witness").glob("*.alarm-*.json")]
    for one in evidence:
        keys = [VerifierKey.parse(line) for line in one["keys"].splitlines()]
        seen, shown = open_checkpoint(one["seen"], keys), open_checkpoint(one["shown"], keys)
        assert seen == open_checkpoint(kept, keys) != shown
