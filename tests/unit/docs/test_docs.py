"""The documents name only commands, settings and files that exist; their examples are valid."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deploy.__main__ import main as jiangbu
from devset.demo import main as demo
from devset.up import main as up
from exchange_kit.__main__ import main as exchange_kit
from release.__main__ import main as release
from services.incentive.__main__ import main as incentive
from services.listing.__main__ import main as listing
from services.trade_ingest.__main__ import main as trade_ingest
from shared.events.decode import Accepted, Refusal, decode
from shared.events.records import from_line
from tests.bench.bench import main as bench
from tests.faults.kinds.every import KINDS
from tests.faults.run import main as faults
from tests.support.documents import DOCS, DOCUMENTS
from tests.support.paths import ROOT, SETTINGS
from tests.support.procedures import blocks, procedures

EVENTS = DOCS / "en" / "exchanges" / "events.md"
REJECTED = DOCS / "en" / "exchanges" / "rejected.md"
PROGRAMS = {
    "listing": listing,
    "trade-ingest": trade_ingest,
    "incentive": incentive,
    "jiangbu": jiangbu,
    "exchange-kit": exchange_kit,
}
MAKE_COMMANDS = {"up": up, "demo": demo, "faults": faults, "bench": bench, "release": release}
# Settings and constants of pip, Kafka, Linux and reproducible builds.
NOT_OURS = {
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_TRUSTED_HOST",
    "SASL_PLAINTEXT",
    "SASL_SSL",
    "PR_SET_PDEATHSIG",
    "KAFKA_HEAP_OPTS",
    "SOURCE_DATE_EPOCH",
}
ASSIGNMENT = re.compile(r"[A-Z_]+=.*", re.DOTALL)


def example(name: str) -> str:
    (found,) = (block.text for block in blocks(EVENTS) if (block.mark, block.about) == ("example", name))
    return found.removesuffix("\n")


def binary_headers() -> list[tuple[str, bytes]]:
    lines = (line.partition(": ") for line in example("trade headers kmdex").splitlines())
    return [(name, value.encode()) for name, _, value in lines]


def example_documents() -> list[object]:
    structured = decode("listing", "kmdex", example("listing structured kmdex").encode(), [])
    binary = decode("trade", "kmdex", example("trade binary kmdex").encode(), binary_headers())
    assert isinstance(structured, Accepted)
    assert structured.content_mode == "structured"
    assert isinstance(binary, Accepted)
    assert binary.content_mode == "binary"
    return [structured.document, binary.document]


def test_the_examples_are_accepted_and_those_of_the_file() -> None:
    documents = example_documents()
    lines = (ROOT / "docs" / "example-events.ndjson").read_bytes().splitlines()
    outcomes = []
    for line in lines:
        record = from_line(line, "kmdex", None)
        assert record is not None
        kind = "listing" if "listings" in record.topic else "trade"
        outcomes.append(decode(kind, record.exchange, record.value, record.headers))
    accepted = [outcome.document for outcome in outcomes if isinstance(outcome, Accepted)]
    assert accepted == documents
    (refusal,) = (outcome for outcome in outcomes if isinstance(outcome, Refusal))
    assert refusal.reason == "invalid_data"
    (error,) = refusal.errors
    assert error.field == "amount"
    assert f"`{error.message}`" in REJECTED.read_text("utf-8")


def test_the_example_would_fail_with_a_wrong_code() -> None:
    event = json.loads(example("listing structured kmdex"))
    event["data"]["provider"]["id"] = event["data"]["provider"]["id"][::-1]
    assert isinstance(decode("listing", "kmdex", json.dumps(event).encode(), []), Refusal)


def commands(text: str) -> Iterator[list[str]]:
    """Return the words of every `make` or project command in shell blocks and inline code."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    for line in [*lines, *spans]:
        try:
            words = shlex.split(re.split(r" [|>] ", line)[0], comments=True)
        except ValueError:  # inline code that is not a command
            continue
        while words and ASSIGNMENT.fullmatch(words[0]):
            del words[0]
        if words and words[0].rpartition("/")[2] in (*PROGRAMS, "make"):
            yield [words[0].rpartition("/")[2], *words[1:]]


def check_options(command: click.Command, words: list[str]) -> None:
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word for word in words if word.startswith("-")} <= known, words


def check_program(words: list[str]) -> None:
    command: click.Command = PROGRAMS[words[0]]
    for position, word in enumerate(words[1:], 1):
        if not isinstance(command, click.Group) or word.startswith("-"):
            check_options(command, words[position:])
            return
        assert word in command.commands, words
        command = command.commands[word]


def check_make(words: list[str]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = [word for word in words[1:] if not ASSIGNMENT.fullmatch(word)]
    assert set(named) <= targets, words
    for word in words[1:]:
        if word.startswith("ARGS=") and named[0] in MAKE_COMMANDS:
            check_options(MAKE_COMMANDS[named[0]], shlex.split(word.removeprefix("ARGS=")))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_exists(document: Path) -> None:
    for words in commands(document.read_text(encoding="utf-8")):
        if words[0] == "make":
            check_make(words)
        else:
            check_program(words)


def test_commands_are_found_at_all() -> None:
    assert ["make", "demo"] in list(commands((ROOT / "README.md").read_text("utf-8")))
    engines = list(commands((DOCS / "en" / "operations" / "engines.md").read_text("utf-8")))
    assert ["jiangbu", "topics", "apply", "--dry-run"] in engines


def test_the_settings_that_are_read_are_those_that_are_named() -> None:
    named = set(SETTINGS.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
    tree = ast.parse((ROOT / "shared" / "settings.py").read_text(encoding="utf-8"))
    read = {
        argument.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("_optional", "_required", "_setting", "_secret", "_database_url")
        for argument in node.args[:2]
        if isinstance(argument, ast.Constant)
    }
    compose = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("docker-compose*.yml"))
    chosen = set(re.findall(r"\$\{([A-Z_]+)", compose))
    # XDG_CACHE_HOME is a standard variable; the others belong to the project.
    assert "DATABASE_URL" in read
    assert "KAFKA_PORT" in chosen
    assert named == read | chosen


def test_every_procedure_is_carried_out_by_a_test() -> None:
    tests = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("tests/**/*.py"))
    assert "restore server" in procedures()
    assert [name for name in procedures() if f'"{name}"' not in tests] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_are_named_exist(document: Path) -> None:
    named = re.findall(r"`(?:tests/\S+::)?(test_\w+)`", document.read_text(encoding="utf-8"))
    there = {
        name
        for path in ROOT.glob("tests/**/test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert sorted(set(named) - there) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_faults_that_are_named_exist(language: str) -> None:
    """The italics in the tables of reliability.md are names of faults, or a part of several names."""
    text = (DOCS / language / "operations" / "reliability.md").read_text(encoding="utf-8")
    rows = "\n".join(line for line in text.splitlines() if line.startswith("| "))
    named = set(re.findall(r"(?<!\*)\*([^*\n]+)\*(?!\*)", rows))
    assert "commit answer lost" in named
    assert sorted(name for name in named if not any(name in kind for kind in KINDS)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_settings_that_are_named_exist(document: Path) -> None:
    """Names in code that look like settings are in .env.example, or belong to third-party programs."""
    named = set(re.findall(r"`\$?([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", document.read_text(encoding="utf-8")))
    ours = set(SETTINGS.findall((ROOT / ".env.example").read_text(encoding="utf-8")))
    assert sorted(named - ours - NOT_OURS) == []


def test_both_languages_say_alike_what_finds_a_change() -> None:
    """The tables of manual changes agree; a database test checks by which means each change is detected."""
    rows = {
        language: re.findall(r"^\| [^|]+(?:: |：)[^|]+ \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
        for language in ("zh", "en")
        for text in [(DOCS / language / "audit" / "tampering.md").read_text("utf-8")]
    }
    words = {"核验包": "extract", "见证": "witness", "均不能发现": "none of these", "、": ", "}
    pattern = re.compile("|".join(words))
    chinese = [tuple(pattern.sub(lambda found: words[found[0]], cell) for cell in row) for row in rows["zh"]]
    assert chinese == rows["en"]
    assert len(chinese) > 20


def test_the_pages_of_the_navigation_are_described() -> None:
    source = (ROOT / "services" / "incentive" / "pages" / "blueprint.py").read_text("utf-8")
    navigation = source[source.index("def _navigation") :].partition("\n\n\n")[0]
    labels = re.findall(r'say\("([^"]+)", "([^"]+)"\)\)', navigation)
    assert len(labels) > 5
    english, chinese = ((DOCS / language / "pages.md").read_text("utf-8") for language in ("en", "zh"))
    assert [label for label in labels if f"| {label[0]} / {label[1]} |" not in english] == []
    assert [label for label in labels if f"| {label[0]} |" not in chinese] == []
