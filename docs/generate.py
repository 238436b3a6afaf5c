"""Write the reference pages of one language from the code: HTTP APIs, settings, commands, errors, metrics and so on.

Run by `docs/conf.py` at each build, once a language, as the texts of commands follow the locale:

    LANG=zh_CN.UTF-8 python docs/generate.py zh

and, after a change of a route, to write the OpenAPI documents that clients are made from:

    python docs/generate.py openapi
"""

import ast
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import click
import yaml

from services.incentive.domain.explanations.why_not import CODES as WHY_NOT
from services.incentive.domain.explanations.wording import REASONS as NOT_COUNTED
from shared.events.decode import REASONS
from shared.language import pick
from shared.settings import Settings
from shared.web.openapi import document
from shared.web.problems import DETAILS

Language = Literal["zh", "en"]

ROOT = Path(__file__).resolve().parents[1]
SERVICES: dict[Literal["listing", "trade-ingest", "incentive"], str] = {
    "listing": "services.listing.app",
    "trade-ingest": "services.trade_ingest.app",
    "incentive": "services.incentive.app",
}
PROGRAMS = {
    "exchange-kit": "exchange_kit.__main__",
    "jiangbu": "deploy.__main__",
    "listing": "services.listing.__main__",
    "trade-ingest": "services.trade_ingest.__main__",
    "incentive": "services.incentive.__main__",
}
METRICS = ROOT / "shared" / "web" / "operations" / "metrics.py"
OPENAPI = ROOT / "deploy" / "openapi"
# Set to make an application whose engines are never asked.
SETTINGS = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "API_KEYS_FILE", "SIGNING_KEY_FILE", "EXCHANGES_FILE")
CHINESE = re.compile(r"[\u3400-\u9fff]")
METHODS = ("get", "post", "put", "patch", "delete")
PERSONAL_DATA = {
    "every_database": ("每个数据库", "Every database"),
    "registers": ("两个登记簿：listing 与 trade-ingest", "Both registers: listing and trade-ingest"),
    "listing": ("listing", "Listing"),
    "trade_ingest": ("trade-ingest", "Trade-ingest"),
    "incentive": ("incentive", "Incentive"),
    "topics": ("Kafka 主题", "Kafka topics"),
    "elsewhere": ("文件及其他", "Files and elsewhere"),
}


# Chinese of English texts of the code, and which of them were used.
CHINESE_TEXTS: dict[str, str] = yaml.safe_load((ROOT / "docs" / "reference.zh.yaml").read_text("utf-8"))
used: set[str] = set()
missing: set[str] = set()


class Page:
    """A Markdown page in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.lines: list[str] = []

    def say(self, zh: str, en: str) -> str:
        return zh if self.language == "zh" else en

    def heading(self, level: int, zh: str, en: str) -> None:
        self.lines += ["", f"{'#' * level} {self.say(zh, en)}", ""]

    def text(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def table(self, head: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
        """Add a table, unless it has no rows."""
        cells = [[*map(as_cell, row)] for row in rows]
        if cells:
            names = list(head)
            self.lines += [line(names), line(["---"] * len(names)), *map(line, cells), ""]

    def own(self, text: str) -> str:
        """The part of a bilingual text that is in this page's language, or all of it if it is in one language."""
        paragraphs = [pick(paragraph.strip(), self.language) for paragraph in text.split("\n\n")]
        wanted = [one for one in paragraphs if bool(CHINESE.search(one)) == (self.language == "zh")]
        return "\n\n".join(wanted or paragraphs)

    def translated(self, text: str) -> str:
        """An English text of the code in this page's language."""
        english = re.sub(r"\s+", " ", text).strip()
        if self.language == "en" or not english or CHINESE.search(english):
            return self.own(text)
        (used if english in CHINESE_TEXTS else missing).add(english)
        return CHINESE_TEXTS.get(english, english)

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(self.lines).strip() + "\n"
        if not path.exists() or path.read_text("utf-8") != text:  # Sphinx reads again what changed
            path.write_text(text, "utf-8")


def as_cell(text: str) -> str:
    return plain(re.sub(r"\s*\n\s*", " ", text)).replace("|", "\\|")


def plain(text: str) -> str:
    """Text as Markdown shows it: no HTML begins outside of code."""
    parts = text.split("`")
    return "`".join(part if index % 2 else part.replace("<", "&lt;") for index, part in enumerate(parts))


def line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    return f"`{text}`"


# --- HTTP -------------------------------------------------------------------------------------------------------------


def specification(service: Literal["listing", "trade-ingest", "incentive"], folder: Path) -> dict[str, Any]:
    """The OpenAPI document of a service, as it serves it; no engine is needed for that."""
    (folder / "keys.yaml").write_text("[]", "utf-8")
    values = (
        "127.0.0.1:9",
        "postgresql://nobody:nothing@127.0.0.1:9/nothing",
        str(folder / "keys.yaml"),
        str(folder / "signing-key"),
        str(ROOT / "exchanges.yaml"),
    )
    os.environ.update(zip(SETTINGS, values, strict=True))
    app = import_module(SERVICES[service]).create_app(Settings(service))
    return document(app)


def write_openapi(into: Path) -> None:
    """Write the OpenAPI document of each service."""
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for service in SERVICES:
            text = json.dumps(specification(service, Path(folder)), ensure_ascii=False, indent=2)
            (into / f"{service}.json").write_text(text + "\n", "utf-8")


def http_page(language: Language, service: Literal["listing", "trade-ingest", "incentive"], folder: Path) -> Page:
    page, spec = Page(language), specification(service, folder)
    page.heading(1, f"HTTP 接口：{service}", f"HTTP API: {service}")
    page.text(
        page.say(
            "由程序生成。机器可读的同一内容在服务的 `/openapi.json`，可试用的页面在 `/docs`。",
            "Generated from the code. For machines: `/openapi.json` of the service; to try it: `/docs`.",
        )
    )
    operations = [(path, verb, item[verb]) for path, item in spec["paths"].items() for verb in METHODS if verb in item]
    page.table(
        (page.say("路径", "path"), page.say("说明", "what it does")),
        ((f"`{verb.upper()} {path}`", page.translated(about.get("summary", ""))) for path, verb, about in operations),
    )
    for path, verb, about in operations:
        page.heading(2, f"{verb.upper()} `{path}`", f"{verb.upper()} `{path}`")
        page.text(plain(page.translated(about.get("summary", ""))))
        if about.get("description"):
            page.text(plain(page.translated(about["description"])))
        page.table(
            (
                page.say("参数", "parameter"),
                page.say("位置", "in"),
                page.say("类型", "type"),
                page.say("说明", "meaning"),
            ),
            (
                (
                    code(one["name"]),
                    one["in"],
                    shape(one.get("schema", {})),
                    page.translated(one.get("description", "")),
                )
                for one in spec["paths"][path].get("parameters", []) + about.get("parameters", [])
                if "name" in one
            ),
        )
        body = next(iter(about.get("requestBody", {}).get("content", {}).values()), {}).get("schema", {})
        page.table(
            (page.say("请求字段", "field of the body"), page.say("类型", "type"), page.say("必填", "required")),
            body_fields(page, spec, body),
        )
        page.text(page.say("应答：", "Answers: ") + ", ".join(code(status) for status in about.get("responses", {})))
    return page


def body_fields(page: Page, spec: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    found = schema
    if "$ref" in schema:
        found = spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for name, field in found.get("properties", {}).items():
        is_required = name in found.get("required", [])
        yield code(name), shape(field), page.say("是", "yes") if is_required else ""


def shape(schema: dict[str, Any]) -> str:
    """The type of a value in one word or two."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "enum" in schema:
        return ", ".join(code(str(value)) for value in schema["enum"] if value is not None)
    if schema.get("type") == "array":
        return f"[{shape(schema.get('items', {}))}]"
    if "anyOf" in schema:
        return ", ".join(filter(None, map(shape, schema["anyOf"])))
    kinds = schema.get("type", [])
    kind = kinds if isinstance(kinds, str) else " ".join(one for one in kinds if one != "null")
    return f"{kind} {schema.get('format', '')}".strip()


# --- Settings, commands -----------------------------------------------------------------------------------------------


def settings_page(language: Language) -> Page:
    """The sections of .env.example, whose comments are in both languages, a line in one of them."""
    page = Page(language)
    page.heading(1, "配置项", "Settings")
    page.text(
        page.say(
            "由 `.env.example` 生成。各程序从环境变量读取；空值等同于未设置。"
            "名称以 `_FILE` 结尾者，其值为文件路径，文件只有一行。",
            "Generated from `.env.example`. Each program reads them from its environment; "
            "an empty value counts as not set. Names ending in `_FILE` take the path of a file of one line.",
        )
    )
    rows: list[tuple[str, str, str]] = []
    comment: list[str] = []

    def end_section() -> None:
        page.table(
            (page.say("名称", "name"), page.say("缺省或示例", "default or example"), page.say("说明", "meaning")), rows
        )
        rows.clear()

    is_new = False  # a comment belongs to all settings that follow it
    for text in (ROOT / ".env.example").read_text("utf-8").partition("\n\n")[2].splitlines():
        title = re.fullmatch(r"# --- (.*?) -*", text)
        setting = re.fullmatch(r"#?([A-Z][A-Z_]*)=(.*)", text)
        if title:
            end_section()
            page.heading(2, page.own(title[1]), page.own(title[1]))
            comment = []
        elif setting:
            meaning = own_lines(comment, language)
            if not meaning:
                raise ValueError(f".env.example: {setting[1]} has no comment in {language}")
            rows.append((code(setting[1]), code(setting[2]) if setting[2] else "", meaning))
            is_new = True
        elif text.startswith("# "):
            comment = [text.removeprefix("# ")] if is_new else [*comment, text.removeprefix("# ")]
            is_new = False
        elif comment and not is_new:  # a paragraph of its own
            page.text(plain(own_lines(comment, language)))
            comment = []
    end_section()
    return page


def own_lines(lines: list[str], language: Language) -> str:
    return " ".join(text for text in lines if bool(CHINESE.search(text)) == (language == "zh"))


def chart_values_page(language: Language) -> Page:
    """The values of the Helm chart by their paths, with the comments of the file."""
    page = Page(language)
    page.heading(1, "图表取值", "Values of the chart")
    page.text(
        page.say(
            "由 `deploy/chart/values.yaml` 生成。空值等同于未设置。",
            "Generated from `deploy/chart/values.yaml`. An empty value counts as not set.",
        )
    )
    head = (page.say("取值", "value"), page.say("缺省", "default"), page.say("说明", "meaning"))
    page.table(head, chart_values(language))
    return page


def chart_values(language: Language) -> Iterator[tuple[str, str, str]]:
    """Yield path, default and meaning of each value that has a comment; ValueError for a comment in one language."""
    text = (ROOT / "deploy" / "chart" / "values.yaml").read_text("utf-8")
    values = yaml.safe_load(text)
    comment: list[str] = []
    path: list[str] = []
    for written in text.splitlines():
        found = re.fullmatch(r"( *)(\w+):.*", written)
        if found is None:
            about = re.fullmatch(r" *# (.*)", written)
            comment = [*comment, about[1]] if about else []
            continue
        depth = len(found[1]) // 2 + 1
        path = [*path[: depth - 1], found[2]]
        if comment:
            meaning = own_lines(comment, language)
            if not meaning:
                raise ValueError(f"values.yaml: {'.'.join(path)} has no comment in {language}")
            yield code(".".join(path)), code(json.dumps(value_at(values, path), ensure_ascii=False)), meaning
        comment = []


def value_at(values: Any, path: Iterable[str]) -> Any:
    """Return the value at a path of keys."""
    for key in path:
        values = values[key]
    return values


def commands_page(language: Language) -> Page:
    page = Page(language)
    page.heading(1, "命令", "Commands")
    page.text(
        page.say("由程序的 `--help` 生成。`--help` 的语言随 `LANG`。", "Generated from `--help`, which follows `LANG`.")
    )
    for program, module in PROGRAMS.items():
        describe(page, import_module(module).main, program, 2)
    return page


def describe(page: Page, command: click.Command, name: str, level: int) -> None:
    """Add a command and all below it."""
    context = click.Context(command, info_name=name)
    page.heading(level, code(name), code(name))
    page.text(plain(page.own(re.sub(r"(?<!\n)\n(?!\n)", " ", command.help or "").replace("\b", ""))))
    if isinstance(command, click.Group):
        for child in command.commands.values():
            describe(page, child, f"{name} {child.name}", min(level + 1, 4))
        return
    arguments = [one.make_metavar(context) for one in command.params if isinstance(one, click.Argument)]
    page.text(f"```text\n{' '.join([name, '[OPTIONS]', *arguments])}\n```")
    options = [one for one in command.params if isinstance(one, click.Option)]
    page.table(
        (page.say("选项", "option"), page.say("说明", "meaning")),
        ((code(" ".join(one.opts)), page.own(one.help or "")) for one in options),
    )


# --- Errors, metrics, personal data -----------------------------------------------------------------------------------


def errors_page(language: Language) -> Page:
    page = Page(language)
    page.heading(1, "错误", "Errors")
    page.text(
        page.say(
            "错误应答均为 `application/problem+json`（RFC 9457）：`type`、`title`、`status`、`detail`、"
            "`instance`，以及 `errors`（每项含 `field` 和 `message`）。409 另含 `allowed`：此人此时可办理的环节。",
            "Every error is `application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, `instance`, "
            "and `errors`, each with `field` and `message`. A 409 also has `allowed`: what this person can do now.",
        )
    )
    page.table(
        (page.say("状态码", "status"), page.say("含义", "meaning")),
        ((f"`{status}` {HTTPStatus(status).phrase}", page.own(detail)) for status, detail in DETAILS.items()),
    )
    page.heading(2, "拒收原因", "Reasons for rejecting an event")
    page.text(
        page.say("各原因的处理办法见", "What to do about each: ")
        + page.say("[被拒收事件](../../exchanges/rejected.md)。", "[rejected events](../../exchanges/rejected.md).")
    )
    page.text(*(f"- `{reason}`" for reason in REASONS))
    page.heading(2, "交易不计入的原因", "Reasons for not counting a trade")
    page.table(
        (page.say("原因", "reason"), page.say("含义", "meaning")),
        ((code(reason), page.say(text.zh, text.en)) for reason, text in NOT_COUNTED.items()),
    )
    page.heading(2, "没有奖补的原因", "Reasons for no award")
    page.text(
        page.say(
            "`/v1/explanations` 的 `why_not`；已被取消的奖补（金额为 0.00），其理由说明也含此项。",
            "`why_not` of `/v1/explanations`, and of the explanation of an award that was taken away (0.00).",
        )
    )
    page.table(
        (page.say("代码", "code"), page.say("含义", "meaning")),
        ((code(reason), page.say(text.zh, text.en)) for reason, text in WHY_NOT.items()),
    )
    return page


def metrics_page(language: Language) -> Page:
    page = Page(language)
    page.heading(1, "指标", "Metrics")
    page.text(
        page.say(
            "由程序生成。各服务的 `/metrics`，密钥角色 `service` 或 `auditor`。",
            "Generated from the code. At `/metrics` of each service, with a key of the role `service` or `auditor`.",
        )
    )
    page.table(
        (page.say("名称", "name"), page.say("标签", "labels"), page.say("说明", "meaning")),
        ((code(name), ", ".join(map(code, labels)), page.translated(text)) for name, labels, text in metrics()),
    )
    return page


def metrics() -> Iterator[tuple[str, list[str], str]]:
    """Name, labels and help of each metric, as written where they are registered."""
    for function in ast.walk(ast.parse(METRICS.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        shared = [
            label for call in calls if call.args and isinstance(call.args[0], ast.Name) for label in labels_of(call)
        ]
        for node in ast.walk(function):
            values = node.args if isinstance(node, ast.Call) else node.elts if isinstance(node, ast.Tuple) else []
            texts = [one.value for one in values[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if len(texts) == len(("name", "help")) and texts[0].startswith("jiangbu_"):
                is_counter = isinstance(node, ast.Call) and "Counter" in ast.unparse(node.func)
                labels = labels_of(node) if isinstance(node, ast.Call) else shared
                yield texts[0] + ("_total" if is_counter else ""), labels, texts[1]


def labels_of(call: ast.Call) -> list[str]:
    given = [word.value for word in call.keywords if word.arg == "labels"] or call.args[2:3]
    return [ast.literal_eval(one) for value in given if isinstance(value, ast.List) for one in value.elts]


def personal_data_page(language: Language) -> Page:
    page = Page(language)
    stored = yaml.safe_load((ROOT / "docs" / "personal-data.yaml").read_text("utf-8"))
    personal = page.say("个人信息", "of a person")
    why, kept = page.say("用途", "why"), page.say("保存期限", "how long")
    for section, (zh, en) in PERSONAL_DATA.items():
        page.heading(3, zh, en)
        rows = stored[section]
        named = {
            "tables": page.say("表", "tables"),
            "columns": page.say("列", "columns"),
            "topics": page.say("主题", "topic"),
        }
        names = [name for name in named if name in rows[0]]
        texts = [name for name in ("what", "personal", "why", "kept") if name in rows[0]]
        titles = {"what": page.say("内容", "what"), "personal": personal, "why": why, "kept": kept}
        page.table(
            [named[name] for name in names] + [titles[name] for name in texts],
            [[", ".join(map(code, row[n])) for n in names] + [row[n][language] for n in texts] for row in rows],
        )
    return page


def main(language: Language) -> None:
    tree = ROOT / "docs" / language
    reference = tree / "reference" / "generated"
    with tempfile.TemporaryDirectory() as folder:
        for service in SERVICES:
            http_page(language, service, Path(folder)).write(reference / f"http-{service}.md")
    settings_page(language).write(reference / "settings.md")
    chart_values_page(language).write(reference / "chart-values.md")
    commands_page(language).write(reference / "commands.md")
    errors_page(language).write(reference / "errors.md")
    metrics_page(language).write(reference / "metrics.md")
    unused = CHINESE_TEXTS.keys() - used if language == "zh" else set()
    if missing or unused:
        raise SystemExit(f"docs/reference.zh.yaml: missing {sorted(missing)}, no longer used {sorted(unused)}")
    personal_data_page(language).write(tree / "operations" / "generated" / "personal-data.md")


if __name__ == "__main__":
    if sys.argv[1:] == ["openapi"]:
        write_openapi(OPENAPI)
    else:
        main("zh" if sys.argv[1:] == ["zh"] else "en")
