"""Make a release of the last commit: `make release ARGS="--to FOLDER --key FILE"`."""

import stat
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Final

import click

from release.build import Source, build, copy_documents, export
from release.contents import IMAGE, LAST_OPENAPI, OPENAPI, SIGNATURE, SUMS, UNSIGNED, ReleaseError
from release.minisign import SigningKey, read_secret_key, signature_of

ROOT: Final = Path(__file__).resolve().parents[1]


@click.command()
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path, resolve_path=True),
    required=True,
    help="A folder that is new or empty.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A secret key of minisign without a password.",
)
@click.option(
    "--without", multiple=True, type=click.Choice((IMAGE, UNSIGNED)), help="Leave this out; the manifest says so."
)
def main(target: Path, key: Path | None, without: tuple[str, ...]) -> None:
    """Build wheels, chart, image, bill of materials and sums of the last commit, and sign the sums."""
    try:
        release(ROOT, target, key, without)
    except ReleaseError as error:
        raise click.ClickException(str(error)) from error


def release(root: Path, target: Path, key_file: Path | None, without: Collection[str]) -> None:
    """Release the last commit of a repository into a folder, which appears when it is complete. ReleaseError."""
    key = None if UNSIGNED in without else _key(key_file)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ReleaseError(f"{target} is there already, and is not an empty folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="release-", dir=target.parent) as scratch:
        made = Path(scratch) / "made"
        made.mkdir()
        source = export(root, Path(scratch) / "source")
        build(source, made, without)
        if key is not None:
            (made / SIGNATURE).write_text(_signature(made, key, source), "utf-8")
        made.replace(target)
        finish(root, source, target)


def _key(file: Path | None) -> SigningKey:
    if file is None:
        raise ReleaseError("--key names the key that signs; --without signature leaves the signature out")
    if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ReleaseError(f"{file} can be read by others: chmod 600 {file}")
    return read_secret_key(file.read_text("utf-8"))


def _signature(made: Path, key: SigningKey, source: Source) -> str:
    comment = f"jiangbu {source.version} of commit {source.commit}"
    return signature_of((made / SUMS).read_bytes(), key, f"signature of {SUMS}", comment)


def finish(root: Path, source: Source, target: Path) -> None:
    """Say what was made; the documents of a version with a day become those that the next version is compared with."""
    click.echo(f"jiangbu {source.version} in {target}")
    if source.day is None:
        click.echo("CHANGELOG.md gives it no day: this is a trial, not a release")
    else:
        copy_documents(source.folder / OPENAPI, root / LAST_OPENAPI)
        click.echo(f"commit {LAST_OPENAPI}, if it changed: the next version is compared with it")


if __name__ == "__main__":
    main()
