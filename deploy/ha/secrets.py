"""Secrets that only a highly available set needs, beside those of `jiangbu secrets`."""

from pathlib import Path

from deploy.ha.environment import PATRONI_PASSWORD
from deploy.ha.patroni import patroni_environment
from deploy.secrets import (
    DATABASE_PASSWORD,
    KAFKA_GID,
    OUR_UID,
    POSTGRES_GID,
    Secret,
    SecretsError,
    make_secrets,
    new_secret,
    read_password,
    write_secret,
)

# Read by systemd as the environment of Patroni.
PATRONI_ENVIRONMENT = Secret("patroni", "environment", POSTGRES_GID)
# Read by Kafka: a properties file whose entry `password` the nodes log in to each other with.
KAFKA_NODE = Secret("kafka-node", "properties", KAFKA_GID)


def make_ha_secrets(folder: Path, uid: int = OUR_UID) -> list[Path]:
    """Create the missing files; existing ones stay. SecretsError, also without the password of PostgreSQL's admin."""
    superuser = _password(Secret("postgres", DATABASE_PASSWORD).path(folder))
    made = make_secrets(folder, [PATRONI_PASSWORD], uid)
    api = _password(PATRONI_PASSWORD.path(folder))
    variables = patroni_environment(superuser, new_secret(), new_secret(), api)
    contents = {
        PATRONI_ENVIRONMENT: "\n".join(f"{name}={value}" for name, value in variables.items()),
        KAFKA_NODE: f"password={new_secret()}",
    }
    for secret, text in contents.items():
        path = secret.path(folder)
        if not path.exists() and write_secret(path, text, uid, secret.gid):
            made.append(path)
    return made


def _password(path: Path) -> str:
    password = read_password(path)
    if password is None:
        raise SecretsError(f"{path}: 缺少 / missing: run `jiangbu secrets` first")
    return password
