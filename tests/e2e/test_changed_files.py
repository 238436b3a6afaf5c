"""A set started again with another policy revision and another whitelist, as docs/operations.md says."""

from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.client import Client
from exchange_kit.publish import publish
from exchange_kit.records import from_line
from shared.settings import POLICY_FILE, KafkaSettings
from tests.e2e.conftest import client_of, up_while_used
from tests.e2e.test_up import Up
from tests.procedures import ROOT, carry_out

AWARD = "first_purchase/uscc:91530100MAXXAAA02W"
started = contextmanager(up_while_used)
CAP = 'rate: "0.05"\n    cap: "{}"'


def send(running: dict[str, Any], lines: list[bytes]) -> None:
    records = [record for record in (from_line(line, "kmdex", None) for line in lines) if record is not None]
    published = publish(records, KafkaSettings((running["kafka"],)).client_config(), lambda _: None)
    assert published.acknowledged.total() == len(lines)


def ceiling(client: Client) -> tuple[str, int]:
    """The award's ceiling, and under which revision."""
    client.await_quiet(60, lambda: None)
    award = client.get("incentive", f"/v1/awards/{AWARD}")
    return award["ceiling"], award["policy"]["revision"]


def newer_revision(folder: Path) -> Path:
    """Revision 2, with a lower cap of the first purchase, checked as the procedure says."""
    text = POLICY_FILE.read_text(encoding="utf-8")
    for old, new in ((CAP.format("200000.00"), CAP.format("150000.00")), ("\nrevision: 1\n", "\nrevision: 2\n")):
        assert old in text
        text = text.replace(old, new)
    file = folder / "revision-2.yaml"
    file.write_text(text, encoding="utf-8")
    told = carry_out("check a policy revision", {"OLD": str(POLICY_FILE), "NEW": str(file)})
    for said in ("200000.00", "150000.00", "(四) 2"):
        assert said in told
    return file


def changed_whitelist(folder: Path) -> Path:
    """dcdex ends, and a third exchange comes."""
    listed = yaml.safe_load((ROOT / "exchanges.yaml").read_text(encoding="utf-8"))["exchanges"]
    kmdex, dcdex = listed
    dcdex["until"] = "2026-02-01"
    added = {**kmdex, "id": "newdex", "name": "虚构丙 / Fictional C"}
    file = folder / "exchanges.yaml"
    file.write_text(yaml.safe_dump({"exchanges": [kmdex, dcdex, added]}, allow_unicode=True), encoding="utf-8")
    return file


def test_awards_follow_another_revision_and_another_whitelist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = (ROOT / "docs" / "example-events.ndjson").read_bytes().splitlines()[:2]
    with started(Up(tmp_path / "data")) as running:
        send(running, example)
        assert ceiling(client_of(running)) == ("200000.00", 1)
    monkeypatch.setenv("POLICY_FILE", str(newer_revision(tmp_path)))
    with started(Up(tmp_path / "data", "--exchanges", str(changed_whitelist(tmp_path)))) as running:
        client = client_of(running)
        assert ceiling(client) == ("150000.00", 2)
        posted = client.items("incentive", "/v1/ledger/transactions", award_id=AWARD)
        assert [one["policy"]["revision"] for one in posted] == [1, 2]
        assert "exchange:newdex" in running["keys"]
        # Another listing, at the one that came and at the one that had ended before.
        listing = example[0].replace(b"L2026-0001", b"L2026-0009")
        send(running, [listing.replace(b"kmdex", b"newdex"), listing.replace(b"kmdex", b"dcdex")])
        client.await_quiet(60, lambda: None)
        listed = client.items("listing", "/v1/listings")
        assert {(one["exchange"], one["counted"]) for one in listed if one["listing_no"] == "L2026-0009"} == {
            ("newdex", True),
            ("dcdex", False),
        }
