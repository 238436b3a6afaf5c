"""Hold a service to its OpenAPI document: good and bad requests of schemathesis' making, a few for each route."""

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import positive_data_acceptance

EXAMPLES = 8


def check_contract(schema: Any, headers: dict[str, str], examples: int = EXAMPLES) -> list[str]:
    """Ask every route what its document allows and what it does not; the routes asked, as `GET /v1/listings`.

    Fails on answers of 500, status codes, content types or bodies that the document does not have, bad requests that
    are taken, and routes that do not ask for the key that they should.
    """
    asked = []
    for found in schema.get_all_operations():
        operation = found.ok()
        asked.append(f"{operation.method.upper()} {operation.path}")
        has_input = any(operation.iter_parameters()) or bool(operation.body)
        for mode in GenerationMode if has_input else [GenerationMode.POSITIVE]:
            check_operation(operation.as_strategy(generation_mode=mode), headers, examples)
    return asked


def check_operation(cases: Any, headers: dict[str, str], examples: int) -> None:
    @given(case=cases)
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answer(case: Case) -> None:
        # A document cannot say which cursors we gave or what a check character must be, so 422 may be right.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

    answer()
