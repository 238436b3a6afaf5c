"""Output of operators' commands: lines in the caller's language, and errors in one line."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Final

import click
import psycopg
from kafka.errors import KafkaError, SecurityDisabledError
from sqlalchemy.exc import SQLAlchemyError

from shared.kafka.positions import PartitionLostError
from shared.language import localized, say
from shared.operator_errors import OperatorError
from shared.settings import SettingsError
from shared.whitelist import WhitelistError

_OPERATOR_ERRORS: Final = (SettingsError, WhitelistError, OperatorError, PartitionLostError)


@contextlib.contextmanager
def errors_in_one_line() -> Iterator[None]:
    """Report errors that an operator can fix in one line without a traceback; exit with 1."""
    try:
        yield
    except _OPERATOR_ERRORS as error:
        raise click.ClickException(localized(str(error))) from error
    except (SQLAlchemyError, psycopg.Error) as error:
        reason = str(error).splitlines()[0]
        raise click.ClickException(say(f"数据库：{reason}", f"database: {reason}")) from error
    except SecurityDisabledError as error:
        raise click.ClickException(
            say("Kafka 未启用权限，见 deploy/kafka", "the broker has no authorization enabled: see deploy/kafka")
        ) from error
    except (KafkaError, OSError) as error:
        raise click.ClickException(_reason(error)) from error


def _reason(error: KafkaError | OSError) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return say(f"Kafka 无法连接或拒绝：{error!r}", f"Kafka is unavailable or refused: {error!r}")


def print_lines(lines: Iterable[str]) -> None:
    """Print lines of `中文 / English` as they arrive."""
    for line in lines:
        click.echo(localized(line))
