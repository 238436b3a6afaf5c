"""The form of a mapping: which column of an uploaded table holds which field, with a suggestion to begin with."""

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from typing import Final, NamedTuple

from marshmallow import fields
from werkzeug.datastructures import MultiDict

from services.incentive.pages.words import UPLOAD_FIELDS
from services.incentive.policy.terms import Texts
from shared.events.decode import Kind
from shared.events.fields import Time, Yuan
from shared.events.schemas import ListingSchema, TradeSchema
from shared.table_events.cells import Cell
from shared.table_events.convert import headings_of
from shared.table_events.mapping import MOST_HEADER_ROW, UNITS, ColumnSource, MappingFile, Unit, fields_of
from shared.table_events.suggest import TIME_FORMATS, distinct_texts, meaning_of, suggest, words_of
from shared.values.parties import ID_SCHEMES

_COLUMN: Final = "c:"
_CONSTANT: Final = "="
_DEFAULTS: Final[MappingOf[str, str]] = {"revision": "1", "refunded": "0"}
_SCHEMES: Final = {f"{party}.id_scheme": ID_SCHEMES for party in ("provider", "buyer")}


class MappingField(NamedTuple):
    """A field of the form: its columns and constants to choose from, and what is chosen.

    `words`: each text of the chosen column with its meaning, None if that is not known; of fields that have few values.
    """

    path: str
    label: Texts
    is_required: bool
    chosen: str
    constants: Sequence[str]
    unit: str | None
    format: str | None
    words: MappingOf[str, str | None]


def mapping_fields(mapping: MappingFile, rows: Sequence[Sequence[Cell]]) -> list[MappingField]:
    """Return the fields of the form as the mapping fills them; the currency is always CNY and no field."""
    headings = headings_of(rows[: mapping.header_row])
    known = {path: field for path, field in fields_of(mapping.kind).items() if path != "currency"}
    required = _required(mapping.kind)
    found = []
    for path, field in known.items():
        given = mapping.members.get(path)
        source = ColumnSource(column=given) if isinstance(given, str) else given
        found.append(
            MappingField(
                path,
                UPLOAD_FIELDS[path],
                path in required,
                _chosen(source),
                _constants(mapping.kind, path),
                source.unit if source and isinstance(field, Yuan) else ("元" if isinstance(field, Yuan) else None),
                (source.format or "" if source else "") if isinstance(field, Time) else None,
                _words(mapping, path, source, headings, rows),
            )
        )
    return found


def _required(kind: Kind) -> set[str]:
    found = set()
    for name, field in (ListingSchema if kind == "listing" else TradeSchema)().fields.items():
        if not isinstance(field, fields.Nested):
            found |= {name} if field.required and name != "revision" else set()
        elif field.required:
            found |= {f"{name}.{inner}" for inner, within in field.schema.fields.items() if within.required}
    return found


def _chosen(source: ColumnSource | None) -> str:
    if source is None:
        return ""
    return f"{_CONSTANT}{source.constant}" if source.column is None else f"{_COLUMN}{source.column}"


def _constants(kind: Kind, path: str) -> Sequence[str]:
    return list(words_of(kind, path)) or _SCHEMES.get(path, ())


def _words(
    mapping: MappingFile,
    path: str,
    source: ColumnSource | None,
    headings: Sequence[str],
    rows: Sequence[Sequence[Cell]],
) -> dict[str, str | None]:
    if source is None or source.column not in headings or not _constants(mapping.kind, path):
        return {}
    column = headings.index(source.column)
    texts = distinct_texts(row[column] for row in rows[mapping.header_row :] if column < len(row))
    texts = [text for text in texts if text not in mapping.totals]
    known = source.values or {}
    return {text: known.get(text) or meaning_of(mapping.kind, path, text) for text in texts}


def fits(mapping: MappingFile, rows: Sequence[Sequence[Cell]]) -> bool:
    """Return True if each column of the mapping is there once."""
    headings = headings_of(rows[: mapping.header_row])
    columns = [source if isinstance(source, str) else source.column for source in mapping.members.values()]
    return all(headings.count(column) == 1 for column in columns if column is not None)


def read_mapping(form: MultiDict[str, str], kind: Kind, rows: Sequence[Sequence[Cell]]) -> MappingFile:
    """Return the mapping that the form says; of columns that have just been chosen, with the meaning of known words.

    If the row of the headings was changed, the columns are those suggested for it.
    """
    header_row = _whole(form.get("header_row", ""), MOST_HEADER_ROW)
    totals = [word for word in form.get("totals", "").replace("、", " ").split() if word]
    members: dict[str, str | ColumnSource] = {}
    if header_row != _whole(form.get("former_header_row", ""), MOST_HEADER_ROW):
        members = suggest(kind, rows, header_row).members
    else:
        for path in fields_of(kind):
            source = _source(form, kind, path, header_row, rows)
            if source is not None:
                members[path] = source
    if kind == "trade":
        members["currency"] = ColumnSource(constant="CNY")
    return MappingFile(kind, members, sheet=form.get("sheet") or None, header_row=header_row, totals=totals)


def _whole(text: str, most: int) -> int:
    return min(int(text), most) if text.isascii() and text.isdigit() and 0 < len(text) < 4 and int(text) else 1  # noqa: PLR2004


def _source(
    form: MultiDict[str, str], kind: Kind, path: str, header_row: int, rows: Sequence[Sequence[Cell]]
) -> ColumnSource | None:
    chosen = form.get(f"source:{path}", "")
    if chosen.startswith(_CONSTANT):
        return ColumnSource(constant=chosen.removeprefix(_CONSTANT))
    if not chosen.startswith(_COLUMN):
        return None
    column = chosen.removeprefix(_COLUMN)
    default = _DEFAULTS.get(path)
    unit: Unit = next((one for one in UNITS if one == form.get(f"unit:{path}")), "元")
    given = form.get(f"format:{path}")
    source = ColumnSource(column=column, default=default, unit=unit, format=given if given in TIME_FORMATS else None)
    return _with_words(source, form, kind, path, header_row, rows) if _constants(kind, path) else source


def _with_words(
    source: ColumnSource,
    form: MultiDict[str, str],
    kind: Kind,
    path: str,
    header_row: int,
    rows: Sequence[Sequence[Cell]],
) -> ColumnSource:
    """Add what each text of the column means: as the form says, else as it is known."""
    bare = MappingFile(kind, {path: source}, header_row=header_row)
    texts = _words(bare, path, source, headings_of(rows[:header_row]), rows)
    said = {text: form.get(f"word:{path}:{text}") or meaning for text, meaning in texts.items()}
    values = {text: meaning for text, meaning in said.items() if meaning and meaning in _constants(kind, path)}
    return ColumnSource(column=source.column, default=source.default, values=values)
