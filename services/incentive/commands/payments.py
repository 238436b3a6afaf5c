"""Payments: the account that each goes to."""

from collections.abc import Sequence
from typing import TypeGuard

from sqlalchemy import Connection

from services.incentive.commands.acting import Draft
from services.incentive.domain.acts import ActPart, DecisionPart
from services.incentive.store.acts import accounts_of


def name_accounts(connection: Connection, drafts: Sequence[Draft]) -> list[Draft]:
    """Name in each payment the confirmed account of the subject that is paid; other drafts stay as they are.

    Needs the ledger's lock, or a check under it that nothing about these subjects was recorded since.
    """
    subjects = {draft.part.subject for draft in drafts if _is_payment(draft.part)}
    accounts = accounts_of(connection, subjects) if subjects else {}
    ids = {subject: account.id for subject, account in accounts.items()}
    return [_with_account(draft, ids) for draft in drafts]


def _with_account(draft: Draft, accounts: dict[str, str]) -> Draft:
    part = draft.part
    if not _is_payment(part) or part.subject not in accounts:
        return draft
    return draft._replace(part=part._replace(account=accounts[part.subject]))


def _is_payment(part: ActPart) -> TypeGuard[DecisionPart]:
    return isinstance(part, DecisionPart) and part.action == "pay"
