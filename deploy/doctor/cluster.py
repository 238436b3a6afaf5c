"""Check the brokers of a Kafka cluster as a whole: dead ones, controllers, settings and disks."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, for_code

from deploy.broker.replication import MOST_REPLICAS, broker_settings
from deploy.doctor.disks import Disk, disk_faults
from deploy.doctor.finding import Finding, found

# A controller asks the active one for records at least every half a second.
_SILENT_MS: Final = 10_000
_TOO_HIGH_ONLY: Final = "broker.session.timeout.ms"


Version = tuple[int, ...]


class Brokers(NamedTuple):
    """The brokers of a cluster by id: the versions of those that answer, and the addresses of those that do not."""

    versions: dict[int, Version]
    dead: dict[int, str]

    @property
    def total(self) -> int:
        return len(self.versions) + len(self.dead)


def read_brokers(admin: KafkaAdminClient) -> Brokers:
    """Return the brokers that registered with the cluster. The controller fences those that it does not hear of."""
    brokers = Brokers({}, {})
    for broker in admin.describe_cluster()["brokers"]:
        version = None if broker.get("is_fenced") else _version(admin, broker["broker_id"])
        if version is None:
            brokers.dead[broker["broker_id"]] = f"{broker['host']}:{broker['port']}"
        else:
            brokers.versions[broker["broker_id"]] = version
    return brokers


def _version(admin: KafkaAdminClient, broker: int) -> Version | None:
    """Return the version of a broker, None if it does not answer."""
    try:
        return tuple(admin.get_broker_version_data(broker).broker_version)
    except (KafkaError, OSError):
        return None


def broker_faults(brokers: Brokers) -> list[str]:
    """Report brokers that do not answer the others."""
    if not brokers.dead:
        return []
    dead = ", ".join(f"{number} ({address})" for number, address in sorted(brokers.dead.items()))
    return [f"节点无应答 / brokers are down: {dead}: start them, or see their logs"]


class Controllers(NamedTuple):
    """The controllers of a cluster that vote, and those of them that are silent, by id."""

    voters: tuple[int, ...]
    silent: tuple[int, ...]


def read_controllers(admin: KafkaAdminClient) -> Controllers:
    """Return the voting controllers, and those that have not asked the active one for records lately."""
    quorum = admin.describe_metadata_quorum()
    (topic,) = quorum["topics"]
    (partition,) = topic["partitions"]
    asked_at = {voter["replica_id"]: voter["last_fetch_timestamp"] for voter in partition["current_voters"]}
    newest = max(asked_at.values())
    silent = {
        voter for voter, at_ms in asked_at.items() if at_ms < newest - _SILENT_MS and voter != partition["leader_id"]
    }
    return Controllers(tuple(sorted(asked_at)), tuple(sorted(silent)))


def controller_faults(controllers: Controllers, brokers: int) -> list[str]:
    """Report controllers that are silent, and a cluster that depends on one or two of them."""
    faults = []
    if controllers.silent:
        silent = ", ".join(map(str, controllers.silent))
        faults.append(f"控制节点无应答 / controllers are down: {silent} of {len(controllers.voters)}: start them")
    if brokers >= MOST_REPLICAS > len(controllers.voters):
        faults.append(
            f"{len(controllers.voters)} 个控制节点 / controllers: the death of one stops Kafka:"
            f" set up {MOST_REPLICAS} (controller.quorum.voters)"
        )
    return faults


def read_settings(admin: KafkaAdminClient, brokers: Iterable[int]) -> dict[int, dict[str, str]]:
    """Return the settings of each broker, defaults included."""
    resources = [ConfigResource(ConfigResourceType.BROKER, str(broker)) for broker in brokers]
    described = admin.describe_configs(resources, config_filter="all")["broker"]
    return {
        int(broker): {name: str(held["value"]) for name, held in options.items()}
        for broker, options in described.items()
    }


def setting_faults(settings: Mapping[int, Mapping[str, str]], brokers: int) -> list[str]:
    """Report settings with which a cluster of so many brokers does not survive one of them. One broker has no faults.

    A setting that a broker does not show is no fault.
    """
    if brokers == 1:
        return []
    wanted = broker_settings(brokers)
    wrong = {
        f"{name}={value}": sorted(broker for broker, has in settings.items() if _is_wrong(name, has.get(name), value))
        for name, value in wanted.items()
    }
    return [
        f"节点设置 / set {setting} (brokers {', '.join(map(str, holders))})"
        for setting, holders in wrong.items()
        if holders
    ]


def _is_wrong(name: str, has: str | None, wanted: str) -> bool:
    if has is None:
        return False
    if name == _TOO_HIGH_ONLY:
        return int(has) > int(wanted)
    if name.endswith("replication.factor"):
        return int(has) < int(wanted)
    return has != wanted


def read_disks(admin: KafkaAdminClient, brokers: Iterable[int]) -> tuple[list[Disk], list[str]]:
    """Return the disks of the brokers, and the folders that a broker cannot use any more."""
    disks, offline = [], []
    for answer in admin.describe_log_dirs({}, sorted(brokers)):
        for folder in answer["log_dirs"]:
            name = f"broker {answer['broker']} {folder['log_dir']}"
            if folder["error_code"]:
                offline.append(f"{name}: {for_code(folder['error_code']).__name__}")
            elif folder["total_bytes"] >= 0:
                disks.append(Disk(name, folder["total_bytes"], folder["usable_bytes"]))
    return disks, offline


def disks(admin: KafkaAdminClient, brokers: Iterable[int]) -> Finding:
    """Check the disks of the brokers that answer."""
    held, offline = read_disks(admin, brokers)
    faults = [f"目录不可用 / folder not usable: {text}: check the disk" for text in offline]
    return found("磁盘 Kafka disks", faults + disk_faults(held), "; ".join(disk.text for disk in held))


def cluster_faults(admin: KafkaAdminClient, brokers: Brokers) -> list[str]:
    """Report what is wrong with the brokers together."""
    return [
        *broker_faults(brokers),
        *controller_faults(read_controllers(admin), brokers.total),
        *setting_faults(read_settings(admin, brokers.versions), brokers.total),
    ]
