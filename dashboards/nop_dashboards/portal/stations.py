"""My stations: the list, and the form for the few fields that are kept by hand."""

from __future__ import annotations

from typing import Any

import pycountry
from litestar import Response, get, post
from litestar.params import FromPath

from nop_dashboards import words
from nop_dashboards.portal import by_hand, station_form
from nop_dashboards.portal.doorkeeper import in_database, require_principal
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.sources import find_or_add, first_party, own_party
from nop_dashboards.portal.time_zones import only_zone
from nop_dashboards.portal.view import PROBLEMS, AnyRequest, see, show
from nop_registry.access import Action, Principal
from nop_registry.database import Connection
from nop_registry.enums import ConnectorFormat, PowerType, Status
from nop_registry.errors import NotFound
from nop_registry.queries import own_stations
from nop_registry.queries.own_stations import OwnTariff
from nop_registry.queries.records import read_locations
from nop_registry.records import LocationRecord
from nop_registry.store.source_parties import list_reachable
from nop_registry.store.sources import get_source

_PAGE = 50


@get("/portal/stations", action=Action.READ_SOURCES, exception_handlers=PROBLEMS)
async def list_stations(request: AnyRequest) -> Response[Any]:
    """All stations of one's sources, published or not; `?q=` searches, `?source=` chooses."""
    principal = await require_principal(request, Action.READ_SOURCES)
    query = request.query_params
    text, wanted = query.get("q", "").strip()[:100], query.get("source") or None
    place = query.get("after", "")
    after = int(place) if place.isascii() and place.isdigit() and len(place) < 19 else 0

    def read(connection: Connection) -> tuple[list[str], list[own_stations.OwnStation]]:
        owned = list_reachable(connection, principal)
        ids = [source.id for source in owned if wanted in (None, source.name)]
        return [source.name for source in owned], own_stations.list_stations(
            connection, ids, text=text.replace("\0", ""), after=after, limit=_PAGE + 1
        )

    names, found = await in_database(request, read)
    return await show(
        request,
        "stations.html",
        source_names=names,
        chosen=wanted,
        text=text,
        stations=found[:_PAGE],
        next_after=found[_PAGE - 1].id if len(found) > _PAGE else None,
        is_first=after == 0,
        saved=query.get("saved"),
        power=words.power,
    )


@get("/portal/stations/new", action=Action.EDIT_STATIONS, exception_handlers=PROBLEMS)
async def show_new(request: AnyRequest) -> Response[Any]:
    """An empty form. The first station by hand makes the source that it belongs to."""
    principal = await require_principal(request, Action.EDIT_STATIONS)
    party = own_party(principal, request.query_params.get("party", first_party(principal)))
    record, tariffs = await _blank(request, principal, party)
    values = {**station_form.values_of(record), "lat": "", "lon": ""}
    return await _form(request, record, values, tariffs, party=party)


@post("/portal/stations/new", action=Action.EDIT_STATIONS, exception_handlers=PROBLEMS)
async def add_station(request: AnyRequest) -> Response[Any]:
    """Check and publish a new station."""
    principal = await require_principal(request, Action.EDIT_STATIONS)
    form = {key: str(value) for key, value in (await request.form()).items()}
    party = own_party(principal, form.get("party", ""))
    before, tariffs = await _blank(request, principal, party)
    source = await in_database(
        request, lambda c: find_or_add(c, principal, party, "upload", "files")
    )
    record, errors = station_form.read(form, before, is_new=True)
    if not record.evses:
        errors["evse-0-plug-0-standard"] = "station.no_plug"
    return await _take(request, principal, source, record, form, errors, tariffs, party=party)


@get("/portal/stations/{number:int}/edit", action=Action.EDIT_STATIONS, exception_handlers=PROBLEMS)
async def show_edit(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """The form of a station."""
    record, tariffs, _, _ = await _own(request, number)
    return await _form(
        request, record, station_form.values_of(record), tariffs, number=number,
        saved="saved" in request.query_params,
    )  # fmt: skip


@post(
    "/portal/stations/{number:int}/edit", action=Action.EDIT_STATIONS, exception_handlers=PROBLEMS
)
async def change_station(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Check and publish what was changed."""
    before, tariffs, source, principal = await _own(request, number)
    form = {key: str(value) for key, value in (await request.form()).items()}
    record, errors = station_form.read(form, before, is_new=False)
    return await _take(request, principal, source, record, form, errors, tariffs, number=number)


async def _take(
    request: AnyRequest,
    principal: Principal,
    source: str,
    record: LocationRecord,
    form: dict[str, str],
    errors: station_form.Errors,
    tariffs: list[OwnTariff],
    *,
    number: int | None = None,
    party: str | None = None,
) -> Response[Any]:
    if errors:
        return await _form(
            request, record, form, tariffs, errors=errors, number=number, party=party, status=422
        )
    upload = await by_hand.take(request, principal, source, record)
    findings = by_hand.findings_of(upload)
    if by_hand.is_taken(upload) and (number is None or not findings):
        if number is not None:
            return see(f"/portal/stations/{number}/edit?saved=1")
        # A new one is shown among the others: its page says what could still be better.
        return see(f"/portal/stations?saved={record.id}")
    if upload.state in ("refused", "failed") or findings:
        return await _form(
            request, record, form, tariffs, number=number, party=party, findings=findings,
            upload=upload, saved=by_hand.is_taken(upload),
            status=200 if by_hand.is_taken(upload) else 422,
        )  # fmt: skip
    return see(f"/portal/uploads/{upload.id}")


async def _form(
    request: AnyRequest,
    record: LocationRecord,
    values: dict[str, str],
    tariffs: list[OwnTariff],
    *,
    status: int = 200,
    number: int | None = None,
    party: str | None = None,
    errors: station_form.Errors | None = None,
    findings: list[dict[str, Any]] | None = None,
    upload: Any = None,
    saved: bool = False,
) -> Response[Any]:
    standards = dict.fromkeys(
        [*station_form.STANDARDS, *(c.standard for e in record.evses for c in e.connectors)]
    )
    return await show(
        request, "station_form.html", status=status, record=record, values=values, number=number,
        party=party, errors=errors or {}, findings=findings or [], upload=upload, saved=saved,
        tariffs=[t.record for t in tariffs
                 if (t.record.country_code, t.record.party_id)
                 == (record.country_code, record.party_id)],
        standards=[(name, words.connector_name(name)) for name in standards],
        statuses=[s.value for s in Status], formats=[f.value for f in ConnectorFormat],
        power_types=[p.value for p in PowerType],
        n_evses=len(record.evses) if number else max(1, len(record.evses)),
        extra=1 if number else 0,
    )  # fmt: skip


async def _own(
    request: AnyRequest, number: int
) -> tuple[LocationRecord, list[OwnTariff], str, Principal]:
    def find(connection: Connection) -> own_stations.Place | None:
        return own_stations.find_place(connection, "location", number)

    place = await in_database(request, find) if number < 1 << 63 else None
    if place is None:
        raise NotFound("There is no such station.")
    principal = await require_principal(request, Action.EDIT_STATIONS, place.source)
    if place.kind != "upload":
        raise Said("station.by_ocpi", source=place.source)

    def read(connection: Connection) -> tuple[LocationRecord, list[OwnTariff]]:
        tariffs = own_stations.list_tariffs(connection, [place.source_id])
        return read_locations(connection, [number])[number], tariffs

    record, tariffs = await in_database(request, read)
    return record, tariffs, place.source, principal


async def _blank(
    request: AnyRequest, principal: Principal, party: str
) -> tuple[LocationRecord, list[OwnTariff]]:
    """A new station of the party, with what its others say."""

    def read(connection: Connection) -> tuple[str | None, str | None, list[OwnTariff]]:
        owned = [s for s in list_reachable(connection, principal) if s.parties == {party}]
        ids = [s.id for s in owned if get_source(connection, s.name).kind == "upload"]
        zone = own_stations.usual_time_zone(connection, ids)
        others = own_stations.list_stations(connection, ids, limit=1)
        known = read_locations(connection, [others[0].id]) if others else {}
        operator = next((r.operator.name for r in known.values() if r.operator), None)
        return zone, operator, own_stations.list_tariffs(connection, ids)

    zone, operator, tariffs = await in_database(request, read)
    found = pycountry.countries.get(alpha_2=party[:2])
    zone = zone or only_zone(party[:2])
    record = station_form.blank(party, operator or "", zone or "", found.alpha_3 if found else "")
    return record, tariffs


ROUTES = [list_stations, show_new, add_station, show_edit, change_station]
