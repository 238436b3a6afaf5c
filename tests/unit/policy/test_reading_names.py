"""Nothing that decides money stands in code alone: the code's branches against the names of the policy file.

The names of the schema are those that the product and the verifier compute, and a literal of a branch in code that
decides money is a value of the schema, or belongs to a reading of the file.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final, get_args

import pytest
import yaml

from services.incentive.domain import declared_readings, event_readings
from services.incentive.domain.declared_rules import Why
from services.incentive.domain.explanations.wording import REASONS as WORDS
from services.incentive.policy.fields import MappedBy, OneOf
from services.incentive.policy.loader import load_policy
from services.incentive.policy.readings import DECLARED_FIELDS, DECLARED_QUESTIONS, EVENT_QUESTIONS
from services.incentive.policy.schema import POLICY as FILE
from services.incentive.verifier import readings
from services.incentive.verifier.policy import PolicyValues
from services.incentive.verifier.report import Unsound
from shared.settings import POLICY_FILE
from shared.yaml_files.fields import ListOf, Mapped
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from marshmallow.fields import Field

POLICY = load_policy(POLICY_FILE)
INCENTIVE: Final = ROOT / "services" / "incentive"
# Code that computes ceilings and payables, and that chooses readings.
MONEY: Final = [
    *(INCENTIVE / "domain" / f"{name}.py" for name in ("event_rules", "event_readings", "rounding")),
    *(INCENTIVE / "domain" / f"{name}.py" for name in ("declared_rules", "declared_readings", "step_difference")),
    *(INCENTIVE / "domain" / "payables" / f"{name}.py" for name in ("highest_only", "item_limits", "other_grants")),
    INCENTIVE / "policy" / "terms.py",
]
VERIFIER: Final = sorted((INCENTIVE / "verifier").glob("*.py"))
# Documents that the registers leave out before a fact reaches the rules: each literal, and the reading that says so.
REGISTERS: Final = {
    "services/listing/intake.py": {
        "annulled": "rules.first_listing.readings.withdrawal",
        "uscc": "general.subjects",
    },
    "services/trade_ingest/listing_facts.py": {"annulled": "rules.annual_listed_trading.readings.matching"},
    "services/trade_ingest/intake.py": {
        "completed": "rules.first_purchase.readings.refund",
        "listed": "rules.annual_listed_trading.readings.matching",
        "uscc": "general.subjects",
    },
}
# The reasons for which a document does not count, and the readings that say so.
REASONS: Final = {
    "later": ("general.first",),
    "annulled": ("rules.first_listing.readings.withdrawal",),
    "cancelled": ("rules.first_purchase.readings.refund",),
    "mirrored": tuple(f"rules.{rule}.readings.mirrored" for rule in EVENT_QUESTIONS),
    "mode": ("rules.annual_listed_trading.readings.matching",),
    "unmatched": ("rules.annual_listed_trading.readings.matching",),
    "not_on_whitelist": ("general.first",),
    "not_in_force": ("general.in_force",),
}
# Literals of branches that are no values of the file, with the reading that they belong to.
LITERALS: Final = {
    "uscc": "general.subjects",
    12: "rules.exchange_tiers.readings.operators_day",
    31: "rules.exchange_tiers.readings.operators_day",
}
FORM: Final = {1, 1900, "rules", ".alternative.reading"}  # days of calendar years, the order of time, paths in the file


def choices(field: Field[object], path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield (path, choices) of each field of the schema that chooses a name."""
    if isinstance(field, OneOf):
        yield path, field.choices
    elif isinstance(field, ListOf):
        yield from choices(field.inner, path)
    elif isinstance(field, MappedBy):
        for name, inner in field.mappings.items():
            yield from choices(inner, f"{path}.{name}")
    elif isinstance(field, Mapped):
        for name, inner in field.schema_for(None).load_fields.items():
            yield from choices(inner, f"{path}.{name}" if path else name)


CHOICES: Final = dict(choices(FILE, ""))
VALUES: Final = {name for names in CHOICES.values() for name in names}
CLAUSES: Final = [(path, names) for path, names in CHOICES.items() if re.fullmatch(r"general\.\w+\.reading", path)]
OF_EVENTS: Final = [(name, known) for own in EVENT_QUESTIONS.values() for name, known in own.items()]
# The clauses and questions of which the file can choose one of several readings.
COMPUTED: Final = [*((name, names) for name, names in [*CLAUSES, *OF_EVENTS, *DECLARED_QUESTIONS.items()] if names[1:])]
# Names by which code asks for a reading: a question, or the path of a clause.
ASKED_BY: Final = {*DECLARED_QUESTIONS, *dict(OF_EVENTS), *(path.removesuffix(".reading") for path, _ in CLAUSES)}


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text("utf-8")))


def branch_literals(path: Path) -> set[object]:
    """The literals that a module compares, matches, chooses a function by, or makes a day of."""
    found: set[object] = set()
    for node in nodes(path):
        parts: list[ast.expr | None] = []
        if isinstance(node, ast.Compare):
            parts = [node.left, *node.comparators]
        elif isinstance(node, ast.MatchValue):
            parts = [node.value]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "date":
            parts = list(node.args)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
            parts = node.value.keys
        inner = (one for part in parts if part is not None for one in ast.walk(part))
        found |= {one.value for one in inner if isinstance(one, ast.Constant)}
    return found - {None, True, False, ""}


@pytest.mark.parametrize("path", MONEY, ids=lambda path: path.name)
def test_a_branch_that_decides_money_names_a_value_of_the_file(path: Path) -> None:
    assert branch_literals(path) - VALUES - ASKED_BY - LITERALS.keys() - FORM - set(get_args(Why)) == set()


def test_a_literal_of_a_branch_belongs_to_a_reading_of_the_file() -> None:
    named = {*LITERALS.values(), *(path for paths in REASONS.values() for path in paths)}
    named |= {path for own in REGISTERS.values() for path in own.values()}
    assert named <= {one.path for one in POLICY.readings}


@pytest.mark.parametrize("module", REGISTERS)
def test_a_register_leaves_out_only_what_a_reading_of_the_file_says(module: str) -> None:
    assert branch_literals(ROOT / module) == REGISTERS[module].keys()


def test_every_reason_for_which_a_document_does_not_count_is_a_reading_of_the_file() -> None:
    assert WORDS.keys() == REASONS.keys()


@pytest.mark.parametrize(("question", "names"), COMPUTED, ids=[question for question, _ in COMPUTED])
def test_each_name_of_a_reading_is_computed_by_the_product_and_by_the_verifier(question: str, names: list[str]) -> None:
    """One of several names may be what is left over in a branch."""
    for paths in ([*MONEY, INCENTIVE / "policy" / "readings.py"], VERIFIER):
        literals = {one.value for path in paths for one in nodes(path) if isinstance(one, ast.Constant)}
        assert len(set(names) & literals) >= len(names) - 1, question


def test_the_verifier_knows_exactly_the_readings_of_the_schema() -> None:
    """It refuses a file with any other: what it does not know it cannot check."""
    of_rules = {rule: {name for names in own.values() for name in names} for rule, own in EVENT_QUESTIONS.items()}
    assert {rule: set(names) for rule, names in readings.KNOWN.items()} == of_rules
    assert set(readings.KNOWN_OF_DECLARED) == {name for names in DECLARED_QUESTIONS.values() for name in names}
    assert set(readings.KNOWN_OF_CLAUSES) == {name for _, names in CLAUSES for name in names}
    for rule in ("general", "exchange_tiers", "startup_park"):
        values = PolicyValues(yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader))  # noqa: S506 - strings only
        readings.check_readings(values)
        values.readings[rule].append("another")
        with pytest.raises(Unsound, match="does not compute"):
            readings.check_readings(values)


@pytest.mark.parametrize(
    ("module", "questions"), [(event_readings, dict(OF_EVENTS)), (declared_readings, DECLARED_QUESTIONS)]
)
def test_a_table_of_readings_has_each_name_of_its_question(
    module: object, questions: dict[str, tuple[str, ...]]
) -> None:
    tables = {name: tuple(table) for name, table in vars(module).items() if name.isupper() and isinstance(table, dict)}
    assert tables
    assert tables == {name: questions[name.lower()] for name in tables}


def test_the_verifier_asks_for_names_of_the_file_only() -> None:
    """Its `reads(rule, name)` would be False for ever of a name that no file can have."""
    calls = [one for path in VERIFIER for one in nodes(path) if isinstance(one, ast.Call)]
    asked = [one.args[1] for one in calls if getattr(one.func, "attr", "") == "reads"]
    names = {one.value for one in asked if isinstance(one, ast.Constant)}
    assert names
    assert names <= VALUES


def test_an_alternative_is_computed_or_says_which_data_it_needs() -> None:
    computable = {one.path for one in POLICY.computable_readings}
    assert len(computable) >= 20
    for one in POLICY.readings:
        assert (one.alternative is None) == (one.mark == "T"), one.path
        assert one.alternative is None or (one.path in computable) != (one.needs is not None), one.path


def test_the_file_answers_every_question_that_a_rule_raises() -> None:
    for rule in POLICY.rules:
        assert {question for question, _ in rule.readings} == set(EVENT_QUESTIONS[rule.rule])
    for terms in POLICY.declared.rules:
        fields = {"earned": terms.earned} | ({"years": ""} if terms.years else {})
        fields |= {"at_least": ""} if getattr(terms.amount, "at_least_fen", None) else {}
        raised = {name for name, (field, value) in DECLARED_FIELDS.items() if fields.get(field) == value}
        assert raised <= dict(terms.readings).keys(), terms.rule
