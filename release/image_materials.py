"""The bill of materials (CycloneDX) of the image: its Python environment and the Debian packages under it.

`python -m release.image_materials ENVIRONMENT DPKG_STATUS FILE`: ENVIRONMENT is the folder of the environment,
DPKG_STATUS Debian's list of installed packages, FILE the result.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from packageurl import PackageURL

_INSTALLED: Final = "install ok installed"


def debian_components(status: str) -> Iterator[dict[str, str]]:
    """Yield the installed packages of a dpkg status file as components."""
    for paragraph in status.split("\n\n"):
        package = HeaderParser().parsestr(paragraph.lstrip("\n"))
        if package["Status"] == _INSTALLED:
            name, version, architecture = (str(package[field]) for field in ("Package", "Version", "Architecture"))
            url = PackageURL("deb", "debian", name, version, {"arch": architecture}).to_string()
            yield {"type": "library", "name": name, "version": version, "purl": url, "bom-ref": url}


def image_materials(environment: Path, status: Path) -> dict[str, object]:
    """Return the bill of materials of an environment on a Debian system."""
    interpreter = str(environment / "bin" / "python")
    # A test validates the result; that takes longer than all else.
    options = ["--output-reproducible", "--no-validate"]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", *options, interpreter]
    materials: dict[str, list[object]] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    packages = sorted(debian_components(status.read_text("utf-8")), key=lambda package: package["purl"])
    return {**materials, "components": [*materials["components"], *packages]}


def main() -> None:
    environment, status, file = map(Path, sys.argv[1:])
    file.write_text(json.dumps(image_materials(environment, status), indent=2, sort_keys=True), "utf-8")


if __name__ == "__main__":
    main()
