"""The files that `jiangbu ha render` writes: complete, the same every time, without secrets, never lost."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import make_url

from deploy.__main__ import main
from deploy.ha import disk_watch
from deploy.ha.disk_watch import WatchSettings
from deploy.ha.nodes import Cluster, KafkaSecurity, KafkaTls, Machine, TlsFiles
from deploy.ha.nodes_file import nodes_yaml
from deploy.ha.render import render
from deploy.ha.secrets import KAFKA_NODE, make_ha_secrets
from deploy.rendered_files import ChangedFilesError, plan_files, write_files
from deploy.secrets import DATABASE_PASSWORD, Secret, SecretsError, make_secrets
from tests.support.paths import ROOT, SETTINGS

MACHINES = tuple(Machine(f"db{number}", number, f"10.0.0.{number}") for number in (1, 2, 3))
PLAIN = Cluster("jiangbu", MACHINES, ("10.0.0.0/24",))
SECURED = PLAIN._replace(kafka_security=KafkaSecurity(KAFKA_NODE.path(PLAIN.secrets)))


def settings(text: str) -> dict[str, str]:
    """Read settings as a shell does."""
    return dict(word.split("=", 1) for word in shlex.split(text))


def test_every_machine_has_every_engine_and_program() -> None:
    names = {path.partition("/")[2] for path in render(SECURED)}
    assert {"etcd.yml", "patroni.yml", "haproxy.cfg", "server.properties", "kafka-format.sh"} <= names
    programs = {
        f"jiangbu-{service}-{kind}"
        for service in ("listing", "trade-ingest", "incentive")
        for kind in ("api", "consumer")
    }
    engines = {f"jiangbu-{name}" for name in ("etcd", "patroni", "disk-watch", "haproxy", "kafka")}
    assert {f"systemd/{name}.service" for name in programs | engines} <= names
    assert len(render(SECURED)) == len(names) * len(MACHINES)


def test_a_machine_without_a_proxy_has_no_file_for_one() -> None:
    without = PLAIN._replace(machines=(*MACHINES[:2], MACHINES[2]._replace(proxy=False)))
    files = {path for path in render(without) if "haproxy" in path}
    assert files == {
        f"{name}/{file}" for name in ("db1", "db2") for file in ("haproxy.cfg", "systemd/jiangbu-haproxy.service")
    }


def test_a_machine_without_services_has_no_program_and_is_asked_for_none() -> None:
    without = PLAIN._replace(machines=(*MACHINES[:2], MACHINES[2]._replace(services=False)))
    files = render(without)
    own = {path.removeprefix("db3/") for path in files if path.startswith("db3/")}
    assert {"admin.env", "haproxy.cfg", "systemd/jiangbu-patroni.service"} <= own
    assert not [path for path in own if "incentive" in path]
    assert "server db3 10.0.0.3:5432 " in files["db1/haproxy.cfg"]
    assert re.findall(r"server (\w+) \S+:8003 ", files["db1/haproxy.cfg"]) == ["db1", "db2"] * 2


def test_programs_ask_each_other_through_the_nearest_proxy() -> None:
    without = PLAIN._replace(machines=(*MACHINES[:2], MACHINES[2]._replace(proxy=False)))
    files = render(without)
    for machine, proxy in (("db2", "10.0.0.2"), ("db3", "10.0.0.1")):
        found = settings(files[f"{machine}/admin.env"])
        assert found["REGISTERS"] == f"r1=http://{proxy}:8011,http://{proxy}:8012"
        assert found["INCENTIVE_URL"] == f"http://{proxy}:8013"


def test_the_pages_trust_the_proxies_alone() -> None:
    """Visitors without a key are told apart by the address that the proxies pass on."""
    named = MACHINES[1]._replace(host="db2.example.org")
    cluster = PLAIN._replace(machines=(MACHINES[0], named, MACHINES[2]._replace(proxy=False)))
    files = render(cluster)
    assert settings(files["db1/incentive.env"])["TRUSTED_PROXIES"] == "127.0.0.1,10.0.0.1"
    assert "\n    option forwardfor\n" in files["db1/haproxy.cfg"]


def test_a_shell_reads_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "admin.env"
    file.write_text(render(PLAIN)["db1/admin.env"], "utf-8")
    script = f'set -a; . {file}; set +a; printf %s "$DATABASE_ADMIN_URL"'
    read = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, timeout=20).stdout
    assert read == PLAIN.primary_url("postgres", "postgres")


def test_every_program_is_started_again_however_often_it_ends() -> None:
    units = {path: text for path, text in render(SECURED).items() if path.endswith(".service")}
    for path, text in units.items():
        if "jiangbu-backup" in path:  # its timer starts the next run
            continue
        unit = RawConfigParser(strict=False)
        unit.read_string(text)
        assert unit["Service"]["Restart"] == "always", path
        assert unit["Unit"]["StartLimitIntervalSec"] == "0", path


def test_units_read_files_that_are_rendered_or_hold_secrets() -> None:
    rendered = {path.removeprefix("db1/") for path in render(SECURED)}
    named = {
        name
        for path, text in render(SECURED).items()
        if path.endswith(".service")
        for name in re.findall(r"(?<![-\w])/etc/jiangbu/([\w./-]+)", text)
    }
    assert "kafka-format.sh" in named
    holders = {"listing", "trade-ingest", "incentive", "apis", "service", "backup", "postgres"}
    folders = {"secrets", *(f"secrets/{holder}" for holder in holders)}
    assert named - rendered == {"secrets/patroni/environment", *folders}


def test_a_program_sees_the_secrets_of_its_settings_alone() -> None:
    files = render(SECURED)
    for service in ("listing", "trade-ingest", "incentive"):
        wanted = set(re.findall(r"/etc/jiangbu/secrets/[\w-]+", files[f"db1/{service}.env"]))
        for kind in ("api", "consumer"):
            unit = RawConfigParser(strict=False)
            unit.read_string(files[f"db1/systemd/jiangbu-{service}-{kind}.service"])
            assert unit["Service"]["TemporaryFileSystem"] == "/etc/jiangbu/secrets:ro"
            apis = {"/etc/jiangbu/secrets/apis"} if kind == "consumer" else set()
            assert set(unit["Service"]["BindReadOnlyPaths"].split()) == wanted - apis


def test_patroni_runs_a_file_that_is_rendered() -> None:
    files = render(SECURED)
    for name, url in (("db1", "http://10.0.0.1:2379"), ("db2", "http://10.0.0.2:2379")):
        callback = yaml.safe_load(files[f"{name}/patroni.yml"])["postgresql"]["callbacks"]["on_role_change"]
        python, file, _, own, *others = callback.split()
        assert python == "/opt/patroni/bin/python3"
        assert f"{name}/{file.removeprefix('/etc/jiangbu/')}" in files
        assert own == url
        assert len(others) == len(MACHINES) - 1


def test_a_disk_watch_has_its_settings_and_runs_as_the_account_of_postgresql() -> None:
    tls = TlsFiles(Path("/tls/ca.pem"), Path("/tls/cert.pem"), Path("/tls/key.pem"))
    cluster = SECURED._replace(postgres_tls=tls, etcd_tls=tls._replace(key=Path("/tls/etcd.key")))
    files = render(cluster._replace(postgres_least_room_mib=5))
    unit = RawConfigParser(strict=False)
    unit.read_string(files["db2/systemd/jiangbu-disk-watch.service"])
    assert unit["Service"]["User"] == "postgres"
    python, program, settings_file, metrics = (Path(one) for one in unit["Service"]["ExecStart"].split())
    assert python == cluster.programs.python
    assert metrics == Path("/run", unit["Service"]["RuntimeDirectory"])
    assert files[f"db2/{program.name}"] == Path(disk_watch.__file__).read_text("utf-8")
    found = WatchSettings(**json.loads(files[f"db2/{settings_file.name}"]))
    assert (found.set, found.machine, found.least) == ("jiangbu", "db2", 5 << 20)
    assert (found.data, found.patroni) == (str(MACHINES[1].folders.postgres), "https://10.0.0.2:8008")
    assert found.etcd == [f"https://10.0.0.{number}:2379" for number in (2, 1, 3)]
    # The account of PostgreSQL reads its own key alone.
    assert found.etcd_tls == ["/tls/ca.pem", "/tls/cert.pem", "/tls/key.pem"]
    assert (found.authority, found.user) == ("/tls/ca.pem", "jiangbu")
    assert found.password_file == str(cluster.secrets / "patroni" / "api-password")
    plain = WatchSettings(**json.loads(render(PLAIN)["db1/disk_watch.json"]))
    assert (plain.patroni, plain.authority, plain.etcd_tls) == ("http://10.0.0.1:8008", None, [])
    assert plain.least == 1 << 30


def test_files_hold_no_secrets(tmp_path: Path) -> None:
    """Passwords appear as the names of files and variables alone."""
    text = "\n".join(render(SECURED).values())
    assert set(re.findall(r"password=(\S+)", text)) == {
        "$(cat",
        '$password]"',
        '"${file:/etc/jiangbu/secrets/kafka-node/properties:password}"',
    }
    urls = re.findall(r"postgresql://(\S+?)@", text)
    assert "listing_service" in urls
    assert not any(":" in user for user in urls)


def test_settings_are_those_that_programs_read() -> None:
    known = set(SETTINGS.findall((ROOT / ".env.example").read_text("utf-8")))
    for path, text in render(SECURED).items():
        if path.endswith(".env"):
            assert settings(text).keys() <= known, path
    assert "KAFKA_SASL_MECHANISM" not in render(PLAIN)["db1/listing.env"]


def test_a_service_does_not_know_the_owner_of_its_tables() -> None:
    files = render(SECURED)
    assert "OWNER" not in files["db1/listing.env"]
    assert settings(files["db1/listing-owner.env"])["DATABASE_OWNER_PASSWORD_FILE"].endswith(
        "/listing-owner/database-password"
    )


def test_a_database_is_reached_through_every_proxy_and_the_own_one_first() -> None:
    url = settings(render(SECURED)["db2/incentive.env"])["DATABASE_URL"]
    wanted = {
        "host": "10.0.0.2,10.0.0.1,10.0.0.3",
        "port": "5000,5000,5000",
        "user": "incentive_service",
        "dbname": "incentive",
    }
    assert conninfo_to_dict(url) == wanted
    assert make_url(url).query["host"] == wanted["host"]
    read_url = settings(render(SECURED)["db2/incentive.env"])["DATABASE_READ_URL"]
    assert conninfo_to_dict(read_url) == wanted | {"port": "5001,5001,5001"}


def test_kafka_is_formatted_with_one_id_on_all_machines() -> None:
    files = render(SECURED)
    scripts = [files[f"{machine.name}/kafka-format.sh"] for machine in MACHINES]
    (cluster_id,) = {re.findall(r" -t (\S+)", script)[0] for script in scripts}
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", cluster_id)
    assert "--add-scram" in scripts[0]
    assert "--add-scram" not in render(PLAIN)["db1/kafka-format.sh"]
    assert cluster_id not in render(SECURED._replace(name="another"))["db1/kafka-format.sh"]


def test_settings_name_the_authorities() -> None:
    tls = TlsFiles(Path("/tls/ca.pem"), Path("/tls/cert.pem"), Path("/tls/key.pem"))
    assert SECURED.kafka_security is not None
    inside = KafkaTls(Path("/tls/ca.pem"), Path("/tls/broker.pem"))
    cluster = SECURED._replace(postgres_tls=tls, kafka_security=SECURED.kafka_security._replace(inside_tls=inside))
    found = settings(render(cluster)["db1/admin.env"])
    assert (found["KAFKA_SECURITY_PROTOCOL"], found["KAFKA_SSL_CA_FILE"]) == ("SASL_SSL", "/tls/ca.pem")
    assert (found["PATRONI_URL"], found["PATRONI_CA_FILE"]) == ("https://10.0.0.1:8008", "/tls/ca.pem")
    assert "PATRONI_CA_FILE" not in settings(render(SECURED)["db1/admin.env"])


def test_rendering_again_changes_nothing(tmp_path: Path) -> None:
    nodes, out = tmp_path / "nodes.yaml", tmp_path / "out"
    nodes.write_text(nodes_yaml(SECURED), "utf-8")
    arguments = ["ha", "render", "--nodes", str(nodes), "--out", str(out)]
    first = CliRunner().invoke(main, arguments, env={"LANG": "en_US.UTF-8"})
    assert first.exit_code == 0, first.output
    files = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert {str(path.relative_to(out)): text.decode() for path, text in files.items()} == render(SECURED)
    again = CliRunner().invoke(main, arguments, env={"LANG": "en_US.UTF-8"})
    assert again.stdout == f"{len(files)} unchanged, 0 written\n"
    assert again.stderr == "warning: in plain text between machines: PostgreSQL, Patroni, etcd, Kafka\n"
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == files


def test_a_file_changed_by_hand_is_replaced_only_by_force(tmp_path: Path) -> None:
    list(write_files(plan_files(render(PLAIN), tmp_path, force=False)))
    changed, missing = tmp_path / "db2" / "haproxy.cfg", tmp_path / "db1" / "etcd.yml"
    original = changed.read_bytes()
    changed.write_bytes(original + b"# of ours\xff\n")
    missing.unlink()
    with pytest.raises(ChangedFilesError, match=r"files differ: .*/db2/haproxy\.cfg: "):
        plan_files(render(PLAIN), tmp_path, force=False)
    assert changed.read_bytes() != original
    assert not missing.exists()
    *_, summary = write_files(plan_files(render(PLAIN), tmp_path, force=True))
    assert summary.endswith("2 written")
    assert changed.read_bytes() == original
    assert missing.exists()


def test_secrets_of_the_set_are_created_once(tmp_path: Path) -> None:
    with pytest.raises(SecretsError, match="run `jiangbu secrets` first"):
        make_ha_secrets(tmp_path)
    admin = Secret("postgres", DATABASE_PASSWORD)
    make_secrets(tmp_path, [admin])
    files = {str(path.relative_to(tmp_path)): path.read_text("ascii") for path in make_ha_secrets(tmp_path)}
    assert files.keys() == {"patroni/api-password", "patroni/environment", "kafka-node/properties"}
    environment = settings(files["patroni/environment"])
    assert environment["PATRONI_SUPERUSER_PASSWORD"] == admin.path(tmp_path).read_text("ascii").strip()
    assert environment["PATRONI_RESTAPI_PASSWORD"] == (tmp_path / "patroni" / "api-password").read_text("ascii").strip()
    assert len(settings(files["kafka-node/properties"])["password"]) > 40
    assert make_ha_secrets(tmp_path) == []
