"""Check the locked dependencies against known advisories, without a network.

`python -m release.advisories` compares the lock files with `advisories.json`: facts of the PyPA Advisory Database about
the packages that the lock files name. `--from SOURCE` takes these facts from an export instead (a folder or ZIP of OSV
records, such as PyPI/all.zip of osv.dev), and `--update` keeps them. Exit code 1 if a locked version is affected.
"""

import json
import sys
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version

from release.locks import pins

ROOT: Final = Path(__file__).resolve().parents[1]
KNOWN: Final = Path(__file__).with_name("advisories.json")
LOCKS: Final = (
    "requirements-server.lock",
    "requirements-build.lock",
    "requirements.lock",
    "requirements-ha.lock",
    "spark/requirements.lock",
    "spark/requirements-notebook.lock",
)


class Span(msgspec.Struct, frozen=True, order=True):
    """Affected versions: from `introduced` up to, and without, `fixed`; None if no version fixes it."""

    introduced: str
    fixed: str | None

    def holds(self, version: Version) -> bool:
        return Version(self.introduced) <= version and (self.fixed is None or version < Version(self.fixed))


class Advisory(msgspec.Struct, frozen=True):
    """An advisory about one package."""

    package: str
    id: str
    aliases: tuple[str, ...]
    spans: tuple[Span, ...]
    versions: tuple[str, ...]

    def affects(self, version: str) -> bool:
        parsed = Version(version)
        return any(span.holds(parsed) for span in self.spans) or any(Version(one) == parsed for one in self.versions)


class Advisories(msgspec.Struct, frozen=True):
    """The known facts, their source, and the day of its newest record."""

    source: str
    licence: str
    newest: str
    advisories: tuple[Advisory, ...]


def locked_versions(locks: Iterable[Path]) -> set[tuple[str, str]]:
    """Return the locked packages and versions."""
    return {(pin.name, pin.version) for lock in locks for pin in pins(lock)}


def affected(advisories: Iterable[Advisory], locked: set[tuple[str, str]]) -> list[tuple[str, str, Advisory]]:
    """Return the locked packages and versions that an advisory affects."""
    return sorted(
        (
            (package, version, advisory)
            for advisory in advisories
            for package, version in locked
            if package == advisory.package and advisory.affects(version)
        ),
        key=lambda found: (found[0], found[2].id),
    )


def read_export(source: Path, packages: set[str]) -> Advisories:
    """Read OSV records from a folder or a ZIP; keep the facts about `packages`, without withdrawn advisories."""
    records = [record for record in _records(source) if isinstance(record, dict) and "affected" in record]
    kept = [
        advisory
        for record in records
        if not record.get("withdrawn")
        for advisory in _facts(record)
        if advisory.package in packages
    ]
    return Advisories(
        source="PyPA Advisory Database, github.com/pypa/advisory-database",
        licence="CC-BY-4.0",
        newest=max((str(record.get("modified", ""))[:10] for record in records), default=""),
        advisories=tuple(sorted(kept, key=lambda advisory: (advisory.package, advisory.id))),
    )


def _records(source: Path) -> Iterator[Any]:
    """Yield the records of a folder or a ZIP."""
    if source.is_file():
        with zipfile.ZipFile(source) as archive:
            yield from (_parsed(name, archive.read(name)) for name in archive.namelist())
    else:
        yield from (_parsed(file.name, file.read_bytes()) for file in source.rglob("*.*"))


def _parsed(name: str, content: bytes) -> Any:
    """Return a record; None for a file of another kind."""
    if name.endswith(".json"):
        return json.loads(content)
    return yaml.safe_load(content) if name.endswith(".yaml") else None


def _facts(record: dict[str, Any]) -> Iterator[Advisory]:
    for about in record["affected"]:
        package = about["package"]
        if package["ecosystem"] != "PyPI":
            continue
        spans = [
            span
            for given in about.get("ranges", [])
            if given["type"] == "ECOSYSTEM"
            for span in _spans(given["events"])
        ]
        # A list of versions only repeats the ranges, where there are any.
        versions = () if spans else tuple(about.get("versions", []))
        yield Advisory(
            canonicalize_name(package["name"]), record["id"], tuple(record.get("aliases", [])), tuple(spans), versions
        )


def _spans(events: Iterable[dict[str, str]]) -> Iterator[Span]:
    introduced = None
    for event in events:
        if "introduced" in event:
            introduced = event["introduced"]
        elif introduced is not None and "fixed" in event:
            yield Span(introduced, event["fixed"])
            introduced = None
    if introduced is not None:
        yield Span(introduced, None)


@click.command()
@click.option("--from", "source", type=click.Path(exists=True, path_type=Path), help="A folder or ZIP of OSV records.")
@click.option("--update", is_flag=True, help="Keep the facts of SOURCE.")
def main(source: Path | None, *, update: bool) -> None:
    """Check the locked dependencies against known advisories."""
    locked = locked_versions(ROOT / lock for lock in LOCKS)
    if source is None:
        known = msgspec.json.decode(KNOWN.read_bytes(), type=Advisories)
    else:
        known = read_export(source, {package for package, _ in locked})
        if update:
            KNOWN.write_bytes(msgspec.json.format(msgspec.json.encode(known), indent=1) + b"\n")
    found = affected(known.advisories, locked)
    for package, version, advisory in found:
        click.echo(f"{package} {version}: {advisory.id} ({', '.join(advisory.aliases)})", err=True)
    size = f"{len(locked)} locked versions, {len(known.advisories)} advisories until {known.newest}"
    click.echo(f"{size}: {len(found)} affected")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
