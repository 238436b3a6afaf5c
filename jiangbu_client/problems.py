"""Errors of the APIs as exceptions."""

from typing import Any, Protocol, TypeVar, cast

T = TypeVar("T")


class AnyProblem(Protocol):
    """A problem (RFC 9457) as each service's package declares it."""

    status: int
    detail: str

    def to_dict(self) -> dict[str, Any]: ...


class ProblemError(Exception):
    """An answer that is an error. `body` has its fields: `status`, `detail`, `errors`, and `allowed` with a 409."""

    def __init__(self, status: int, detail: str, body: dict[str, Any]) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.body = body


def checked(answer: T | AnyProblem | None) -> T:
    """Return an answer. Raises ProblemError if it is a problem, or none could be read."""
    if answer is None:
        raise ProblemError(0, "the answer has no body that is known", {})
    if {"status", "detail", "instance"} <= set(dir(answer)):
        problem = cast("AnyProblem", answer)
        raise ProblemError(problem.status, problem.detail, problem.to_dict())
    return cast("T", answer)
