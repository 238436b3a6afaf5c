"""The generated reference pages, and references to them on other pages: routes, metrics, reasons."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from services.incentive.domain.explanations.wording import REASONS as NOT_COUNTED
from shared.events.decode import REASONS
from tests.support.documents import DOCS, DOCUMENTS, load_generator
from tests.support.paths import ROOT

DISK_WATCH = ROOT / "deploy" / "ha" / "disk_watch.py"
# The package of the client, and the replication slots of the backup.
NO_METRICS = {"jiangbu_client", "jiangbu_exchange_kit", "jiangbu_spark", "jiangbu_backup_"}


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    return load_generator()


@pytest.fixture(scope="module")
def routes(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Patterns of the paths that the three services serve."""
    with pytest.MonkeyPatch.context() as patch:
        for name in generator.SETTINGS:
            patch.setenv(name, "")  # restored on exit: the generator sets them
        folder = tmp_path_factory.mktemp("reference")
        specs = [generator.specification(service, folder) for service in generator.SERVICES]
    return [re.sub(r"\\{\w+\\}", ".+", re.escape(path)) for spec in specs for path in spec["paths"]]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_routes_that_are_named_exist(document: Path, routes: list[str]) -> None:
    named = set(re.findall(r"/v1/\w[\w{}<>$./:-]*", document.read_text("utf-8")))
    assert [
        path
        for path in sorted(named)
        if not any(re.fullmatch(route, path.rstrip(".")) or route.startswith(re.escape(path)) for route in routes)
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_metrics_that_are_named_exist(document: Path, generator: ModuleType) -> None:
    known = {name for name, _, _ in generator.metrics()}
    assert "jiangbu_http_requests_total" in known
    # The disk watch is no service: it writes a file for the machine's node exporter.
    known |= set(re.findall(r"^# HELP (jiangbu_[a-z_]+)", DISK_WATCH.read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`(jiangbu_[a-z_]+)", document.read_text("utf-8")))
    assert named - known - NO_METRICS == set()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_reason_has_its_line(language: str) -> None:
    for page, reasons in (("exchanges/rejected.md", REASONS), ("operators/index.md", NOT_COUNTED)):
        rows = re.findall(r"^\| (`.+?) \|", (DOCS / language / page).read_text("utf-8"), re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(reasons)
