"""The oracle of the faults of a highly available set: what it must notice, and what it must not."""

from __future__ import annotations

from hashlib import sha256

import pytest

from shared.events.fact_topics import ANNUAL_TOTAL
from shared.translog.checkpoint import Checkpoint
from shared.translog.merkle import EMPTY_ROOT
from tests.faults.compare import Findings, compare_versions
from tests.faults.ha.acknowledged import Acknowledged, Decided, longest_pause_s
from tests.faults.ha.oracle import compare_decisions, compare_records, decisions_in, digest_of, forked
from tests.faults.reference import Place

ORIGIN = "jiangbu/ledger"
LEAVES = [sha256(bytes([0, number])).digest() for number in range(7)]
DECIDED = [Decided("first_purchase/a", action, f"d{seq}", seq) for seq, action in enumerate(("apply", "reject"), 4)]
LOGGED = {4: "d4", 5: "d5"}


def root_of(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, as the text defines it, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:])).digest()


def shown(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(leaves[:size]))


def test_checkpoints_of_the_same_log_do_not_fork() -> None:
    assert root_of([]) == EMPTY_ROOT
    assert forked([shown(size) for size in (7, 0, 3, 5)], {ORIGIN: LEAVES}) == []


def test_a_changed_entry_forks_every_checkpoint_that_covers_it() -> None:
    before = [*LEAVES[:4], b"\0" * 32, *LEAVES[5:]]
    seen = [shown(size, before) for size in (2, 4, 5, 7)]
    assert [one.size for one in forked(seen, {ORIGIN: LEAVES})] == [5, 7]


def test_a_checkpoint_beyond_the_end_of_the_log_is_forked() -> None:
    assert [one.size for one in forked([shown(3), shown(7)], {ORIGIN: LEAVES[:6]})] == [7]


def test_a_log_that_is_gone_is_forked() -> None:
    assert forked([shown(1)], {}) == [shown(1)]


def test_decisions_that_are_listed_and_logged_are_in_order() -> None:
    findings = Findings()
    compare_decisions(findings, DECIDED, list(reversed(DECIDED)), LOGGED)
    assert findings.clean, findings


def test_a_decision_that_is_gone_is_lost() -> None:
    findings = Findings()
    compare_decisions(findings, DECIDED, DECIDED[:1], LOGGED)
    assert (findings.lost, findings.doubled, findings.foreign) == (1, 0, 0)


def test_a_decision_that_nobody_asked_for_is_found() -> None:
    findings = Findings()
    compare_decisions(findings, DECIDED[:1], DECIDED, LOGGED)
    assert (findings.lost, findings.doubled, findings.foreign) == (0, 0, 1)


@pytest.mark.parametrize("logged", [{4: "d4"}, {4: "d4", 5: "d9"}])
def test_a_decision_whose_log_entry_is_missing_or_another_is_reported(logged: dict[int, str]) -> None:
    findings = Findings()
    compare_decisions(findings, DECIDED, DECIDED, logged)
    assert [told.partition(":")[0] for told in findings.wrong] == ["log entry 5"]


def test_decisions_in_entries() -> None:
    entries = [{"seq": 4, "decision": {"id": "d4", "sha256": ""}}, {"seq": 6, "decision": None}]
    assert decisions_in(entries) == {4: "d4"}


def test_a_record_that_is_gone_or_another_is_lost() -> None:
    acknowledged = {Place("t", 0, offset): digest_of(bytes([offset])) for offset in range(3)}
    findings = Findings()
    compare_records(findings, acknowledged, dict(acknowledged))
    assert findings.clean
    compare_records(findings, acknowledged, {Place("t", 0, 0): digest_of(b"\0"), Place("t", 0, 1): digest_of(b"\0")})
    assert findings.lost == 2


@pytest.mark.parametrize(
    ("successes", "longest"),
    [([], 20.0), ([1.0, 12.0], 18.0), ([11.0, 12.0, 13.0, 29.0], 16.0), ([11.0, 18.0], 12.0), ([10.5, 29.5], 19.0)],
)
def test_the_longest_pause_lies_between_the_fault_and_the_end(successes: list[float], longest: float) -> None:
    assert longest_pause_s(successes, 10.0, 30.0) == pytest.approx(longest)


def test_a_checkpoint_is_kept_with_the_place_where_it_was_seen_first() -> None:
    seen = Acknowledged()
    note = f"{shown(3).text()}\n— {ORIGIN} AAAAAAAA\n"
    for where in ("127.0.0.1:1", "Kafka"):
        seen.see_checkpoint(note, where)
    assert seen.checkpoints == {shown(3): "127.0.0.1:1"}


def total(key: str, seq: int, amount: str, generation: int = 1) -> tuple[str, str, dict[str, object]]:
    return ANNUAL_TOTAL, key, {"generation": generation, "seq": seq, "amount": amount}


def test_versions_of_a_fact_grow_and_have_one_content() -> None:
    findings = Findings()
    compare_versions(findings, [total("a", 1, "1.00"), total("b", 2, "3.00"), total("a", 3, "2.00")])
    # A fact may be sent twice, and a restored register counts on in another generation.
    compare_versions(findings, [total("a", 9, "1.00"), total("a", 9, "1.00"), total("a", 1, "2.00", generation=2)])
    assert findings.clean
    compare_versions(findings, [total("a", 2, "1.00"), total("a", 2, "3.00"), total("a", 1, "1.00")])
    assert findings.wrong == [
        f"{ANNUAL_TOTAL} a: two contents of version (1, 2)",
        f"{ANNUAL_TOTAL} a: (1, 1) after (1, 2)",
    ]
