"""Response schemas of a trade as evidence of facts, shared by trade-ingest and incentive."""

from functools import partial

from marshmallow import Schema, fields

from shared.web.answers import answer, integers, texts

# A revision of a document, and the Kafka record that brought it.
PlaceSchema = answer("Place", integers("revision", "seq"), texts("topic"), integers("partition", "offset"), base=Schema)
CountedField = partial(fields.Raw, metadata={"description": "true, or the reason why it does not count"}, required=True)
