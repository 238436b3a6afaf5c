"""Description of a highly available set: machines, ports, folders and files; the other modules render it.

Each machine runs one PostgreSQL under Patroni, one etcd and one combined Kafka node. A set on one machine and a set on
real machines differ by these values alone.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal, NamedTuple
from urllib.parse import quote

from shared.settings import Service
from shared.values.json_types import Json

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Ports(NamedTuple):
    """The TCP ports of a machine.

    Those of its proxy lead to the primary, to a standby, and by `listing_front` and so on to an API that is ready.
    """

    postgres: int = 5432
    patroni: int = 8008
    etcd: int = 2379
    etcd_peers: int = 2380
    kafka: int = 9092
    kafka_controller: int = 9093
    kafka_outside: int = 9094
    kafka_nodes: int = 9095
    primary: int = 5000
    standbys: int = 5001
    listing: int = 8001
    trade_ingest: int = 8002
    incentive: int = 8003
    listing_front: int = 8011
    trade_ingest_front: int = 8012
    incentive_front: int = 8013

    @property
    def apis(self) -> dict[Service, int]:
        """The ports of the APIs."""
        return {"listing": self.listing, "trade-ingest": self.trade_ingest, "incentive": self.incentive}

    @property
    def fronts(self) -> dict[Service, int]:
        """The ports of the proxy that lead to the APIs."""
        return {
            "listing": self.listing_front,
            "trade-ingest": self.trade_ingest_front,
            "incentive": self.incentive_front,
        }


class Folders(NamedTuple):
    """The data folders of a machine's engines; their parent folders exist and belong to the engine's account."""

    postgres: Path = Path("/var/lib/postgresql/18/jiangbu")
    etcd: Path = Path("/var/lib/etcd/jiangbu")
    kafka: Path = Path("/var/lib/kafka/data")


class Machine(NamedTuple):
    """A machine: others connect to `host`, and its programs listen on `bind`, by default the same address.

    `number` is Kafka's node id, from 1. `outside` is the HOST:PORT under which exchanges reach its broker; by default
    `host` and the port. With `proxy` it also runs HAProxy, with `services` an API and a consumer of each service.
    """

    name: str
    number: int
    host: str
    bind: str | None = None
    outside: str | None = None
    ports: Ports = Ports()
    folders: Folders = Folders()
    proxy: bool = True
    services: bool = True

    def at(self, port: int) -> str:
        """Return the HOST:PORT to which others connect."""
        return f"{self.host}:{port}"

    def listening(self, port: int) -> str:
        """Return the HOST:PORT on which a program of the machine listens."""
        return f"{self.bind or self.host}:{port}"


class KafkaSecurity(NamedTuple):
    """Files of brokers with passwords and ACLs.

    `node_password_file` is a properties file with the entry `password`: nodes log in to each other with it.
    `outside_tls_file` is a PEM file with key and certificates for the listener of exchanges; `inside_tls` has those for
    all other listeners.
    """

    node_password_file: Path
    outside_tls_file: Path | None = None
    inside_tls: "KafkaTls | None" = None


class KafkaTls(NamedTuple):
    """PEM files of a broker: the authority that its clients trust, and one with key and certificates."""

    authority: Path
    file: Path


class TlsFiles(NamedTuple):
    """PEM files of a server: the authority that its clients trust, its certificate and its key."""

    authority: Path
    certificate: Path
    key: Path


class Programs(NamedTuple):
    """The programs on the machines; `jiangbu` and `kafka` are folders of several, `python` is Patroni's."""

    jiangbu: Path = Path("/opt/jiangbu/bin")
    patroni: Path = Path("/opt/patroni/bin/patroni")
    python: Path = Path("/opt/patroni/bin/python3")
    etcd: Path = Path("/usr/bin/etcd")
    haproxy: Path = Path("/usr/sbin/haproxy")
    kafka: Path = Path("/opt/kafka/bin")


class Cluster(NamedTuple):
    """A set of at least three machines; an odd number.

    `config` is the folder of the rendered files on the machines, `secrets` that of `jiangbu secrets` and `ha secrets`.
    `networks` are the address ranges from which programs and servers connect to PostgreSQL. Without `kafka_security`
    the brokers serve everybody in plain text, without `etcd_tls` etcd does. `postgres_tls` is for PostgreSQL and for
    Patroni's REST API. A primary with less than `postgres_least_room_mib` (MiB) free on its disk is handed over.
    `postgres_parameters`, `kafka_settings` and `patroni_rules` (Patroni's dynamic configuration)
    override what is rendered.
    """

    name: str
    machines: tuple[Machine, ...]
    networks: tuple[str, ...]
    postgres_binaries: Path = Path("/usr/lib/postgresql/18/bin")
    programs: Programs = Programs()
    config: Path = Path("/etc/jiangbu")
    secrets: Path = Path("/etc/jiangbu/secrets")
    kafka_security: KafkaSecurity | None = None
    etcd_tls: TlsFiles | None = None
    postgres_tls: TlsFiles | None = None
    watchdog: Literal["off", "automatic", "required"] = "automatic"
    postgres_least_room_mib: int = 1024
    postgres_parameters: Mapping[str, str] = _NOTHING
    kafka_settings: Mapping[str, str] = _NOTHING
    patroni_rules: Mapping[str, Json] = MappingProxyType({})

    @property
    def in_plain_text(self) -> list[str]:
        """The engines whose traffic between machines everybody on the network can read."""
        if len({machine.host for machine in self.machines}) == 1:
            return []
        encrypted = {
            "PostgreSQL": self.postgres_tls,
            "Patroni": self.postgres_tls,
            "etcd": self.etcd_tls,
            "Kafka": self.kafka_security and self.kafka_security.inside_tls,
        }
        return [engine for engine, files in encrypted.items() if not files]

    @property
    def kafka(self) -> str:
        """Bootstrap servers for programs of the set."""
        return ",".join(machine.at(machine.ports.kafka) for machine in self.machines)

    @property
    def proxies(self) -> tuple[Machine, ...]:
        """The machines that run HAProxy."""
        return tuple(machine for machine in self.machines if machine.proxy)

    def near(self, machine: Machine) -> "Cluster":
        """Return the same set with a machine first, for its own programs."""
        return self._replace(machines=tuple(sorted(self.machines, key=lambda one: one != machine)))

    def copies(self, service: Service) -> list[tuple[Machine, str]]:
        """Return the machines that run a service's API, each with the HOST:PORT of the API."""
        return [(machine, machine.at(machine.ports.apis[service])) for machine in self.machines if machine.services]

    def primary_url(self, database: str, user: str, password: str | None = None) -> str:
        """Return the URL of a database on the primary, through any of the proxies; for psycopg and SQLAlchemy alike."""
        return self._url(database, user, password, [machine.ports.primary for machine in self.proxies])

    def standbys_url(self, database: str, user: str, password: str | None = None) -> str:
        """Return the URL of a database on a standby, through any of the proxies."""
        return self._url(database, user, password, [machine.ports.standbys for machine in self.proxies])

    def _url(self, database: str, user: str, password: str | None, ports: Sequence[int]) -> str:
        login = user if password is None else f"{user}:{quote(password, safe='')}"
        hosts = ",".join(machine.host for machine in self.proxies)
        tls = f"&sslmode=verify-full&sslrootcert={self.postgres_tls.authority}" if self.postgres_tls else ""
        return f"postgresql://{login}@/{database}?host={hosts}&port={','.join(map(str, ports))}{tls}"
