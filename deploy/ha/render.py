"""Render the files of every machine of a highly available set, and write them without losing changes made by hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from deploy.ha import disk_watch, etcd_leadership
from deploy.ha.environment import PATRONI_PASSWORD, environments
from deploy.ha.etcd import etcd_yml
from deploy.ha.haproxy import haproxy_cfg
from deploy.ha.kafka import server_properties
from deploy.ha.kafka_format import format_script
from deploy.ha.nodes import Cluster, Machine
from deploy.ha.patroni import disk_watch_json, patroni_yml
from deploy.ha.units import units
from shared.durable_files import replace_file
from shared.operator_errors import OperatorError

_LOG4J: Final = Path(__file__).parents[1] / "kafka" / "log4j2.xml"
_MODE: Final = 0o644  # without secrets; each engine's account reads its files


class ChangedFilesError(OperatorError):
    """Files that would be replaced have other content; the message names them."""


class RenderedFile(NamedTuple):
    """A file of the output folder, and what becomes of it."""

    path: Path
    text: str
    action: Literal["create", "replace", "keep"]


def render(cluster: Cluster) -> dict[str, str]:
    """Return the text of every file by its path, which begins with the name of its machine."""
    return {
        f"{machine.name}/{name}": text for machine in cluster.machines for name, text in _files_of(cluster, machine)
    }


def _files_of(cluster: Cluster, machine: Machine) -> Iterator[tuple[str, str]]:
    yield "etcd.yml", etcd_yml(cluster, machine)
    yield "patroni.yml", patroni_yml(cluster, machine)
    yield etcd_leadership.FILE_NAME, Path(etcd_leadership.__file__).read_text("utf-8")
    yield disk_watch.FILE_NAME, Path(disk_watch.__file__).read_text("utf-8")
    yield disk_watch.SETTINGS_NAME, disk_watch_json(cluster, machine, PATRONI_PASSWORD.path(cluster.secrets))
    if machine.proxy:
        yield "haproxy.cfg", haproxy_cfg(cluster, machine)
    yield "server.properties", server_properties(cluster, machine)
    yield "kafka-format.sh", format_script(cluster, machine)
    yield "log4j2.xml", _LOG4J.read_text("utf-8")
    yield from environments(cluster, machine)
    for unit in units(cluster, machine):
        yield f"systemd/{unit.name}.service", unit.text


def plan_files(rendered: Mapping[str, str], folder: Path, *, force: bool) -> list[RenderedFile]:
    """Compare rendered files with those in the folder. ChangedFilesError if some differ, unless `force`."""
    planned = [_planned(folder / name, text) for name, text in rendered.items()]
    changed = [str(file.path) for file in planned if file.action == "replace"]
    if changed and not force:
        names = ", ".join(changed)
        raise ChangedFilesError(f"文件内容不同 / files differ: {names}: compare them, then --force replaces them")
    return planned


def _planned(path: Path, text: str) -> RenderedFile:
    try:
        return RenderedFile(path, text, "keep" if path.read_text("utf-8") == text else "replace")
    except FileNotFoundError:
        return RenderedFile(path, text, "create")
    except UnicodeDecodeError:
        return RenderedFile(path, text, "replace")


def write_files(planned: list[RenderedFile]) -> Iterator[str]:
    """Write the files, each when its line is consumed."""
    said = {"create": "新建 / created", "replace": "更换 / replaced"}
    for file in planned:
        if file.action != "keep":
            file.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file.path, file.text, _MODE)
            yield f"{file.path}: {said[file.action]}"
    kept = sum(file.action == "keep" for file in planned)
    yield f"未变 {kept} 个，写入 {len(planned) - kept} 个 / {kept} unchanged, {len(planned) - kept} written"
