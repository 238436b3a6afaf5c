"""The set of docker-compose.yml in an operator's hands. Each test continues from the one before."""

from __future__ import annotations

import json
import re
import threading
import time
from typing import TYPE_CHECKING

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.databases import database_of
from devset.demo import SEED, YEAR
from devset.expected import expected_outcome
from devset.postgres import postgres_binaries
from devset.programs import SERVICES
from exchange_kit.api import ApiError
from exchange_kit.sample.year import sample_events
from shared.kafka.publish.publish_records import PublishError, publish
from shared.postgres.schema_version import required_revision
from shared.whitelist import load_whitelist
from tests.compose.previous import counts, go_back, revision_of
from tests.compose.stack import COMPOSE_FILE, PROGRAMS, ROOT, ComposeError, Events, Stack, run
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from shared.events.records import SampleRecord

EXCHANGES = load_whitelist(ROOT / "exchanges.yaml")
EVENTS = 9_000
QUIET_WITHIN_S = 600.0
# Parts of the sample: sent before the first disturbance, during the disturbances, and after the upgrade.
BEFORE, MEANWHILE = EVENTS // 3, EVENTS - EVENTS // 6
STEPS = ("secrets", "topics", "databases", *(f"{service}-migrate" for service in SERVICES))
NO_PRIVILEGE = "0000000000000000"


@pytest.fixture(scope="module")
def events() -> list[SampleRecord]:
    return list(sample_events(SEED, EXCHANGES.ids, EVENTS, YEAR, rubbish=True))


def assert_all_is_there(stack: Stack, sent: list[SampleRecord]) -> None:
    """Check that awards and rejections equal those that the verifier computes from the sent records."""
    client = stack.client("auditor")
    client.await_quiet(QUIET_WITHIN_S, lambda: None)
    expected = expected_outcome(sent, EXCHANGES)
    assert client.outcome() == expected
    assert expected.awards


def test_it_comes_up_with_nothing_but_its_settings(stack: Stack) -> None:
    for step in STEPS:
        state = stack.container(step)["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 0), step
    stack.await_healthy(*PROGRAMS)
    run(["docker", "compose", "--env-file", ROOT / ".env.example", "-f", COMPOSE_FILE, "config", "-q"])


def test_nobody_is_root_nothing_can_be_gained_or_written(stack: Stack) -> None:
    secrets = [secret for name, secret in stack.secrets.items() if not name.endswith(".yaml")]
    assert len(set(secrets)) == len(secrets) > len(PROGRAMS)
    for service in (*PROGRAMS, *STEPS):
        told = stack.container(service)
        host = told["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        assert host["CapAdd"] in (None, []), service
        assert not host["Privileged"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["Memory"] > 0, service
        assert told["Config"]["User"].split(":")[0] not in ("", "0", "root"), service
        environment = "\n".join(told["Config"]["Env"])
        assert not [secret for secret in secrets if secret in environment or secret in json.dumps(told["Args"])], (
            service
        )
    for service in PROGRAMS:
        told = stack.compose("exec", "-T", service, "sh", "-c", "id -u; cat /proc/1/status; ! touch /etc/x 2>/dev/null")
        uid, *status = told.splitlines()
        assert uid != "0", service
        of_first = dict(line.split(":", 1) for line in status if ":" in line)
        assert of_first["NoNewPrivs"].strip() == "1", service
        assert of_first["CapEff"].strip() == of_first["CapBnd"].strip() == NO_PRIVILEGE, service
        assert of_first["Uid"].split()[0] == uid, service


def test_the_image_has_no_compiler(stack: Stack) -> None:
    tools = "cc gcc g++ c++ clang tcc ld rustc go"
    found = stack.compose(
        "exec", "-T", "listing-api", "sh", "-c", f"for one in {tools}; do command -v $one; done; true"
    )
    assert found == ""


def test_the_image_carries_its_bill_of_materials(stack: Stack) -> None:
    materials = json.loads(stack.compose("exec", "-T", "listing-api", "cat", "/opt/jiangbu/jiangbu.cdx.json"))
    assert materials["bomFormat"] == "CycloneDX"
    names = {component["name"] for component in materials["components"]}
    assert {"jiangbu", "kafka-python", "psycopg", "libc6"} <= names
    installed = stack.compose("exec", "-T", "listing-api", "cat", "/var/lib/dpkg/status")
    debian = [one for one in materials["components"] if one.get("purl", "").startswith("pkg:deb/")]
    assert len(debian) == installed.count("Status: install ok installed\n") > 0


def test_the_image_takes_secrets_from_files_alone(stack: Stack) -> None:
    given = ("-e", "KAFKA_SASL_PASSWORD=in-a-variable", "-e", "KAFKA_SASL_PASSWORD_FILE=")
    with pytest.raises(ComposeError, match="KAFKA_SASL_PASSWORD_FILE"):
        stack.compose("run", "--rm", "--no-deps", *given, "listing-consumer")


def test_a_program_sees_the_secrets_of_its_own_alone(stack: Stack) -> None:
    for service in ("listing-consumer", "incentive-api"):
        seen = stack.compose("exec", "-T", service, "sh", "-c", "cat /secrets/* /apis/* 2>/dev/null; true")
        holder = service.rpartition("-")[0]
        for name, secret in stack.secrets.items():
            if name.endswith(".yaml"):
                continue
            assert (secret in seen) == (name.split("/")[0] == holder), (service, name)


def test_databases_and_the_inner_broker_cannot_be_reached_from_outside(stack: Stack) -> None:
    published = {
        service: {port for port, hosts in (stack.container(service)["NetworkSettings"]["Ports"] or {}).items() if hosts}
        for service in PROGRAMS
    }
    apis = {f"{service}-api": {f"{8001 + number}/tcp"} for number, service in enumerate(SERVICES)}
    assert {service: ports for service, ports in published.items() if ports} == {"kafka": {"9094/tcp"}, **apis}


def test_the_demos_events_come_out_as_expected(stack: Stack, events: list[SampleRecord]) -> None:
    hurry = threading.Event()
    hurry.set()
    stack.send(events[:BEFORE], hurry).finish()
    assert_all_is_there(stack, events[:BEFORE])


def _is_well(stack: Stack) -> bool:
    try:
        return "FAIL" not in stack.doctor()
    except ComposeError:
        return False


def test_the_doctor_finds_nothing_wrong(stack: Stack) -> None:
    until(lambda: _is_well(stack), 300, stack.doctor)


def test_backups_are_made_on_and_on(stack: Stack) -> None:
    folder = stack.folder / "backups"
    folder.mkdir()
    folder.chmod(0o777)  # for the user of the image
    with stack.env_file.open("a", encoding="utf-8") as settings:
        settings.write(f"BACKUP_FOLDER={folder}\nBACKUP_PAUSE=1\n")
    stack.compose("--profile", "backup", "up", "-d", "--no-deps", "backup")
    try:
        stack.await_healthy("backup")
        until(
            lambda: re.search(r"/backup: run ([2-9]|\d\d)", stack.doctor()),
            120,
            lambda: stack.compose("logs", "backup"),
        )
    finally:
        stack.compose("--profile", "backup", "rm", "--stop", "--force", "backup")


def test_an_exchange_writes_to_its_own_topics_alone(stack: Stack, events: list[SampleRecord]) -> None:
    foreign = [record for record in events if record.exchange == "dcdex"][:1]
    with pytest.raises(PublishError, match=r"exchange\.dcdex"):
        publish(foreign, stack.kafka_config("exchange.kmdex"), lambda _: None)


def test_roles_see_what_is_theirs(stack: Stack) -> None:
    kmdex, bureau, auditor = (stack.client(holder) for holder in ("exchange.kmdex", "bureau", "auditor"))
    for service, path in (("listing", "/v1/listings"), ("trade-ingest", "/v1/trades")):
        own = {one["exchange"] for one in kmdex.items(service, path)}
        assert own == {"kmdex"}
        assert {one["exchange"] for one in bureau.items(service, path)} == {"kmdex", "dcdex"}
        assert list(kmdex.items(service, path, exchange="dcdex")) == []
        assert {one["exchange"] for one in kmdex.items(service, "/v1/quarantine")} == {"kmdex"}
    seen = list(kmdex.items("incentive", "/v1/awards"))
    every = list(auditor.items("incentive", "/v1/awards"))
    assert 0 < len(seen) < len(every)
    assert {one["award_id"] for one in bureau.items("incentive", "/v1/awards")} == {one["award_id"] for one in every}
    assert {one["topic"] for one in kmdex.get("trade-ingest", "/v1/progress")["partitions"]} == {
        "exchange.kmdex.trades.v1"
    }
    nobody = stack.client("auditor")
    nobody.session.headers["Authorization"] = "Bearer guessed"
    with pytest.raises(ApiError, match="401"):
        nobody.get("incentive", "/v1/awards")


@pytest.fixture(scope="module")
def under_load(stack: Stack, events: list[SampleRecord]) -> Iterator[Events]:
    """Events are sent while the tests that use this run; the last of them ends the stream."""
    hurry = threading.Event()
    yield stack.send(events[BEFORE:MEANWHILE], hurry)
    hurry.set()


# Services restarted together, in the order of a rolling restart: dependencies come first.
TURNS = (
    ("kafka",),
    ("postgres",),
    *((f"{service}-api", f"{service}-consumer") for service in SERVICES),
)


def test_each_container_is_restarted_while_events_flow(stack: Stack, under_load: Events) -> None:
    assert under_load.flow()
    for turn in TURNS:
        before = {service: stack.container(service)["State"]["StartedAt"] for service in turn}
        turn_s = time.monotonic()
        stack.compose("restart", *turn)
        stack.await_healthy(*turn)
        after = {service: stack.container(service)["State"]["StartedAt"] for service in turn}
        assert all(after[service] > before[service] for service in turn)
        stack.restarts_s[" and ".join(turn)] = time.monotonic() - turn_s
    stack.await_healthy(*PROGRAMS)


def members(stack: Stack, group: str) -> int:
    admin = KafkaAdminClient(**stack.kafka_config("admin"))
    try:
        return len(admin.describe_groups([group])[group]["members"])
    finally:
        admin.close()


def await_members(stack: Stack, group: str, count: int) -> None:
    until(lambda: _told(stack, group) == count, why=lambda: f"{group}: {_told(stack, group)} members")


def _told(stack: Stack, group: str) -> int | str:
    try:
        return members(stack, group)
    except KafkaError as error:
        return repr(error)


def test_three_consumers_share_and_one_is_killed(stack: Stack, under_load: Events) -> None:
    assert under_load.flow()
    group = "jiangbu.r1.trades"
    stack.compose(
        "up", "-d", "--no-deps", "--no-recreate", "--scale", "trade-ingest-consumer=3", "trade-ingest-consumer"
    )
    stack.await_healthy("trade-ingest-consumer")
    assert len(stack.containers("trade-ingest-consumer")) == 3
    await_members(stack, group, 3)
    run(["docker", "kill", stack.containers("trade-ingest-consumer")[1]["Id"]])
    await_members(stack, group, 2)


def test_nothing_was_lost(stack: Stack, under_load: Events, events: list[SampleRecord]) -> None:
    under_load.finish()
    assert_all_is_there(stack, events[:MEANWHILE])


def test_dumps_are_made_next_to_the_running_set(stack: Stack, tmp_path: Path) -> None:
    stack.carry_out("dumps under Compose", cwd=tmp_path)
    for service in SERVICES:
        told = run([postgres_binaries() / "pg_restore", "-l", tmp_path / f"{database_of(service)}.dump"])
        assert "TABLE DATA public worker_run" in told


def test_an_upgrade_from_the_migration_before_keeps_what_is_there(stack: Stack, events: list[SampleRecord]) -> None:
    programs = [program for program in PROGRAMS if program not in ("kafka", "postgres")]
    stack.compose("stop", *programs)
    with pytest.raises(ComposeError, match=r"异常 FAIL  接口 API incentive: .*无应答"):
        stack.doctor()
    before = {service: go_back(stack, service) for service in SERVICES}
    stack.carry_out("upgrade")
    for service in SERVICES:
        assert revision_of(stack, service) == required_revision(service)
        after = counts(stack, database_of(service), before[service])
        assert {table: rows for table, rows in before[service].items() if after[table] < rows} == {}
    hurry = threading.Event()
    hurry.set()
    stack.send(events[MEANWHILE:], hurry).finish()
    assert_all_is_there(stack, events)
    for service in SERVICES:
        stack.compose("run", "--rm", "--no-deps", "-T", f"{service}-consumer", service, "rebuild", "--verify")
