"""The templates: our own formats with two stations in them that do not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from nop_ingest.formats.nop.example_rows import LOCATIONS, TARIFFS
from nop_ingest.template.workbook import write_workbook
from nop_ingest.template.writing import write_csv, write_geojson, write_json
from nop_registry.errors import NotFound


class Template(NamedTuple):
    """A file to fill in."""

    filename: str
    media_type: str
    build: Callable[[], bytes]


TEMPLATES: dict[str, Template] = {
    "csv": Template(
        "nop-template.csv", "text/csv; charset=utf-8", lambda: write_csv(LOCATIONS, TARIFFS)
    ),
    "xlsx": Template(
        "nop-template.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        lambda: write_workbook(LOCATIONS, TARIFFS),
    ),
    "geojson": Template(
        "nop-template.geojson", "application/geo+json", lambda: write_geojson(LOCATIONS, TARIFFS)
    ),
    "json": Template(
        "nop-template.json", "application/json", lambda: write_json(LOCATIONS, TARIFFS)
    ),
}
"""By kind."""


def find_template(kind: str) -> Template:
    """The template of that kind. Raises NotFound."""
    if kind not in TEMPLATES:
        raise NotFound(f"there is no template {kind!r}; there are {', '.join(TEMPLATES)}")
    return TEMPLATES[kind]
