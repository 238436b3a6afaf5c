"""`jiangbu init`: what it plans from answers, and what it writes, once."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.__main__ import main
from deploy.api_keys import HASHES, Person, make_api_keys
from deploy.environment import read_environment
from deploy.first_setup.answers import Answers, AnswersError, NamedExchange, answers_yaml, load_answers, read_answers
from deploy.first_setup.certificates import (
    AUTHORITY_VALID,
    SERVER_VALID,
    CertificateError,
    issue,
    new_authority,
    new_key,
    read_certificate,
    valid_until,
)
from deploy.first_setup.cli import read_given_files
from deploy.first_setup.plan import GivenFiles, Plan, make_plan, whitelist_text
from deploy.first_setup.questions import parse_address, parse_exchanges, parse_persons, parse_policy
from deploy.first_setup.writing import FirstSetupError, list_plan, write_plan
from deploy.host import cli
from deploy.host.layout import Version
from shared.settings import POLICY_FILE
from shared.web.keys import load_keys
from shared.whitelist import load_whitelist, parse_whitelist
from tests.support.paths import ROOT, SETTINGS

NOW = datetime(2026, 12, 1, 8, tzinfo=UTC)
PERSONS = (
    Person("officer-1", "bureau", "虚构一号"),
    Person("officer-2", "bureau", "虚构二号"),
    Person("officer-3", "bureau"),
    Person("auditor-1", "auditor", "虚构四号"),
)
ANSWERS = Answers("jiangbu.example.org", PERSONS, (NamedExchange("kmdex", "虚构甲"), NamedExchange("dcdex", "虚构乙")))


def given_files(answers: Answers = ANSWERS) -> GivenFiles:
    text = whitelist_text(answers.exchanges)
    return GivenFiles(parse_whitelist(text), text)


def plan_in(folder: Path, runner: str = "systemd", answers: Answers = ANSWERS) -> Plan:
    return make_plan(answers, given_files(answers), folder, runner)


@pytest.fixture
def answers_file(tmp_path: Path) -> Path:
    file = tmp_path / "given.yaml"
    file.write_text(answers_yaml(ANSWERS), "utf-8")
    return file


def init(*arguments: str | Path, typed: str | None = None) -> str:
    done = CliRunner().invoke(main, ["init", *map(str, arguments)], input=typed, env={"LANG": "en_US.UTF-8"})
    assert done.exit_code == 0, done.output
    return done.output


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Answers

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
IDS = st.from_regex(r"[a-z][a-z0-9-]{1,20}", fullmatch=True)
ANY_ANSWERS = st.builds(
    lambda address, exchanges, people, own: Answers(
        address,
        tuple(Person(one, "auditor" if index == 0 else "bureau", f"{index} {one}") for index, one in enumerate(people)),
        tuple(NamedExchange(one, name) for one, name in exchanges.items()),
        certificates="own" if own else "given",
    ),
    st.from_regex(r"[a-z][a-z0-9]{0,10}(\.[a-z]{2,8}){1,2}", fullmatch=True),
    st.dictionaries(IDS, NAMES, min_size=1, max_size=4),
    st.lists(IDS, min_size=4, max_size=6, unique=True),
    st.booleans(),
)


@settings(max_examples=30)
@given(ANY_ANSWERS)
def test_answers_and_whitelist_are_read_as_they_were_written(answers: Answers) -> None:
    assert read_answers(answers_yaml(answers).encode(), "answers.yaml") == answers
    found = parse_whitelist(whitelist_text(answers.exchanges))
    assert {one.id: one.name for one in found.listed} == dict(answers.exchanges)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"address": "not a host"}, "address"),
        ({"address": "999.1.1.1"}, "address"),
        ({"persons": [one._asdict() for one in PERSONS[1:]]}, "the role bureau needs at least 3"),
        ({"persons": [one._asdict() for one in PERSONS[:3]]}, "the role auditor needs at least 1"),
        (
            {"persons": [{**one._asdict(), "name": "虚构一号"} for one in PERSONS]},
            "names in decisions must differ: 虚构一号",
        ),
        ({"persons": [one._asdict() for one in (*PERSONS, Person("service", "bureau"))]}, "another key: service"),
        ({"whitelist": "exchanges.yaml"}, "exactly one is needed"),
        ({"certificates": "none"}, "own or given"),
        ({"exchanges": [{"id": "kmdex.x", "name": "A"}]}, "must match"),
        ({"adress": "x"}, "unknown field"),
    ],
)
def test_wrong_answers_are_named(tmp_path: Path, change: dict[str, object], fault: str) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load(answers_yaml(ANSWERS)) | change), "utf-8")
    with pytest.raises(AnswersError, match=rf"answers\.yaml:\d+: .*{re.escape(fault)}"):
        load_answers(file)


def test_answers_at_the_terminal_are_those_of_a_file(tmp_path: Path) -> None:
    assert parse_address(" 10.0.0.7 ") == "10.0.0.7"
    assert parse_exchanges("kmdex=虚构甲，dcdex = 虚构乙") == ANSWERS.exchanges
    assert (
        parse_persons(
            "officer-1=bureau:虚构一号, officer-2=bureau：虚构二号, officer-3=bureau, auditor-1=auditor:虚构四号"
        )
        == PERSONS
    )
    assert parse_policy("") is None
    assert parse_policy(str(POLICY_FILE)) == POLICY_FILE
    assert parse_exchanges(str(ROOT / "exchanges.yaml")) == ROOT / "exchanges.yaml"
    for parse, wrong in (
        (parse_address, "two words"),
        (parse_exchanges, "kmdex"),
        (parse_exchanges, "none.yaml"),
        (parse_exchanges, ""),
        (parse_persons, "officer-2=bureau"),
        (parse_policy, str(tmp_path / "none.yaml")),
    ):
        with pytest.raises(ValueError, match=" / "):
            parse(wrong)


# Certificates


def test_a_certificate_is_for_its_names_and_for_servers_alone() -> None:
    authority = new_authority(new_key(), "jiangbu test", NOW)
    pem = issue(authority, ["jiangbu.example.org", "10.0.0.7"], NOW)
    root, server = read_certificate(authority.certificate), read_certificate(pem)
    server.verify_directly_issued_by(root)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["jiangbu.example.org"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["10.0.0.7"]
    assert server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    usage = server.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.ExtendedKeyUsageOID.SERVER_AUTH]
    assert timedelta(0) <= NOW + SERVER_VALID - valid_until(pem) <= timedelta(hours=1)
    assert timedelta(0) <= NOW + AUTHORITY_VALID - valid_until(authority.certificate) <= timedelta(hours=1)
    assert server.not_valid_before_utc < NOW  # a clock that is behind


def test_a_key_of_another_authority_signs_nothing() -> None:
    authority = new_authority(new_key(), "jiangbu test", NOW)
    for key in (new_key(), "no key"):
        with pytest.raises(CertificateError):
            issue(authority._replace(key=key), ["localhost"], NOW)


# The plan


@settings(max_examples=30)
@given(ANY_ANSWERS, st.sampled_from(["systemd", "compose"]))
def test_a_plan_is_the_same_each_time_and_has_no_secret(answers: Answers, runner: str) -> None:
    folder = Path("/etc/jiangbu")
    plan = plan_in(folder, runner, answers)
    assert plan == plan_in(folder, runner, answers)
    paths = [file.path for file in plan.files] + [one.path for one in plan.certificates]
    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(folder) for path in paths)
    assert not any("PRIVATE KEY" in file.text or "PASSWORD=" in file.text for file in plan.files)
    for exchange in answers.exchanges:
        assert f"exchange.{exchange.id}" in {secret.holder for secret in plan.secrets}
    [broker] = [one for one in plan.certificates if one.path.name == "broker.pem"]
    assert answers.address in broker.names


def test_settings_name_files_that_are_written(tmp_path: Path) -> None:
    for runner in ("systemd", "compose"):
        plan = plan_in(tmp_path, runner)
        written = {file.path for file in plan.files} | {one.path for one in plan.certificates} | {plan.authority_file}
        for file in plan.files:
            named = {Path(found) for found in re.findall(rf"{tmp_path}/[\w./-]+", file.text)}
            assert named <= written, file.path


def test_settings_are_known() -> None:
    known = set(SETTINGS.findall((ROOT / ".env.example").read_text("utf-8"))) | {"PGSSLMODE", "PGSSLROOTCERT"}
    for runner in ("systemd", "compose"):
        found = [file for file in plan_in(Path("/etc/jiangbu"), runner).files if file.path.suffix == ".env"]
        assert found
        for file in found:
            assert {line.partition("=")[0] for line in file.text.splitlines()} <= known, file.path


def test_a_policy_with_other_days_cuts_totals_there() -> None:
    policy = ANSWERS._replace(policy=POLICY_FILE)
    days = (datetime(2027, 3, 1, tzinfo=UTC).date(),)
    found = make_plan(policy, given_files()._replace(policy_text="{}", cut_dates=days), Path("/etc/jiangbu"), "systemd")
    [own] = [file.text for file in found.files if file.path.name == "own.env"]
    assert "TOTALS_CUT_AT=2025-10-15,2027-03-01,2028-10-15,2028-10-16\n" in own
    assert "POLICY_FILE=/etc/jiangbu/policy.yaml\n" in own


def test_a_copied_policy_is_used_again(tmp_path: Path) -> None:
    named = tmp_path / "named.yaml"
    shutil.copy(POLICY_FILE, named)
    answers, out = ANSWERS._replace(policy=named), tmp_path / "set"
    plan = make_plan(answers, read_given_files(answers, out), out, "systemd")
    list(write_plan(plan, NOW))
    named.unlink()
    assert make_plan(answers, read_given_files(answers, out), out, "systemd") == plan
    assert (out / "policy.yaml").read_bytes() == POLICY_FILE.read_bytes()


def test_haproxy_accepts_its_configuration(tmp_path: Path) -> None:
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin")
    if program is None:
        pytest.skip("haproxy 未安装 / is not installed")
    list(write_plan(plan_in(tmp_path), NOW))
    done = subprocess.run([program, "-c", "-f", tmp_path / "haproxy.cfg"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# Files that are written


def test_a_dry_run_lists_what_is_then_written_and_writes_nothing(tmp_path: Path, answers_file: Path) -> None:
    out = tmp_path / "set"
    listed = init("--out", out, "--answers", answers_file, "--dry-run")
    assert not out.exists()
    init("--out", out, "--answers", answers_file)
    announced = {Path(path) for path in re.findall(r"^(\S+): would be created$", listed, re.MULTILINE)}
    assert announced | {out / "secrets" / HASHES} == set(contents(out))


def test_nothing_is_written_twice_and_no_secret_is_printed(tmp_path: Path, answers_file: Path) -> None:
    out = tmp_path / "set"
    said = init("--out", out, "--answers", answers_file)
    before = contents(out)
    (out / "own.env").write_text("PUBLIC_URL=https://other.example.org\n", "utf-8")
    again = init("--out", out)  # with the answers that it kept
    assert contents(out) == before | {out / "own.env": b"PUBLIC_URL=https://other.example.org\n"}
    assert "own.env: kept, has other content" in again
    secrets = [text.decode().strip() for path, text in before.items() if out / "secrets" in path.parents]
    assert not any(line in said + again for text in secrets for line in text.splitlines() if len(line) > 40)


def test_private_files_are_private(tmp_path: Path) -> None:
    list(write_plan(plan_in(tmp_path), NOW))
    for path in contents(tmp_path):
        has_secret = "secrets" in path.parts or path.suffix == ".env" or b"PRIVATE KEY" in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if has_secret else 0o644), path


def test_each_person_has_a_key_and_no_role_of_theirs_has_another(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    list(write_plan(plan, NOW))
    keys = load_keys(plan.secrets_folder / HASHES)
    found = {}
    for person in PERSONS:
        key = keys.find(person.key_file(plan.secrets_folder).read_bytes().strip())
        found[key.person] = (key.name, key.role)
    assert found == {one.id: (one.name or one.id, one.role) for one in PERSONS}
    assert sorted(key.role for key in keys.keys if key.role in ("bureau", "auditor")) == ["auditor"] + ["bureau"] * 3
    # Installing the set afterwards adds none.
    assert make_api_keys(plan.secrets_folder, plan.whitelist) == []


def test_a_persons_key_and_a_certificate_are_changed_by_removing_their_files(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    list(write_plan(plan, NOW))
    key, certificate = PERSONS[0].key_file(plan.secrets_folder), tmp_path / "tls" / "proxy.pem"
    old, later = key.read_bytes(), NOW + timedelta(days=360)
    before = contents(tmp_path)
    assert any(line.startswith(f"{certificate}: ") and "remove it" in line for line in write_plan(plan, later))
    assert contents(tmp_path) == before
    key.unlink()
    certificate.unlink()
    list(write_plan(plan, later))
    changed = {path for path, content in contents(tmp_path).items() if content != before[path]}
    assert changed == {key, certificate, plan.secrets_folder / HASHES}
    assert load_keys(plan.secrets_folder / HASHES).find(old.strip()) is None
    assert valid_until(certificate.read_text("ascii")) > later + timedelta(days=390)


def test_the_authoritys_key_is_needed_only_to_issue(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    list(write_plan(plan, NOW))
    plan.authority_key_file.unlink()
    list(write_plan(plan, NOW))
    assert not plan.authority_key_file.exists()
    (tmp_path / "tls" / "broker.pem").unlink()
    with pytest.raises(CertificateError, match="put it back"):
        list(write_plan(plan, NOW))
    plan.authority_key_file.write_text(new_key(), "ascii")
    with pytest.raises(CertificateError, match=r"/authority-key\.pem: .* not the key of"):
        list(write_plan(plan, NOW))


def test_a_file_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    (tmp_path / "postgres").write_text("", "utf-8")
    with pytest.raises(FirstSetupError, match=r"/postgres/jiangbu\.conf: .*cannot be written"):
        list(write_plan(plan, NOW))
    (tmp_path / "postgres").unlink()
    list(write_plan(plan, NOW))
    (tmp_path / "tls" / "proxy.pem").write_text("", "utf-8")
    with pytest.raises(CertificateError, match=r"/proxy\.pem: "):
        list(write_plan(plan, NOW))


def test_certificates_of_another_authority_are_asked_for(tmp_path: Path) -> None:
    plan = plan_in(tmp_path, answers=ANSWERS._replace(certificates="given"))
    lines = list(write_plan(plan, NOW))
    assert not (tmp_path / "tls").exists()
    asked = [line for line in lines if "tls/" in line]
    assert len(asked) == 4
    assert all("put " in line for line in asked)
    assert not any("tls/" in line for line in list_plan(plan))


def test_a_whitelist_that_is_there_wins(tmp_path: Path, answers_file: Path) -> None:
    out = tmp_path / "set"
    out.mkdir()
    shutil.copy(ROOT / "exchanges.yaml", out / "exchanges.yaml")
    with (out / "exchanges.yaml").open("a") as file:
        file.write("  - {id: third, name: 虚构丙}\n")
    init("--out", out, "--answers", answers_file, "--for", "compose")
    assert "third" in load_whitelist(out / "exchanges.yaml").ids
    assert (out / "secrets" / "exchange.third" / "kafka-password").exists()
    found = read_environment(out / "compose.env")
    assert found["EXCHANGES_FILE"] == str(out / "exchanges.yaml")
    assert found["KAFKA_BIND_ADDRESS"] == "0.0.0.0"  # noqa: S104 - compared, not bound
    assert not (out / "postgres").exists()


def test_installing_the_set_afterwards_takes_what_is_there(
    tmp_path: Path, answers_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "etc"
    init("--out", out, "--answers", answers_file)
    before = contents(out)
    monkeypatch.setattr(cli, "running_version", lambda: Version(tmp_path / "opt" / "versions" / "0.1.0"))
    account = subprocess.run(["id", "-un"], check=True, capture_output=True, text=True).stdout.strip()
    done = CliRunner().invoke(
        main,
        ["install", "--systemd", "--config", str(out), "--units", str(tmp_path / "units"), "--user", account],
        env={"EXCHANGES_FILE": str(out / "exchanges.yaml")},
    )
    assert done.exit_code == 0, done.output
    after = contents(out)
    assert before.items() <= after.items()
    assert {path for path in after.keys() - before.keys() if "secrets" in path.parts} == set()
    found = read_environment(out / "listing.env", out / "own.env")
    assert found["PGSSLMODE"] == "verify-full"
    assert all(Path(path).is_file() for name, path in found.items() if name.endswith("_FILE"))


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may give files away")
def test_under_compose_the_brokers_user_reads_its_key(tmp_path: Path) -> None:
    list(write_plan(plan_in(tmp_path, "compose"), NOW))
    assert (tmp_path / "tls" / "broker.pem").stat().st_uid == 1000


def test_five_questions_are_asked_each_until_it_is_answered(tmp_path: Path) -> None:
    persons = "a1=bureau,a2=bureau,a3=bureau,b1=auditor"
    typed = f"two words\njiangbu.example.org\nkmdex=A, dcdex=B\nofficer-2=bureau\n{persons}\n\n\n"
    said = init("--out", tmp_path / "set", typed=typed)
    assert re.findall(r"(?m)(?:^|: )([1-5])\. ", said) == ["1", "1", "2", "3", "3", "4", "5"]
    assert said.count("Error: ") == 2
    answers = load_answers(tmp_path / "set" / "answers.yaml")
    assert (answers.address, answers.certificates, answers.policy) == ("jiangbu.example.org", "own", None)
    assert [one.id for one in answers.persons] == ["a1", "a2", "a3", "b1"]
    assert not (tmp_path / "set" / "policy.yaml").exists()
