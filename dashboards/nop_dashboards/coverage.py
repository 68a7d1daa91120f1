"""The regulator's page: `/coverage`, a state of it `/coverage/{code}`, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from nop_dashboards import figures
from nop_dashboards.answers import ANSWERS
from nop_dashboards.choropleth import draw
from nop_dashboards.templating import page
from nop_registry.access import Action
from nop_registry.coverage.power_classes import SCHEMES
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.queries import coverage
from nop_registry.queries.coverage_report import CoverageReport, read_report
from nop_registry.queries.kept import KeptAnswers

AnyRequest = Request[Any, Any, Any]

_SHOWN_OPERATORS = 15
_SORTABLE = ("name", *(m.code for m in coverage.METRICS), *coverage.AVAILABILITIES)

Simulated = Annotated[int, QueryParameter(name="simulated", ge=0, le=1)]


@get("/coverage", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def national_page(
    request: AnyRequest,
    simulated: Simulated = 1,
    sort: FromQuery[str] = "evses",
    order: FromQuery[str] = "",
    colour: FromQuery[str] = "evses",
) -> Response[str]:
    """The nation by state."""
    return await _answer(request, None, simulated, sort, order, colour)


@get("/coverage/{code:str}", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def state_page(
    request: AnyRequest,
    code: FromPath[str],
    simulated: Simulated = 1,
    sort: FromQuery[str] = "evses",
    order: FromQuery[str] = "",
    colour: FromQuery[str] = "evses",
) -> Response[str]:
    """One state by district."""
    return await _answer(request, code, simulated, sort, order, colour)


@get("/coverage.csv", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def download(
    request: AnyRequest,
    by: FromQuery[str] = "state",
    area: FromQuery[str | None] = None,
    simulated: Simulated = 1,
) -> Response[str]:
    """One table as CSV: by state, district, operator, power_class, status or source."""
    if by == "district" and area is None:
        rows = await _kept(
            request,
            ("districts", bool(simulated)),
            lambda connection, country: coverage.list_coverage(
                connection, country, 2, None, bool(simulated)
            ),
        )
        as_of = rows[0]["as_of"] if rows else None
    else:
        report = await _report(request, area, bool(simulated))
        tables = {
            "state" if area is None else "district": report.areas,
            "operator": report.operators,
            "power_class": report.power_classes,
            "status": report.statuses,
            "source": report.sources,
        }
        if by not in tables:
            raise InvalidInput(f"`by` is one of {', '.join(tables)}, not {by!r}")
        rows, as_of = tables[by], report.totals["as_of"]
    name = f"coverage-{request.app.state.settings.country}-{by}.csv"
    return Response(
        _csv(by, rows, as_of, bool(simulated)),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-cache",
        },
    )


async def _answer(
    request: AnyRequest, code: str | None, simulated: int, sort: str, order: str, colour: str
) -> Response[str]:
    if sort not in _SORTABLE:
        raise InvalidInput(f"`sort` is one of {', '.join(_SORTABLE)}, not {sort!r}")
    metrics = {metric.code: metric for metric in coverage.METRICS}
    if colour not in metrics:
        raise InvalidInput(f"`colour` is one of {', '.join(metrics)}, not {colour!r}")
    descending = order == "desc" if order else sort != "name"
    report = await _report(request, code, bool(simulated))
    country = request.app.state.settings.country
    number = partial(figures.grouped, country=country)
    write = {
        m.code: figures.share if m.denominator else (lambda value, n=number: n(value))
        for m in coverage.METRICS
    }
    return page(
        request,
        "coverage.html",
        report=report,
        code=code,
        metrics=coverage.METRICS,
        number=number,
        write=write,
        instant=figures.instant,
        duration=figures.duration,
        areas=_sorted(report.areas, sort, descending),
        operators=report.operators[:_SHOWN_OPERATORS],
        others=_others(report),
        schemes=SCHEMES,
        drawing=draw(report, metrics[colour], write[colour]),
        colour=colour,
        sort=sort,
        descending=descending,
        with_simulated=bool(simulated),
    )


async def _report(request: AnyRequest, code: str | None, simulated: bool) -> CoverageReport:
    if code is not None and "\0" in code:  # no text for PostgreSQL
        raise NotFound("There is no such area.")
    report: CoverageReport = await _kept(
        request,
        ("report", code, simulated),
        lambda connection, country: read_report(connection, country, code, simulated),
    )
    if code is not None and report.state_name is None:
        raise NotFound(f"No area {code!r} is known, and no location lies in it.")
    return report


async def _kept(request: AnyRequest, key: tuple[Any, ...], read: Callable[[Any, str], Any]) -> Any:
    state = request.app.state

    async def find() -> Any:
        async with state.pool.connection() as connection:
            return await read(connection, state.settings.country)

    if "kept_coverage" not in state:
        state.kept_coverage = KeptAnswers()
    return await state.kept_coverage.get(key, find)


def _sorted(rows: coverage.Rows, by: str, descending: bool) -> coverage.Rows:
    """Sorted with what is not determined (and the unnamed area) last in either direction."""
    known = [row for row in rows if row[by] is not None]
    rest = [row for row in rows if row[by] is None]
    return [*sorted(known, key=lambda row: row[by], reverse=descending), *rest]


def _others(report: CoverageReport) -> dict[str, Any] | None:
    rest = report.operators[_SHOWN_OPERATORS:]
    return {**coverage.sum_figures(rest), "operators": len(rest)} if rest else None


def _csv(by: str, rows: coverage.Rows, as_of: Any, with_simulated: bool) -> str:
    """Comment lines that say what and as of when, then a table with a header."""
    simulated = "included" if with_simulated else "not included"
    comments = [
        f"Coverage by {by.replace('_', ' ')}, as of {figures.cell(as_of)}",
        f"Simulated sources are {simulated}. An empty cell is a value not determined.",
        *(
            f"{metric.code} ({metric.unit}): {metric.definition} [{metric.citation}]"
            for metric in coverage.METRICS
            if rows and metric.code in rows[0]
        ),
    ]
    # Not as cells: a quotation mark before the "#" would hide it from programs that skip comments.
    out = io.StringIO()
    out.writelines(f"# {text}\r\n" for text in comments)
    write = csv.writer(out, lineterminator="\r\n").writerow
    columns = [name for name in rows[0] if name not in _LEFT_OUT] if rows else []
    if by != "operator":
        columns = [name for name in columns if name != "operator"]
    if by in ("operator", "power_class", "status", "source"):
        columns = [name for name in columns if name not in _OF_AREAS or by == "power_class"]
    if by == "source":
        columns = ["name", *columns]
    write(columns)
    for row in rows:
        write([figures.cell(row[name]) for name in columns])
    return out.getvalue()


_LEFT_OUT = {"kind", "area_id", "elsewhere"}
_OF_AREAS = {"code", "name", "official", "parent_code", "parent_name", "as_declared",
             "declared_elsewhere"}  # fmt: skip

ROUTES = [national_page, state_page, download]
