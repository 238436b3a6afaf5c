"""`exchange-kit`: the commands of an exchange, from converting tables to checking receipts."""

import click

from exchange_kit.commands.check import check_command
from exchange_kit.commands.publish import publish_command
from exchange_kit.commands.receipt import receipt_command
from exchange_kit.commands.reconcile import reconcile_command
from exchange_kit.commands.reference import reference_command
from exchange_kit.commands.sample import sample_command
from exchange_kit.commands.tables import from_csv_command, from_xlsx_command
from exchange_kit.commands.validate import validate_command
from exchange_kit.commands.watch import watch_command
from exchange_kit.commands.witness import witness_command
from shared.language import say

main = click.Group(
    help=say("交易场所工具包：发送事件，并核对其结果。", "Send events of an exchange, and check what became of them."),
    commands=[
        sample_command,
        from_csv_command,
        from_xlsx_command,
        validate_command,
        check_command,
        publish_command,
        reconcile_command,
        receipt_command,
        watch_command,
        witness_command,
        reference_command,
    ],
)
click.version_option(package_name="jiangbu-exchange-kit", prog_name="exchange-kit")(main)


if __name__ == "__main__":
    main()
