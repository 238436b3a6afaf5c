"""The documents of the project."""

from tests.support.paths import ROOT

DOCS = ROOT / "docs"
# Without the pages that docs/generate.py writes.
DOCUMENTS = sorted(path for path in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")] if "generated" not in path.parts)
# Pages of both languages, by their path in each.
PAGES = sorted(path.relative_to(DOCS / "en") for path in DOCUMENTS if path.is_relative_to(DOCS / "en"))
