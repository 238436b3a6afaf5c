"""Generate the functions and models of `jiangbu_client` from the OpenAPI documents.

Run it after a change of a route, after `docs/generate.py openapi`:

    python -m release.generate_client
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
CLIENT: Final = ROOT / "jiangbu_client"
PACKAGES: Final = {"listing": "listing", "trade-ingest": "trade_ingest", "incentive": "incentive"}
_BINARY: Final = {"type": "string", "format": "binary"}
# openapi-python-client knows JSON, text and bytes.
_SETTINGS: Final = """\
content_type_overrides:
  application/pdf: application/octet-stream
  application/vnd.openxmlformats-officedocument.spreadsheetml.sheet: application/octet-stream
  application/x-ndjson: text/plain
  application/zip: application/octet-stream
docstrings_on_attributes: true
post_hooks: []
"""


def for_generator(document: Any) -> Any:
    """Return a document in which each body has the one media type that a generated function sends or reads.

    Others go through `jiangbu_client.transfers`: tables as CSV and XLSX, lists as CSV, and files.
    """
    for item in document["paths"].values():
        for operation in (value for name, value in item.items() if name != "parameters"):
            sent = operation.get("requestBody", {}).get("content", {})
            if sent and "application/json" not in sent:
                operation["requestBody"]["content"] = {"application/octet-stream": {"schema": _BINARY}}
                operation["requestBody"]["required"] = True
            for answer in operation["responses"].values():
                if "content" in answer:
                    answer["content"] = _one_type(answer["content"])
    return document


def _one_type(content: Any) -> Any:
    schemas = {media_type: one.get("schema", {}) for media_type, one in content.items()}
    if any(schema.get("format") == "binary" for schema in schemas.values()):
        return {"application/octet-stream": {"schema": _BINARY}}
    chosen = "application/json" if "application/json" in content else next(iter(content))
    return {chosen: content[chosen]}


def generate(into: Path) -> None:
    """Write a package for each service."""
    with tempfile.TemporaryDirectory() as scratch:
        settings, source = Path(scratch) / "settings.yaml", Path(scratch) / "document.json"
        settings.write_text(_SETTINGS, "utf-8")
        for service, package in PACKAGES.items():
            document = json.loads((ROOT / "deploy" / "openapi" / f"{service}.json").read_text("utf-8"))
            source.write_text(json.dumps(for_generator(document)), "utf-8")
            shutil.rmtree(into / package, ignore_errors=True)
            where = ["--path", str(source), "--output-path", str(into / package), "--config", str(settings)]
            run = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"]
            subprocess.run([*run, *where], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    generate(CLIENT)
