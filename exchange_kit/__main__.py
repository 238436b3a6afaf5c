"""`exchange-kit`: what an exchange needs to send its events and to see what became of them; nothing of the services."""

import sys

import click

try:
    from exchange_kit.commands.publish import publish_command
    from exchange_kit.commands.receipt import receipt_command
    from exchange_kit.commands.reconcile import reconcile_command
    from exchange_kit.commands.sample import sample_command
    from exchange_kit.commands.tables import from_csv_command, from_xlsx_command
    from exchange_kit.commands.validate import validate_command
    from exchange_kit.commands.watch import watch_command
    from exchange_kit.commands.witness import witness_command
except ModuleNotFoundError as error:
    sys.exit(f"缺少组件 / {error.name} is missing: pip install 'jiangbu[kit]'")


@click.group()
def main() -> None:
    """交易所工具包 / What an exchange needs to send its events."""


for command in (
    sample_command,
    from_csv_command,
    from_xlsx_command,
    validate_command,
    publish_command,
    reconcile_command,
    receipt_command,
    watch_command,
    witness_command,
):
    main.add_command(command)


if __name__ == "__main__":
    main()
