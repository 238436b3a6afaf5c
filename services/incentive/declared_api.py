"""HTTP routes of declared rewards: the bureau declares, and whoever sees all may read what was declared."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

import msgspec
from flask import current_app
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import Connection

from services.incentive import operations
from services.incentive.answers import Json, award_json
from services.incentive.api import asked, current_basis
from services.incentive.as_of import basis_as_of
from services.incentive.awards import evidence_json
from services.incentive.declare import Answer, By, Declared, NoPolicy, declare, worthless
from services.incentive.facts import Declaration, Document
from services.incentive.operations import View
from services.incentive.schemas import AwardSchema, SubjectSchema
from shared.events.fields import Number, Text
from shared.times import format_time
from shared.web.keys import current_key, require
from shared.web.pagination import PageQuery, decode_cursor, encode_cursor, page, page_schema
from shared.web.problems import FieldFault, Problem
from shared.web.query import Blueprint, DayParameter, QuerySchema, SubjectParameter
from shared.web.service import current_service

LEDGER_LOG: Final = "jiangbu.ledger_log"
_MOST_DOCUMENTS: Final = 100
_NAME_LENGTH: Final = 200

blueprint = Blueprint("declared", __name__, description="申报的奖补 / rewards that are declared")


class MeasureField(fields.Field[Mapping[str, str]]):
    """What is measured, by name: texts alone. What names a rule takes, the policy file says."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "object", "additionalProperties": {"type": "string"}}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Mapping[str, str]:
        del attr, data, kwargs
        if not isinstance(value, dict):
            raise ValidationError("须为对象 / must be an object")
        faults: dict[str, list[str]] = {}
        for name, text in value.items():
            try:
                Text(max_length=_NAME_LENGTH).deserialize(text)
            except ValidationError as error:
                faults[name] = [str(message) for message in error.messages]
        if faults:
            raise ValidationError(faults)
        return value


class DocumentSchema(QuerySchema):
    """A document that a declaration rests on: its name, and the SHA-256 of its bytes in hex."""

    name = Text(required=True, min_length=1, max_length=_NAME_LENGTH)
    sha256 = Text(
        required=True,
        validate=validate.Regexp(r"[0-9a-f]{64}\Z", error="须为 64 位小写十六进制 / must be 64 lower-case hex digits"),
        metadata={"pattern": "^[0-9a-f]{64}$"},
    )


class DeclaredSchema(QuerySchema):
    """What is declared. `name`: the subject's, where none is known; `withdrawn`: an earlier one is taken back."""

    rule = Text(required=True)
    subject = SubjectParameter(required=True)
    item = Number(required=True)
    earned_on = DayParameter(required=True)
    measure = MeasureField()
    documents = fields.List(
        fields.Nested(DocumentSchema), validate=validate.Length(max=_MOST_DOCUMENTS), metadata={"maxItems": 100}
    )
    name = Text(min_length=1, max_length=_NAME_LENGTH)
    withdrawn = fields.Boolean(truthy={True}, falsy={False})


class DeclaredQuery(PageQuery):
    """Filters of the list of declarations."""

    subject = SubjectParameter()
    rule = Text()


class DeclarationSchema(Schema):
    """A declaration as it stands."""

    award_id = fields.String(required=True)
    rule = fields.String(required=True)
    subject = fields.Nested(SubjectSchema, required=True)
    item = fields.String(required=True)
    earned_on = fields.String(required=True, metadata={"format": "date"})
    measure = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    documents = fields.List(fields.Nested(DocumentSchema), required=True)
    withdrawn = fields.Boolean(required=True)
    by = fields.String(required=True)
    at = fields.String(required=True, metadata={"format": "date-time"})
    fact = fields.String(required=True)
    seq = fields.Integer(required=True)


DeclarationPageSchema = page_schema("DeclarationPage", DeclarationSchema)


@blueprint.route("/v1/declared", methods=["POST"])
@require("bureau")
@blueprint.arguments(DeclaredSchema)
@blueprint.response(200, AwardSchema)
def declare_reward(arguments: dict[str, Any]) -> Json:
    """Declare a reward; the answer is the award. The same again changes nothing, another of the same matter replaces.

    422 for what earns nothing, with the member that it lies in; what the article only has recorded, what is history
    and what corrects an earlier one may earn nothing.
    """
    now = current_service().clock()
    with current_service().engine.begin() as connection:
        [answer] = run_declare(connection, [_declared(arguments)])
        if answer.faults:
            raise Problem(422, errors=[FieldFault(fault.field, fault.message) for fault in answer.faults])
        view = View(None, None, now, basis_as_of(connection, None, current_basis()))
        return render_declared(connection, view, answer)


@blueprint.route("/v1/declared")
@require("auditor", "bureau")
@blueprint.arguments(DeclaredQuery, location="query")
@blueprint.response(200, DeclarationPageSchema)
def list_declared(arguments: dict[str, Any]) -> Json:
    """What is declared, as it stands, in code point order of its key."""
    after = decode_cursor(arguments.get("cursor"), str)
    limit = arguments["limit"]
    with asked() as (connection, _):
        found = operations.list_declared(connection, arguments, None if after is None else after[0], limit + 1)
    return page(found, limit, lambda one: encode_cursor(one.ref.fact), _declaration_json)


def run_declare(connection: Connection, entered: list[Declared]) -> list[Answer]:
    """Declare in the name of who asks. 503 while no policy is in force yet."""
    log = current_app.extensions[LEDGER_LOG]
    try:
        return declare(connection, entered, current_basis(), log, By(current_key().name, current_service().clock))
    except NoPolicy as error:
        said = "尚无生效的政策 / no policy is in force yet"
        raise Problem(503, said, headers={"Retry-After": "5"}) from error


def _declared(arguments: dict[str, Any]) -> Declared:
    documents = tuple(Document(**one) for one in arguments.get("documents", ()))
    return Declared(
        **{name: value for name, value in arguments.items() if name not in ("documents", "measure")},
        measure=arguments.get("measure", {}),
        documents=documents,
    )


def render_declared(connection: Connection, view: View, answer: Answer) -> Json:
    """The award that follows from a declaration; where there never was one, what it would be, with amounts of zero."""
    declaration = answer.declaration
    assert declaration is not None  # noqa: S101 - else it is a fault
    row: Any = operations.find_award(connection, view, declaration.award_id)
    if row is None:
        nothing = worthless(declaration, view.basis.policy)
        row = SimpleNamespace(
            **{**msgspec.structs.asdict(nothing), "evidence": evidence_json(nothing.evidence)},
            recorded_at=declaration.declared_at,
        )
    return award_json(row, whole=True, visible=None, policy=view.basis.policy, now=view.instant)


def _declaration_json(one: Declaration) -> Json:
    return {
        "award_id": one.award_id,
        "rule": one.rule,
        "subject": msgspec.to_builtins(one.party),
        "item": one.item,
        "earned_on": one.earned_on.isoformat(),
        "measure": dict(one.measure),
        "documents": msgspec.to_builtins(one.documents),
        "withdrawn": one.withdrawn,
        "by": one.declared_by,
        "at": format_time(one.declared_at),
        "fact": one.ref.fact,
        "seq": one.ref.seq,
    }
