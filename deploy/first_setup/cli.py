"""`jiangbu init`: from five answers to everything that a secured set starts with."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import cast, get_args

import click

from deploy.first_setup.answers import Answers, AnswersError, load_answers
from deploy.first_setup.plan import GivenFiles, Plan, Runner, make_plan, policy_file, whitelist_file, whitelist_text
from deploy.first_setup.questions import ask
from deploy.first_setup.writing import list_plan, write_plan
from deploy.operator_output import errors_in_one_line, print_lines
from deploy.options import FILE, FOLDER
from services.incentive.policy.loader import load_policy
from shared.language import say
from shared.whitelist import Whitelist, load_whitelist, parse_whitelist
from shared.yaml_files.tree import YamlFileError


@click.command(
    help=say(
        "首次设置：五个问题（或一个文件），写入名录、每人的密钥、密码、证书、PostgreSQL 与代理的配置和各项设置。"
        "已有的文件不动，缺少的补上；不显示密码。",
        "First setup: five questions, or a file of answers. Writes whitelist, a key for each person, secrets,"
        " certificates, configuration of PostgreSQL and of the proxy, and settings. Existing files stay, missing ones"
        " are created; no secret is printed.",
    )
)
@click.option(
    "--out",
    "folder",
    type=FOLDER,
    default=Path("/etc/jiangbu"),
    show_default=True,
    metavar="DIR",
    help=say("写入的目录", "the folder to write"),
)
@click.option(
    "--for",
    "runner",
    type=click.Choice(get_args(Runner)),
    default="systemd",
    show_default=True,
    help=say("运行方式", "what runs the set"),
)
@click.option(
    "--answers",
    "file",
    type=FILE,
    metavar="FILE",
    help=say(
        "答案文件；缺省为 DIR 中的 answers.yaml", "file of answers; by default answers.yaml in DIR, if it is there"
    ),
)
@click.option("--dry-run", is_flag=True, help=say("只列出，不写入", "list the files without writing any"))
def init(folder: Path, runner: str, file: Path | None, dry_run: bool) -> None:
    with errors_in_one_line():
        folder = folder.absolute()
        kept = folder / "answers.yaml"
        found = file or (kept if kept.exists() else None)
        answers = ask() if found is None else load_answers(found)
        program = str(Path(sys.prefix) / "bin" / "jiangbu")
        plan = make_plan(answers, read_given_files(answers, folder), folder, cast("Runner", runner), program)
        if dry_run:
            print_lines(list_plan(plan))
            return
        print_lines(write_plan(plan, datetime.now(UTC)))
        _say_what_follows(plan)


def read_given_files(answers: Answers, folder: Path) -> GivenFiles:
    """Read what the answers name; whitelist and policy that are already in the folder win.

    AnswersError, WhitelistError.
    """
    whitelist, text = _whitelist(answers, whitelist_file(folder))
    if answers.policy is None:
        return GivenFiles(whitelist, text)
    copied = policy_file(folder)
    path = copied if copied.exists() else answers.policy
    try:
        policy = load_policy(path)
        return GivenFiles(whitelist, text, path.read_text("utf-8"), tuple(policy.cut_dates))
    except YamlFileError as error:
        raise AnswersError(str(error)) from error
    except OSError as error:
        raise AnswersError(f"{path}: 无法读取 / cannot be read: {error.strerror}") from error


def _whitelist(answers: Answers, existing: Path) -> tuple[Whitelist, str]:
    given = existing if existing.exists() else answers.whitelist
    if given is None:
        text = whitelist_text(answers.exchanges)
        return parse_whitelist(text), text
    return load_whitelist(given), given.read_text("utf-8")


def _say_what_follows(plan: Plan) -> None:
    persons = ", ".join(str(one.key_file(plan.secrets_folder)) for one in plan.persons)
    click.echo(say(f"将每人的密钥交给本人：{persons}", f"Hand each person their key: {persons}"))
    if plan.owns_authority:
        click.echo(
            say(
                f"将 {plan.authority_key_file} 移到离线处保管；再次签发时放回。",
                f"Keep {plan.authority_key_file} offline; put it back to issue certificates.",
            )
        )
    click.echo(say("接着以 root 执行：", "Then, as root:"))
    for command in plan.commands:
        click.echo(f"  {command}")
