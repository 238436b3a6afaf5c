"""The kit's witness: what it cosigns, what it detects, and what it stores."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from exchange_kit.api import Api, ApiError
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.witness import NOT_CONTINUED, OTHER_ROOT, SHORTER, RewrittenError, UnverifiedError, Witness
from exchange_kit.translog.witness_folder import FolderError, WitnessFolder
from shared.language import pick
from shared.translog.checkpoint import Checkpoint, cosigned_at, open_checkpoint
from shared.translog.merkle import ProofError, leaf_hash
from shared.translog.note import VerifierKey, parse_note
from tests.support.translog.static_log import StaticLog, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGIN = "example.org/tests/ledger"
NAME = "example.org/witness"
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ENTRIES = [b"entry %d" % number for number in range(70_000)]
OTHERS = [b"other", *ENTRIES[1:]]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[StaticLog]:
    made = StaticLog(tmp_path / "served", ORIGIN, Ed25519PrivateKey.generate())
    with served(tmp_path / "served") as made.url:
        yield made


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(WitnessFolder(tmp_path / "witness", NAME), None, lambda: NOW)


def reader(log: StaticLog) -> LogReader:
    return LogReader(Api.with_key("incentive", log.url, "key"))


def kept(witness: Witness) -> Checkpoint:
    note = witness.folder.seen(ORIGIN)
    assert note is not None
    assert cosigned_at(note, witness.folder.vkey) == int(NOW.timestamp())
    return Checkpoint.parse(note.text)


def test_a_log_that_grows_is_cosigned(log: StaticLog, witness: Witness) -> None:
    states = []
    for size in (0, 1, 1, 255, 256, 257, 40_000, 70_000, 70_000):
        seen = witness.look(log.serve(ENTRIES[:size]), reader(log))
        states.append(seen.state)
        assert kept(witness).size == seen.checkpoint.size == size
        assert seen.keys == ((log.key.verifier,) if not size else ())
    assert states == ["first", "grown", "known", *["grown"] * 5, "known"]
    # Anybody can check the stored checkpoint with two keys.
    text = (witness.folder.folder / "example.org%2Ftests%2Fledger.checkpoint").read_text("utf-8")
    assert open_checkpoint(text, [log.key.verifier]) == kept(witness)
    key = VerifierKey.parse((witness.folder.folder / "vkey").read_text("utf-8"))
    assert (key.name, key.kind, cosigned_at(parse_note(text), key)) == (NAME, 0x04, int(NOW.timestamp()))


def test_an_older_one_changes_nothing(log: StaticLog, witness: Witness) -> None:
    witness.look(log.serve(ENTRIES[:300]), reader(log))
    assert witness.look(log.checkpoint(ENTRIES[:299]), reader(log)).state == "known"
    assert kept(witness).size == 300


@pytest.mark.parametrize(
    ("shows", "serves", "reason"),
    [
        (OTHERS[:300], OTHERS[:300], OTHER_ROOT),
        (OTHERS[:299], ENTRIES[:300], NOT_CONTINUED),
        (OTHERS[:400], OTHERS[:400], NOT_CONTINUED),
        (OTHERS[:299], OTHERS[:299], SHORTER),
        (ENTRIES[:299], ENTRIES[:299], SHORTER),
        (ENTRIES[:400], ENTRIES[:350], SHORTER),
    ],
)
def test_rewritten_history_is_found(
    log: StaticLog, witness: Witness, shows: list[bytes], serves: list[bytes], reason: str
) -> None:
    before = log.serve(ENTRIES[:300])
    witness.look(before, reader(log))
    log.serve(serves)
    files = []
    for _ in range(2):
        with pytest.raises(RewrittenError) as found:
            witness.look(log.checkpoint(shows), reader(log))
        assert found.value.reason == reason
        for language in ("zh", "en"):
            assert pick(reason, language) in (message := pick(str(found.value), language))
            assert " / " not in message
        files.append(found.value.evidence)
        assert (kept(witness).size, open_checkpoint(before, [log.key.verifier])) == (300, kept(witness))
    assert files[0] == files[1]
    evidence = json.loads(files[0].read_text("utf-8"))
    keys = [VerifierKey.parse(line) for line in evidence["keys"].splitlines()]
    one, other = (open_checkpoint(evidence[name], keys) for name in ("seen", "shown"))
    assert (one.size, one.root) != (other.size, other.root)


def test_what_no_key_of_the_log_signed_says_nothing(log: StaticLog, witness: Witness) -> None:
    good = log.serve(ENTRIES[:10])
    witness.look(good, reader(log))
    stranger = StaticLog(log.folder, ORIGIN, Ed25519PrivateKey.generate())
    for bad in (
        stranger.checkpoint(OTHERS[:10]),
        log.checkpoint(OTHERS[:10]).replace(b"\n10\n", b"\n11\n"),
        good[:-10] + b"AAAAAAAA=\n",
        b"no note\n",
        b"\xff",
    ):
        with pytest.raises(UnverifiedError):
            witness.look(bad, reader(log))
    assert kept(witness).size == 10
    assert not list(witness.folder.folder.glob("*.alarm-*"))


def test_another_key_of_the_log_goes_on_with_its_history(log: StaticLog, witness: Witness, tmp_path: Path) -> None:
    first = log.key.verifier
    witness.look(log.serve(ENTRIES[:10]), reader(log))
    log.rotate(Ed25519PrivateKey.generate())
    log.serve(OTHERS[:12])
    with pytest.raises(RewrittenError):
        witness.look(log.checkpoint(OTHERS[:12]), reader(log))
    assert witness.folder.keys(ORIGIN) == (first,)  # a key that signs rewritten history is not trusted
    seen = witness.look(log.serve(ENTRIES[:12]), reader(log))
    assert (seen.state, seen.keys) == ("grown", (log.key.verifier,))
    assert witness.look(log.checkpoint(ENTRIES[:12]), reader(log)).keys == ()
    strict = Witness(WitnessFolder(tmp_path / "strict", NAME), [first], lambda: NOW)
    with pytest.raises(UnverifiedError, match="no signature by a known key"):
        strict.look(log.checkpoint(ENTRIES[:12]), reader(log))


def test_a_service_that_gives_no_proof_is_no_alarm(log: StaticLog, witness: Witness) -> None:
    witness.look(log.serve(ENTRIES[:300]), reader(log))
    grown = log.serve(ENTRIES[:400])
    for tile in (log.folder / "tile" / "0").glob("*/*"):
        tile.write_bytes(tile.read_bytes()[:-1])
    with pytest.raises(ApiError, match="incomplete tile"):
        witness.look(grown, reader(log))
    away = LogReader(Api.with_key("incentive", "http://127.0.0.1:1", "key"))
    with pytest.raises(ApiError, match="does not respond"):
        witness.look(grown, away)
    assert kept(witness).size == 300


def test_the_folder_is_its_witnesses_alone(tmp_path: Path, log: StaticLog) -> None:
    assert re.fullmatch(r"exchange-kit/[0-9a-f]{8}", WitnessFolder(tmp_path / "unnamed", None).vkey.name)
    first = WitnessFolder(tmp_path / "witness", NAME)
    assert (tmp_path / "witness" / "key").stat().st_mode & 0o077 == 0
    assert WitnessFolder(tmp_path / "witness", None).vkey == first.vkey
    with pytest.raises(FolderError, match="another name"):
        WitnessFolder(tmp_path / "witness", "example.org/other")
    Witness(first, None, lambda: NOW).look(log.serve(ENTRIES[:3]), reader(log))
    file = next((tmp_path / "witness").glob("*.checkpoint"))
    for damaged in (file.read_bytes().replace(b"\n3\n", b"\n2\n"), b"", log.checkpoint(ENTRIES[:3])):
        file.write_bytes(damaged)
        with pytest.raises(FolderError, match="not a checkpoint"):
            first.seen(ORIGIN)


def test_an_entry_is_in_the_log_at_its_place_alone(log: StaticLog) -> None:
    log.serve(ENTRIES[:600])
    checkpoint = open_checkpoint(log.checkpoint(ENTRIES[:600]), [log.key.verifier])
    found = reader(log)
    for index in (0, 255, 256, 599):
        assert found.inclusion(leaf_hash(ENTRIES[index]), index, checkpoint)
    for entry, index in ((OTHERS[0], 0), (ENTRIES[0], 1)):
        with pytest.raises(ProofError):
            found.inclusion(leaf_hash(entry), index, checkpoint)
