"""Kafka Streams, exactly-once, on the same topic: `Totals.java`, compiled where a Java compiler is installed."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import jgo
import requests
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver
from kafka.admin import KafkaAdminClient, NewTopic

from devset.jars import KAFKA_VERSION
from devset.kafka import java_command
from shared.events.topics import topic_of
from shared.settings import LocalSettings
from tests.bench.bed import EXCHANGE
from tests.bench.peers.peer import NotHere, rate_beside

if TYPE_CHECKING:
    from tests.bench.bed import Bed

_STREAMS = f"org.apache.kafka:kafka-streams:{KAFKA_VERSION}"


def kafka_streams(bed: Bed) -> float:
    """Measure trades per second. Raises NotHere."""
    if shutil.which("javac") is None:
        raise NotHere("没有 / is not installed: javac")
    jars = [*streams_jars(), *bed.kafka.jars]
    name = f"streams-{uuid.uuid4().hex[:8]}"
    folder = bed.folder / name
    folder.mkdir()
    source = Path(__file__).with_name("Totals.java")
    compiler = ["javac", "--release", "17", "-d", folder, "-cp", ":".join(map(str, jars)), source]
    done = subprocess.run(compiler, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotHere(f"javac: {done.stderr.strip().splitlines()[0]}")
    admin = KafkaAdminClient(bootstrap_servers=bed.kafka.bootstrap_servers)
    admin.create_topics([NewTopic(f"{name}-out", len(bed.partitions("trade")), 1)])
    admin.close()
    java = [*java_command([folder, *jars]), "Totals", bed.kafka.bootstrap_servers]
    java += [topic_of("trade", EXCHANGE), f"{name}-out", name, str(folder / "state")]
    return rate_beside(bed, name, java, folder)


def streams_jars() -> list[Path]:
    """Download the jars of Kafka Streams from the repository that the set uses. Raises NotHere."""
    settings = LocalSettings()
    repository = settings.maven_repository or MAVEN_CENTRAL_URL
    context = MavenContext(remote_repos={"central": repository}, resolver=PythonResolver())
    try:
        found = jgo.EnvironmentBuilder(context).from_endpoint(_STREAMS)
    except (requests.RequestException, RuntimeError) as error:
        raise NotHere(f"{_STREAMS}: {error}") from error
    return [*found.class_path_jars, *found.module_path_jars]
