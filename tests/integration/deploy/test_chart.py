"""The Helm chart: lint, rendering, the schemas of Kubernetes and both operators, and the rules it has in common."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml

from deploy.api_keys import API_KEY, HASHES, ROLES
from deploy.broker.access import rights_of_backup, rights_of_exchange, rights_of_reader, rights_of_service
from deploy.broker.replication import broker_settings, replication_among
from deploy.broker.topics import wanted_topics
from deploy.secrets import BACKUP, READERS, exchange_user, wanted_secrets
from shared.settings import DEFAULT_EXCHANGE_QUOTA, Service
from shared.whitelist import load_whitelist
from tests.support.engines.kubernetes import HELM, KUBERNETES, validator
from tests.support.observability.watch import RULES
from tests.support.paths import ROOT, SETTINGS
from tests.support.procedures import PAGES, blocks, run_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kafka.admin import ACL

CHART = ROOT / "deploy" / "chart"
WHITELIST = load_whitelist(ROOT / "exchanges.yaml")
LISTED = {"whitelist": yaml.load((ROOT / "exchanges.yaml").read_text("utf-8"), yaml.BaseLoader)}  # noqa: S506 - words alone
for one in LISTED["whitelist"]["exchanges"]:
    one["until"] = None
    for operator in one["operators"]:
        operator["until"] = None
ANYWHERE = {"ipBlock": {"cidr": "10.0.0.0/8"}}
VALUES: dict[str, dict[str, Any]] = {
    "operators": LISTED,
    "existing engines": {
        **LISTED,
        "kafka": {"strimzi": False, "bootstrapServers": "k1:9093,k2:9093", "caSecret": "kafka-ca"},
        "postgresql": {"cloudnativepg": False, "host": "db.example.org"},
        "api": {"autoscaling": {"enabled": False}, "serviceType": "LoadBalancer"},
        "networkPolicy": {"egress": [{"to": [ANYWHERE]}], "apiFrom": [ANYWHERE]},
        "backup": {"enabled": True, "claim": "backups", "keep": 0},
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "hosts": {"incentive": "jiangbu.example.org", "listing": "listing.example.org"},
            "tlsSecret": "certificate",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-body-size": "20m"},
        },
        "secrets": {"prefix": "ours-", "given": {"listing": {"kafka-password": "p", "database-password": "q"}}},
    },
    "one of each": {
        **LISTED,
        "policy": "schema: 1\nname: 政策\n",
        "register": "r2",
        "settings": {"PUBLIC_URL": "https://jiangbu.example.org", "HTTP_CONNECTIONS": 100},
        "image": {"repository": "registry.example.org/jiangbu", "tag": "1", "pullSecrets": [{"name": "pull"}]},
        "kafka": {
            "replicas": 1,
            "storageClass": "fast",
            "outside": {"name": "outside", "port": 9094, "type": "loadbalancer", "tls": True},
        },
        "postgresql": {
            "instances": 1,
            "storageClass": "fast",
            "backup": {"barmanObjectStore": {"destinationPath": "s3://b/"}},
        },
        "networkPolicy": {"enabled": False},
        "backup": {
            "enabled": True,
            "schedule": "0 * * * *",
            "place": "s3://backups/jiangbu",
            "bucket": {"endpoint": "https://s3.example.org", "accessKey": "jiangbu"},
        },
        "ingress": {"enabled": True, "hosts": {"incentive": "jiangbu.example.org"}},
        "monitoring": {"enabled": True, "labels": {"release": "prometheus"}, "rules": RULES.read_text("utf-8")},
        "consumer": {"replicas": 1},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "ours", "operator": "Exists"}],
    },
}
Resources = list[dict[str, Any]]
PAGE = PAGES / "operations" / "kubernetes.md"
FIRST, EXISTING, BACKED_UP = (yaml.safe_load(block.text) for block in blocks(PAGE) if block.language == "yaml")
VALUES |= {"of the page": FIRST | BACKED_UP, "of the page, existing engines": FIRST | EXISTING}
KUBECTL = """\
#!/bin/sh
case "$*" in *label*) exit 0 ;; esac
exec {kubectl} "$@" --dry-run=client -o json >> made.json
"""


def helm(*arguments: str | Path, values: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "values.yaml"
    file.write_text(json.dumps(values, ensure_ascii=False), "utf-8")
    environment = {"HELM_CACHE_HOME": str(folder), "HELM_CONFIG_HOME": str(folder), "HELM_DATA_HOME": str(folder)}
    command = [HELM.found(), *arguments, "--values", file, "--kube-version", KUBERNETES]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)


@pytest.fixture(scope="module")
def render(extended: None, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Resources]:
    """`render(NAME, *options)`: the resources of a release with those values."""
    folder, rendered = tmp_path_factory.mktemp("chart"), {}

    def of(name: str, *options: str) -> Resources:
        key = (name, *options)
        if key not in rendered:
            template = ["template", "jiangbu", CHART, "--namespace", "jiangbu", *options]
            done = helm(*template, values=VALUES[name], folder=folder)
            assert done.returncode == 0, done.stderr
            rendered[key] = [one for one in yaml.load_all(done.stdout, yaml.CSafeLoader) if one]
        return rendered[key]

    return of


def named(resources: Resources, kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in resources if one["kind"] == kind}


def workloads(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the pod's template of each workload."""
    for one in resources:
        if one["kind"] in ("Deployment", "Job", "CronJob"):
            work = one["spec"]["jobTemplate"]["spec"] if one["kind"] == "CronJob" else one["spec"]
            yield one["metadata"]["name"], work["template"]


def pods(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name and the pod's specification of each workload."""
    for name, template in workloads(resources):
        yield name, template["spec"]


def containers(pod: dict[str, Any]) -> list[dict[str, Any]]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@pytest.mark.parametrize("name", VALUES)
def test_helm_finds_no_fault(extended: None, tmp_path: Path, name: str) -> None:
    done = helm("lint", CHART, "--strict", values=VALUES[name], folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("options", [(), ("--is-upgrade",)], ids=["install", "upgrade"])
@pytest.mark.parametrize("name", VALUES)
def test_kubernetes_and_the_operators_know_every_field(
    render: Callable[..., Resources], name: str, options: tuple[str, ...]
) -> None:
    resources = render(name, *options)
    assert len({(one["kind"], one["metadata"]["name"]) for one in resources}) == len(resources)
    for one in resources:
        faults = [
            f"{list(error.instance_path)}: {error.message}"
            for error in validator(one["apiVersion"], one["kind"]).iter_errors(one)
        ]
        assert faults == [], f"{one['kind']} {one['metadata']['name']}"


def test_the_schemas_look_into_fields(render: Callable[..., Resources]) -> None:
    for kind in ("Deployment", "KafkaUser", "Kafka", "Cluster", "CronJob", "Ingress", "ServiceMonitor"):
        one = next(one for one in render("one of each") if one["kind"] == kind)
        check = validator(one["apiVersion"], kind)
        assert check.is_valid(one)
        assert not check.is_valid(one | {"spec": one["spec"] | {"noSuchField": 1}})


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({}, "whitelist"),
        (LISTED | {"kafak": {}}, "kafak"),
        (LISTED | {"kafka": {"strimzi": False}}, "bootstrapServers"),
        (LISTED | {"postgresql": {"cloudnativepg": False}}, "host"),
        (LISTED | {"consumer": {"replicas": 0}}, "replicas"),
        (LISTED | {"backup": {"enabled": True}}, "place"),
        (LISTED | {"backup": {"enabled": True, "place": "/backup"}}, "place"),
    ],
)
def test_wrong_values_are_refused(extended: None, tmp_path: Path, values: dict[str, Any], fault: str) -> None:
    done = helm("template", "jiangbu", CHART, values=values, folder=tmp_path)
    assert done.returncode != 0
    assert fault in done.stderr


def test_the_schema_has_every_value_and_no_other() -> None:
    def paths(schema: dict[str, Any], values: Any, place: str = "") -> None:
        if schema.get("additionalProperties") is not False or not isinstance(values, dict):
            return
        assert schema["properties"].keys() - {"global"} == values.keys(), place
        for name, value in values.items():
            paths(schema["properties"][name], value, f"{place}.{name}")

    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    paths(schema, yaml.safe_load((CHART / "values.yaml").read_text("utf-8")))


@pytest.mark.parametrize("name", VALUES)
def test_every_pod_may_run_in_a_restricted_namespace(render: Callable[..., Resources], name: str) -> None:
    found = list(pods(render(name)))
    assert len(found) >= 7
    for workload, pod in found:
        assert pod["securityContext"]["runAsNonRoot"] is True, workload
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, workload
        assert pod["automountServiceAccountToken"] is False, workload
        assert {next(iter(volume.keys() - {"name"})) for volume in pod["volumes"]} <= {
            "configMap",
            "emptyDir",
            "persistentVolumeClaim",
            "projected",
            "secret",
        }
        for one in containers(pod):
            assert one["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert "memory" in one["resources"]["limits"], one["name"]


@pytest.mark.parametrize("name", VALUES)
def test_every_file_of_a_setting_is_mounted(render: Callable[..., Resources], name: str) -> None:
    known = set(SETTINGS.findall((ROOT / ".env.example").read_text("utf-8"))) | {"TMPDIR"}
    for workload, pod in pods(render(name)):
        volumes = {volume["name"] for volume in pod["volumes"]}
        for one in containers(pod):
            mounts = {mount["mountPath"]: mount["name"] for mount in one.get("volumeMounts", [])}
            assert set(mounts.values()) <= volumes, (workload, one["name"])
            settings = {variable["name"]: variable["value"] for variable in one.get("env", [])}
            assert settings.keys() <= known, workload
            is_step = workload.endswith("-install")
            for setting, value in settings.items():
                # Consumers and migrations read no API keys.
                if setting.endswith("_FILE") and not (setting == "API_KEYS_FILE" and "/apis" not in mounts):
                    assert str(Path(value).parent) in mounts or is_step, (workload, one["name"], setting)


def test_every_secret_is_one_of_the_set(render: Callable[..., Resources]) -> None:
    """`jiangbu secrets` makes every file that a pod reads."""
    made = {f"jiangbu-{secret.holder}" for secret in wanted_secrets(WHITELIST)}
    made |= {f"jiangbu-{holder}" for holder in (*ROLES, HASHES.parent)}
    engines = {"jiangbu-kafka-cluster-ca-cert", "jiangbu-postgres-ca", "jiangbu-postgres-superuser"}
    for _, pod in pods(render("one of each")):
        for volume in pod["volumes"]:
            sources = [one["secret"]["name"] for one in volume.get("projected", {}).get("sources", [])]
            named_secrets = sources + ([volume["secret"]["secretName"]] if "secret" in volume else [])
            assert set(named_secrets) <= made | engines
    for user in named(render("operators"), "KafkaUser").values():
        assert user["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]["name"] in made
    assert API_KEY == "api-key"  # the name by which the chart has it


def test_the_page_makes_every_secret(render: Callable[..., Resources], tmp_path: Path) -> None:
    """The files of the Secrets are those that pods and users of Kafka name."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl 未安装 / is not installed")
    stand_in = tmp_path / "kubectl"
    stand_in.write_text(KUBECTL.format(kubectl=kubectl), "utf-8")
    stand_in.chmod(0o755)
    shutil.copy(ROOT / "exchanges.yaml", tmp_path)
    (script,) = (block.text for block in blocks(PAGE) if "jiangbu secrets" in block.text)
    run_script("secrets", script, {"PATH": f"{tmp_path}:/usr/bin:/bin"}, 120, cwd=tmp_path)
    made = {
        one["metadata"]["name"]: one["data"].keys()
        for one in yaml.safe_load_all(re.sub(r"(?m)^{", "---\n{", (tmp_path / "made.json").read_text("utf-8")))
        if one["kind"] == "Secret"
    }
    for _, pod in pods(render("operators")):
        for volume in pod["volumes"]:
            sources = volume.get("projected", {}).get("sources", [])
            for name, items in [(one["secret"]["name"], one["secret"]["items"]) for one in sources]:
                assert {item["key"] for item in items} <= made[name]
    for user in named(render("operators"), "KafkaUser").values():
        password = user["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]
        assert password["key"] in made[password["name"]]
    assert {"signing-key", "session-key", "kafka-password", "database-password"} == made["jiangbu-incentive"]
    assert {"backup-key", "kafka-password"} == made["jiangbu-backup"]
    (endpoint,) = named(render("one of each"), "ServiceMonitor")["jiangbu"]["spec"]["endpoints"]
    key = endpoint["authorization"]["credentials"]
    assert key["key"] in made[key["name"]]


def test_selectors_find_their_pods(render: Callable[..., Resources]) -> None:
    resources = render("operators")
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in resources if one["kind"] == "Deployment"]
    assert len(labels) == 6
    selected = [one["spec"]["selector"] for one in resources if one["kind"] == "Service"]
    selected += [one["spec"]["selector"]["matchLabels"] for one in resources if one["kind"] == "PodDisruptionBudget"]
    assert len(selected) == 9
    for selector in selected:
        assert len([one for one in labels if selector.items() <= one.items()]) == 1, selector
    scaled = [one["spec"]["scaleTargetRef"]["name"] for one in named(resources, "HorizontalPodAutoscaler").values()]
    assert set(scaled) == {name for name in named(resources, "Deployment") if name.endswith("-api")}


def test_nothing_is_reached_but_by_a_policy(render: Callable[..., Resources]) -> None:
    policies = named(render("operators"), "NetworkPolicy")
    everything = policies["jiangbu-default"]["spec"]
    assert (everything["policyTypes"], everything.get("ingress")) == (["Ingress", "Egress"], None)
    labels = [template["metadata"]["labels"] for _, template in workloads(render("existing engines"))]
    assert "backup" in {one["app.kubernetes.io/component"] for one in labels}
    assert all(everything["podSelector"]["matchLabels"].items() <= one.items() for one in labels)
    assert named(render("one of each"), "NetworkPolicy") == {}


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        ("operators", {}),
        ("existing engines", {"jiangbu-incentive": "jiangbu.example.org", "jiangbu-listing": "listing.example.org"}),
        ("one of each", {"jiangbu-incentive": "jiangbu.example.org"}),
    ],
)
def test_an_ingress_leads_to_the_api_of_its_name(
    render: Callable[..., Resources], name: str, hosts: dict[str, str]
) -> None:
    found = {}
    services = named(render(name), "Service")
    for ingress, one in named(render(name), "Ingress").items():
        (rule,) = one["spec"]["rules"]
        (path,) = rule["http"]["paths"]
        backend = path["backend"]["service"]
        assert backend["name"] == ingress
        assert backend["port"]["name"] in {port["name"] for port in services[ingress]["spec"]["ports"]}
        (tls,) = one["spec"]["tls"]
        assert tls["hosts"] == [rule["host"]]
        found[ingress] = rule["host"]
    assert found == hosts


def test_a_prometheus_asks_every_api_by_the_labels_of_the_alerts(render: Callable[..., Resources]) -> None:
    """The figures have the job and the services of deploy/watch, and the rules are those of the file."""
    resources = render("one of each")
    monitor = named(resources, "ServiceMonitor")["jiangbu"]["spec"]
    selected = [
        one["metadata"]["labels"]
        for one in named(resources, "Service").values()
        if monitor["selector"]["matchLabels"].items() <= one["metadata"]["labels"].items()
    ]
    (endpoint,) = monitor["endpoints"]
    job, service = endpoint["relabelings"]
    assert (job["targetLabel"], job["replacement"], service["targetLabel"]) == ("job", "jiangbu", "service")
    prefix = "__meta_kubernetes_service_label_"
    label = service["sourceLabels"][0].removeprefix(prefix)
    by_service = {
        found[1]
        for labels in selected
        for name, value in labels.items()
        if re.sub("[^a-zA-Z0-9_]", "_", name) == label and (found := re.fullmatch(service["regex"], value))
    }
    assert by_service == set(get_args(Service))
    assert named(resources, "PrometheusRule")["jiangbu"]["spec"] == yaml.safe_load(RULES.read_text("utf-8"))


def test_steps_are_hooks_of_an_upgrade(render: Callable[..., Resources]) -> None:
    """At the first installation the engines come with the release, so that a hook would wait for them for ever."""

    def hooks(*options: str) -> dict[str, list[str]]:
        return {
            one["metadata"]["name"]: one["metadata"]["annotations"]["helm.sh/hook"]
            for one in render("existing engines", *options)
            if "helm.sh/hook" in one["metadata"].get("annotations", {})
        }

    assert hooks() == {}
    assert hooks("--is-upgrade") == dict.fromkeys(("jiangbu-migrate", "jiangbu-topics", "jiangbu-steps"), "pre-upgrade")


def test_a_rollback_to_the_first_installation_finds_no_job_to_patch(render: Callable[..., Resources]) -> None:
    """A Job cannot be patched: those of the first installation are gone by then, and no hook has their names."""
    first = named(render("existing engines"), "Job")
    assert first.keys() == {"jiangbu-migrate-install", "jiangbu-topics-install"}
    assert all(one["spec"]["ttlSecondsAfterFinished"] <= 600 for one in first.values())
    assert not first.keys() & named(render("existing engines", "--is-upgrade"), "Job").keys()


def test_the_whitelist_is_as_given(render: Callable[..., Resources], tmp_path: Path) -> None:
    for name in ("jiangbu-config", "jiangbu-steps"):
        file = tmp_path / f"{name}.yaml"
        file.write_text(named(render("operators"), "ConfigMap")[name]["data"]["exchanges.yaml"], "utf-8")
        assert load_whitelist(file) == WHITELIST
    policy = named(render("one of each"), "ConfigMap")["jiangbu-config"]["data"]["policy.yaml"]
    assert policy.strip() == str(VALUES["one of each"]["policy"]).strip()


@pytest.mark.parametrize(("name", "brokers"), [("operators", 3), ("one of each", 1)])
def test_topics_are_those_of_the_command(render: Callable[..., Resources], name: str, brokers: int) -> None:
    replication = replication_among(brokers)
    found = {
        topic: (one["spec"]["partitions"], one["spec"]["replicas"], as_words(one["spec"]["config"]))
        for topic, one in named(render(name), "KafkaTopic").items()
    }
    assert found == {
        topic.name: (topic.partitions, replication.factor, {**topic.config, **replication.topic_config})
        for topic in wanted_topics(WHITELIST)
    }
    config = as_words(named(render(name), "Kafka")["jiangbu-kafka"]["spec"]["kafka"]["config"])
    assert broker_settings(brokers).items() <= config.items()


def as_words(config: dict[str, Any]) -> dict[str, str]:
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in config.items()}


@pytest.mark.parametrize(("name", "register"), [("operators", "r1"), ("one of each", "r2")])
def test_users_have_the_rights_of_the_command(render: Callable[..., Resources], name: str, register: str) -> None:
    wanted = {
        **{service: rights_of_service(service, (register,), WHITELIST.ids) for service in get_args(Service)},
        **{reader: rights_of_reader(reader) for reader in READERS},
        BACKUP: rights_of_backup(),
        **{exchange_user(one): rights_of_exchange(one) for one in WHITELIST.ids},
    }
    found = {user: set(rights(one)) for user, one in named(render(name), "KafkaUser").items()}
    assert found == {user: set(map(as_right, acls)) for user, acls in wanted.items()}
    quotas = {user: one["spec"].get("quotas") for user, one in named(render(name), "KafkaUser").items()}
    limited = {
        "producerByteRate": DEFAULT_EXCHANGE_QUOTA.byte_rate,
        "requestPercentage": DEFAULT_EXCHANGE_QUOTA.request_percentage,
    }
    assert quotas == {user: limited if user.startswith("exchange.") else None for user in wanted}


def rights(user: dict[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for acl in user["spec"]["authorization"]["acls"]:
        resource = acl["resource"]
        for operation in acl["operations"]:
            yield operation.lower(), resource["type"].lower(), resource["name"], resource["patternType"]


def as_right(acl: ACL) -> tuple[str, str, str, str]:
    pattern = acl.resource_pattern
    kind = pattern.resource_type.name.replace("_", "").lower()
    return acl.operation.name.lower(), kind, pattern.resource_name, pattern.pattern_type.name.lower().removesuffix("ed")
