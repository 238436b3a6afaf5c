"""Check the broker of a deployment: version, topics, users and ACLs."""

from collections.abc import Iterator
from pathlib import Path

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, SecurityDisabledError

from deploy.broker.access import describe, superfluous, user_of
from deploy.broker.admin import connect_admin
from deploy.broker.quotas import broker_quotas, describe_quotas, plan_quotas, wanted_quotas
from deploy.broker.replication import replication_among
from deploy.broker.topics import internal_topics, plan, read_topics, wanted_topics
from deploy.broker.users import Access, User, wanted_users
from deploy.doctor.cluster import Brokers, cluster_faults, disks, read_brokers
from deploy.doctor.finding import Finding, found
from deploy.doctor.replication import Replicas, replica_faults
from deploy.secrets import SecretsError
from shared.settings import KafkaSettings, load_exchange_quota
from shared.whitelist import Whitelist

# The oldest version that the set is tested with.
OLDEST = (4, 0)
APPLY = "run `jiangbu topics apply --secrets FOLDER`"


def broker(
    kafka: KafkaSettings, exchanges: Whitelist, registers: tuple[str, ...], folder: Path | None
) -> Iterator[Finding]:
    """Check the broker as its admin; passwords come from the folder, without which no user is checked."""
    servers = ", ".join(kafka.bootstrap_servers)
    try:
        admin = connect_admin(kafka)
    except (KafkaError, OSError) as error:
        yield Finding("Kafka", False, f"{servers}: 无法连接 / unreachable: {error!r}")
        return
    with admin:
        try:
            brokers = read_brokers(admin)
            yield _brokers(admin, brokers, servers)
            yield disks(admin, brokers.versions)
            yield _topics(admin, exchanges, brokers.total)
            if folder is None:
                return
            yield from _access(Access(admin, kafka), wanted_users(exchanges, registers, folder))
            if kafka.security_protocol.startswith("SASL"):
                yield _quotas(kafka, exchanges)
        except (KafkaError, OSError) as error:
            yield Finding("Kafka", False, f"{servers}: {error!r}: check its log and the rights of the admin")
        except SecretsError as error:
            yield Finding("用户 users", False, str(error))


def _brokers(admin: KafkaAdminClient, brokers: Brokers, servers: str) -> Finding:
    versions = set(brokers.versions.values())
    text = ", ".join(".".join(map(str, version)) for version in sorted(versions))
    faults = cluster_faults(admin, brokers)
    if min(versions, default=OLDEST) < OLDEST:
        faults.append(f"版本 / version {text}: {'.'.join(map(str, OLDEST))} or later is needed")
    return found("Kafka", faults, f"{servers}: {text}, {brokers.total} brokers")


def _topics(admin: KafkaAdminClient, exchanges: Whitelist, brokers: int) -> Finding:
    wanted = (*wanted_topics(exchanges), *internal_topics(admin))
    there = read_topics(admin, [topic.name for topic in wanted])
    replication = replication_among(brokers)
    steps = [step for step in plan(wanted, there, replication) if step.action != "keep"]
    faults = [step.text for step in steps]
    if steps:
        more = any(step.action == "replicate" for step in steps)
        option = f" --replication-factor {replication.factor}" if more else ""
        faults.append(f"run `jiangbu topics apply{option}`")
    faults += [
        f"{name}: {there[name].partitions} 个分区 / partitions, not {partitions}:"
        f" kafka-topics.sh --alter --topic {name} --partitions {partitions}"
        for name, partitions, _ in wanted
        if name in there and there[name].partitions < partitions
    ]
    partitions = {
        f"{topic['name']}[{partition['partition_index']}]": partition
        for topic in admin.describe_topics(sorted(there))
        for partition in topic["partitions"]
    }
    faults += replica_faults(
        Replicas(name, len(partition["replica_nodes"]), len(partition["isr_nodes"]))
        for name, partition in partitions.items()
    )
    leaderless = sorted(name for name, partition in partitions.items() if partition["leader_id"] < 0)
    if leaderless:
        faults.append(f"没有主副本 / no leader: {', '.join(leaderless)}: check the broker that had them")
    return found("主题 topics", faults, f"{len(there)} topics")


def _access(access: Access, users: list[User]) -> Iterator[Finding]:
    try:
        there = access.found()
    except SecurityDisabledError:
        yield Finding(
            "用户 users", False, "Kafka 未启用权限 / the broker has no authorization enabled: see deploy/kafka"
        )
        return
    wrong = [fault for user in users if (fault := _wrong_login(access, user, user.name in there.users)) is not None]
    yield found("用户 users", wrong, f"{len(users)} users")
    wanted = frozenset(acl for user in users if not user.is_disabled for acl in user.rights)
    missing, too_many = wanted - there.rights, superfluous(there.rights, wanted)
    faults = [f"{user_of(acl)}: 缺少 / lacks {describe(acl)}" for acl in sorted(missing, key=describe)]
    faults += [f"{user_of(acl)}: 多余 / should not have {describe(acl)}" for acl in sorted(too_many, key=describe)]
    yield found("权限 rights", [*faults, APPLY] if faults else [], f"{len(wanted)} rights")


def _quotas(kafka: KafkaSettings, exchanges: Whitelist) -> Finding:
    wanted = wanted_quotas(exchanges, load_exchange_quota())
    with broker_quotas(kafka) as broker:
        wrong = [
            f"{user}: {describe_quotas(there)}: 应为 / should be {describe_quotas(given)}"
            for user, there, given in plan_quotas(wanted, broker.found())
            if there != given
        ]
    return found("配额 quotas", [*wrong, APPLY] if wrong else [], f"{len(wanted)} users")


def _wrong_login(access: Access, user: User, is_there: bool) -> str | None:
    if user.is_disabled:
        return f"{user.name}: 应已停用 / should be disabled: {APPLY}" if is_there else None
    if user.password is None:
        return f"{user.name}: 缺少密码文件 / its password file is missing: run `jiangbu secrets FOLDER`"
    if not is_there:
        return f"{user.name}: 没有该用户 / no such user: {APPLY}"
    if not access.lets_in(user.name, user.password):
        return f"{user.name}: 密码不符 / its password differs from its file: {APPLY}"
    return None
