"""Write rendered files without losing changes made by hand."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, NamedTuple

from shared.durable_files import replace_file
from shared.operator_errors import OperatorError

FOR_ALL: Final = 0o644  # without secrets; each engine's account reads its files


class ChangedFilesError(OperatorError):
    """Files that would be replaced have other content; the message names them."""


class RenderedFile(NamedTuple):
    """A file of the output folder, and what becomes of it."""

    path: Path
    text: str
    action: Literal["create", "replace", "keep"]


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


def write_files(planned: list[RenderedFile], mode: int = FOR_ALL) -> Iterator[str]:
    """Write the files, each when its line is consumed."""
    said = {"create": "新建 / created", "replace": "更换 / replaced"}
    for file in planned:
        if file.action != "keep":
            file.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(file.path, file.text, mode)
            yield f"{file.path}: {said[file.action]}"
    kept = sum(file.action == "keep" for file in planned)
    yield f"未变 {kept} 个，写入 {len(planned) - kept} 个 / {kept} unchanged, {len(planned) - kept} written"
