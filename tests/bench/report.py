"""Results as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    Json = dict[str, Any]


def tables(result: Json) -> Iterator[Table]:
    yield _pairs("机器 / machine", result["machine"])
    if "intake" in result:
        yield _intake(result["intake"])
    if "replay" in result:
        yield _pairs("重放 / replay", result["replay"])
    if "whole" in result:
        yield from _whole(result["whole"])
    if "steady" in result:
        yield _steady(result["steady"])
    sections = {
        "growth": (_marks, "增长 / growth"),
        "extract": (_pairs, "核验包 / extract"),
        "registers": (_pairs, "合并登记簿 / merging registers"),
        "readings": (_marks, "读法的影响 / prices of readings"),
        "upgrade": (_pairs, "政策新修订 / a new policy revision"),
        "one_subject": (_pairs, "一个主体的一批事实 / a batch of one subject"),
        "batches": (_marks, "批量办理与台账锁 / batches and the ledger's lock"),
        "finding": (_pairs, "查找与参与方 / search and participants"),
        "pages": (_pairs, "网页与查询 / pages and answers"),
        "standbys": (_pairs, "主库与备库的应答 / answers from primary and standbys"),
        "fence": (_pairs, "同步复制的防线 / fences of replication"),
        "answers": (_pairs, "大年度的查询与网页 / answers and pages of a large year"),
        "spark": (_marks, "全量复算 / recomputation on Spark"),
        "nasty": (_pairs, "全量复算与核验程序的差异 / recomputation against the verifier"),
        "office": (_pairs, "网页办理全年奖补 / a year's awards at the pages"),
    }
    for section, (shown, title) in sections.items():
        if section in result:
            yield shown(title, result[section])


def _pairs(title: str, values: Json) -> Table:
    table = Table("项目 / what", "值 / value", title=title)
    for name, value in values.items():
        table.add_row(name, _told(value))
    return table


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_told(one)}" for name, one in value.items())
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _intake(found: Json) -> Table:
    table = Table(
        "方式 / way", "每秒 / a second", "最少–最多 / least–most", "与极限之比 / of the limit", title="登记 / intake"
    )
    for name, one in found["ways"].items():
        rate, ratio = one["per_s"], one["of_limit"]
        spread = f"{rate['least']:,.0f}–{rate['most']:,.0f}"
        table.add_row(name, f"{rate['median']:,.0f}", spread, f"{ratio['median']:.3f}")
    for name, why in found["skipped"].items():
        table.add_row(name, "未测 / skipped", why, "")
    return table


def _whole(found: Json) -> Iterator[Table]:
    end_to_end = {
        "events a second, all posted": found["end_to_end_per_s"],
        "PSS of the services' programs, idle, MB": services_mb(found["idle_pss_mb"]),
        "PSS, idle, MB": found["idle_pss_mb"],
        "PSS, after, MB": found["busy_pss_mb"],
    }
    yield _pairs(
        "全程 / end to end", end_to_end | {f"{name}, an event": size for name, size in found["per_event"].items()}
    )
    table = Table(
        "所问 / asked", "客户端 / clients", "无事件 / nothing flows", "有事件 / events flow", title="应答 / answers"
    )
    for name, by_clients in found["api"]["still"].items():
        for clients, still in by_clients.items():
            table.add_row(name, clients, _answer(still), _answer(found["api"]["flowing"][name][clients]))
    yield table


def _steady(found: Json) -> Table:
    """One row for each load, version and round."""
    columns = ("负荷 / load", "版本 / version", "µs/条 / an event", "占处理器 / of cores", "p99 ms", "等待 / waits")
    table = Table(*columns, title="持续到来 / steady")
    for version, rounds in found["versions"].items():
        for one in rounds:
            for load, measured in one["loads"].items():
                of_cores = f"{measured['of_cores']:.2f}"
                table.add_row(load, version, f"{measured['us_an_event']:,.0f}", of_cores, *_pace(measured))
    return table


def _pace(measured: Json) -> tuple[str, str]:
    """Say how late results are and what waits; nothing for a backlog."""
    if "waiting" not in measured:
        return "", ""
    late = ", ".join(f"{what} {times.get('p99', '-')}" for what, times in measured["latency_ms"].items())
    waits = sum(queue["end"] for queue in measured["waiting"]["queues"].values())
    return late, f"{waits:,}{' ↑' if measured['waiting']['grows'] else ''}"


def services_mb(sizes: Json) -> int:
    """Sum up the memory of the services, without the engines."""
    return sum(size for name, size in sizes.items() if name not in ("kafka", "postgres"))


def _answer(one: Json) -> str:
    return f"{one['per_s']:,.0f}/s, p50 {one['p50_ms']} ms, p99 {one['p99_ms']} ms"


def _marks(title: str, found: list[Json]) -> Table:
    table = Table(*found[0], title=title)
    for row in found:
        table.add_row(*map(_told, row.values()))
    return table
