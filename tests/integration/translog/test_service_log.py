"""A service's transparency log: append-only, and served as C2SP tlog-tiles clients read it."""

from __future__ import annotations

import base64
import hashlib
import json
from itertools import pairwise
from typing import TYPE_CHECKING

import psycopg
import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError

from services.listing.register import LISTINGS
from shared.register.head import lock_head, raise_generation
from shared.service_log.store import LogDiffersError
from shared.translog.checkpoint import open_checkpoint
from shared.translog.merkle import Edge, check_consistency, consistency_proof, leaf_hash
from shared.translog.tiles import Tile, hashes_at, node_of
from tests.support.registers.web_register import NOW, register_set
from tests.support.registers.worlds import LOG_ORIGIN
from tests.support.translog.bundles import parse_bundle
from tests.support.translog.service_log import LOG, ORIGIN, REGISTER, by_hand, fill, vkeys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.registers.web_register import RegisterSet


@pytest.fixture
def listing(postgres, tmp_path) -> Iterator[RegisterSet]:
    with register_set("listing", postgres("listing"), tmp_path, register_id=REGISTER) as found:
        yield found


def checkpoint(listing: RegisterSet):
    answer = listing.get("/v1/log/checkpoint", "exchange:kmdex")
    assert answer.content_type == "text/plain; charset=utf-8"
    return open_checkpoint(answer.data, vkeys(listing))


def read_tile(listing: RegisterSet, tile: Tile, role: str = "auditor") -> bytes:
    answer = listing.get(f"/v1/log/tile/{tile.path}", role)
    assert answer.status_code == 200, (tile, answer.text)
    assert answer.content_type == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    return answer.data


def tiles_of(level: int | None, size: int) -> list[Tile]:
    count = hashes_at(level or 0, size)
    tiles = [Tile(level, index, 256) for index in range(count // 256)]
    return [*tiles, Tile(level, count // 256, count % 256)] if count % 256 else tiles


def all_hashes(listing: RegisterSet, level: int, size: int) -> list[bytes]:
    whole = b"".join(read_tile(listing, tile, "exchange:kmdex") for tile in tiles_of(level, size))
    return [whole[at : at + 32] for at in range(0, len(whole), 32)]


def all_entries(listing: RegisterSet, size: int) -> list[bytes]:
    return [entry for tile in tiles_of(None, size) for entry in parse_bundle(read_tile(listing, tile))]


def test_the_log_is_what_is_numbered_whatever_the_batches(listing) -> None:
    assert checkpoint(listing).size == 1  # the settings
    sizes = []
    for count in (1, 254, 1, 300, 2):
        fill(listing, 1000 * len(sizes), count)
        sizes.append(checkpoint(listing))
    size = sizes[-1].size
    entries = all_entries(listing, size)
    leaves = [leaf_hash(entry) for entry in entries]
    assert [json.loads(entry)["seq"] for entry in entries] == list(range(size)) == list(range(559))
    assert all_hashes(listing, 0, size) == leaves
    node = node_of(lambda level, first, count: all_hashes(listing, level, size)[first : first + count])
    for before, after in pairwise(sizes):
        assert after.root == root_of(leaves[: after.size])
        proof = consistency_proof(before.size, after.size, node)
        check_consistency(before.size, after.size, proof, before.root, after.root)


def root_of(leaves: list[bytes]) -> bytes:
    return Edge().grown(leaves, 8)[0].root()


def test_every_partial_tile_is_there_and_nothing_beyond(listing) -> None:
    fill(listing, 0, 299)
    whole = read_tile(listing, Tile(0, 1, 44))
    bundle = read_tile(listing, Tile(None, 1, 44))
    for width in (1, 2, 43):
        assert read_tile(listing, Tile(0, 1, width)) == whole[: 32 * width]
        assert bundle.startswith(read_tile(listing, Tile(None, 1, width)))
    assert read_tile(listing, Tile(1, 0, 1)) == root_of(all_hashes(listing, 0, 300)[:256])
    for path in ("0/001.p/45", "0/001", "0/002", "1/000.p/2", "1/000", "2/000.p/1", "entries/001.p/45", "0/1", "x"):
        assert listing.get(f"/v1/log/tile/{path}").status_code == 404, path


def hash_of(headers: list[tuple[str, bytes]]) -> str:
    """Return the hash of headers in the form that the quarantine shows."""
    pairs = [[name, base64.b64encode(value).decode()] for name, value in headers]
    return hashlib.sha256(json.dumps(pairs, separators=(",", ":")).encode()).hexdigest()


def test_an_entry_says_where_a_record_is_and_its_hash(listing) -> None:
    structured = listing.side.event("kmdex", "L.1:a_b-c")
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"1"),
        ("ce_source", b"/exchanges/kmdex"),
        ("ce_type", b"cn.kunming.data-exchange.listing.v1"),
        ("ce_time", b"2026-03-01T10:00:01+08:00"),
        ("content-type", b"application/json"),
    ]
    binary = json.dumps(listing.side.data("L2"), ensure_ascii=False).encode()
    long_one = listing.side.event("kmdex", "L3", note="长" * 5000)
    long_header = [("note", b"x" * 5000)]
    listing.feed("kmdex", [structured])
    listing.feed("kmdex", [binary], headers=headers)
    listing.feed("kmdex", [long_one], headers=long_header)
    settings, first, second, third = all_entries(listing, 4)
    common = {"kind": "listing", "exchange": "kmdex", "topic": "exchange.kmdex.listings.v1", "partition": 0}
    assert json.loads(first) == common | {
        "seq": 1,
        "number": "L.1:a_b-c",
        "revision": 1,
        "offset": 0,
        "value_sha256": hashlib.sha256(structured).hexdigest(),
        "content_mode": "structured",
        "headers_sha256": None,
    }
    assert json.loads(second) == common | {
        "seq": 2,
        "number": "L2",
        "revision": 1,
        "offset": 1,
        "value_sha256": hashlib.sha256(binary).hexdigest(),
        "content_mode": "binary",
        "headers_sha256": hash_of(headers),
    }
    assert json.loads(third) == common | {
        "seq": 3,
        "number": "L3",
        "revision": 1,
        "offset": 2,
        "value_sha256": hashlib.sha256(long_one).hexdigest(),
        "content_mode": "structured",
        "headers_sha256": hash_of(long_header),
    }
    digest = listing.register.settings.digest
    assert {name: value for name, value in json.loads(settings).items() if value is not None} == {
        "seq": 0,
        "kind": "settings",
        "value_sha256": digest,
    }
    for entry in (settings, first, second, third):
        assert entry == rfc8785.dumps(json.loads(entry))


def test_entries_stay_when_their_documents_are_replaced(listing) -> None:
    fill(listing, 0, 5)
    before = all_entries(listing, 6)
    listing.feed("kmdex", [listing.side.event("kmdex", f"L{n}", revision=2) for n in range(5)])
    assert all_entries(listing, 11)[:6] == before


def test_a_register_of_before_logs_is_brought_up(listing) -> None:
    fill(listing, 0, 300)
    known = checkpoint(listing)
    with by_hand(listing, "log_checkpoint", "log_hash") as connection:
        connection.execute("DELETE FROM log_checkpoint")
        connection.execute("DELETE FROM log_hash")
    with listing.engine.begin() as connection:
        lock_head(connection)
        LOG.begin(connection, NOW)
    assert checkpoint(listing) == known
    fill(listing, 300, 1)
    assert checkpoint(listing).size == 302


def test_another_key_and_another_generation_sign_what_there_is(listing) -> None:
    fill(listing, 0, 3)
    first = listing.get("/v1/log/checkpoint").data
    with listing.engine.begin() as connection:
        lock_head(connection)
        LISTINGS.log(Ed25519PrivateKey.generate(), LOG_ORIGIN).begin(connection, NOW)
    with listing.engine.begin() as connection:
        raise_generation(connection, lock_head(connection), 1)
        LOG.begin(connection, NOW)
    newest, rotated, old = vkeys(listing)
    assert [newest.name, rotated.name, old.name] == [f"{LOG_ORIGIN}/listings/{REGISTER}/2", ORIGIN, ORIGIN]
    then, now = open_checkpoint(first, vkeys(listing)), checkpoint(listing)
    assert (then.origin, now.origin) == (ORIGIN, newest.name)
    assert (then.size, then.root) == (now.size, now.root)


def test_a_service_that_never_signed_has_no_checkpoint_yet(listing) -> None:
    with by_hand(listing, "log_checkpoint") as connection:
        connection.execute("DELETE FROM log_checkpoint")
    answer = listing.get("/v1/log/checkpoint")
    assert (answer.status_code, answer.content_type) == (503, "application/problem+json")
    assert listing.get("/v1/log/tile/0/000.p/1").status_code == 404


@pytest.mark.parametrize("table", ["log_hash", "log_key", "log_checkpoint"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE", "UPDATE {} SET {} = {}"])
def test_what_was_logged_stays(listing, table, change) -> None:
    column = {"log_hash": "first", "log_key": "vkey", "log_checkpoint": "size"}[table]
    statement = change.format(table, column, column)
    with pytest.raises(ProgrammingError, match="permission denied"), listing.engine.begin() as connection:
        connection.execute(text(statement))
    with by_hand(listing) as connection, pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        connection.execute(statement)


def test_nothing_is_numbered_that_is_not_in_the_log(listing) -> None:
    told = "2 entries are numbered, and 1 are in the log"
    with pytest.raises(IntegrityError, match=told), listing.engine.begin() as connection:
        connection.execute(text("UPDATE register_head SET next_seq = 2"))


def test_hashes_of_a_level_leave_no_gap(listing) -> None:
    for first in (0, 2):
        with pytest.raises((IntegrityError, InternalError)), listing.engine.begin() as connection:
            connection.execute(
                text("INSERT INTO log_hash VALUES (0, :first, :hashes)"), {"first": first, "hashes": bytes(32)}
            )


def test_a_checkpoint_of_less_than_there_was_is_refused(listing) -> None:
    fill(listing, 0, 2)
    with pytest.raises((IntegrityError, InternalError), match="only grows"), listing.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO log_checkpoint (size, peaks, key_id, signed_at, note)"
                " SELECT 2, :peaks, key_id, now(), note FROM log_checkpoint LIMIT 1"
            ),
            {"peaks": bytes(32)},
        )


def test_a_temporary_table_deceives_no_trigger(listing) -> None:
    with pytest.raises(IntegrityError, match="entries are numbered"), listing.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE log_checkpoint AS SELECT 1 AS id, 2 AS size; UPDATE register_head SET next_seq = 2"
        )


@pytest.mark.parametrize("numbered", [2, 4])
def test_what_was_taken_out_or_put_in_by_hand_stops_the_writer(listing, numbered) -> None:
    """Otherwise an inserted row would be signed with the next batch."""
    fill(listing, 0, 2)
    with by_hand(listing, "register_head") as connection:
        connection.execute("UPDATE register_head SET next_seq = %s", [numbered])
    told = f"the log has 3 entries and the database numbers {numbered}"
    with pytest.raises(LogDiffersError, match=told):
        fill(listing, 2, 1)
    with pytest.raises(LogDiffersError, match=told), listing.engine.begin() as connection:
        LOG.begin(connection, NOW)
