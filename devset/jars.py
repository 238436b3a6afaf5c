"""Apache Kafka's jars and the cache of their classes.

The jars are the exact files of one version. They are downloaded from a Maven repository and checked by SHA-256.
With the cache of their classes (JEP 514) a broker starts in half the time.
"""

import fcntl
import hashlib
import signal
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import requests
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import MavenContext, PythonResolver

from devset.kafka import Kafka, java_cache
from devset.processes import LocalError, free_ports
from shared.language import say

KAFKA_VERSION = "4.3.1"
# The files that Maven resolves for org.apache.kafka:kafka_2.13 of this version, and log4j-slf4j-impl for its log. Each
# line is `sha256  path in the repository`.
LIST = Path(__file__).with_name("kafka-jars.sha256")
PARALLEL_DOWNLOADS = 8
DOWNLOAD_TIMEOUT_S = 30
CACHE_TIMEOUT_S = 120.0

Report = Callable[[str], None]


class Jar(NamedTuple):
    """One file of the list."""

    sha256: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def prepared_kafka(cache: Path, repository: str | None, report: Report) -> list[Path]:
    """Return the paths of all jars in `cache`; download them and create the cache of their classes if missing.

    A lock file lets one process at a time do so. `repository` is the URL of a Maven repository, None for Maven Central.
    LocalError names the repository and the setting that chooses another.
    """
    folder = cache / f"kafka-{KAFKA_VERSION}"
    wanted = [Jar(*line.split()) for line in LIST.read_text(encoding="ascii").splitlines()]
    jars = [folder / jar.name for jar in wanted]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # A file gets its final name only when it is complete and verified.
            if missing := [jar for jar in wanted if not (folder / jar.name).exists()]:
                _download_all(missing, folder, repository, report)
            if not java_cache(jars).exists():
                _create_java_cache(jars, report)
    except OSError as error:
        reason = error.strerror or str(error)
        raise LocalError(
            f"无法写入缓存目录 {folder}：{reason}；请用 XDG_CACHE_HOME 另选目录",
            f"cannot write the cache folder {folder}: {reason}; set XDG_CACHE_HOME to another",
        ) from error
    return jars


def _download_all(missing: list[Jar], folder: Path, repository: str | None, report: Report) -> None:
    url = MAVEN_CENTRAL_URL if repository is None else repository.rstrip("/")
    repositories = {"central" if repository is None else "mirror": url}
    report(
        say(
            f"正在从 {url} 下载 Apache Kafka {KAFKA_VERSION}：{len(missing)} 个文件（共 45 MB）",
            f"downloading Apache Kafka {KAFKA_VERSION} from {url}: {len(missing)} files (45 MB in all)",
        )
    )
    with ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        try:
            downloads = pool.map(lambda jar: _download(jar, folder, repositories), missing)
            for done, jar in enumerate(downloads, 1):
                report(f"  {done}/{len(missing)} {jar.name}")
        except (requests.RequestException, RuntimeError) as error:
            pool.shutdown(cancel_futures=True)
            if isinstance(error, LocalError):
                raise
            reason = type(error).__name__
            raise LocalError(
                f"无法从 {url} 下载 Apache Kafka（{reason}）：请检查网络，或用 MAVEN_REPOSITORY 指定镜像",
                f"cannot download Apache Kafka from {url} ({reason}): check the network, or name a mirror in"
                " MAVEN_REPOSITORY",
            ) from error


def _download(jar: Jar, folder: Path, repositories: dict[str, str]) -> Jar:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        context = MavenContext(
            resolver=PythonResolver(), repo_cache=Path(scratch), remote_repos=repositories, timeout=DOWNLOAD_TIMEOUT_S
        )
        *group, artifact, version, _ = jar.path.split("/")
        part = context.project(".".join(group), artifact).at_version(version).artifact().resolve()
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != jar.sha256:
            raise LocalError(f"{jar.name} 校验失败，请重试", f"{jar.name} does not match its checksum; try again")
        part.rename(folder / jar.name)
    return jar


def _create_java_cache(jars: list[Path], report: Report) -> None:
    """Start a broker that writes the cache when it stops. A failure is only reported: the cache is optional."""
    report(say("正在生成 Kafka 的类缓存，仅此一次", "creating the class cache of Kafka, once"))
    kept = java_cache(jars)
    part = kept.with_suffix(".part")
    for old in kept.parent.glob("*.aot"):
        old.unlink()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        port, controller_port = free_ports(2)
        options = (f"-XX:AOTCacheOutput={part}",)
        broker = Kafka(folder / "kafka", port, folder / "kafka.log", controller_port, jars, options)
        try:
            program = broker.launch()
            broker.await_ready()
        except LocalError as error:
            report(str(error))
            return
        program.stop(signal.SIGTERM, CACHE_TIMEOUT_S)
        if part.exists():
            part.rename(kept)
        else:
            words = program.last_output()
            report(say(f"Java 未写出类缓存：{words}", f"Java wrote no class cache: {words}"))
