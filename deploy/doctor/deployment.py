"""Check a whole deployment."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from deploy.doctor.apis import api
from deploy.doctor.broker import broker
from deploy.doctor.databases import database, server
from deploy.doctor.files import api_keys, policy_file, secret_files
from deploy.doctor.finding import Finding
from deploy.secrets import SecretsError
from shared.settings import DeploymentSettings, Service, SettingsError
from shared.whitelist import Whitelist, WhitelistError, load_whitelist


def examine_deployment(folder: Path) -> Iterator[Finding]:
    """Check files, broker, databases and APIs as the admin of both engines. `folder` holds the secrets."""
    try:
        settings = DeploymentSettings()
    except SettingsError as error:
        yield Finding("设置 settings", False, str(error))
        return
    yield Finding("设置 settings", True, f"registers {', '.join(settings.registers)}")
    yield policy_file(settings.policy_file, settings.totals_cut_at)
    try:
        exchanges = load_whitelist(settings.exchanges_file)
    except WhitelistError as error:
        yield Finding("名单 whitelist", False, str(error))
        return
    yield Finding("名单 whitelist", True, f"{settings.exchanges_file}: {', '.join(exchanges.ids)}")
    yield from _files(folder, exchanges)
    yield from broker(settings.kafka, exchanges, tuple(settings.registers), folder)
    yield from _databases(settings, folder)
    for register, address in settings.registers.items():
        yield api(f"listing {register}", address.listing)
        yield api(f"trade-ingest {register}", address.trade_ingest)
    yield api("incentive", settings.incentive_url)


def _files(folder: Path, exchanges: Whitelist) -> Iterator[Finding]:
    try:
        yield secret_files(folder, exchanges)
    except (SecretsError, OSError) as error:
        yield Finding("密码文件 passwords", False, str(error))
    yield api_keys(folder, exchanges)


def _databases(settings: DeploymentSettings, folder: Path) -> Iterator[Finding]:
    yield server(settings.database_admin_url)
    for service in get_args(Service):
        yield from database(service, settings.database_admin_url, tuple(settings.registers), folder)
