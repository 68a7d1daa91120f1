"""The field guide: what stands in each column and each field of JSON, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from nop_ingest.template.json_schema import json_schema
from nop_ingest.template.words import Explained, explain

_TITLE = "Field guide: stations and prices as a file"
_INTRODUCTION = (
    "One row is one connector: a plug or socket. Rows with the same location_id are one station, "
    "and those of them with the same evse_uid one charging point, which one car can use at a time.",
    "What is the same for all rows of a station may stand in the first of them only. Columns may "
    "be left out or stand in another order; only those marked as needed must be there.",
    "As CSV: UTF-8, with comma, semicolon or tab between the cells; decimal points or commas. As "
    "workbook: any visible sheet. As GeoJSON: one Feature per connector, with the columns as "
    "properties and the place as a Point. Each may be packed as gzip or zip.",
    "As JSON everything can be told, also what has no column: see the objects below.",
    "A price needs a currency and one amount. Rows with the same price share a tariff; to name it "
    "yourself, enter its number in tariff_ids. Prices that depend on the hour need JSON.",
)
_LEVELS = {
    "location": "The station",
    "evse": "The charging point",
    "connector": "The connector",
    "price": "The price, if it is a simple one",
}
_HEADINGS = ("column", "needed", "meaning", "what to enter", "example")
_OBJECT_HEADINGS = ("field", "needed", "type")


class _Section(NamedTuple):
    title: str
    text: str
    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def guide_markdown() -> str:
    """The guide as Markdown."""
    parts = [f"# {_TITLE}", *_INTRODUCTION]
    for section in _sections():
        parts += [f"## {section.title}", section.text] if section.text else [f"## {section.title}"]
        lines = [section.headings, ("---",) * len(section.headings), *section.rows]
        parts.append("\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines))
    return "\n\n".join(parts) + "\n"


def guide_html() -> str:
    """The guide as a page of its own, without styles."""
    body = [f"<h1>{escape(_TITLE)}</h1>", *(f"<p>{escape(text)}</p>" for text in _INTRODUCTION)]
    for section in _sections():
        body.append(f"<h2>{escape(section.title)}</h2>")
        if section.text:
            body.append(f"<p>{escape(section.text)}</p>")
        head = "".join(f'<th scope="col">{escape(text)}</th>' for text in section.headings)
        body.append(f"<table><thead><tr>{head}</tr></thead><tbody>")
        for first, *rest in section.rows:
            cells = "".join(f"<td>{escape(text)}</td>" for text in rest)
            body.append(f'<tr><th scope="row"><code>{escape(first)}</code></th>{cells}</tr>')
        body.append("</tbody></table>")
    head = f'<meta charset="utf-8"><title>{escape(_TITLE)}</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(
        (*body, "</body></html>\n")
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _sections() -> Iterator[_Section]:
    told = tuple(explain())
    for level, title in _LEVELS.items():
        rows = [_row(t) for t in told if t.column.level == level]
        yield _Section(title, "", _HEADINGS, rows)
    lists = [(t.column.name, ", ".join(t.choices)) for t in told if len(t.choices) > _FEW]
    yield _Section("Words to choose from", "", ("column", "words"), lists)
    definitions = json_schema()["$defs"]
    for name, component in definitions.items():
        if properties := component.get("properties"):
            required = component.get("required", ())
            yield _Section(
                f"JSON: {name.removesuffix('Record')}",
                str(component.get("description", "")).replace("\n", " "),
                _OBJECT_HEADINGS,
                [
                    (f, "yes" if f in required else "", _type(s, definitions))
                    for f, s in properties.items()
                ],
            )


_FEW = 3


def _row(told: Explained) -> tuple[str, ...]:
    kind = told.kind if not told.choices or len(told.choices) > _FEW else ", ".join(told.choices)
    needed = "yes" if told.column.required else ""
    return (told.column.name, needed, told.meaning, kind, told.example)


def _type(said: dict[str, Any], definitions: dict[str, Any]) -> str:
    """A schema in words."""
    if "$ref" in said:
        name = str(said["$ref"]).rpartition("/")[2]
        meant = definitions.get(name, {})
        return _type(meant, {}) if "enum" in meant else name.removesuffix("Record")
    if "anyOf" in said:
        parts = [_type(p, definitions) for p in said["anyOf"] if p.get("type") != "null"]
        return " or ".join(dict.fromkeys(parts))
    if said.get("type") == "array":
        return f"list of {_type(said.get('items', {}), definitions)}"
    if "enum" in said:
        return ", ".join(map(str, said["enum"]))
    kind = said.get("type", "")
    if isinstance(kind, list):
        return str(kind[0])
    return "date and time" if said.get("format") == "date-time" else str(kind)
