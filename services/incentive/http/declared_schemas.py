"""Shapes of declared rewards: what is entered, what is told, and the parameters of their routes."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate

from services.incentive.http.bureau_schemas import DocumentSchema
from services.incentive.http.schemas import SubjectSchema
from shared.events.fields import Choice, Number, Text
from shared.web.pagination import PageQuery, page_schema
from shared.web.query import DayParameter, QuerySchema, SubjectParameter

_MOST_DOCUMENTS: Final = 100
_NAME_LENGTH: Final = 200


class Flag(fields.Boolean):
    """True or false as JSON has them: no number and no word."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        del attr, data, kwargs
        if type(value) is not bool:
            raise ValidationError("须为 true 或 false / must be true or false")
        return value


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
    withdrawn = Flag()


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


class FieldFaultOfRowSchema(Schema):
    """What is wrong with a row, and in which column."""

    field = fields.String(required=True)
    message = fields.String(required=True)


class RowSchema(Schema):
    """What became of a row of a table, or would; of a faulty one the amounts are null."""

    line = fields.Integer(required=True)
    award_id = fields.String(required=True, allow_none=True)
    ceiling = fields.String(required=True, allow_none=True)
    payable = fields.String(required=True, allow_none=True)
    suppressed_by = fields.String(required=True, allow_none=True)
    errors = fields.List(fields.Nested(FieldFaultOfRowSchema), required=True)


class TableSchema(Schema):
    """What became of a table, or would: `written` false for a preview, and wherever a row is faulty."""

    written = fields.Boolean(required=True)
    faulty = fields.Integer(required=True)
    ceiling = fields.String(required=True)
    payable = fields.String(required=True)
    rows = fields.List(fields.Nested(RowSchema), required=True)


class TableQuery(QuerySchema):
    """Whether only to look."""

    preview = Choice(("true", "false"))
