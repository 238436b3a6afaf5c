"""Reconcile the broker's users and ACLs with the whitelist and the password files."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, get_args

from kafka.admin import (
    ACL,
    KafkaAdminClient,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import NoError, SaslAuthenticationFailedError

import shared.kafka.client_patches  # noqa: F401 - reports a wrong password at once
from deploy.broker.access import (
    describe,
    every_acl,
    is_ours,
    rights_of_backup,
    rights_of_exchange,
    rights_of_reader,
    rights_of_service,
    superfluous,
    user_of,
)
from deploy.broker.topics import ChangeRefusedError, await_applied
from deploy.secrets import (
    ADMIN,
    BACKUP,
    KAFKA_PASSWORD,
    READERS,
    Secret,
    SecretsError,
    exchange_user,
    make_secrets,
    next_password,
    read_password,
    wanted_secrets,
)
from shared.settings import KafkaSettings, Service
from shared.whitelist import Whitelist

MECHANISM: Final = ScramMechanism.SCRAM_SHA_512
LOGIN_TIMEOUT_MS: Final = 5_000


class User(NamedTuple):
    """The wanted state of a managed user; an empty password disables it."""

    name: str
    password: str | None
    rights: frozenset[ACL]

    @property
    def is_disabled(self) -> bool:
        return self.password == ""


class BrokerAccess(NamedTuple):
    """All SCRAM-SHA-512 users and all ACLs of the broker."""

    users: frozenset[str]
    rights: frozenset[ACL]


@dataclass(frozen=True)
class Access:
    """An admin connection, and the settings with which other users connect."""

    admin: KafkaAdminClient
    kafka: KafkaSettings

    def found(self) -> BrokerAccess:
        """Read users and ACLs. KafkaError; SecurityDisabledError if the broker has no authorization."""
        credentials = self.admin.describe_user_scram_credentials()
        users = {
            name
            for name, described in credentials.items()
            if any(info["mechanism"] is MECHANISM for info in described["credential_infos"])
        }
        acls, _ = self.admin.describe_acls(every_acl())
        return BrokerAccess(frozenset(users), frozenset(acls))

    def lets_in(self, user: str, password: str) -> bool:
        """Return True if the broker accepts the password; only a login attempt can tell."""
        own = replace(self.kafka, sasl_mechanism="SCRAM-SHA-512", sasl_username=user, sasl_password=password)
        try:
            KafkaAdminClient(**own.client_config(), bootstrap_timeout_ms=LOGIN_TIMEOUT_MS).close()
        except SaslAuthenticationFailedError:
            return False
        return True

    def set_password(self, user: str, password: str) -> None:
        """Create the user or change its password; return once the broker accepts it."""
        self._alter(UserScramCredentialUpsertion(user, MECHANISM, password))
        await_applied(lambda: self.lets_in(user, password), f"user {user}")

    def remove_user(self, user: str) -> None:
        self._alter(UserScramCredentialDeletion(user, MECHANISM))
        await_applied(lambda: user not in self.found().users, f"user {user}")

    def change_rights(self, allow: Collection[ACL], revoke: Collection[ACL]) -> None:
        """Change ACLs; return once the broker reports them."""
        failed = self.admin.create_acls(list(allow))["failed"] if allow else ()
        if failed:
            raise ChangeRefusedError(f"the broker refused rights: {failed[0].__name__}")
        answers = self.admin.delete_acls(list(revoke)) if revoke else ()
        for _, _, error in answers:
            if error is not NoError:
                raise ChangeRefusedError(f"the broker refused to revoke a right: {error.__name__}")

        def is_applied() -> bool:
            rights = self.found().rights
            return rights.issuperset(allow) and rights.isdisjoint(revoke)

        await_applied(is_applied, "rights")

    def _alter(self, change: UserScramCredentialUpsertion | UserScramCredentialDeletion) -> None:
        error = self.admin.alter_user_scram_credentials([change])[change.user]
        if error is not None:
            raise ChangeRefusedError(f"user {change.user}: the broker refused: {error}")


def wanted_users(exchanges: Whitelist, registers: Collection[str], folder: Path) -> list[User]:
    """Return all users that this module manages; a password is None if its file does not exist yet."""
    rights: Mapping[str, frozenset[ACL]] = {
        **{service: rights_of_service(service, tuple(registers), exchanges.ids) for service in get_args(Service)},
        **{reader: rights_of_reader(reader) for reader in READERS},
        BACKUP: rights_of_backup(),
        **{exchange_user(exchange_id): rights_of_exchange(exchange_id) for exchange_id in exchanges.ids},
    }
    users = [User(name, read_password(_file(folder, name)), allowed) for name, allowed in rights.items()]
    for user in users:
        if user.is_disabled and user.name in get_args(Service):
            raise SecretsError(f"{_file(folder, user.name)}: 为空 / is empty: a service cannot be disabled")
    return users


def make_passwords(exchanges: Whitelist, folder: Path) -> list[Path]:
    """Create the missing password files that `wanted_users` reads."""
    return make_secrets(
        folder, [one for one in wanted_secrets(exchanges) if one.name == KAFKA_PASSWORD and one.holder != ADMIN]
    )


def apply_access(access: Access, users: Collection[User], *, dry_run: bool) -> Iterator[str]:
    """Create missing users and ACLs and remove superfluous ones, each when its line is consumed; idempotent.

    ACLs are created before their user, and removed before it.
    """
    found = access.found()
    wanted = frozenset(acl for user in users if not user.is_disabled for acl in user.rights)
    allow, revoke = wanted - found.rights, superfluous(found.rights, wanted)
    for acl in sorted(allow | revoke, key=lambda acl: (user_of(acl), describe(acl))):
        what = "收回 / revoke" if acl in revoke else "授权 / allow"
        yield f"{user_of(acl)}: {what} {describe(acl)}"
    yield f"权限 / rights: {len(wanted - allow)}, +{len(allow)}, -{len(revoke)}"
    if not dry_run:
        access.change_rights(allow, revoke)
    for user in users:
        yield from _apply_user(access, user, found, dry_run=dry_run)
    leaving = {name for name in found.users if is_ours(name)} - {user.name for user in users}
    for name in sorted(leaving):
        yield f"{name}: 删除用户 / user removed"
        if not dry_run:
            access.remove_user(name)


def change_password(access: Access, user: str, folder: Path, *, dry_run: bool) -> Iterator[str]:
    """Change a user's password on the broker and in its file when the line is consumed. SecretsError without a file."""
    file = _file(folder, user)
    if read_password(file) is None:
        raise SecretsError(f"{file}: 不存在该用户的密码文件 / does not exist: no such user")
    yield f"{user}: 更换密码 / password changed: {file}"
    if not dry_run:
        with next_password(file) as password:
            access.set_password(user, password)


def _apply_user(access: Access, user: User, found: BrokerAccess, *, dry_run: bool) -> Iterator[str]:
    is_there = user.name in found.users
    if user.is_disabled:
        yield f"{user.name}: 已停用 / disabled: its password file is empty"
        if is_there and not dry_run:
            access.remove_user(user.name)
        return
    if is_there and user.password is not None and access.lets_in(user.name, user.password):
        yield f"{user.name}: 用户已就绪 / user up to date"
        return
    yield f"{user.name}: {'设置密码 / password set' if is_there else '新建用户 / user created'}"
    if user.password is not None and not dry_run:
        access.set_password(user.name, user.password)


def _file(folder: Path, user: str) -> Path:
    return Secret(user, KAFKA_PASSWORD).path(folder)
