"""Folders, names and imports follow the rules of CONTRIBUTING.md; part of `make check`."""

from __future__ import annotations

import ast
import sys
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import grimp
import pytest

from tests.support.paths import PRODUCT, ROOT, modules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_MODULES = 20


def test_a_folder_has_20_modules_at_most() -> None:
    """The modules of a folder must fit on a screen; split a folder that has more.

    Released migrations stay where they are, in one numbered row.
    """
    counted = Counter(
        path.parent
        for path in modules(*PRODUCT, "tests")
        if path.name != "__init__.py" and path.parent.parts[-2:] != ("migrations", "versions")
    )
    assert {str(folder.relative_to(ROOT)): count for folder, count in counted.items() if count > MOST_MODULES} == {}


def test_no_public_class_name_is_defined_twice() -> None:
    """A name with two meanings cannot be searched for, and misleads reviewers."""
    places = defaultdict(list)
    for path in modules(*PRODUCT):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_no_test_imports_another_test_file() -> None:
    """A test file that others import cannot be moved or read alone; shared code belongs in tests/support."""
    found = {
        str(path.relative_to(ROOT)): name
        for path in modules("tests")
        for name in imported(path)
        if name.startswith("tests.") and any(part.startswith(("test_", "conftest")) for part in name.split(".")[:-1])
    }
    assert found == {}


def test_product_code_imports_no_test_code() -> None:
    """Tests are not installed."""
    assert [str(path) for path in modules(*PRODUCT) if any(name.startswith("tests.") for name in imported(path))] == []


def test_the_job_on_spark_shares_no_code_and_takes_no_rows() -> None:
    """It is an oracle: what it shared could be wrong in both. Rows in Python would not grow with the cluster."""
    known = ("click", "yaml", "psycopg", "matplotlib", "marimo", *sys.stdlib_module_names)
    known = ("__future__", "jiangbu_spark.", "pyspark.", "py4j.", *known)
    for path in modules("spark"):
        assert [name for name in imported(path) if not name.startswith(known)] == [], path
        called = {node.attr for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Attribute)}
        assert (
            called & {"collect", "toPandas", "udf", "pandas_udf", "rdd", "foreach", "applyInPandas", "mapInPandas"}
            == set()
        )


def test_the_kits_wheel_has_every_module_that_it_imports() -> None:
    """The kit is installed without the source tree around it."""
    [shipped] = [
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "exchange_kit/hatch_build.py").read_text("utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_SHARED"
    ]
    graph = grimp.build_graph("exchange_kit", "shared", exclude_type_checking_imports=True, cache_dir=None)
    needed = {
        path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
        for path in (
            ROOT / name.replace(".", "/")
            for name in graph.find_upstream_modules("exchange_kit", as_package=True)
            if name.startswith("shared")
        )
    }
    found = {path for name in shipped for path in (ROOT / "shared" / name, *(ROOT / "shared" / name).rglob("*.py"))}
    assert needed - found == set()


@pytest.mark.parametrize("service", ["listing", "trade_ingest", "incentive"])
def test_a_migration_imports_only_the_helpers_of_migrations(service: str) -> None:
    """Code that a migration imports could change, and with it what the migration does to a database."""
    allowed = ("__future__", "typing", "pathlib", "collections", "alembic", "sqlalchemy", "shared.postgres.migrat")
    found = {
        (path.name, name)
        for path in modules(f"services/{service}/migrations/versions")
        for name in imported(path)
        if not name.startswith(allowed)
    }
    assert found == set()
