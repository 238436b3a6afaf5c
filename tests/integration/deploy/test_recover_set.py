"""A failover that loses acknowledged commits: programs name the loss and stop, `jiangbu ha recover` goes on.

Real programs under a supervisor on a primary and a standby, and a broker of their own. Their commits do not wait for
the standby, as in a set with asynchronous replication.
"""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import psycopg
import pytest
import yaml
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from deploy.__main__ import main as jiangbu
from deploy.databases import database_of, service_role
from devset.postgres import Database
from services.incentive.commands.publish_awards.topic import newest_versions
from services.incentive.extract.worker import ExtractWorker
from services.incentive.verifier.main import verify
from services.incentive.verifier.proofs.signatures import read_keys
from shared.kafka.offset_witness import read_witnessed_offsets
from shared.postgres.database import make_engine, snapshot
from shared.postgres.recovery import recovering
from shared.service_log.published import PublishedComparison, read_published
from shared.service_log.store import newest_checkpoint, verifier_keys
from shared.settings import KafkaSettings, RegisterAddress
from shared.translog.note import VerifierKey
from tests.support.consumer_program import Place, prepared_place
from tests.support.engines.replicated import Replicated, replicated
from tests.support.engines.session import new_broker
from tests.support.incentive.app import SETTINGS
from tests.support.incentive.bureau import Bureau
from tests.support.incentive.extract_makers import lines
from tests.support.incentive.ledger import rulebook
from tests.support.incentive.whole_set import served
from tests.support.paths import ROOT
from tests.support.registers.web_register import PROVIDER, SIDES
from tests.support.registers.worlds import LOG_KEY, LOG_ORIGIN
from tests.support.until import until
from tests.support.web.closing import close_app
from tests.support.web.keys import KEYS, headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.settings import Service
    from tests.support.consumer_program import Running
    from tests.support.forked_programs import ForkServer
    from tests.support.incentive.bureau import Answer

SERVICES: tuple[Service, ...] = ("listing", "trade-ingest", "incentive")
PAUSE_S = 0.5
PROVIDER_SUBJECT = f"{PROVIDER['id_scheme']}:{PROVIDER['id']}"  # of the listings that are sent


class Member(Place):
    """A service of the set: its programs reach whichever server is the primary."""

    pair: Replicated
    consumer: Running

    def url(self, role: str) -> str:
        ports = f"{self.pair.primary.port},{self.pair.standby.port}"
        servers = f"host=127.0.0.1,127.0.0.1&port={ports}&target_session_attrs=read-write"
        return f"postgresql://{role}:only-for-tests@/{self.name}?{servers}"

    def run_on_primary(self, *arguments: str) -> Running:
        both = Database(owner_url=self.url(f"{self.name}_owner"), service_url=self.url(f"{self.name}_service"))
        settings = {"CHECKPOINT_INTERVAL": "0.3", "LOG_ORIGIN": LOG_ORIGIN}
        return self.run(*arguments, database=both, **settings)

    def consume(self) -> None:
        self.consumer = self.run_on_primary("consume")

    def ask(self, statement: str) -> object:
        """Return the first value of the first row."""
        with psycopg.connect(self.url(f"{self.name}_owner")) as connection:
            row = connection.execute(statement).fetchone()  # type: ignore[call-overload]
        return None if row is None else row[0]


@contextmanager
def supervised(members: list[Member]) -> Iterator[None]:
    """Start a consumer of each, and again half a second after it ends."""
    stop = threading.Event()

    def supervise() -> None:
        while not stop.wait(PAUSE_S):
            for member in members:
                if member.consumer.process.poll() is not None:
                    member.consume()

    for member in members:
        member.consume()
    thread = threading.Thread(target=supervise)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def members(tmp_path: Path, fork_server: ForkServer, extended: None) -> Iterator[dict[Service, Member]]:
    """The three services, migrated, on a pair and a broker of their own."""
    with ExitStack() as stack:
        pair = stack.enter_context(replicated(tmp_path / "pair"))
        broker = new_broker(tmp_path / "kafka")
        broker.start()
        stack.callback(broker.stop)
        made = {}
        for service in SERVICES:
            folder = tmp_path / service
            folder.mkdir()
            pem = LOG_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (folder / "signing-key").write_bytes(pem)
            (folder / "signing-key").chmod(0o600)
            member = Member(service, folder, pair.primary, f"127.0.0.1:{broker.port}", fork_server, exchange="kmdex")
            member.pair, member.name, member.register = pair, database_of(service), "r1"
            member.exchanges_file.write_bytes((ROOT / "exchanges.yaml").read_bytes())
            stack.callback(member.end)
            member.prepare()
            role = service_role(member.name)
            with psycopg.connect(pair.primary.url(), autocommit=True) as connection:
                connection.execute(f"ALTER ROLE {role} SET synchronous_commit = local")  # type: ignore[call-overload]
            made[service] = member
        yield made


@contextmanager
def lost(members: dict[Service, Member]) -> Iterator[None]:
    """Lose what is committed in the block: the standby is down, and the primary dies before it is back."""
    pair = members["listing"].pair
    pair.standby.stop()
    yield
    pair.primary.program.process.send_signal(signal.SIGQUIT)
    pair.primary.program.process.wait(180)
    pair.standby.start()
    with psycopg.connect(pair.standby.url(), autocommit=True) as connection:
        connection.execute("SELECT pg_promote()")


def all_is_published(member: Member) -> bool:
    """Return True if the newest checkpoint of the log is published."""
    engine = make_engine(member.url(f"{member.name}_service"))
    try:
        with snapshot(engine) as connection:
            keys = [VerifierKey.parse(key) for key in verifier_keys(connection)]
            newest = newest_checkpoint(connection)
        found = read_published({"bootstrap_servers": member.kafka}, keys[:1]) if keys else []
        return bool(found) and newest is not None and found[-1].size == newest.size
    finally:
        engine.dispose()


def recover(members: dict[Service, Member], *options: str, **more: str) -> tuple[int, str]:
    listing = members["listing"]
    environment = {
        "DATABASE_ADMIN_URL": listing.pair.standby.url(),
        "KAFKA_BOOTSTRAP_SERVERS": listing.kafka,
        "EXCHANGES_FILE": str(listing.exchanges_file),
        "LC_ALL": "en_US.UTF-8",
    }
    result = CliRunner().invoke(jiangbu, ["ha", "recover", *options], env=environment, **more)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def halt(member: Member) -> str | None:
    """Return the reason for which a consumer of the member stopped."""
    found = [line["reason"] for run in member.started for line in run.lines("stopped, needs an operator")]
    return str(found[0]) if found else None


def test_a_failover_that_lost_commits_is_named_and_recovered_by_one_command(members, tmp_path) -> None:
    listing, ledger = members["listing"], members["incentive"]
    engine = make_engine(ledger.url("incentive_service"))
    bureau = Bureau(engine, rulebook())
    bureau.begin()
    sampler = bureau.ask.client.application.extensions["jiangbu.sampler"]
    sampler.published = PublishedComparison({"bootstrap_servers": ledger.kafka}, "incentive")
    award = bureau.purchase(1)
    bureau.done(award, "apply")
    listing.send(2)
    with supervised([listing, ledger]):
        until(lambda: listing.ask("SELECT count(*) FROM listing") == 2)
        until(lambda: all_is_published(listing) and all_is_published(ledger))
        until(lambda: version_of(award, ledger) > 0)
        known = version_of(award, ledger)
        listing.pair.await_replay()
        kept = ledger.ask("SELECT max(size) FROM log_checkpoint")
        with lost(members):
            bureau.done(award, "review")
            listing.send(5)
            until(lambda: listing.ask("SELECT count(*) FROM listing") == 5)
            until(lambda: all_is_published(listing) and all_is_published(ledger))
            until(lambda: shown_offset(listing) == 7)
            until(lambda: version_of(award, ledger) == known + 1)
            gone = ledger.ask("SELECT max(size) FROM log_checkpoint")

        # The ledger lost a decision and no fact: only its published checkpoint shows that.
        reason = until(lambda: halt(ledger))
        assert f"{LOG_ORIGIN}/ledger: {gone} entries were published, the database has {kept}" in reason
        assert f"{LOG_ORIGIN}/listings/r1/1: 6 entries were published, the database has 3" in until(
            lambda: halt(listing)
        )
        status, body = until(lambda: refused(bureau.step(award, "review")))
        assert f"{gone} entries were published" in body["detail"]
        assert status == 503

        code, told = recover(members, input="n\n")
        assert (code, "Accept the losses and continue?" in told) == (1, True), told
        for line in (
            "trade-ingest: nothing is lost",
            f"incentive: {LOG_ORIGIN}/ledger: {gone} entries were published",
            f"{award}@{known + 1} > {known}",
            "listing: published facts are newer than the database",
            f"listing: will be read again: {listing.topic}[0] 7 > 2",
        ):
            assert line in told
        code, told = recover(members, "--yes")
        assert code == 0, told
        assert "listing: register r1 starts generation 2" in told
        assert "incentive: the ledger continues from the backup" in told

        until(lambda: listing.ask("SELECT count(*) FROM listing") == 5)
        until(lambda: all_is_published(listing) and all_is_published(ledger))
        until(lambda: bureau.step(award, "review")[0] == 201)
        until(lambda: all_is_published(ledger))
        assert all(member.consumer.process.poll() is None for member in (listing, ledger))
    assert [listing.ask("SELECT generation FROM register_head"), origin(listing)] == [2, f"{LOG_ORIGIN}/listings/r1/2"]
    assert origin(ledger) == f"{LOG_ORIGIN}/ledger"
    for member in (listing, ledger):
        verified = member.run_on_primary("rebuild", "--verify")
        assert verified.process.wait(180) == 0, verified.log_file.read_text("utf-8")
    check_extract(members, extract_of_listings(members, bureau), tmp_path / "extract.zip")
    assert recover(members) == (
        0,
        "listing: nothing is lost\ntrade-ingest: nothing is lost\nincentive: nothing is lost\n",
    )
    engine.dispose()


def extract_of_listings(members: dict[Service, Member], bureau: Bureau) -> bytes:
    """Make an extract of the awards that rest on the register of listings, whose log began again."""
    ledger, trades = members["incentive"], members["trade-ingest"]
    generation = "SELECT max(generation) FROM fact WHERE topic = 'facts.first-listing.v1'"
    until(lambda: ledger.ask(generation) == 2)
    trades.consume()
    until(lambda: trades.ask("SELECT count(*) FROM log_checkpoint"))
    status, asked = bureau.ask.post("/v1/extracts", {"rules": ["first_listing"]}, "auditor")
    assert status == 202, asked
    with served_api(members["listing"]) as listing_url, served_api(trades) as trades_url:
        addresses = {"r1": RegisterAddress(listing_url, trades_url)}
        ExtractWorker(bureau.engine, LOG_KEY, "service-key", addresses).run()
    path = f"/v1/extracts/{asked['id']}/download"
    answer = bureau.ask.client.get(path, headers=headers("auditor"))
    assert answer.status_code == 200, answer.text
    return answer.data


def check_extract(members: dict[Service, Member], content: bytes, path: Path) -> None:
    path.write_bytes(content)
    report = verify(str(path), read_keys(known_keys(members)), None)
    assert report.is_sound, report.text()
    assert [line["award_id"] for line in lines(content, "awards.ndjson")] == [f"first_listing/{PROVIDER_SUBJECT}"]


@contextmanager
def served_api(member: Member) -> Iterator[str]:
    keys_file = member.folder / "api-keys.yaml"
    entry = {"name": "service", "role": "service", "sha256": KEYS["service"]}
    keys_file.write_text(yaml.safe_dump([entry]), "utf-8")
    app = SIDES[member.service].create_app(
        replace(
            SETTINGS,
            service=member.service,
            kafka=KafkaSettings((member.kafka,)),
            database_url=member.url(f"{member.name}_service"),
            exchanges_file=member.exchanges_file,
            api_keys_file=keys_file,
        )
    )
    with served(app) as url:
        yield url
    close_app(app)


def known_keys(members: dict[Service, Member]) -> str:
    """Return the keys of all three logs, one a line."""
    found = []
    for member in members.values():
        engine = make_engine(member.url(f"{member.name}_service"))
        with engine.connect() as connection:
            found += verifier_keys(connection)
        engine.dispose()
    return "".join(f"{key}\n" for key in found)


def version_of(award: str, member: Member) -> int:
    """Return the version of the award in its topic; 0 if there is none."""
    return newest_versions({"bootstrap_servers": member.kafka}).get(award, 0)


def shown_offset(member: Member) -> int | None:
    """Return the offset that Kafka has seen committed of the exchange's topic."""
    shown = read_witnessed_offsets({"bootstrap_servers": member.kafka}, "jiangbu.r1.listings")
    return shown[member.topic, 0].offset if (member.topic, 0) in shown else None


def refused(answer: Answer) -> Answer | None:
    return answer if answer[0] == 503 and "were published" in answer[1]["detail"] else None


def origin(member: Member) -> str:
    """Return the origin of the log's newest checkpoint."""
    return str(member.ask("SELECT note FROM log_checkpoint ORDER BY id DESC LIMIT 1")).split("\n")[0]


def test_a_consumer_waits_for_the_end_of_a_recovery(postgres_server, kafka, fork_server, tmp_path) -> None:
    with prepared_place("listing", tmp_path, postgres_server, kafka, fork_server) as place:
        engine = place.engine
        with recovering(engine):
            running = place.run("consume")
            (reason,) = until(running.reasons)
            assert "`jiangbu ha recover` is running" in reason
        running.until("sending facts")
        engine.dispose()
