"""The commands of every service: serve, consume, migrate, rebuild."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import click

from shared.postgres.schema_version import package_of
from shared.process.program import lower_cpu_priority, owner_url, run_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask

    from shared.settings import Service, Settings


class Rebuild(Protocol):
    """Implements `rebuild`; exits with 1 if anything differs and is not repaired."""

    def __call__(self, settings: Settings, *, verify: bool, from_kafka: bool) -> None: ...


def service_commands(
    service: Service,
    about: str,
    *,
    bind: str,
    make_app: Callable[[Settings], Flask],
    consume: Callable[[Settings], None],
    rebuild: Rebuild,
) -> click.Group:
    """Build the service's command group; `bind` is the default HOST:PORT.

    The callables import what they need when called: a consumer needs no web server, and memory counts.
    """
    group = click.Group(help=about)
    _add_serve(group, service, bind, make_app)
    _add_rebuild(group, service, rebuild)

    @group.command("consume")
    def _consume() -> None:
        """Take in what is published, and publish or post what follows."""
        lower_cpu_priority()
        run_program(service, consume)

    @group.command("migrate")
    def _migrate() -> None:
        """Bring the database to the newest form, as its owner."""
        from shared.postgres.migrate import migrate

        run_program(
            service,
            lambda settings: migrate(
                package_of(service), owner_url(settings), settings.database_url, settings.register
            ),
        )

    return group


def _add_serve(group: click.Group, service: Service, bind: str, make_app: Callable[[Settings], Flask]) -> None:
    @group.command("serve")
    @click.option("--bind", default=bind, show_default=True, help="HOST:PORT")
    @click.option(
        "--workers", default=1, show_default=True, type=click.IntRange(1), help="应答进程数 / processes that answer"
    )
    def _serve(bind: str, workers: int) -> None:
        """Answer over HTTP."""
        from shared.web.server.serve import serve

        run_program(service, lambda settings: serve(lambda: make_app(settings), bind, workers))


def _add_rebuild(group: click.Group, service: Service, rebuild: Rebuild) -> None:
    @group.command(
        "rebuild",
        help="""从在册的原始记录或事实重算并比对全部派生数据；不加 --verify 则更正。可与服务同时运行。

        Work out anew, from the stored records or facts, all that is derived, and compare; without --verify also mend
        what differs, the ledger by new postings alone. May run beside the services; mending holds intake up meanwhile.
        Exit 1 if anything differs and is not mended.
        """,
    )
    @click.option("--verify", is_flag=True, help="只比对，不修改 / compare, change nothing")
    @click.option(
        "--from-kafka", is_flag=True, help="并从头重读主题，逐条核对 / also read the topics again, record by record"
    )
    def _rebuild(*, verify: bool, from_kafka: bool) -> None:
        run_program(service, lambda settings: rebuild(settings, verify=verify, from_kafka=from_kafka))
