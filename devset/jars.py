"""Apache Kafka's jars: the exact files of one version, from a Maven repository or the caches, checked by SHA-256."""

import fcntl
import hashlib
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver

from devset.processes import LocalError

# What Maven resolves for org.apache.kafka:kafka_2.13 of this version, and log4j-slf4j-impl for its log:
# `sha256  path in the repository`, a line each.
KAFKA_VERSION = "4.3.1"
LIST = Path(__file__).with_name("kafka-jars.sha256")
DOWNLOADS_AT_ONCE = 8
TIMEOUT_S = 30

Say = Callable[[str], None]


@dataclass(frozen=True)
class Jar:
    """One file of the list."""

    sha256: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """Group, artifact, version."""
        *group, artifact, version, _ = self.path.split("/")
        return ".".join(group), artifact, version


def kafka_jars(cache: Path, repository: str | None, say: Say) -> list[Path]:
    """Paths of all jars in `cache`; what is missing comes from `repository`, once for all callers.

    `repository` is the URL of a Maven repository, None for the public one. LocalError names it, and how to choose
    another.
    """
    folder = cache / f"kafka-{KAFKA_VERSION}"
    wanted = [Jar(*line.split()) for line in LIST.read_text(encoding="ascii").splitlines()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # A file gets its name only once it is whole and right.
            missing = [jar for jar in wanted if not (folder / jar.name).exists()]
            if missing:
                _fetch_all(missing, folder, repository, say)
    except OSError as error:
        raise LocalError(
            f"无法写入缓存目录 / cannot write the cache folder {folder}: {error.strerror or error}; "
            "set XDG_CACHE_HOME to another"
        ) from error
    return [folder / jar.name for jar in wanted]


def _fetch_all(missing: list[Jar], folder: Path, repository: str | None, say: Say) -> None:
    repositories = {"central": MAVEN_CENTRAL_URL} if repository is None else {"mirror": repository.rstrip("/")}
    where = ", ".join(repositories.values())
    say(f"正在下载 Apache Kafka {KAFKA_VERSION} / downloading {len(missing)} files (45 MB in all) from {where}")
    done = 0
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
        try:
            for jar in pool.map(lambda one: _fetch(one, folder, repositories), missing):
                done += 1
                say(f"  {done}/{len(missing)} {jar.name}")
        except (requests.RequestException, RuntimeError) as error:
            pool.shutdown(cancel_futures=True)
            raise LocalError(
                f"无法从 {where} 下载 Apache Kafka / cannot download Apache Kafka from {where} "
                f"({type(error).__name__}): check the network, or name a mirror in MAVEN_REPOSITORY"
            ) from error


def _fetch(jar: Jar, folder: Path, repositories: dict[str, str]) -> Jar:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        context = MavenContext(
            resolver=PythonResolver(), repo_cache=Path(scratch), remote_repos=repositories, timeout=TIMEOUT_S
        )
        group, artifact, version = jar.coordinates
        part = context.project(group, artifact).at_version(version).artifact().resolve()
        if _sha256(part) != jar.sha256:
            raise LocalError(f"校验失败 / {jar.name} is not the file that was released; try again")
        part.rename(folder / jar.name)
    return jar


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
