"""`exchange-kit receipt`."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from exchange_kit.api import ApiError
from exchange_kit.commands.options import (
    FILE,
    ServiceUnavailable,
    command,
    echo,
    exchange_id,
    line_result,
    nothing_of,
    report_unhandled,
    say_waiting,
)
from exchange_kit.commands.witness import KEYS, WITNESS_FOLDER, load_keys, report_alarm
from exchange_kit.reconcile import own_lines
from exchange_kit.register import RegisterReader, await_handled, registers_of
from exchange_kit.translog.client import LogReader
from exchange_kit.translog.receipt import WELL, Covering, Outcome, Receipt, covering, find, prove
from exchange_kit.translog.witness import RewrittenError, UnverifiedError, Witness
from exchange_kit.translog.witness_folder import FolderError, WitnessFolder
from shared.events.decode import Kind
from shared.events.records import from_line
from shared.language import localized, say
from shared.settings import AccessSettings, SettingsError
from shared.translog.note import NoteError, VerifierKey
from shared.values.times import now

_OUTCOMES: Final[dict[Outcome, tuple[str, str]]] = {
    "in_log": ("在日志中", "in the log"),
    "duplicate": ("与文件中前一行内容相同，以前者为准", "same content as an earlier line, which counts"),
    "other_record": (
        "登记簿由另一条记录登记了这一版本",
        "the register has this revision from a record with other bytes",
    ),
    "refused": ("被拒收", "rejected"),
    "missing": ("登记簿没有", "missing"),
    "not_in_log": ("登记簿称已登记，但其日志中没有", "the register claims to have it, but its log does not"),
}


@command(
    "receipt",
    """证明文件中每条记录都在登记簿的日志里。

    证明由本程序自行计算；本机有见证目录时，以见证过的检查点为准。

    退出码：0 都在日志中，1 有的不在，2 无法核对。""",
    """Prove that each record of a file is in its register's log.

    The proofs are computed here; with a witness folder on this machine, against a checkpoint that it cosigned.

    Exit code: 0 all are in the log, 1 some are not, 2 could not be checked.""",
)
@click.argument("file", type=FILE)
@click.option(
    "--exchange",
    callback=exchange_id,
    help=say("本交易场所代号；不填则以文件为准", "id of your exchange; by default the one in the file"),
)
@WITNESS_FOLDER
@KEYS
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help=say("每行一个 JSON 对象，末行为检查点", "one JSON object a line, the checkpoints last"),
)
def receipt_command(file: Path, exchange: str | None, folder: Path, keys_file: Path | None, *, as_json: bool) -> None:
    try:
        exchange = exchange or _exchange_of(file)
        registers = registers_of(exchange, AccessSettings())
        waiting = await_handled(registers.values(), say_waiting)
        unknown, found = _search(file, exchange, registers)
        if not (unknown or found):
            raise ServiceUnavailable(nothing_of(file, exchange))
        keys = None if keys_file is None else load_keys(keys_file)
        receipts, checkpoints = _prove(found, registers, keys, _witness(folder.expanduser(), keys))
    except RewrittenError as error:
        report_alarm(error)
        sys.exit(1)
    except (ApiError, SettingsError, FolderError, NoteError, UnverifiedError, OSError) as error:
        raise ServiceUnavailable(localized(str(error))) from error
    (_report_json if as_json else _report)(receipts, checkpoints)
    report_unhandled(waiting)
    if unknown:
        echo(f"事件类型未知的行：{unknown}", f"lines of an unknown event type: {unknown}", err=True)
    if unknown or any(receipt.outcome not in WELL for receipt in receipts):
        sys.exit(1)


def _exchange_of(file: Path) -> str:
    """Return the one exchange that the lines name."""
    with file.open("rb") as lines:
        records = (from_line(line, "", None) for line in lines)
        found = {record.exchange for record in records if record is not None} - {""}
    if len(found) != 1:
        names = sorted(found)
        raise ServiceUnavailable(
            say(f"{file}: 请用 --exchange 指定交易场所：{names}", f"{file}: choose one with --exchange: {names}")
        )
    return found.pop()


def _search(file: Path, exchange: str, registers: dict[Kind, RegisterReader]) -> tuple[list[int], list[Receipt]]:
    """Return the numbers of lines of unknown kind, and what the registers answer for the others."""
    unknown, found = [], []
    with file.open("rb") as lines:
        for kind, judged in own_lines(lines, exchange):
            if kind is None:
                unknown.append(judged.verdict.line)
            else:
                found.append(find(registers[kind], judged))
    return unknown, found


def _witness(folder: Path, keys: Sequence[VerifierKey] | None) -> Witness | None:
    """Return the witness of this machine, if one was ever started."""
    return Witness(WitnessFolder(folder, None), keys, now) if (folder / "vkey").exists() else None


def _prove(
    found: list[Receipt],
    registers: dict[Kind, RegisterReader],
    keys: Sequence[VerifierKey] | None,
    witness: Witness | None,
) -> tuple[list[Receipt], list[Covering]]:
    receipts: list[Receipt] = []
    checkpoints = []
    for kind, register in registers.items():
        of_kind = [receipt for receipt in found if receipt.kind == kind]
        if of_kind:
            reader = LogReader(register.api)
            size = max((receipt.index + 1 for receipt in of_kind if receipt.index is not None), default=0)
            checkpoints.append(covering(size, reader, keys, witness))
            receipts += prove(of_kind, reader, checkpoints[-1].checkpoint)
    return sorted(receipts, key=lambda receipt: receipt.line), checkpoints


def _report(receipts: list[Receipt], checkpoints: list[Covering]) -> None:
    for receipt in receipts:
        click.echo(_text(receipt))
    for outcome, number in Counter(receipt.outcome for receipt in receipts).items():
        click.echo(f"{say(*_OUTCOMES[outcome])}: {number}")
    for one in checkpoints:
        names = ", ".join(one.cosigners)
        cosigned = say(f"见证 {names}", f"cosigned by {names}") if names else say("未经见证", "not cosigned")
        root = one.checkpoint.root.hex()
        click.echo(f"{say('检查点', 'checkpoint')}: {one.checkpoint.origin} {one.checkpoint.size} {root}, {cosigned}")


def _text(receipt: Receipt) -> str:
    place = "" if receipt.index is None else f" seq {receipt.index}"
    reason = "" if receipt.reason is None else f": {receipt.reason}"
    result = f"{say(*_OUTCOMES[receipt.outcome])}{place}{reason}"
    return line_result(receipt.line, result, receipt.errors, receipt.number, receipt.revision)


def _report_json(receipts: list[Receipt], checkpoints: list[Covering]) -> None:
    for receipt in receipts:
        click.echo(msgspec.json.encode(receipt))
    checkpoint_notes = {one.checkpoint.origin: {"note": one.note, "cosigned_by": one.cosigners} for one in checkpoints}
    click.echo(json.dumps({"checkpoints": checkpoint_notes}, ensure_ascii=False))
