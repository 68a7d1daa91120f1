"""Templates, field guide and JSON Schema say of every field what it is."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import msgspec
import pytest

from nop_ingest.formats.nop.connector_rows import columns
from nop_ingest.template.files import TEMPLATES, find_template
from nop_ingest.template.guide import guide_html, guide_markdown
from nop_ingest.template.json_schema import json_schema
from nop_ingest.template.words import MEANINGS, explain
from nop_registry.errors import NotFound
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord, TariffRecord


def test_every_column_is_explained_with_an_example() -> None:
    assert set(MEANINGS) == {column.name for column in columns()}
    assert [told.column.name for told in explain() if not told.example or not told.kind] == []


def test_an_example_in_the_guide_is_what_its_column_takes() -> None:
    for told in explain():
        assert told.column.read(told.example) not in (None, ())


@pytest.mark.parametrize("text", [guide_markdown(), guide_html()], ids=["markdown", "html"])
def test_the_guide_names_every_column_and_every_field(text: str) -> None:
    fields = {
        name
        for record in (LocationRecord, EvseRecord, ConnectorRecord, TariffRecord)
        for name in record.__struct_fields__
    } - {"power_derived"}

    assert [name for name in fields | set(MEANINGS) if name not in text] == []
    assert "power_derived" not in text
    assert "<script" not in text and "style=" not in text


def test_the_schema_fits_the_template_and_refuses_what_the_records_refuse() -> None:
    schema = json_schema()
    template = msgspec.json.decode(find_template("json").build())
    location = template["locations"][0]

    assert faults(template, schema, schema) == []
    for wrong, path in (
        ({"lat": "north"}, ".locations[0].lat"),
        ({"publish": 7}, ".locations[0].publish"),
        ({"evses": [{"status": "AVAILABLE"}]}, ".locations[0].evses[0].uid"),
        ({"evses": [{"uid": "1", "status": "OPEN"}]}, ".locations[0].evses[0].status"),
    ):
        assert faults(template | {"locations": [location | wrong]}, schema, schema) == [path]


def faults(value: Any, said: dict[str, Any], whole: dict[str, Any], path: str = "") -> list[str]:
    """Where a value is not what a schema says, as far as our schemas go."""
    if "$ref" in said:
        return faults(value, whole["$defs"][said["$ref"].rpartition("/")[2]], whole, path)
    if "anyOf" in said:
        tried = [faults(value, part, whole, path) for part in said["anyOf"]]
        return min(tried, key=lambda found: (len(found), -max(map(len, found), default=0)))
    if "const" in said or "enum" in said:
        return [] if value in said.get("enum", [said.get("const")]) else [path]
    names = said.get("type", [])
    kinds = [_KINDS[name] for name in ([names] if isinstance(names, str) else names)]
    if not any(isinstance(value, kind) for kind in kinds) or (
        isinstance(value, bool) and "boolean" not in names
    ):
        return [path]
    found: list[str] = []
    if isinstance(value, dict):
        found += [f"{path}.{name}" for name in said.get("required", ()) if name not in value]
        for name, part in said.get("properties", {}).items():
            found += faults(value[name], part, whole, f"{path}.{name}") if name in value else []
    if isinstance(value, list):
        for number, part in enumerate(value):
            found += faults(part, said.get("items", {}), whole, f"{path}[{number}]")
    return found


_KINDS: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "number": int | float, "integer": int,
    "boolean": bool, "null": type(None),
}  # fmt: skip


def test_the_workbook_offers_words_explains_itself_and_has_no_formula() -> None:
    with zipfile.ZipFile(io.BytesIO(find_template("xlsx").build())) as book:
        parts = {name: book.read(name).decode() for name in book.namelist() if "xml" in name}

    table, guide, words = (parts[f"xl/worksheets/sheet{n}.xml"] for n in (1, 2, 3))
    assert table.count("<dataValidation ") == sum(
        bool(told.choices) and told.column.kind is not tuple for told in explain()
    )
    assert "<f>" not in table + guide + words
    assert '<sheet name="Choices" sheetId="3" state="hidden"' in parts["xl/workbook.xml"]
    texts = parts["xl/sharedStrings.xml"]
    assert [n for n, said in MEANINGS.items() if said.partition("&")[0][:20] not in texts] == []


@pytest.mark.parametrize("kind", TEMPLATES)
def test_the_same_template_is_the_same_bytes(kind: str) -> None:
    assert find_template(kind).build() == find_template(kind).build()


def test_an_unknown_template_names_those_there_are() -> None:
    with pytest.raises(NotFound, match="csv, xlsx, geojson, json"):
        find_template("pdf")
