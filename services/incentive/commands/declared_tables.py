"""Tables of declarations that another person confirms: sent, confirmed or discarded, each an act of its own."""

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from services.incentive.commands.acting import (
    Acting,
    ActRequest,
    BureauContext,
    Draft,
    NotFoundError,
    StepNotAllowedError,
)
from services.incentive.commands.acts import record_act, recorded_before
from services.incentive.commands.declare import DeclarationInput, DeclareResult, declare
from services.incentive.domain.acts import (
    DeclaredTableConfirmationPart,
    DeclaredTableDiscardPart,
    DeclaredTablePart,
)
from services.incentive.domain.steps import StepRefusal
from services.incentive.domain.workflow import Actor
from services.incentive.policy.terms import Texts
from services.incentive.store.frozen.declared_tables import SentTable, find_table, keep_file
from services.incentive.store.ledger import lock_ledger_for_request
from shared.values.money import format_yuan


def send_table(
    connection: Connection, bureau: BureauContext, request: ActRequest, content: bytes, part: DeclaredTablePart
) -> None:
    """Record a table that waits for another person, with its file. Raises as `record_act`."""
    keep_file(connection, part.sha256, content)
    added, above = format_yuan(part.added_fen), format_yuan(part.above_fen)
    text = Texts(
        f"提交申报表，待另一人确认：新增 {added} 元，超过 {above} 元",
        f"table of declarations to be confirmed: {added} yuan, more than {above}",
    )
    record_act(connection, bureau, request, lambda acting: Draft(part, _article(acting), text))


def confirm_table(
    connection: Connection,
    bureau: BureauContext,
    request: ActRequest,
    read: Callable[[], Sequence[DeclarationInput]],
) -> list[DeclareResult]:
    """Confirm a table, and declare its rows as the person who sent it; none if this request was carried out before.

    `read` returns the rows, and is called if the table may be confirmed. The caller rolls back if a row has a fault.
    Raises as `record_act`, and NoPolicyInForce.
    """
    lock_ledger_for_request(connection)
    if recorded_before(connection, request) is not None:
        return []
    record_act(connection, bureau, request, _confirmation)
    return declare(connection, read(), bureau, _find(connection, request.about).sender)


def discard_table(connection: Connection, bureau: BureauContext, request: ActRequest) -> None:
    """End a table of which no row is declared. Raises as `record_act`."""
    record_act(connection, bureau, request, _discard)


def confirmable(table: SentTable, actor: Actor) -> bool:
    """Return True if a table waits for this person among others."""
    return table.state == "pending" and not actor.is_same_person(table.sender)


def _confirmation(acting: Acting) -> Draft:
    table = _pending(acting)
    if not confirmable(table, acting.request.actor):
        said = Texts("须由提交人以外的人确认", "a table is confirmed by another person than who sent it")
        raise StepNotAllowedError(said, ["discard"], {"confirm": StepRefusal("person", said)})
    text = Texts("确认申报表", "table of declarations confirmed")
    return Draft(DeclaredTableConfirmationPart(table.id), _article(acting), text)


def _discard(acting: Acting) -> Draft:
    part = DeclaredTableDiscardPart(_pending(acting).id, acting.request.fields["reason"])
    return Draft(part, _article(acting), Texts("作废申报表", "table of declarations discarded"))


def _pending(acting: Acting) -> SentTable:
    """The table that a request is about, which waits. Raises NotFoundError and StepNotAllowedError."""
    table = _find(acting.connection, acting.request.about)
    if table.state == "pending":
        return table
    was = {"confirmed": Texts("已确认", "confirmed"), "discarded": Texts("已作废", "discarded")}[table.state]
    said = Texts(f"该申报表{was.zh}", f"the table is {was.en} already")
    raise StepNotAllowedError(said, [], {name: StepRefusal("state", said) for name in ("confirm", "discard")})


def _find(connection: Connection, table_id: str) -> SentTable:
    table = find_table(connection, table_id)
    if table is None:
        raise NotFoundError(table_id)
    return table


def _article(acting: Acting) -> str:
    return acting.article_of_clause("G7")
