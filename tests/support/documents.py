"""The documents of the project."""

import importlib.util
from types import ModuleType

from tests.support.paths import ROOT

DOCS = ROOT / "docs"
# Without the pages that docs/generate.py writes.
DOCUMENTS = sorted(path for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if "generated" not in path.parts)
# Pages of both languages, by their path in each.
PAGES = sorted(path.relative_to(DOCS / "en") for path in DOCUMENTS if path.is_relative_to(DOCS / "en"))


def load_generator() -> ModuleType:
    """Return the script docs/generate.py, imported as a module."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
