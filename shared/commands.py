"""The commands of every service: serve, consume, migrate, rebuild."""

from pkgutil import resolve_name

import click

from shared.language import say
from shared.postgres.schema_version import package_of
from shared.process.program import lower_cpu_priority, owner_url, run_program
from shared.settings import Service, Settings


def service_commands(
    service: Service, about: str, *, bind: str, make_app: str, consume: str, rebuild: str
) -> click.Group:
    """Build the service's command group; `bind` is the default HOST:PORT.

    `make_app`, `consume` and `rebuild` are functions of the service's settings, named as `module:function` and imported
    when called: a consumer needs no web server, and memory counts. `rebuild` also takes `verify` and `from_kafka`.
    """
    group = click.Group(help=about)
    _add_serve(group, service, bind, make_app)
    _add_rebuild(group, service, rebuild)

    @group.command(
        "consume",
        help=say("读取主题，登记并发布或过账。", "Consume the topics, and publish or post what follows."),
    )
    def _consume() -> None:
        lower_cpu_priority()
        run_program(service, resolve_name(consume))

    @group.command(
        "migrate",
        help=say("以表的所有者身份升级数据库结构。", "Upgrade the database's tables, as their owner."),
    )
    def _migrate() -> None:
        from shared.postgres.migrate import migrate

        run_program(
            service,
            lambda settings: migrate(
                package_of(service), owner_url(settings), settings.database_url, settings.register
            ),
        )

    return group


def _add_serve(group: click.Group, service: Service, bind: str, make_app: str) -> None:
    @group.command("serve", help=say("通过 HTTP 应答。", "Answer over HTTP."))
    @click.option("--bind", default=bind, show_default=True, help="HOST:PORT")
    @click.option(
        "--workers",
        default=1,
        show_default=True,
        type=click.IntRange(1),
        help=say("应答进程数", "Number of worker processes."),
    )
    def _serve(bind: str, workers: int) -> None:
        from shared.web.server.limits import ConnectionLimits
        from shared.web.server.serve import serve

        def answer(settings: Settings) -> None:
            limits = ConnectionLimits(settings.http_connections, settings.http_head_s, settings.http_stall_s)
            serve(lambda: resolve_name(make_app)(settings), bind, workers, limits)

        run_program(service, answer)


def _add_rebuild(group: click.Group, service: Service, rebuild: str) -> None:
    @group.command(
        "rebuild",
        help=say(
            "由在册的原始记录或事实重新计算全部派生数据并比对；不加 --verify 则更正，台账只以新的过账更正。"
            "可与服务同时运行，更正期间暂停接收。有差异而未更正时以 1 结束。",
            "Recompute all derived data from the stored records or facts and compare; without --verify also repair the"
            " differences, the ledger by new postings only. Safe while the services run; a repair pauses intake. Exit 1"
            " if a difference remains.",
        ),
    )
    @click.option("--verify", is_flag=True, help=say("只比对，不修改", "Compare only, change nothing."))
    @click.option(
        "--from-kafka",
        is_flag=True,
        help=say("并从头重读主题，逐条核对", "Also read the topics again and compare record by record."),
    )
    def _rebuild(*, verify: bool, from_kafka: bool) -> None:
        run_program(service, lambda settings: resolve_name(rebuild)(settings, verify=verify, from_kafka=from_kafka))
