"""`exchange-kit`: what an exchange needs to send its events, and nothing of the services."""

import click

from exchange_kit.commands.publish import publish_command
from exchange_kit.commands.sample import sample_command
from exchange_kit.commands.tables import from_csv_command
from exchange_kit.commands.validate import validate_command


@click.group()
def main() -> None:
    """交易所工具包 / What an exchange needs to send its events."""


for command in (sample_command, from_csv_command, validate_command, publish_command):
    main.add_command(command)


if __name__ == "__main__":
    main()
