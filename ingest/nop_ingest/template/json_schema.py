"""The JSON Schema of our own JSON, generated from the record definitions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, get_args, get_type_hints

import msgspec

from nop_ingest.formats.nop.connector_rows import OURS, PRICE
from nop_ingest.formats.nop.nop_json import MARK
from nop_ingest.template.words import explain
from nop_registry import records
from nop_registry.records import LocationRecord, TariffRecord

_OBJECT_OF_LEVEL = {
    "location": "LocationRecord",
    "evse": "EvseRecord",
    "connector": "ConnectorRecord",
}


def json_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of a file of Locations and Tariffs."""
    (locations, tariffs), components = msgspec.json.schema_components(
        (LocationRecord, TariffRecord), ref_template="#/$defs/{name}"
    )
    for component in components.values():
        properties = component.get("properties", {})
        for name in OURS & properties.keys():
            del properties[name]
        for name, said in properties.items():
            properties[name] = _loose(said)
    _say_moments(components)
    _describe(components)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Charging stations and prices of an operator",
        "type": "object",
        "properties": {
            "format": {"const": MARK},
            "locations": {"type": "array", "items": locations},
            "tariffs": {"type": "array", "items": tariffs},
        },
        "required": ["format"],
        "$defs": components,
    }


def _loose(said: Any) -> Any:
    """Decimals are numbers; a text such as "0.45" is read too."""
    if isinstance(said, list):
        return [_loose(part) for part in said]
    if not isinstance(said, dict):
        return said
    if said.get("format") == "decimal":
        rest = {name: value for name, value in said.items() if name not in ("format", "type")}
        return rest | {"type": ["number", "string"]}
    return {name: _loose(value) for name, value in said.items()}


def _say_moments(components: dict[str, Any]) -> None:
    """Which texts are moments: they need not name a zone, so msgspec does not say it."""
    for name, component in components.items():
        record = getattr(records, name, None)
        for field, hint in get_type_hints(record).items() if record is not None else ():
            said = component.get("properties", {}).get(field)
            if said is None or datetime not in (hint, *get_args(hint)):
                continue
            for part in said.get("anyOf", [said]):
                if part.get("type") == "string":
                    part["format"] = "date-time"


def _describe(components: dict[str, Any]) -> None:
    for told in explain():
        if told.column.level == PRICE or "." in told.column.field:
            continue
        properties = components[_OBJECT_OF_LEVEL[told.column.level]]["properties"]
        properties[told.column.field]["description"] = told.meaning
