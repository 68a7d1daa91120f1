"""My tariffs: what a session costs on each, and the form of one."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any

import pycountry
from litestar import Response, get, post
from litestar.params import FromPath

from nop_dashboards.portal import by_hand, tariff_form
from nop_dashboards.portal.doorkeeper import in_database, require_principal
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.sources import find_or_add, first_party, own_party
from nop_dashboards.portal.time_zones import usual_zone
from nop_dashboards.portal.view import PROBLEMS, AnyRequest, see, show, texts
from nop_registry.access import Action, Principal
from nop_registry.database import Connection
from nop_registry.errors import NotFound
from nop_registry.pricing import money_text
from nop_registry.queries import own_stations
from nop_registry.queries.own_stations import OwnTariff
from nop_registry.records import TariffRecord
from nop_registry.store.source_parties import list_reachable


@get("/portal/tariffs", action=Action.READ_SOURCES, exception_handlers=PROBLEMS)
async def list_tariffs(request: AnyRequest) -> Response[Any]:
    """Each with what 20 kWh in 40 minutes costs now, in the evening and at the weekend."""
    principal = await require_principal(request, Action.READ_SOURCES)

    def read(connection: Connection) -> tuple[list[OwnTariff], str | None]:
        ids = [source.id for source in list_reachable(connection, principal)]
        return (
            own_stations.list_tariffs(connection, ids),
            usual_zone(connection, ids, request.app.state.settings.country),
        )

    found, zone = await in_database(request, read)
    now, language = datetime.now(UTC), texts(request).code
    return await show(
        request,
        "tariffs.html",
        tariffs=[
            (one, tariff_form.reference_costs(one.record, now, zone, language)) for one in found
        ],
        zone=zone,
        money=money_text,
        saved=request.query_params.get("saved"),
    )


@get("/portal/tariffs/new", action=Action.EDIT_TARIFFS, exception_handlers=PROBLEMS)
async def show_new(request: AnyRequest) -> Response[Any]:
    """An empty form."""
    principal = await require_principal(request, Action.EDIT_TARIFFS)
    party = own_party(principal, request.query_params.get("party", first_party(principal)))
    record = _blank(party)
    values = tariff_form.values_of(record) | {"rule-0-days": "all"}
    return await _form(request, record, values, party=party)


@post("/portal/tariffs/new", action=Action.EDIT_TARIFFS, exception_handlers=PROBLEMS)
async def add_tariff(request: AnyRequest) -> Response[Any]:
    """Check and publish a new tariff."""
    principal = await require_principal(request, Action.EDIT_TARIFFS)
    form = {key: str(value) for key, value in (await request.form()).items()}
    party = own_party(principal, form.get("party", ""))
    source = await in_database(
        request, lambda c: find_or_add(c, principal, party, "upload", "files")
    )
    return await _take(request, principal, source, _blank(party), form, party=party)


@get("/portal/tariffs/{number:int}/edit", action=Action.EDIT_TARIFFS, exception_handlers=PROBLEMS)
async def show_edit(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """The form of a tariff, with its price preview."""
    record, _, _ = await _own(request, number)
    if not tariff_form.is_simple(record):
        return await _form(request, record, {}, number=number)
    return await _form(request, record, tariff_form.values_of(record), number=number)


@post("/portal/tariffs/{number:int}/edit", action=Action.EDIT_TARIFFS, exception_handlers=PROBLEMS)
async def change_tariff(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """Check and publish what was changed."""
    before, source, principal = await _own(request, number)
    if not tariff_form.is_simple(before):
        raise Said("tariff.not_simple")
    form = {key: str(value) for key, value in (await request.form()).items()}
    return await _take(request, principal, source, before, form, number=number)


async def _take(
    request: AnyRequest,
    principal: Principal,
    source: str,
    before: TariffRecord,
    form: dict[str, str],
    *,
    number: int | None = None,
    party: str | None = None,
) -> Response[Any]:
    record, errors = tariff_form.read(form, before, is_new=number is None)
    if errors or form.get("act") == "preview":
        return await _form(
            request, record, form, errors=errors, number=number, party=party,
            status=422 if errors else 200,
        )  # fmt: skip
    upload = await by_hand.take(request, principal, source, record)
    findings = by_hand.findings_of(upload)
    if upload.state in ("refused", "failed") or findings:
        return await _form(
            request, record, form, findings=findings, upload=upload, number=number, party=party,
            status=200 if by_hand.is_taken(upload) else 422,
        )  # fmt: skip
    if by_hand.is_taken(upload):
        return see(f"/portal/tariffs?saved={record.id}")
    return see(f"/portal/uploads/{upload.id}")


async def _form(
    request: AnyRequest,
    record: TariffRecord,
    values: dict[str, str],
    *,
    status: int = 200,
    number: int | None = None,
    party: str | None = None,
    errors: dict[str, str] | None = None,
    findings: list[dict[str, Any]] | None = None,
    upload: Any = None,
) -> Response[Any]:
    zone = await in_database(request, lambda c: _zone_of(c, number, record.country_code))
    costs = []
    if record.elements and not errors:
        language = texts(request).code
        costs = tariff_form.reference_costs(record, datetime.now(UTC), zone, language)
    return await show(
        request, "tariff_form.html", status=status, record=record, values=values, number=number,
        party=party, errors=errors or {}, findings=findings or [], upload=upload,
        saved=upload is not None and by_hand.is_taken(upload), costs=costs, money=money_text,
        rules=min(_rules(values) + 1, tariff_form.MOST_RULES),
        is_simple=bool(values),
    )  # fmt: skip


def _zone_of(connection: Connection, number: int | None, country: str) -> str | None:
    place = None if number is None else own_stations.find_place(connection, "tariff", number)
    return usual_zone(connection, [place.source_id] if place else [], country)


def _rules(values: dict[str, str]) -> int:
    """How many rules have a price."""
    used = [
        n
        for n in range(tariff_form.MOST_RULES)
        if any(values.get(f"rule-{n}-{name}") for name in ("kwh", "minute", "parked", "session"))
    ]
    return max(used, default=-1) + 1


async def _own(request: AnyRequest, number: int) -> tuple[TariffRecord, str, Principal]:
    def find(connection: Connection) -> own_stations.Place | None:
        return own_stations.find_place(connection, "tariff", number)

    place = await in_database(request, find) if number < 1 << 63 else None
    if place is None:
        raise NotFound("There is no such tariff.")
    principal = await require_principal(request, Action.EDIT_TARIFFS, place.source)
    if place.kind != "upload":
        raise Said("station.by_ocpi", source=place.source)
    found = await in_database(
        request, lambda c: own_stations.list_tariffs(c, [place.source_id], number=number)
    )
    return found[0].record, place.source, principal


def _blank(party: str) -> TariffRecord:
    country_code, party_id = party.split("*")
    country = pycountry.countries.get(alpha_2=country_code)
    money = pycountry.currencies.get(numeric=country.numeric) if country else None
    return TariffRecord(
        country_code=country_code, party_id=party_id, id=f"T-{secrets.token_hex(3).upper()}",
        currency=money.alpha_3 if money else "", elements=(), type="AD_HOC_PAYMENT",
    )  # fmt: skip


ROUTES = [list_tariffs, show_new, add_tariff, show_edit, change_tariff]
