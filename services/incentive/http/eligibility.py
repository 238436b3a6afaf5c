"""HTTP route of eligibility by table."""

from services.incentive.commands.eligibility_table import TableConsequences, record_eligibility_table
from services.incentive.http import act_schemas as schemas
from services.incentive.http.context import current_actor, incentive_context, settings_changed
from services.incentive.http.tables.eligibility import read_eligibility
from services.incentive.http.tables.examples import ELIGIBILITY
from services.incentive.http.tables.rows import refuse_faulty_rows, sent_table, table_body
from services.incentive.store.rulebook import SettingsChangedError
from shared.table_files.table_error import TableError
from shared.values.json_types import Json
from shared.web.problems import Problem
from shared.web.query import Blueprint
from shared.web.service import write_transaction

blueprint = Blueprint("eligibility", __name__, description="资格认定 / eligibility")


@blueprint.operation(
    "POST /v1/eligibility",
    schemas.EligibilityTableSchema,
    roles=("bureau",),
    query=schemas.TableQuery,
    requestBody=table_body(ELIGIBILITY),
    operation_id="recordEligibilityTable",
)
def record_table(arguments: Json) -> Json:
    """Record all rows of a table (CSV or XLSX), or none if any row is faulty; `preview=true` records nothing.

    Columns: `subject`, `status`, `from`, `until`, `kind_of_entity`, a column for each condition with its basis (a cell
    that begins with `no:` says that it is not met), `reason`, `documents`. The answer has the awards that are held or
    released by it, and those for which a clawback proposal opens.
    """
    content, is_preview = sent_table(), arguments.get("preview") == "true"
    try:
        result = run_eligibility(content, is_preview=is_preview)
    except TableError as error:
        raise Problem(422, str(error)) from error
    if not is_preview:
        refuse_faulty_rows(result)
    return result


def run_eligibility(content: bytes, *, is_preview: bool) -> Json:
    """Record a table as the person who asks, or preview it. Raises TableError."""
    rows = read_eligibility(content)
    faulty = sum(row.fields is None for row in rows)
    records = [(row.subject, row.fields) for row in rows if row.fields is not None]
    found = TableConsequences()
    if records and (is_preview or not faulty):
        try:
            with write_transaction() as connection:
                bureau, actor = incentive_context().bureau, current_actor()
                found = record_eligibility_table(connection, bureau, actor, records, is_preview=is_preview)
        except SettingsChangedError as error:
            raise settings_changed() from error
    return {
        "written": not (is_preview or faulty),
        "faulty": faulty,
        "rows": [
            {"line": row.line, "subject": row.subject, "errors": [fault._asdict() for fault in row.faults]}
            for row in rows
        ],
        **{name: list(awards) for name, awards in found._asdict().items()},
    }
