"""Render the script that formats a Kafka node's storage before its first start."""

import base64
import hashlib
from typing import Final

from deploy.ha.nodes import Cluster, Machine
from deploy.secrets import ADMIN, KAFKA_PASSWORD, Secret

_SCRIPT: Final = """\
#!/bin/sh
# Formats the storage of this node before its first start{purpose}.
set -eu
umask 077
[ ! -e {data}/meta.properties ] || exit 0
{arguments}"""
_PLAIN: Final = """\
exec {kafka}/kafka-run-class.sh kafka.tools.StorageTool format -t {id} -c {config}
"""
# Arguments go in a file, because everybody can read a command line.
_WITH_ADMIN: Final = """\
arguments=$(mktemp)
trap 'rm -f "$arguments"' EXIT
password=$(cat {password})
scram="SCRAM-SHA-512=[name=admin,password=$password]"
echo "kafka.tools.StorageTool format -t {id} -c {config} --add-scram $scram" >"$arguments"
# The output contains what the broker stores of the password.
{kafka}/kafka-run-class.sh "@$arguments" >/dev/null
"""


def format_script(cluster: Cluster, machine: Machine) -> str:
    """Return the script; with security it adds the one user that must exist before any other can be created."""
    secured = cluster.kafka_security is not None
    arguments = (_WITH_ADMIN if secured else _PLAIN).format(
        id=cluster_id(cluster),
        config=cluster.config / "server.properties",
        kafka=cluster.programs.kafka,
        password=Secret(ADMIN, KAFKA_PASSWORD).path(cluster.secrets),
    )
    purpose = ", with the password of the admin" if secured else ""
    return _SCRIPT.format(purpose=purpose, data=machine.folders.kafka, arguments=arguments)


def cluster_id(cluster: Cluster) -> str:
    """Return Kafka's id of the cluster, 16 bytes in base64: the same on every machine, and whenever it is rendered."""
    # A leading dash would look like an option.
    digest = b"\x00" + hashlib.sha256(cluster.name.encode()).digest()[:15]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
