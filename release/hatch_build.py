"""Put a bill of materials (CycloneDX) into the wheel: the locked versions and hashes of what it needs (PEP 770)."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME = "jiangbu.cdx.json"


class BillOfMaterialsHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "standard":
            return
        root = Path(self.root)
        file = Path(self.directory) / NAME
        file.parent.mkdir(parents=True, exist_ok=True)
        write = [sys.executable, "-m", "cyclonedx_py", "requirements", str(root / "requirements-server.lock")]
        options = [
            "--pyproject",
            str(root / "pyproject.toml"),
            "--output-reproducible",
            "--no-validate",
            "-o",
            str(file),
        ]
        subprocess.run([*write, *options], check=True)
        build_data["sbom_files"].append(str(file))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        del version, build_data, artifact_path
        (Path(self.directory) / NAME).unlink(missing_ok=True)
