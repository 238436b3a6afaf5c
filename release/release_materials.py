"""The bill of materials (CycloneDX 1.6) of a release: its wheels, and the locked packages that each of them needs."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.contents import PRODUCTS, Product
from release.locks import Pin, needed_by, pins

_INDEX: Final = "https://pypi.org/simple"


def release_materials(source: Path, version: str, made_at: datetime, sha256: Mapping[str, str]) -> str:
    """Return the bill as JSON; `sha256` has the hash of each wheel by the name of its distribution."""
    root = Component(name="jiangbu release", version=version, type=ComponentType.APPLICATION, bom_ref="release")
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, f"jiangbu {version} {sorted(sha256.items())}"),
        metadata=BomMetaData(component=root, timestamp=made_at),
    )
    wheels = []
    for product in PRODUCTS:
        wheel = _wheel(product, version, sha256[product.name])
        needed = [_package(pin) for pin in pins_of(source, product)]
        wheels.append(wheel)
        bom.components.update([wheel, *needed])
        bom.register_dependency(wheel, needed)
    bom.register_dependency(root, wheels)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1) + "\n"


def pins_of(source: Path, product: Product) -> Iterator[Pin]:
    """Yield the pins of what a product needs, directly and indirectly."""
    lock = source / product.lock
    if product.is_whole:
        yield from pins(lock)
        return
    project = tomllib.loads((source / product.project_file).read_text("utf-8"))["project"]
    needed = needed_by(lock, _names(project["dependencies"]))
    yield from (pin for pin in pins(lock) if pin.name in needed)


def _names(requirements: Iterable[str]) -> set[str]:
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


def _wheel(product: Product, version: str, sha256: str) -> Component:
    return Component(
        name=product.name,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=product.name,
        licenses=[DisjunctiveLicense(id="Apache-2.0")],
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
    )


def _package(pin: Pin) -> Component:
    """Return a locked package; its hashes are those of all its files in the index, one of which is installed."""
    hashes = HashTypeFactory()
    url = PackageURL("pypi", None, pin.name, pin.version)
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"{_INDEX}/{pin.name}/"),
        hashes=[hashes.from_composite_str(one) for one in pin.hashes],
    )
    return Component(
        name=pin.name,
        version=pin.version,
        type=ComponentType.LIBRARY,
        bom_ref=url.to_string(),
        purl=url,
        external_references=[files],
    )
