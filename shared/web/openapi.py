"""The OpenAPI document of a service, with an example of each body that is text and of each parameter."""

import re
from collections.abc import Mapping
from typing import Any, Final

from flask import Flask

from shared.values.json_types import Json
from shared.web.csv_list import cells_of, csv_text

_DOCUMENT: Final = "jiangbu.openapi"
# An application's extension: a function that returns an example of the lines of each stream, by operation.
LINE_EXAMPLES: Final = "jiangbu.line-examples"
# In the schema of a list as CSV, its columns: the example is the list's JSON example as CSV.
COLUMNS: Final = "x-columns"
_METHODS: Final = ("get", "post", "put", "patch", "delete")
_SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_SUBJECT: Final = "uscc:91530100MA6K123456"
_AWARD: Final = f"first_purchase/{_SUBJECT}"
_UUID: Final = "0198c5a2-7c1e-7b52-9d3a-2f4f6a1c8e90"
_INSTANT: Final = "2026-03-01T10:00:05.000000+08:00"
_DAY: Final = "2026-03-01"

# Examples by the name of a field or parameter. The schema decides where it does not allow the example.
_BY_NAME: Final[Mapping[str, object]] = {
    "Idempotency-Key": _UUID,
    "account": "entitlement:uscc:91530100MA6K123456",
    "action": "approve",
    "article": "(四) 2",
    "award": _AWARD,
    "award_id": _AWARD,
    "bank": "中国银行昆明分行",
    "base": "5000000.00",
    "by": "bureau",
    "date": _DAY,
    "days_off": _DAY,
    "department": "昆明市商务局",
    "detail": "参数或内容有误 / a parameter or the body is invalid",
    "eligibility": "unverified",
    "en": "the reason in English",
    "exchange": "kmdex",
    "exchanges": "kmdex",
    "fact": "facts.first-purchase.v1/r1/uscc:91530100MA6K123456",
    "field": "amount",
    "from": _DAY,
    "id": _UUID,
    "id_scheme": "uscc",
    "industry": "I",
    "instance": "/v1/awards",
    "item": "2026-001",
    "listing_no": "KM-L-2026-0001",
    "message": "必须提供 / required",
    "month": "2026-03",
    "name": "云南示例数据科技有限公司",
    "no": "KM-T-2026-0001",
    "number": "KM-T-2026-0001",
    "path": "/awards/first_purchase/uscc:91530100MA6K123456",
    "person": "zhang",
    "posted_at": _INSTANT,
    "q": "示例",
    "rate": "0.05",
    "reason": "材料齐全",
    "received_at": _INSTANT,
    "rule": "first_purchase",
    "sha256": _SHA256,
    "status": 422,
    "subject": _SUBJECT,
    "subjects": _SUBJECT,
    "suppressed_by": None,
    "title": "Unprocessable Content",
    "topic": "exchange.kmdex.trades.v1",
    "trade_no": "KM-T-2026-0001",
    "type": "about:blank",
    "until": "2026-04-01",
    "value": "200000.00",
    "value_sha256": _SHA256,
    "voucher_no": "2026-0042",
    "where": "昆明市人民政府网站",
    "workdays": _DAY,
    "year": 2026,
    "years": 2026,
    "zh": "中文的理由",
}
_BY_ENDING: Final = {"_id": _UUID, "_on": _DAY, "_at": _INSTANT, "sha256": _SHA256}
_BY_FORMAT: Final = {"date-time": _INSTANT, "date": _DAY}
_TEXTS: Final = ("text", "200000.00", _SHA256, _SUBJECT, "KM-T-2026-0001", _DAY)


def document(app: Flask) -> Json:
    """Return the OpenAPI document of an application, made when it is first asked for."""
    made: Json | None = app.extensions.get(_DOCUMENT)
    if made is None:
        made = app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
        _add_examples(made, app.extensions.get(LINE_EXAMPLES, dict)())
        app.extensions[_DOCUMENT] = made
    return made


def _add_examples(spec: Json, lines: Mapping[str, str]) -> None:
    components = spec["components"]["schemas"]
    for item in spec["paths"].values():
        _exemplify_parameters(item.get("parameters", []), components)
        for method in _METHODS:
            operation = item.get(method, {})
            _exemplify_parameters(operation.get("parameters", []), components)
            _exemplify(operation.get("requestBody", {}), components, is_request=True)
            for answer in operation.get("responses", {}).values():
                _exemplify(answer, components)
                if "application/x-ndjson" in answer.get("content", {}):
                    answer["content"]["application/x-ndjson"]["example"] = lines[operation["operationId"]]
    for answer in spec["components"].get("responses", {}).values():
        _exemplify(answer, components)


def _exemplify_parameters(parameters: list[Any], components: Json) -> None:
    for one in parameters:
        if one.get("required") and "schema" in one:
            one.setdefault("example", example_of(one["schema"], components, one["name"]))


def _exemplify(body: Json, components: Json, *, is_request: bool = False) -> None:
    for media_type, content in body.get("content", {}).items():
        schema = content.get("schema", {})
        if media_type.endswith(("/json", "+json")) and schema.get("format") != "binary":
            content.setdefault("example", example_of(schema, components, is_request=is_request))
        elif COLUMNS in schema:
            page = example_of(body["content"]["application/json"]["schema"], components)
            content["example"] = csv_text(schema[COLUMNS], [cells_of(one, schema[COLUMNS]) for one in page["items"]])
            content["schema"] = {name: value for name, value in schema.items() if name != COLUMNS}
        elif "example" in schema:
            content["example"] = schema["example"]
            content["schema"] = {name: value for name, value in schema.items() if name != "example"}


def example_of(schema: Json, components: Json, name: str = "", *, is_request: bool = False) -> Any:
    """Return a value that a schema allows; for a request only the required fields."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components, name, is_request=is_request)
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return example_of(schema[joined][0], components, name, is_request=is_request)
    kinds = schema.get("type", "null")
    kind = kinds if isinstance(kinds, str) else next(one for one in kinds if one != "null")
    if "enum" in schema:
        return next((value for value in schema["enum"] if value is not None), None)
    if kind == "object":
        required = schema.get("required", ()) if is_request else schema.get("properties", ())
        properties = schema.get("properties", {}).items()
        return {
            key: example_of(inner, components, key, is_request=is_request)
            for key, inner in properties
            if key in required
        }
    if kind == "array":
        return _items(schema, components, name, is_request=is_request)
    return _scalar(schema, kind, name)


def _items(schema: Json, components: Json, name: str, *, is_request: bool) -> list[Any]:
    one = example_of(schema["items"], components, name, is_request=is_request)
    return [one] * max(1, schema.get("minItems", 1))


def _scalar(schema: Json, kind: str, name: str) -> object:
    by_ending = next((value for ending, value in _BY_ENDING.items() if name.endswith(ending)), None)
    for said in (schema.get("example"), _BY_NAME.get(name), _BY_FORMAT.get(schema.get("format", "")), by_ending):
        if said is not None and _allows(schema, kind, said):
            return said
    match kind:
        case "string":
            return next((text for text in _TEXTS if _allows(schema, kind, text)), "")
        case "integer" | "number":
            return max(1, schema.get("minimum", 1))
        case "boolean":
            return False
    return None


def _allows(schema: Json, kind: str, value: object) -> bool:
    if kind == "integer":
        return isinstance(value, int) and schema.get("minimum", value) <= value <= schema.get("maximum", value)
    if kind != "string" or not isinstance(value, str):
        return False
    in_format = schema.get("format") not in _BY_FORMAT or value == _BY_FORMAT[schema["format"]]
    is_long_enough = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
    return in_format and is_long_enough and re.search(schema.get("pattern", ""), value) is not None
