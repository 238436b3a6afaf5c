"""`incentive declare`: a table of declarations, looked at row by row before anything is written, through the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import requests

_TIMEOUT_S: Final = (5.0, 120.0)
_PATH: Final = "/v1/declared/table"

Json = dict[str, Any]


def declare_file(file: Path, url: str, key: str, *, only_preview: bool) -> int:
    """Tell what would come of the file, then, if nothing is faulty, declare it; the exit code."""
    content = file.read_bytes()
    found = _ask(url, key, content, is_preview=True)
    for line in lines(found):
        click.echo(line)
    if found["faulty"]:
        click.echo(f"有误 {found['faulty']} 行，未写入 / {found['faulty']} rows are faulty, nothing is written")
        return 1
    if only_preview:
        click.echo("仅预览，未写入 / a preview, nothing is written")
        return 0
    written = _ask(url, key, content, is_preview=False)
    click.echo(f"已申报 {len(written['rows'])} 行 / {len(written['rows'])} rows are declared")
    return 0


def lines(found: Json) -> Iterator[str]:
    """Row by row: the award with its ceiling and what is payable of it, or each fault with its column."""
    for row in found["rows"]:
        for fault in row["errors"]:
            yield f"{row['line']}: {fault['field']}: {fault['message']}"
        if not row["errors"]:
            rival = f"，被 / suppressed by {row['suppressed_by']}" if row["suppressed_by"] else ""
            yield f"{row['line']}: {row['award_id']}: {row['ceiling']}/{row['payable']}{rival}"
    yield f"合计测算上限/可兑现 / ceiling/payable in all: {found['ceiling']}/{found['payable']}"


def _ask(url: str, key: str, content: bytes, *, is_preview: bool) -> Json:
    """Raises ClickException with one line for what is not answered, or refused."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "text/csv"}
    query = {"preview": "true" if is_preview else "false"}
    try:
        answer = requests.post(f"{url}{_PATH}", content, params=query, headers=headers, timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        raise click.ClickException(f"{url} 无应答 / does not answer: {type(error).__name__}") from error
    if answer.ok:
        found: Json = answer.json()
        return found
    try:
        problem = answer.json()
        faults = [f"{fault['field']}: {fault['message']}" for fault in problem["errors"]]
        said = "; ".join([problem["detail"], *faults])
    except (ValueError, KeyError, TypeError):
        said = answer.text[:300]
    raise click.ClickException(f"{answer.status_code}: {said}")
