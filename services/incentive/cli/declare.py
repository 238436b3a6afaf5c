"""`incentive declare`: preview a table of declarations row by row, then declare it, through the API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import requests

from shared.language import localized, say
from shared.table_files.rows import table_media_type
from shared.values.json_types import Json

_TIMEOUT_S: Final = (5.0, 120.0)
_PATH: Final = "/v1/declared/table"


def declare_file(file: Path, url: str, key: str, *, only_preview: bool) -> int:
    """Print the preview of a table, declare it if no row is faulty, and return the exit code."""
    content = file.read_bytes()
    preview = _post(url, key, content, is_preview=True)
    for line in lines(preview):
        click.echo(line)
    if preview["faulty"]:
        click.echo(
            say(f"{preview['faulty']} 行有误，未写入", f"{preview['faulty']} rows are faulty; nothing was written")
        )
        return 1
    if only_preview:
        click.echo(say("仅预览，未写入", "preview only; nothing was written"))
        return 0
    answer = _post(url, key, content, is_preview=False)
    if "declared_table_id" in answer:
        click.echo(_waits(answer))
        return 0
    count = len(answer["rows"])
    click.echo(say(f"已申报 {count} 行", f"declared {count} rows"))
    return 0


def _waits(table: Json) -> str:
    """Say that another person must confirm the table."""
    sums, waits = (table["added"], table["above"]), table["declared_table_id"]
    return say(
        "新增测算上限 {} 元，超过 {} 元，须由另一人确认：{}".format(*sums, waits),
        "ceilings rise by {} yuan, more than {}: another person must confirm {}".format(*sums, waits),
    )


def lines(preview: Json) -> Iterator[str]:
    """Render row by row the award with ceiling and payable, or each fault; then sums and consequences."""
    for row in preview["rows"]:
        for fault in row["errors"]:
            yield f"{row['line']}: {fault['field']}: {localized(fault['message'])}"
        if not row["errors"]:
            rival = row["suppressed_by"]
            suppressed = say(f"，就高不重复：{rival}", f", suppressed by {rival}") if rival else ""
            yield f"{row['line']}: {row['award_id']}: {row['ceiling']}/{row['payable']}{suppressed}"
    yield say("合计测算上限/可兑现：", "total ceiling/payable: ") + f"{preview['ceiling']}/{preview['payable']}"
    for year in preview["budget"]:
        yield (
            say(f"{year['year']} 年预算余额：", f"budget left of {year['year']}: ")
            + f"{year['before']}→{year['after']}"
        )
    for label, name in (
        (say("将暂缓（预算）", "would be held by a budget"), "held"),
        (say("将被取代", "would be suppressed"), "suppressed"),
        (say("将超出可兑现", "would be over-approved"), "over_approved"),
    ):
        for award_id in preview[name]:
            yield f"{label}{say('：', ': ')}{award_id}"


def _post(url: str, key: str, content: bytes, *, is_preview: bool) -> Json:
    """Post the table. Raises ClickException with one line if it is not answered or is refused."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": table_media_type(content)}
    query = {"preview": "true" if is_preview else "false"}
    try:
        answer = requests.post(f"{url}{_PATH}", content, params=query, headers=headers, timeout=_TIMEOUT_S)
    except requests.RequestException as error:
        reason = type(error).__name__
        raise click.ClickException(say(f"{url} 无应答：{reason}", f"{url} does not answer: {reason}")) from error
    if answer.ok:
        found: Json = answer.json()
        return found
    try:
        problem = answer.json()
        faults = [f"{fault['field']}: {localized(fault['message'])}" for fault in problem["errors"]]
        said = "; ".join([localized(problem["detail"]), *faults])
    except (ValueError, KeyError, TypeError):
        said = answer.text[:300]
    raise click.ClickException(f"{answer.status_code}: {said}")
