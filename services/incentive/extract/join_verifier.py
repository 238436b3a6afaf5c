"""Join the package `services.incentive.verifier` into the one file `verify.py` that every extract contains."""

import ast
from collections import defaultdict
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files
from typing import NamedTuple

PACKAGE = "services.incentive.verifier"


class VerifierModule(NamedTuple):
    """A module of the package: its siblings, the names it imports by module of the standard library, title and code."""

    siblings: set[str]
    imports: dict[str, set[str]]
    title: str
    code: str


@cache
def joined_verifier() -> str:
    """Return the source of `verify.py`: the modules that `main` needs, each after those that it imports."""
    modules: dict[str, VerifierModule] = {}
    left = {"main"}
    while left:
        name = left.pop()
        modules[name] = _parsed(name, _source(name))
        left |= modules[name].siblings - modules.keys()
    imports: defaultdict[str, set[str]] = defaultdict(set)
    for module in modules.values():
        for imported, names in module.imports.items():
            imports[imported] |= names
    usage = ast.get_docstring(ast.parse(_source("__init__")), clean=False)
    head = [f'"""{usage}"""', "", "from __future__ import annotations", ""]
    for name, names in sorted(imports.items()):
        head.append(f"from {name} import {', '.join(sorted(names))}" if names else f"import {name}")
    order = TopologicalSorter({name: sorted(modules[name].siblings) for name in sorted(modules)}).static_order()
    parts = [f"# --- {modules[name].title}\n\n{modules[name].code}" for name in order]
    return "\n\n\n".join(["\n".join(head), *parts]) + "\n"


def _source(module: str) -> str:
    return files(PACKAGE).joinpath(f"{module.replace('.', '/')}.py").read_text("utf-8")


def _parsed(name: str, source: str) -> VerifierModule:
    tree = ast.parse(source)
    title = (ast.get_docstring(tree) or "").splitlines()[0]
    siblings: set[str] = set()
    imports: defaultdict[str, set[str]] = defaultdict(set)
    begin = 0
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.level:
            siblings.add(".".join([*name.split(".")[: -node.level], node.module or ""]))
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            imports[node.module or ""].update(alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            imports.update({alias.name: set() for alias in node.names})
        elif not isinstance(node, ast.Expr | ast.ImportFrom):
            break
        begin = node.end_lineno or 0
    return VerifierModule(siblings, imports, title, "\n".join(source.splitlines()[begin:]).strip("\n"))
