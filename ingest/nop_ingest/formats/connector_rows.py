"""Our own table: one row per connector, columns drawn from the record definitions.

A column is an OCPI field. `location_`, `evse_` or `connector_` stands before a name that several
levels have. Fields that are lists of objects (pictures, exceptional hours) have no column.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from nop_ingest.formats.tables import parse_number
from nop_registry.enums import KNOWN_CONNECTOR_TYPES, ConnectorFormat, PowerType, Status
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
REQUIRED = (
    "country_code", "party_id", "location_id", "lat", "lon", "evse_uid", "connector_id", "standard",
)  # fmt: skip
_OURS = {"power_derived"}  # computed by the platform, never told by a publisher
_PREFIXED = {"id", "uid", "name", "last_updated"}
_LIST_SEPARATOR = ";"
_MAX_WHOLE = 2**31 - 1
_YES = {"true", "yes", "y", "1"}
_NO = {"false", "no", "n", "0"}
_TYPE_BY_CASE = {name.casefold(): name for name in KNOWN_CONNECTOR_TYPES}


class Column(NamedTuple):
    """One column of the table."""

    name: str
    level: str
    field: str
    """Name in the record; `operator.name` is a field of a field."""
    required: bool
    read: Callable[[str], Any]
    """The value of a cell that is not blank. Raises ValueError whose text says what to enter."""


def _read_number(text: str) -> float:
    number = parse_number(text)
    if number is None:
        raise ValueError("Enter a plain number such as 28.613939.")
    return float(number)


def _read_whole(text: str) -> int:
    number = parse_number(text)
    if number is None or number != int(number) or not 0 < number <= _MAX_WHOLE:
        raise ValueError("Enter a whole number over 0, without unit.")
    return int(number)


def _read_bool(text: str) -> bool:
    if text.casefold() in _YES | _NO:
        return text.casefold() in _YES
    raise ValueError("Enter true or false.")


def _read_time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise ValueError("Enter UTC as in 2025-01-31T12:00:00Z.")
    return at


def _read_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(_LIST_SEPARATOR) if part.strip())


def _read_member(members: type[Status | PowerType | ConnectorFormat]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return members(text.upper())
        except ValueError:
            raise ValueError(f"Enter one of {', '.join(members)}.") from None

    return read


def _read_standard(text: str) -> str:
    return _TYPE_BY_CASE.get(text.casefold(), text)


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str, float: _read_number, int: _read_whole, bool: _read_bool, datetime: _read_time,
    tuple: _read_list, Status: _read_member(Status), PowerType: _read_member(PowerType),
    ConnectorFormat: _read_member(ConnectorFormat),
}  # fmt: skip


@cache
def columns() -> tuple[Column, ...]:
    """All columns, location level first."""
    taken: set[str] = set()
    found = []
    for level, record in LEVELS:
        hints = _hints(record)
        for field in msgspec.structs.fields(record):
            if field.name in _OURS:
                continue
            for path, kind in _leaves(field.name, _plain(hints[field.name])):
                name = path.replace(".", "_").removeprefix("opening_times_")
                if path in _PREFIXED or name in taken:
                    name = f"{level}_{name}"
                taken.add(name)
                reader = _read_standard if path == "standard" else _READERS[kind]
                found.append(Column(name, level, path, name in REQUIRED, reader))
    return tuple(found)


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
    if kind in _READERS:
        yield field, kind
    elif kind is BusinessDetails:
        yield f"{field}.name", str
        yield f"{field}.website", str
    elif kind is Hours:
        yield f"{field}.twentyfourseven", bool


_PATHS = {"location": "", "evse": "evses.", "connector": "evses.connectors."}


def column_of_path() -> dict[str, str]:
    """The column of each field of a LocationRecord, by path without indexes."""
    found = {_PATHS[column.level] + column.field: column.name for column in columns()}
    power = found["evses.connectors.max_electric_power_w"]
    return found | {
        "coordinates": "lat",
        "evses.coordinates": "evse_lat",
        "evses.connectors": "connector_id",
        "evses.connectors.max_electric_power": power,
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
