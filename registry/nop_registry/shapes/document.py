"""A location's document: all that changes only with a new version of it, ready to be cut.

It is four texts, each a flat list of values divided by a control character, which JSON never
contains: what lists usually show of the location, the rest of it, and both for its EVSEs, one after
the other. A value is JSON, in the order of MAIN and REST; an object below (a Business, an Image …)
has the names of SHAPES. The last value of an EVSE is again such a list: of its connectors. So
readers cut what they want out of many documents at once, and decode nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from nop_registry.shapes.public import FOREIGN, LIVE, SHAPES
from nop_registry.shapes.selection import Field, One, Pick, Scalar, value_sql

VALUE, INNER = b"\t", b"\x1f"
"""Between values, and between those of connectors."""

CHILDREN = {"location": "evses", "evse": "connectors"}
"""The list of each shape that a document holds apart."""

MAIN = {
    "location": (
        "id", "ocpi_id", "name", "address", "city", "postal_code", "state", "country",
        "coordinates.lat", "coordinates.lon", "operator", "last_updated",
    ),
    "evse": ("id", "uid", "evse_id", "physical_reference", "max_power_w"),
    "connector": (
        "id", "standard", "format", "power_type", "max_voltage", "max_amperage",
        "max_electric_power_w", "power_derived",
    ),
}  # fmt: skip
"""What lists usually show; with a dot, a value of an object of the same row. Of a connector, what
many connectors share."""

REST = {
    shape: tuple(
        name
        for name in SHAPES[shape].fields
        if name not in {*(path.split(".")[0] for path in main), *LIVE.get(shape, ()), *FOREIGN}
        and name != CHILDREN.get(shape)
    )
    for shape, main in MAIN.items()
}
"""All else."""


def _everything(field: Field) -> tuple[Pick, ...]:
    if isinstance(field, Scalar):
        return ()
    below = SHAPES[field.shape].fields
    return tuple(Pick(name, name, _everything(below[name])) for name in below)


def _value(shape: str, path: str) -> str:
    name, _, below = path.partition(".")
    field = SHAPES[shape].fields[name]
    if below:
        assert isinstance(field, One) and not (field.rows or field.present)  # noqa: S101 - same row
        return _value(field.shape, below)
    return value_sql(SHAPES, shape, Pick(name, name, _everything(field)))


def _values(shape: str, paths: Iterable[str], *more: str) -> str:
    between = _INNER if shape == "connector" else _VALUE
    return f"concat_ws({', '.join([between, *(_value(shape, path) for path in paths), *more])})"


def _lists(shape: str, order: str, below: str | None = None) -> str:
    """Columns `main` and `rest`: both flat lists of all rows, empty when there are none."""
    between = _INNER if shape == "connector" else _VALUE
    columns = []
    for half, paths in (("main", MAIN[shape]), ("rest", REST[shape])):
        values = _values(shape, paths, *([f"{below}.{half}"] if below else []))
        columns.append(f"coalesce(string_agg({values}, {between} ORDER BY {order}), '') AS {half}")
    return ", ".join(columns)


_VALUE, _INNER = (f"chr({ord(mark)})" for mark in (VALUE, INNER))
_EVSES, _CONNECTORS = _lists("evse", "e.position", "connectors"), _lists("connector", "c.position")

DOCUMENT_SQL = f"""
SELECT l.id, {_values("location", MAIN["location"])} AS place,
       {_values("location", REST["location"])} AS place_rest,
       evses.main AS evses, evses.rest AS evses_rest
FROM location l CROSS JOIN LATERAL (
    SELECT {_EVSES} FROM evse e CROSS JOIN LATERAL (
        SELECT {_CONNECTORS} FROM connector c WHERE c.evse_id = e.id) connectors
    WHERE e.location_id = l.id AND e.retired_at IS NULL) evses"""  # noqa: S608 - constants
"""SELECT of documents, to which conditions on `location l` can be added. Which EVSEs are REMOVED is
live: a document holds them."""

LAYOUT = int.from_bytes(blake2b(DOCUMENT_SQL.encode(), digest_size=4).digest(), signed=True)
"""Marks documents written by this very SQL: others cannot be cut by MAIN and REST."""
