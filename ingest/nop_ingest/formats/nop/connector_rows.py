"""Our own table: one row per connector, columns drawn from the record definitions.

A column is an OCPI field. `location_`, `evse_` or `connector_` stands before a name that several
levels have. Fields that are lists of objects (pictures, exceptional hours) have no column. The
columns of level `price` say a simple price without the words of OCPI's Tariffs.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from nop_ingest.formats.nop.cell_words import (
    read_bool,
    read_currency,
    read_hours,
    read_list,
    read_member,
    read_number,
    read_price,
    read_standard,
    read_tax_included,
    read_whole,
)
from nop_ingest.reading.moments import parse_local
from nop_registry.enums import ConnectorFormat, PowerType, Status
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    Hours,
    LocationRecord,
    Record,
)

LEVELS: tuple[tuple[str, type[Record]], ...] = (
    ("location", LocationRecord),
    ("evse", EvseRecord),
    ("connector", ConnectorRecord),
)
PRICE = "price"
REQUIRED = (
    "country_code", "party_id", "location_id", "lat", "lon", "evse_uid", "connector_id", "standard",
)  # fmt: skip
NAMING = frozenset({"location_id", "evse_uid"})
"""The columns by which our own table is recognised."""
UNSAID_BY_HAND = frozenset({"last-updated-missing"})
"""Nobody who keeps a table by hand writes down when each row changed: told once for the file."""
OURS = frozenset({"power_derived"})
"""Computed by the platform, never told by a publisher."""
_PREFIXED = {"id", "uid", "name", "last_updated"}


class Column(NamedTuple):
    """One column of the table."""

    name: str
    level: str
    field: str
    """Name in the record; `operator.name` is a field of a field."""
    kind: Any
    """Type of the value: `str`, `datetime`, `tuple` (several words), an enumeration …"""
    required: bool
    read: Callable[[str], Any]
    """The value of a cell that is not blank; a time without a zone has none. Raises ValueError
    whose text says what to enter."""


def _read_time(text: str) -> datetime:
    if (at := parse_local(text)) is None:
        raise ValueError("Enter UTC as in 2026-01-31T12:00:00Z.")
    return at


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str, float: read_number, int: read_whole, bool: read_bool, datetime: _read_time,
    tuple: read_list, Hours: read_hours, Status: read_member(Status),
    PowerType: read_member(PowerType), ConnectorFormat: read_member(ConnectorFormat),
}  # fmt: skip
_PRICES: tuple[tuple[str, Any, Callable[[str], Any]], ...] = (
    ("price_currency", str, read_currency),
    ("price_per_kwh", float, read_price),
    ("price_per_minute", float, read_price),
    ("price_per_session", float, read_price),
    ("idle_price_per_minute", float, read_price),
    ("price_includes_tax", bool, read_tax_included),
    ("price_tax_percent", float, read_price),
)


@cache
def columns() -> tuple[Column, ...]:
    """All columns, location level first."""
    taken: set[str] = set()
    found = []
    for level, record in LEVELS:
        hints = _hints(record)
        for field in msgspec.structs.fields(record):
            if field.name in OURS:
                continue
            for path, kind in _leaves(field.name, _plain(hints[field.name])):
                name = _NAMES.get(path) or path.replace(".", "_")
                if path in _PREFIXED or name in taken:
                    name = f"{level}_{name}"
                taken.add(name)
                reader = read_standard if path == "standard" else _READERS[kind]
                found.append(Column(name, level, path, kind, name in REQUIRED, reader))
    found += [Column(name, PRICE, name, kind, False, reader) for name, kind, reader in _PRICES]
    return tuple(found)


_NAMES = {
    "opening_times.twentyfourseven": "twentyfourseven",
    "opening_times.regular_hours": "opening_hours",
}


@cache
def _hints(record: type[Record]) -> dict[str, Any]:
    return get_type_hints(record)


def _plain(hint: Any) -> Any:
    """`X` of `X | None`; `tuple` of a tuple of texts."""
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is tuple:
        return tuple if get_args(hint)[0] is str else None
    return hint


def _leaves(field: str, kind: Any) -> Iterator[tuple[str, Any]]:
    if kind is BusinessDetails:
        yield f"{field}.name", str
        yield f"{field}.website", str
    elif kind is Hours:
        yield f"{field}.twentyfourseven", bool
        yield f"{field}.regular_hours", Hours
    elif kind in _READERS:
        yield field, kind


_PATHS = {"location": "", "evse": "evses.", "connector": "evses.connectors."}


def column_of_path() -> dict[str, str]:
    """The column of each field of a LocationRecord, by path without indexes."""
    found = {_PATHS[c.level] + c.field: c.name for c in columns() if c.level != PRICE}
    power = found["evses.connectors.max_electric_power_w"]
    return found | {
        "coordinates": "lat",
        "operator": "operator_name",
        "opening_times": "opening_hours",
        "evses": "evse_uid",
        "evses.coordinates": "evse_lat",
        "evses.connectors": "connector_id",
        "evses.connectors.max_electric_power": power,
        "elements.price_components.vat": "price_tax_percent",
        "elements.price_components.price": "price_per_kwh",
        "currency": "price_currency",
    }


def build(record: type[Record], values: dict[str, Any]) -> dict[str, Any]:
    """Keyword arguments of a record from values by column field."""
    hints = _hints(record)
    arguments: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for field, value in values.items():
        outer, _, inner = field.partition(".")
        if inner:
            nested.setdefault(outer, {})[inner] = value
        else:
            arguments[outer] = value
    for outer, parts in nested.items():
        kind = _plain(hints[outer])
        if kind is not BusinessDetails or "name" in parts:
            arguments[outer] = kind(**parts)
    return arguments
