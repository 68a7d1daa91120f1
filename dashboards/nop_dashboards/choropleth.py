"""A map of areas drawn as SVG on the server: no script, and a table beside it says the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nop_registry.coverage.metric import Metric
from nop_registry.queries.coverage_report import CoverageReport

STEPS = 5


class Shape(NamedTuple):
    """One area: `step` is 0 (none) to STEPS, or None where the value is not determined."""

    code: str
    name: str
    path: str
    step: int | None
    text: str


class Drawing(NamedTuple):
    """The map and its legend."""

    title: str
    width: int
    height: int
    shapes: list[Shape]
    legend: list[tuple[int | None, str]]
    not_on_map: list[str]
    official: bool
    origins: list[str]


def draw(report: CoverageReport, metric: Metric, write: Callable[[Any], str]) -> Drawing | None:
    """The areas coloured by a metric, in steps that hold about equally many areas each."""
    if not report.outlines:
        return None
    values = {row["code"]: row[metric.code] for row in report.areas if row["code"]}
    bounds = _bounds([value for value in values.values() if value])
    shapes = []
    for outline in report.outlines:
        if outline["on_map"]:
            value = values.get(outline["code"])
            text = f"{write(value)} {metric.unit if not metric.denominator else ''}".strip()
            step = _step(value, bounds)
            shapes.append(Shape(outline["code"], outline["name"], outline["path"], step, text))
    first = report.outlines[0]
    return Drawing(
        f"{metric.title}, kW" if metric.unit == "kW" else metric.title,
        first["width"],
        first["height"],
        shapes,
        _legend(bounds, {shape.step for shape in shapes}, write),
        [outline["name"] for outline in report.outlines if not outline["on_map"]],
        all(outline["official"] for outline in report.outlines),
        sorted({outline["origin"] for outline in report.outlines}),
    )


def _bounds(values: list[Any]) -> list[Any]:
    """The highest value of every step, ascending."""
    ordered = sorted(values)
    count = len(ordered)
    steps = min(STEPS, count)
    return sorted({ordered[(n * count) // steps - 1] for n in range(1, steps + 1)})


def _step(value: Any, bounds: list[Any]) -> int | None:
    if value is None:
        return None
    if not value:
        return 0
    place = next((n for n, bound in enumerate(bounds, 1) if value <= bound), len(bounds))
    return place + STEPS - len(bounds)


def _legend(
    bounds: list[Any], used: set[int | None], write: Callable[[Any], str]
) -> list[tuple[int | None, str]]:
    entries: list[tuple[int | None, str]] = []
    if None in used:
        entries.append((None, "not determined"))
    if 0 in used:
        entries.append((0, "none"))
    for n, bound in enumerate(bounds):
        text = (
            f"up to {write(bound)}" if n == 0 else f"above {write(bounds[n - 1])} to {write(bound)}"
        )
        entries.append((n + 1 + STEPS - len(bounds), text))
    return entries
