"""`exchange-kit reference`."""

import shutil
from pathlib import Path

import click

from exchange_kit.commands.options import command, echo
from shared.language import say

_PACKAGED = Path(__file__).parents[1] / "reference"
_SOURCE_TREE = Path(__file__).parents[2] / "docs"


@command(
    "reference",
    "把 JSON Schema、AsyncAPI 文档、事件样例和映射样例复制到 FOLDER。",
    "Copy the JSON Schemas, the AsyncAPI document, example events and example mappings to FOLDER.",
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def reference_command(folder: Path) -> None:
    source = _PACKAGED if _PACKAGED.is_dir() else _SOURCE_TREE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source / "events", folder / "events", dirs_exist_ok=True)
        for example in source.glob("example-*"):
            shutil.copyfile(example, folder / example.name)
    except OSError as error:
        raise click.ClickException(say(f"无法写入：{error}", f"cannot write: {error}")) from error
    echo(f"已复制到 {folder}", f"copied to {folder}")
