"""What stands against one's data, the quality score by rule, and how it moved."""

from __future__ import annotations

from typing import Any, NamedTuple

from litestar import Response, get

from nop_dashboards.portal.doorkeeper import in_database, require_principal
from nop_dashboards.portal.view import PROBLEMS, AnyRequest, show
from nop_registry.access import Action
from nop_registry.database import Connection
from nop_registry.errors import NotFound
from nop_registry.queries import source_health
from nop_registry.store import quality
from nop_registry.store.source_parties import list_reachable

_PAGE = 100
_LINES = 6
_WIDTH, _HEIGHT = 600, 160


class Trend(NamedTuple):
    """A line of days in an SVG of 600 × 160 units; the y axis is the score from 0 to 1."""

    smoothed: str
    """Points of a polyline."""
    today: str
    first: Any
    last: Any


@get("/portal/findings", action=Action.READ_FINDINGS, exception_handlers=PROBLEMS)
async def show_findings(request: AnyRequest) -> Response[Any]:
    """Findings by code, then one by one; `?source=`, `?code=` and `?severity=` choose."""
    principal = await require_principal(request, Action.READ_FINDINGS)
    query = request.query_params
    wanted, code = query.get("source") or None, query.get("code") or None
    severity = query.get("severity") or None
    place = query.get("after", "")
    after = int(place) if place.isascii() and place.isdigit() and len(place) < 19 else 0

    def read(connection: Connection) -> dict[str, Any]:
        owned = list_reachable(connection, principal)
        chosen = [source for source in owned if wanted in (None, source.name)]
        if wanted and not chosen:
            raise NotFound("There is no such source.")
        ids = [source.id for source in chosen]
        listed = source_health.list_findings(
            connection, ids, code=code, severity=severity, after=after, limit=_PAGE + 1
        )
        return {
            "source_names": [source.name for source in owned],
            "codes": source_health.count_findings(connection, ids),
            "findings": listed[:_PAGE],
            "next_after": listed[_PAGE - 1].id if len(listed) > _PAGE else None,
            "scores": [(source.name, *_score(connection, source.id)) for source in chosen[:_LINES]],
            "median": quality.peer_median(connection),
        }

    found = await in_database(request, read)
    return await show(
        request, "findings.html", chosen=wanted, code=code, severity=severity, is_first=after == 0,
        grade=quality.grade, weights=quality.WEIGHTS, **found,
    )  # fmt: skip


def _score(
    connection: Connection, source_id: int
) -> tuple[quality.Measured | None, Trend | None, list[tuple[quality.Rule, float]], float | None]:
    """The newest measure, its trend, what it costs, and how it differs from 30 days ago."""
    days = quality.list_days(connection, source_id)
    if quality.is_outdated(connection, source_id):
        quality.ask(connection, source_id)
    if not days:
        return None, None, [], None
    newest = days[-1]
    before = [one for one in days if (newest.day - one.day).days >= 30]
    change = newest.smoothed - before[-1].smoothed if before else None
    return newest, _trend(days), quality.losses(newest.rules), change


def _trend(days: list[quality.Measured]) -> Trend | None:
    if len(days) < 2:
        return None
    first, span = days[0].day, (days[-1].day - days[0].day).days or 1

    def line(values: list[float]) -> str:
        return " ".join(
            f"{(one.day - first).days * _WIDTH / span:.1f},{(1 - value) * _HEIGHT:.1f}"
            for one, value in zip(days, values, strict=True)
        )

    return Trend(
        line([one.smoothed for one in days]), line([one.today for one in days]), first, days[-1].day
    )


ROUTES = [show_findings]
