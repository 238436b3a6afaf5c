"""Records of the bureau as the subject that they are about sees them. Pure.

A decision speaks for the authority: the subject sees that and the post, not the name of the person. Reasons and
documents of steps inside the bureau stay there; those of a decision that is served stand in its statement, too.
"""

from typing import Final

from services.incentive.policy.statement_terms import StatementTerms
from shared.values.json_types import Json

# A policy file of an earlier revision names no authority.
_NO_AUTHORITY: Final = "主管部门"
# Acts on the subject's own application or withdrawal, whose documents come from the subject.
_OF_THE_SUBJECT: Final = ("apply", "withdraw")


def own_decision(decision: Json, terms: StatementTerms | None) -> Json:
    """A decision on an award, as the API shows it, for the award's subject."""
    action, has_statement = decision["action"], decision.get("statement") is not None
    shown = {**decision, "by": _by(terms, action), "person": None}
    if has_statement or action in _OF_THE_SUBJECT:
        return shown
    return {**shown, "reason": None, "documents": []}


def own_service(service: Json, terms: StatementTerms | None) -> Json:
    """A record of how a statement was served, as the API shows it, for the statement's subject."""
    return {**service, "by": _by(terms, None), "person": None}


def _by(terms: StatementTerms | None, action: str | None) -> str:
    """The authority, with the post in which persons decide if the action has one."""
    if terms is None:
        return _NO_AUTHORITY
    post = terms.posts.get(action or "")
    return terms.authority if post is None else f"{terms.authority} {post}"
