"""Check the databases of a deployment: server, clock, roles and privileges, migrations."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from deploy.databases import database_of, owner_role, service_role
from deploy.doctor.disks import Disk, disk_faults
from deploy.doctor.finding import Checked, Finding, ahead_faults, check, clock_faults, found
from deploy.secrets import DATABASE_PASSWORD, Secret, SecretsError, read_password
from services.incentive.store.ledger import LAST_INSTANT
from services.incentive.store.rows import APPEND_ONLY
from shared.postgres.row_security import viewer_role
from shared.postgres.schema_version import required_revision
from shared.service_log.store import LOG_TABLES
from shared.settings import Service

Connection = psycopg.Connection[tuple[object, ...]]

OLDEST = 18
CONNECT_TIMEOUT_S = 5
# Without these a server that fails can lose acknowledged data.
_DURABLE = {"fsync": ("on",), "full_page_writes": ("on",), "synchronous_commit": ("on", "remote_apply")}
_BYPASSES = "rolbypassrls"
_ATTRIBUTES = ("rolsuper", "rolcreaterole", "rolcreatedb", "rolreplication", _BYPASSES)
APPLY = "run `jiangbu databases apply FOLDER`"

# Roles and databases whose sessions do not wait until a commit is durable.
_LOOSE_ROLES = """
    SELECT format('synchronous_commit of %s', concat_ws(' in ', rolname, datname)) FROM pg_db_role_setting s
        LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
    WHERE EXISTS (SELECT FROM unnest(setconfig) AS one
        WHERE one LIKE 'synchronous_commit=%' AND split_part(one, '=', 2) NOT IN ('on', 'remote_apply')) ORDER BY 1
"""
_DISK = """
    SELECT current_setting('data_directory'), coalesce(inet_server_addr() << '127.0.0.0/8', true),
        (SELECT sum(pg_database_size(oid))::bigint FROM pg_database)
"""
_FOREIGN = """
    SELECT format('%%I (%%s)', relname, pg_get_userbyid(relowner)) FROM pg_class WHERE relkind IN ('r', 'v', 'S')
        AND relnamespace = 'public'::regnamespace AND pg_get_userbyid(relowner) <> %s ORDER BY 1
"""
_CHANGEABLE = """
    SELECT t FROM unnest(%s::text[]) AS t WHERE has_table_privilege(%s, t, 'UPDATE, DELETE, TRUNCATE') ORDER BY 1
"""
# Triggers enforce the guarantees of tables even against their owner; a disabled one allows rewriting.
_UNGUARDED = """
    SELECT format('%%I ON %%I', tgname, c.relname) FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
        WHERE NOT tgisinternal AND tgenabled NOT IN ('O', 'A')
    UNION SELECT format('append_only ON %%I', t) FROM unnest(%s::text[]) AS t WHERE NOT EXISTS
        (SELECT FROM pg_trigger WHERE tgrelid = t::regclass AND tgname = 'append_only') ORDER BY 1
"""


@check("PostgreSQL")
def server(admin_url: str) -> Checked:
    """Check that the server answers, is new enough, is durable, and has the right time."""
    faults = []
    try:
        with connect(admin_url) as connection:
            major, minor = divmod(connection.info.server_version, 10_000)
            if major < OLDEST:
                faults.append(f"版本 / version {major}: {OLDEST} or later is needed")
            loose = [name for name, safe in _DURABLE.items() if _value(connection, f"SHOW {name}") not in safe]
            loose += _values(connection, _LOOSE_ROLES)
            if loose:
                faults.append(f"可能丢失已确认的数据 / can lose acknowledged data: set {', '.join(loose)} to on")
            began_s = time.time()
            at_s = float(str(_value(connection, "SELECT extract(epoch FROM clock_timestamp())::float8")))
            return faults + clock_faults(began_s, at_s, time.time()), f"{major}.{minor}"
    except psycopg.Error as error:
        return [f"DATABASE_ADMIN_URL: {first_line(error)}"], ""


def disk(admin_url: str) -> Finding:
    """Check the disk of a server on this machine. PostgreSQL itself does not know how much of its disk is free."""
    subject = "磁盘 PostgreSQL disk"
    try:
        with connect(admin_url) as connection:
            row = connection.execute(_DISK).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        row = None
    except psycopg.Error as error:
        return Finding(subject, False, f"DATABASE_ADMIN_URL: {first_line(error)}")
    folder, is_here, used_bytes = row or ("", False, 0)
    held = _disk_of(str(folder)) if is_here else None
    if held is not None:
        return found(subject, disk_faults([held]), held.text)
    used = f"{int(str(used_bytes)) / 1e9:.1f} GB used"
    unknown = "此处不知剩余空间，须在其所在机器上监控 / free space is not known from here, watch it on its machine"
    return Finding(subject, True, f"{unknown}: {used}", is_warning=True)


def _disk_of(folder: str) -> Disk | None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return Disk(folder, usage.total, usage.free)


def database(service: Service, admin_url: str, registers: tuple[str, ...], folder: Path | None) -> Iterator[Finding]:
    """Check one service's database: roles, passwords (of the folder, if any), ownership, privileges, migration."""
    name = database_of(service)
    subject = f"数据库 database {name}"
    try:
        with connect(admin_url) as connection:
            if not _value(connection, "SELECT count(*) FROM pg_database WHERE datname = %s", name):
                yield Finding(subject, False, f"不存在 / does not exist: {APPLY}")
                return
            roles = _roles(connection, name)
        with connect(admin_url, dbname=name) as connection:
            migration = _migration(connection, service, registers)
            rights = [] if migration else _rights(connection, service)
            counted = _ledger_faults(connection, registers) if service == "incentive" and not migration else []
    except psycopg.Error as error:
        yield Finding(subject, False, first_line(error))
        return
    logins = [] if folder is None else _logins(service, admin_url, folder)
    yield found(subject, migration + counted, f"revision {required_revision(service)}")
    yield found(f"角色 roles of {name}", roles + rights + logins, "least rights")


def _roles(connection: Connection, name: str) -> list[str]:
    owner, service = owner_role(name), service_role(name)
    viewer = viewer_role(service)
    faults = []
    for role in (owner, service, viewer):
        row = connection.execute(f"SELECT {', '.join(_ATTRIBUTES)} FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        if row is None:
            faults.append(f"{role}: 不存在 / does not exist: {APPLY}")
            continue
        held = {word for word, has in zip(_ATTRIBUTES, row, strict=True) if has}
        needed = {_BYPASSES} if role == service else set()
        if needed - held:
            faults.append(f"{role}: 受行级安全约束 / does not bypass row-level security: {APPLY}")
        too_much = [f"NO{word.removeprefix('rol').upper()}" for word in _ATTRIBUTES if word in held - needed]
        if too_much:
            faults.append(f"{role}: 权限过大 / has too many rights: ALTER ROLE {role} {' '.join(too_much)}")
    if faults:
        return faults
    faults = _memberships(connection, owner, service, viewer)
    if _value(connection, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", name) != owner:
        faults.append(f"所有者不是 / its owner is not {owner}: ALTER DATABASE {name} OWNER TO {owner}")
    if _value(
        connection,
        "SELECT count(*) FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS acl"
        " WHERE datname = %s AND acl.grantee = 0",
        name,
    ):
        faults.append(f"任何角色都可连接 / any role may connect: {APPLY}")
    return faults


def _memberships(connection: Connection, owner: str, service: str, viewer: str) -> list[str]:
    faults = []
    if _value(connection, "SELECT pg_has_role(%s, %s, 'MEMBER')", service, owner):
        faults.append(f"{service}: 可充当所有者 / can act as the owner: REVOKE {owner} FROM {service}")
    if not _value(connection, "SELECT pg_has_role(%s, %s, 'SET')", service, viewer):
        faults.append(f"{service}: 不能充当查看者 / cannot become {viewer}: {APPLY}")
    if not _value(connection, "SELECT pg_has_role(%s, 'pg_read_all_stats', 'USAGE')", service):
        faults.append(f"{service}: 看不到备库 / cannot see the standbys: {APPLY}")
    return faults


def _migration(connection: Connection, service: Service, registers: tuple[str, ...]) -> list[str]:
    newest = required_revision(service)
    there = _value(connection, "SELECT to_regclass('alembic_version') IS NOT NULL")
    revision = _value(connection, "SELECT version_num FROM alembic_version") if there else None
    if revision != newest:
        return [f"revision {revision}, needed {newest}: run `{service} migrate`"]
    if service == "incentive":
        return []
    register = _value(connection, "SELECT register FROM register_head")
    if register not in registers:
        held = f"登记簿 / holds register {register}, not {', '.join(registers)}"
        return [f"{held}: set REGISTER and REGISTERS to what it is"]
    return []


def _ledger_faults(connection: Connection, registers: tuple[str, ...]) -> list[str]:
    ahead = f"SELECT greatest(extract(epoch FROM ({LAST_INSTANT}) - clock_timestamp()), 0)::float8"
    return ahead_faults(float(str(_value(connection, ahead)))) + _counted(connection, registers)


def _counted(connection: Connection, registers: tuple[str, ...]) -> list[str]:
    """Report if the registers that count in the ledger differ from REGISTERS; a new ledger names none."""
    newest = "SELECT registers FROM ledger_settings ORDER BY id DESC LIMIT 1"
    counted = _values(connection, f"SELECT unnest(registers) FROM ({newest}) newest")
    if not counted or set(counted) == set(registers):
        return []
    others = f"计入的登记簿 / registers {', '.join(counted)} count, not {', '.join(registers)}"
    return [f"{others}: the log of `incentive consume` says what it waits for"]


def _rights(connection: Connection, service: Service) -> list[str]:
    """Check the rights of the owner and of the service's role, and that append-only tables can only grow."""
    name = database_of(service)
    owner, role = owner_role(name), service_role(name)
    append_only = [*APPEND_ONLY, *LOG_TABLES] if service == "incentive" else list(LOG_TABLES)
    faults = []
    if foreign := _values(connection, _FOREIGN, owner):
        faults.append(f"不属于 / not owned by {owner}: {', '.join(foreign)}: ALTER TABLE ... OWNER TO {owner}")
    if changed := _values(connection, _CHANGEABLE, append_only, role):
        fault = f"{role}: 可更改只增的表 / may change append-only tables: REVOKE UPDATE, DELETE, TRUNCATE ON"
        faults.append(f"{fault} {', '.join(changed)} FROM {role}, and find out who granted it")
    if off := _values(connection, _UNGUARDED, append_only):
        fault = f"触发器被停用 / triggers are disabled: {', '.join(off)}: ALTER TABLE ... ENABLE TRIGGER,"
        faults.append(f"{fault} find out who disabled it, run `{service} rebuild --verify`")
    return faults


def _logins(service: Service, admin_url: str, folder: Path) -> list[str]:
    """Check that both roles can log in with the passwords in their files."""
    name = database_of(service)
    faults = []
    for holder, role in ((service, service_role(name)), (f"{service}-owner", owner_role(name))):
        path = Secret(holder, DATABASE_PASSWORD).path(folder)
        try:
            password = read_password(path)
            if password is None:
                faults.append(f"{path}: 缺少 / missing: run `jiangbu secrets {folder}`")
            else:
                connect(admin_url, dbname=name, user=role, password=password).close()
        except SecretsError as error:
            faults.append(str(error))
        except psycopg.Error as error:
            faults.append(f"{role}: {first_line(error)}: {APPLY}")
    return faults


def connect(url: str, **changes: str) -> Connection:
    """Connect by the URL with other parameters, such as `dbname`."""
    return psycopg.connect(make_conninfo(url, **changes), connect_timeout=CONNECT_TIMEOUT_S, autocommit=True)


def _values(connection: Connection, query: str, *parameters: object) -> list[str]:
    return [str(row[0]) for row in connection.execute(query, parameters or None)]


def _value(connection: Connection, query: str, *parameters: object) -> object:
    row = connection.execute(query, parameters or None).fetchone()
    return None if row is None else row[0]


def first_line(error: psycopg.Error) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
