"""The policy file with other readings chosen, as the product and as the verifier read it."""

import random
import re
from collections.abc import Mapping
from functools import cache

import yaml

from services.incentive.policy.loader import load_policy, read_policy
from services.incentive.policy.readings import DECLARED_READINGS, EVENT_QUESTIONS
from services.incentive.policy.terms import Policy
from services.incentive.verifier.policy import PolicyValues
from shared.settings import POLICY_FILE

TEXT = POLICY_FILE.read_text("utf-8")
POLICY = load_policy(POLICY_FILE)
Choice = tuple[tuple[str, str], ...]  # pairs of "<rule>/<question>" and a reading


def chosen_text(choice: Choice) -> str:
    """The file with these readings; one that was the alternative changes places with the one in force."""
    text = TEXT
    for question, reading in choice:
        text = _with_reading(text, *question.split("/"), reading)
    return text


def _with_reading(text: str, rule: str, question: str, reading: str) -> str:
    start = text.index(f"- question: {question}\n", text.index(f"- rule: {rule}\n"))
    end = text.index("\n\n", start) if "\n\n" in text[start:] else len(text)
    following = text.find("- question: ", start + 1, end)
    item = text[start : end if following < 0 else following]
    before = re.search(r"reading: (\w+)", item)
    assert before is not None
    other = re.sub(rf"(?<=reading: ){reading}\b", before[1], item)
    return text[:start] + re.sub(r"(?<=reading: )\w+", reading, other, count=1) + text[start + len(item) :]


@cache
def policy_with(choice: Choice) -> Policy:
    """The policy with these readings, as the product reads the file."""
    return read_policy(chosen_text(choice).encode(), "chosen.yaml")


@cache
def values_with(choice: Choice) -> PolicyValues:
    """The policy with these readings, as the verifier reads the file."""
    return PolicyValues(tree_with(choice))


@cache
def tree_with(choice: Choice) -> Mapping[str, object]:
    """The file with these readings, every leaf as text."""
    return yaml.load(chosen_text(choice), yaml.BaseLoader)  # noqa: S506 - strings only


def _all_readings(*, are_declared: bool) -> dict[str, tuple[str, ...]]:
    """The computable readings of each "<rule>/<question>" that the file names."""
    terms = POLICY.declared.rules if are_declared else POLICY.rules
    found = {}
    for rule in terms:
        questions = DECLARED_READINGS if are_declared else EVENT_QUESTIONS[rule.rule]
        found |= {f"{rule.rule}/{question}": tuple(questions[question]) for question, _ in rule.readings}
    return {name: readings for name, readings in found.items() if len(readings) > 1}


EVENT_READINGS = _all_readings(are_declared=False)
DECLARED_RULE_READINGS = _all_readings(are_declared=True)


def choices(readings: Mapping[str, tuple[str, ...]], count: int) -> list[Choice]:
    """The file as it is, each other reading alone, and `count` combinations."""
    in_force = {f"{rule.rule}/{question}": one for rule in (*POLICY.rules, *POLICY.declared.rules)
                for question, one in rule.readings}  # fmt: skip
    alone = [((name, one),) for name, known in readings.items() for one in known if one != in_force[name]]
    rng = random.Random(14)
    combined = [tuple((name, rng.choice(known)) for name, known in readings.items()) for _ in range(count)]
    return [(), *alone, *combined]
