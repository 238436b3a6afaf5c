"""Chinese texts of explanations and of the policy file have Chinese punctuation and no spaces; part of `make check`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from shared.settings import POLICY_FILE
from tests.support.incentive.chinese import faults_in
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXPLANATIONS = sorted((ROOT / "services/incentive/domain/explanations").glob("*.py"))
DECLARED_RULES = ROOT / "services/incentive/domain/declared_rules.py"


def chinese_in(file: Path) -> Iterator[str]:
    """Yield the string constants of a module that contain Chinese, docstrings left out, placeholders filled."""
    tree = ast.parse(file.read_text("utf-8"))
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in statements:
            continue
        if re.search(r"[一-鿿]", node.value) and not re.search(r" [A-Za-z]{3}", node.value):
            yield re.sub(r"\{\w*\}", "项", node.value)


@pytest.mark.parametrize("file", [*EXPLANATIONS, DECLARED_RULES], ids=lambda file: file.name)
def test_texts_of_explanations(file: Path) -> None:
    assert [text for text in chinese_in(file) if faults_in(text)] == []


def labels_in(node: object) -> Iterator[str]:
    """Yield every `zh` of the policy file but that of its title, which is a quotation."""
    if isinstance(node, dict):
        for name, inner in node.items():
            if name == "zh":
                yield inner
            elif name != "title":
                yield from labels_in(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from labels_in(inner)


def test_labels_of_the_policy_file() -> None:
    labels = list(labels_in(yaml.load(POLICY_FILE.read_bytes(), yaml.BaseLoader)))  # noqa: S506 - constructs texts only
    assert labels
    assert [text for text in labels if faults_in(text)] == []
