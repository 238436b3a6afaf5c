"""Bodies and answers of the routes of declared rewards."""

from marshmallow import Schema, fields

from services.incentive.http.act_schemas import DocumentSchema, documents_list
from services.incentive.http.fields import Flag, Measure
from services.incentive.http.schemas import SubjectSchema
from shared.events.fields import Choice, Number, Text
from shared.web.answers import answer, booleans, days, instants, integers, lists, nested, texts
from shared.web.pagination import PageQuery, page_schema
from shared.web.problems import FieldFaultSchema
from shared.web.query import DayParameter, QuerySchema, SubjectParameter


class DeclaredSchema(QuerySchema):
    """A declaration. `name` is the subject's where none is known; `withdrawn` takes an earlier one back."""

    rule = Text(required=True)
    subject = SubjectParameter(required=True)
    item = Number(required=True)
    earned_on = DayParameter(required=True)
    measure = Measure()
    documents = documents_list()
    name = Text(min_length=1, max_length=200)
    withdrawn = Flag()


class DeclaredQuery(PageQuery):
    subject = SubjectParameter()
    rule = Text()


class TableQuery(QuerySchema):
    preview = Choice(("true", "false"))


DeclarationSchema = answer(
    "Declaration",
    texts("award_id", "rule", "item", "by", "fact"),
    nested(subject=SubjectSchema),
    days("earned_on"),
    {"measure": fields.Dict(keys=fields.String(), values=fields.String(), required=True)},
    lists(documents=DocumentSchema),
    booleans("withdrawn"),
    instants("at"),
    integers("seq"),
    base=Schema,
)
DeclarationPageSchema = page_schema("DeclarationPage", DeclarationSchema)

# Award and amounts of a faulty row are null.
RowSchema = answer(
    "Row",
    integers("line"),
    texts("award_id", "ceiling", "payable", "suppressed_by", null=True),
    lists(errors=FieldFaultSchema),
    base=Schema,
)
TableSchema = answer(
    "Table",
    booleans("written"),
    integers("faulty"),
    texts("ceiling", "payable"),
    lists(rows=RowSchema),
    base=Schema,
)
