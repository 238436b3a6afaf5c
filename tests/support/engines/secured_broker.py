"""An Apache Kafka as deploy/kafka sets it up, started by its own script, with users, rights and TLS."""

import shlex
import signal
from dataclasses import dataclass, field
from pathlib import Path

import trustme
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.__main__ import main
from deploy.secrets import ADMIN, KAFKA_PASSWORD, Secret, make_secrets
from devset.jars import prepared_kafka
from devset.kafka import java_command
from devset.processes import ChildProgram, base_environment, free_ports, spawn
from shared.settings import KafkaSettings, LocalSettings
from tests.support.paths import ROOT
from tests.support.until import until

START_SH = ROOT / "deploy" / "kafka" / "start.sh"
START_TIMEOUT_S = 180.0
# Settings for a small machine and short test times.
SMALL = (
    "offsets.topic.num.partitions=1",
    "transaction.state.log.num.partitions=1",
    "group.initial.rebalance.delay.ms=0",
    # In production after an hour. Clients begin at 85 to 95 % of it, and must be done before its end on a busy machine.
    "connections.max.reauth.ms=10000",
)


def broker_pem(authority: trustme.CA, *names: str) -> bytes:
    """Return a key and a certificate with these names, as Kafka reads them from one file."""
    issued = authority.issue_cert(*names)
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain


@dataclass
class SecuredBroker:
    """One broker whose data is in `folder`; it can be restarted."""

    folder: Path
    ports: list[int] = field(default_factory=lambda: free_ports(4))
    settings: tuple[str, ...] = SMALL
    program: ChildProgram | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        make_secrets(self.secrets, [Secret(ADMIN, KAFKA_PASSWORD)])
        authority = trustme.CA()
        self.tls_file.write_bytes(broker_pem(authority, "127.0.0.1"))
        authority.cert_pem.write_to_path(str(self.ca_file))
        self._stand_in_for_the_image()

    @property
    def inside(self) -> str:
        return f"127.0.0.1:{self.ports[0]}"

    @property
    def outside(self) -> str:
        return f"127.0.0.1:{self.ports[1]}"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def tls_file(self) -> Path:
        return self.folder / "broker.pem"

    @property
    def ca_file(self) -> Path:
        return self.folder / "ca.pem"

    def as_user(self, name: str, password: str | None = None) -> KafkaSettings:
        """Return a user's settings for the inside listener; the default password is that of the user's file."""
        kept = self.password_file(name).read_text("ascii").strip() if password is None else password
        return KafkaSettings((self.inside,), "SASL_PLAINTEXT", "SCRAM-SHA-512", name, kept)

    def password_file(self, name: str) -> Path:
        return self.secrets / name / KAFKA_PASSWORD

    def environment(self, user: str) -> dict[str, str]:
        """Return the environment of a program that uses the inside listener as that user."""
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self.inside,
            "KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD_FILE": str(self.password_file(user)),
        }

    def jiangbu(self, exchanges: Path, *arguments: str) -> Result:
        """Call `jiangbu` as the admin."""
        environment = {**self.environment(ADMIN), "EXCHANGES_FILE": str(exchanges)}
        return CliRunner().invoke(main, arguments, env=environment)

    def start(self) -> None:
        *_, node, controller = self.ports
        for_clients = f"NODE://127.0.0.1:{node},INSIDE://{self.inside},OUTSIDE://{self.outside}"
        own = (
            f"listeners=CONTROLLER://127.0.0.1:{controller},{for_clients}",
            f"advertised.listeners={for_clients}",
            f"controller.quorum.voters=1@127.0.0.1:{controller}",
        )
        self.program = spawn(
            "kafka",
            [START_SH, *self.settings, *own],
            log_file=self.folder / "kafka.log",
            environment={
                **base_environment(),
                "PATH": f"{self.folder / 'bin'}:{base_environment()['PATH']}",
                "TMPDIR": str(self.folder),
                "KAFKA_ADMIN_PASSWORD_FILE": str(self.password_file(ADMIN)),
                "KAFKA_TLS_FILE": str(self.tls_file),
                "KAFKA_DATA": str(self.folder / "data"),
            },
        )
        until(lambda: self._answers() or not self.program.alive(), START_TIMEOUT_S, self.program.last_output)
        assert self.program.alive(), self.program.last_output()

    def stop(self) -> None:
        if self.program is not None:
            self.program.stop(signal.SIGTERM, 20)

    def _answers(self) -> bool:
        try:
            KafkaAdminClient(**self.as_user(ADMIN).client_config(), bootstrap_timeout_ms=10_000).close()
        except KafkaError:
            return False
        return True

    def _stand_in_for_the_image(self) -> None:
        """Create the script that the image has in /opt/kafka/bin, with the Java and the jars of the set."""
        local = LocalSettings()
        jars = prepared_kafka(local.cache_folder, local.maven_repository, print)
        run_class = self.folder / "bin" / "kafka-run-class.sh"
        run_class.parent.mkdir()
        java = shlex.join(java_command(jars))
        run_class.write_text(f'#!/bin/sh\nexec {java} $KAFKA_LOG4J_OPTS "$@"\n', "utf-8")
        run_class.chmod(0o755)
