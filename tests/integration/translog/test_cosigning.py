"""Cosigned checkpoints: requested from an independent witness, stored, published and served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from structlog.testing import capture_logs

from services.listing.register import LISTINGS
from shared.register.head import lock_head
from shared.service_log.cosigning import Cosigners
from shared.service_log.store import newest_checkpoint, served_checkpoint
from shared.settings import WitnessAddress
from shared.translog.checkpoint import cosigned_at, open_checkpoint, witness_key
from shared.translog.note import parse_note
from tests.support.engines.litewitness import litewitness
from tests.support.registers.web_register import NOW
from tests.support.registers.worlds import LOG_ORIGIN
from tests.support.translog.service_log import LOG, Topic, by_hand, fill, publishing, vkeys
from tests.support.until import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.registers.web_register import RegisterSet

AWAY = WitnessAddress(witness_key("example.org/away", Ed25519PrivateKey.generate()), "http://127.0.0.1:1")


def newest(listing: RegisterSet):
    with listing.engine.connect() as connection:
        return newest_checkpoint(connection)


def asked(cosigners: Cosigners, listing: RegisterSet, witness: WitnessAddress) -> tuple[bool, str]:
    """Ask for a cosignature of the newest checkpoint; return whether it was given, and the logged reasons."""
    with capture_logs() as logged:
        note = cosigners.ask(newest(listing))
    assert open_checkpoint(note, vkeys(listing)).size == newest(listing).size
    return cosigned_at(parse_note(note), witness.key) is not None, " ".join(one["reason"] for one in logged)


def test_a_witness_of_others_cosigns_what_continues_and_nothing_else(
    listing: RegisterSet, litewitness_program: Path
) -> None:
    with litewitness(litewitness_program, vkeys(listing)) as witness:
        cosigners = Cosigners(listing.engine, [AWAY, witness])
        assert asked(cosigners, listing, witness) == (True, "无应答 / no answer: URLError")
        for number, count in enumerate((1, 254, 1, 300)):
            fill(listing, 1000 * number, count)
            assert asked(cosigners, listing, witness) == (True, "")
        fill(listing, 5000, 7)
        again = Cosigners(listing.engine, [witness])  # without knowledge of the last cosigned size
        assert asked(again, listing, witness) == (True, "")
        assert asked(Cosigners(listing.engine, [witness]), listing, witness) == (True, "")  # stored: not asked again
        served = listing.get("/v1/log/checkpoint").data
        assert open_checkpoint(served, vkeys(listing)).size == 564
        assert cosigned_at(parse_note(served), witness.key) is not None

        rewrite(listing)
        fill(listing, 6000, 1)
        cosigned, reason = asked(again, listing, witness)
        assert not cosigned
        assert "它见过另一段历史 / it has seen a different history" in reason
        with listing.engine.begin() as connection:
            lock_head(connection)
            LISTINGS.log(Ed25519PrivateKey.generate(), LOG_ORIGIN).begin(connection, NOW)
        cosigned, reason = asked(again, listing, witness)
        assert not cosigned
        assert "403" in reason


def rewrite(listing: RegisterSet) -> None:
    """Rewrite the past together with a matching log."""
    with by_hand(listing, "log_checkpoint", "log_hash", "log_cosignature", "listing") as connection:
        connection.execute("UPDATE listing SET value = value || ' ' WHERE number = 'L0'")
        for table in ("log_cosignature", "log_checkpoint", "log_hash"):
            connection.execute(f"DELETE FROM {table}")
    with listing.engine.begin() as connection:
        lock_head(connection)
        LOG.begin(connection, NOW)


def test_what_is_cosigned_is_published(listing: RegisterSet, kafka: str, litewitness_program: Path) -> None:
    topic = Topic(kafka)
    try:
        with litewitness(litewitness_program, vkeys(listing)) as witness, publishing(listing, kafka, [witness]):
            fill(listing, 0, 5)
            until(lambda: topic.has(listing, 6))
            assert cosigned_at(parse_note(topic.records[-1].value), witness.key) is not None
    finally:
        topic.consumer.close()


def test_one_that_is_cosigned_is_served_as_long_as_it_covers_enough(listing: RegisterSet) -> None:
    fill(listing, 0, 1)
    cosigned = newest(listing)
    fill(listing, 10, 1)
    with listing.engine.begin() as connection:
        assert served_checkpoint(connection, NOW.replace(hour=0)) == newest(listing).note
        connection.execute(
            text("INSERT INTO log_cosignature (checkpoint_id, vkey, line) VALUES (:id, 'w', '— w AAAA\n')"),
            {"id": cosigned.id},
        )
        assert served_checkpoint(connection, NOW.replace(hour=0)) == f"{cosigned.note}— w AAAA\n"
        assert served_checkpoint(connection, NOW) == newest(listing).note
