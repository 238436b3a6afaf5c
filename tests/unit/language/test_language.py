"""The caller's language decides which half of a bilingual message a program prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from shared.language import LocalizedError, add_details, caller_language, join, localized, pick, say


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "zh"),
        ({"LANG": ""}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "POSIX"}, "zh"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh-Hans"}, "zh"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "en"}, "en"),
        ({"LANG": "de_DE.UTF-8@euro"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "en_GB.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "en"),
    ],
)
def test_the_locale_names_the_language(environ: dict[str, str], expected: str) -> None:
    assert caller_language(environ) == expected


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("没有差别 / no difference", "没有差别", "no difference"),
        ("KAFKA_GROUP: 须提供 / required", "KAFKA_GROUP: 须提供", "KAFKA_GROUP: required"),
        ("a.yaml: rules.0: 须为文本 / must be text", "a.yaml: rules.0: 须为文本", "a.yaml: rules.0: must be text"),
        ("30 日 / 30 days / a month", "30 日", "30 days / a month"),
        ("debit / credit", "debit / credit", "debit / credit"),
        ("没有英文", "没有英文", "没有英文"),
    ],
)
def test_one_half_is_picked_and_a_prefix_belongs_to_both(text: str, zh: str, en: str) -> None:
    assert pick(text, "zh") == zh
    assert pick(text, "en") == en


@pytest.mark.parametrize(
    ("text", "details", "expected"),
    [
        ("停止 / stopped", "数据库不可用 / no database", "停止：数据库不可用 / stopped: no database"),
        ("停止 / stopped", "A: 须提供 / required: 3", "停止：A: 须提供：3 / stopped: A: required: 3"),
        ("a/b: 停止 / stopped", "3, 5", "a/b: 停止：3, 5 / stopped: 3, 5"),
    ],
)
def test_details_follow_in_both_languages(text: str, details: str, expected: str) -> None:
    assert (message := add_details(text, details)) == expected
    assert " / " not in pick(message, "zh") + pick(message, "en")
    assert pick(message, "en").endswith(pick(details, "en"))


def test_messages_are_printed_in_the_caller_s_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    assert say("一", "one") == "one"
    assert localized("A: 一 / one\n二 / two") == "A: one\ntwo"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert say("一", "one") == "一"
    assert localized("A: 一 / one\n二 / two") == "A: 一\n二"


@pytest.mark.parametrize("module", ["services.listing", "services.trade_ingest", "services.incentive", "deploy"])
@pytest.mark.parametrize("lang", ["zh_CN.UTF-8", "en_US.UTF-8"])
def test_help_is_in_the_caller_s_language_alone(module: str, lang: str) -> None:
    commands: list[tuple[str, ...]] = [(), ("serve",), ("consume",), ("migrate",), ("rebuild",)]
    if module == "deploy":
        commands = [(), ("topics",), ("topics", "apply"), ("secrets",), ("databases", "apply"), ("doctor",)]
        commands += [("new-generation",), ("accept-loss",), ("set-aside",)]
    if module == "services.incentive":
        commands += [("verify",), ("what-if",), ("declare",), ("policy",), ("policy", "check"), ("policy", "diff")]
    script = f"""
import click.testing, {module}.__main__ as program
for command in {commands!r}:
    print(click.testing.CliRunner().invoke(program.main, [*command, "--help"]).output)
"""
    environment = {"PATH": os.defpath, "LANG": lang, "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    lines = [line for line in done.stdout.splitlines() if re.search(r"[\u4e00-\u9fff]", line)]
    assert bool(lines) == (lang == "zh_CN.UTF-8")
    assert not re.search(r" / ", done.stdout)


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("缺少主题 / topics are missing: a, b", "缺少主题：a, b", "topics are missing: a, b"),
        ("FILE: 无法读取 / cannot be read: x", "FILE: 无法读取：x", "FILE: cannot be read: x"),
        ("条目缺失，见日志 / entries missing: see the log", "条目缺失，见日志", "entries missing: see the log"),
    ],
)
def test_details_after_a_colon_belong_to_both_halves(text: str, zh: str, en: str) -> None:
    assert (pick(text, "zh"), pick(text, "en")) == (zh, en)


def test_joined_messages_have_both_languages_throughout() -> None:
    joined = join("t[0]: 记录丢失 / records were lost", "请核实 / check it")
    assert joined == "t[0]: 记录丢失；请核实 / records were lost; check it"
    assert pick(joined, "en") == "t[0]: records were lost; check it"


def test_one_message_alone_stays_as_it_is() -> None:
    assert join("/readyz: 500") == "/readyz: 500"


def test_an_error_is_in_the_callers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert str(LocalizedError("无应答", "no answer")) == "no answer"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert str(LocalizedError("无应答", "no answer")) == "无应答"
    assert str(LocalizedError("listing: timeout")) == "listing: timeout"
