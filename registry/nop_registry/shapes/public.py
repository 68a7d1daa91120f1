"""What the public may ask of a location and all below it, field by field, as SQL.

Aliases: l location · e evse · n evse_status_now · c connector · t tariff · src source_now ·
a site_now · p a location's row of `site` and its distance in a search (see FOUND). Rows that are
not public are kept out by `rows`: an EVSE that is retired or REMOVED is not shown, a location only
when it has a `site`.
"""

from __future__ import annotations

from nop_registry.shapes.selection import Field, Kind, Many, One, Scalar, Shape

_WORD, _NUMBER, _BOOLEAN, _TIME = Kind.WORD, Kind.NUMBER, Kind.BOOLEAN, Kind.TIME

LIVE_EVSE = "e.retired_at IS NULL AND n.last_known_status <> 'REMOVED'"


def _elements(array: str, alias: str) -> str:
    """FROM item: the elements of a jsonb array (none when NULL): `alias.doc`, `alias.place`."""
    return f"jsonb_array_elements({array}) WITH ORDINALITY AS {alias} (doc, place)"


def _texts(document: str, names: str) -> dict[str, Field]:
    """Text members of a jsonb document, under their own names."""
    return {name: Scalar(f"{document}->>'{name}'") for name in names.split()}


def _columns(alias: str, names: str) -> dict[str, Field]:
    """Nullable text columns, under their own names."""
    return {name: Scalar(f"{alias}.{name}") for name in names.split()}


def _business(name: str) -> dict[str, Field]:
    return {
        "name": Scalar(f"l.details->'{name}'->>'name'"),
        "website": Scalar(f"l.details->'{name}'->>'website'"),
    }


def _list(document: str) -> Scalar:
    return Scalar(f"coalesce({document}, '[]')", Kind.JSON, required=True)


_LOCATION: dict[str, Field] = {
    "id": Scalar("l.id", _WORD, required=True),
    "ocpi_id": Scalar("l.ocpi_id", required=True),
    "party": One("party"),
    **_columns("l", "name address city postal_code district state country"),
    "coordinates": One("coordinates"),
    "operator": One("operator"),
    "suboperator": One("suboperator", present="l.details ? 'suboperator'"),
    "owner": One("owner", present="l.details ? 'owner'"),
    **_columns("l", "time_zone parking_type"),
    "opening_times": One("hours", present="l.details ? 'opening_times'"),
    "charging_when_closed": Scalar("(l.details->>'charging_when_closed')::boolean", _BOOLEAN),
    "facilities": _list("l.details->'facilities'"),
    "directions": Many("display_text", _elements("l.details->'directions'", "x"), "x.place"),
    "images": Many("image", _elements("l.details->'images'", "x"), "x.place"),
    "help_phone": Scalar("l.details->>'help_phone'"),
    "last_updated": Scalar("l.last_updated", _TIME),
    "received_at": Scalar("l.received_at", _TIME, required=True),
    "is_simulated": Scalar(
        "(SELECT src.simulated FROM source src WHERE src.id = l.source_id)", _BOOLEAN, required=True
    ),
    "source": One("source", "source_now src WHERE src.id = l.source_id"),
    "availability": One("availability", "site_now a WHERE a.location_id = l.id"),
    "max_power_w": Scalar("(SELECT a.max_power_w FROM site a WHERE a.location_id = l.id)", _NUMBER),
    "distance_m": Scalar("NULL", _NUMBER),
    "evses": Many(
        "evse",
        "evse e JOIN evse_status_now n ON n.evse_id = e.id AND n.location_id = e.location_id "
        f"WHERE e.location_id = l.id AND {LIVE_EVSE}",
        "e.position",
    ),
}

_FOUND: dict[str, Field] = {
    "is_simulated": Scalar("src.simulated", _BOOLEAN, required=True),
    "source": One("source"),
    "availability": One("availability"),
    "max_power_w": Scalar("p.max_power_w", _NUMBER),
    "distance_m": Scalar("round(p.distance_m)::int", _NUMBER),
}
"""The same fields, where a search has found the rows already."""

_EVSE: dict[str, Field] = {
    "id": Scalar("e.id", _WORD, required=True),
    "uid": Scalar("e.uid", required=True),
    **_columns("e", "evse_id physical_reference floor_level"),
    "capabilities": Scalar("e.capabilities", Kind.TEXTS),
    "parking_restrictions": Scalar("e.parking_restrictions", Kind.TEXTS),
    "max_power_w": Scalar("e.max_power_w", _NUMBER),
    "coordinates": One("evse_coordinates", present="e.details ?& ARRAY['lat', 'lon']"),
    "directions": Many("display_text", _elements("e.details->'directions'", "x"), "x.place"),
    "images": Many("image", _elements("e.details->'images'", "x"), "x.place"),
    "status": Scalar("n.status", _WORD, required=True),
    "status_detail": One("status_detail"),
    "same_id": Scalar(
        "(SELECT greatest(1, count(*)) FROM evse o JOIN evse_status os ON os.evse_id = o.id "
        "JOIN site ON site.location_id = o.location_id "
        "WHERE o.evse_id_canonical = e.evse_id_canonical "
        "AND o.retired_at IS NULL AND os.status <> 'REMOVED')",
        _NUMBER,
        required=True,
    ),
    "connectors": Many("connector", "connector c WHERE c.evse_id = e.id", "c.position"),
    "location": One("location", "location l WHERE l.id = e.location_id"),
}

_CONNECTOR: dict[str, Field] = {
    "id": Scalar("c.id", required=True),
    "standard": Scalar("c.standard", required=True),
    "format": Scalar("c.format", _WORD),
    "power_type": Scalar("c.power_type", _WORD),
    "max_voltage": Scalar("c.max_voltage", _NUMBER),
    "max_amperage": Scalar("c.max_amperage", _NUMBER),
    "max_electric_power_w": Scalar("c.max_electric_power_w", _NUMBER),
    "power_derived": Scalar("c.power_derived", _BOOLEAN, required=True),
    "tariff_ids": Scalar("c.tariff_ids", Kind.TEXTS),
    "tariffs": Many(
        "tariff",
        "tariff t WHERE t.id = ANY(c.tariff_numbers) AND t.retired_at IS NULL",
        "array_position(c.tariff_numbers, t.id)",
    ),
    "terms_and_conditions": Scalar("c.terms_and_conditions"),
    "last_updated": Scalar("c.last_updated", _TIME),
}

_TARIFF: dict[str, Field] = {
    "id": Scalar("t.id", _WORD, required=True),
    "ocpi_id": Scalar("t.ocpi_id", required=True),
    "currency": Scalar("t.currency", required=True),
    "type": Scalar("t.type"),
    "alt_text": Many("display_text", _elements("t.document->'tariff_alt_text'", "x"), "x.place"),
    "alt_url": Scalar("t.document->>'tariff_alt_url'"),
    "tax_included": Scalar("t.document->>'tax_included'"),
    "min_price": One("min_price", present="t.document ? 'min_price'"),
    "max_price": One("max_price", present="t.document ? 'max_price'"),
    "starts_at": Scalar("(t.document->>'start_date_time')::timestamptz", _TIME),
    "ends_at": Scalar("(t.document->>'end_date_time')::timestamptz", _TIME),
    "elements": Many("tariff_element", _elements("t.document->'elements'", "el"), "el.place"),
    "last_updated": Scalar("t.last_updated", _TIME),
    "received_at": Scalar("t.received_at", _TIME, required=True),
}


def _limit(name: str) -> Shape:
    return Shape("PriceLimit", _texts(f"t.document->'{name}'", "before_taxes after_taxes"))


_RESTRICTIONS: dict[str, Field] = {
    **_texts(
        "el.doc->'restrictions'",
        "start_time end_time start_date end_date min_kwh max_kwh min_current max_current "
        "min_power max_power reservation",
    ),
    "min_duration": Scalar("el.doc->'restrictions'->'min_duration'", Kind.JSON),
    "max_duration": Scalar("el.doc->'restrictions'->'max_duration'", Kind.JSON),
    "day_of_week": _list("el.doc->'restrictions'->'day_of_week'"),
    "unknown": _list("el.doc->'restrictions'->'unknown'"),
}

_HOURS = "l.details->'opening_times'"
_OPERATOR_SHOWN = "(SELECT t.operator_name FROM site t WHERE t.location_id = l.id)"

SHAPES: dict[str, Shape] = {
    "location": Shape("Location", _LOCATION),
    "found_location": Shape("Location", {**_LOCATION, **_FOUND}),
    "party": Shape(
        "Party",
        {
            "country_code": Scalar("l.country_code", required=True),
            "party_id": Scalar("l.party_id", required=True),
        },
    ),
    "coordinates": Shape(
        "Coordinates",
        {
            "lat": Scalar("l.lat", _NUMBER, required=True),
            "lon": Scalar("l.lon", _NUMBER, required=True),
        },
    ),
    "evse_coordinates": Shape(
        "Coordinates",
        {
            "lat": Scalar("e.details->'lat'", Kind.JSON, required=True),
            "lon": Scalar("e.details->'lon'", Kind.JSON, required=True),
        },
    ),
    "operator": Shape("Business", {**_business("operator"), "name": Scalar(_OPERATOR_SHOWN)}),
    "suboperator": Shape("Business", _business("suboperator")),
    "owner": Shape("Business", _business("owner")),
    "hours": Shape(
        "Hours",
        {
            "twentyfourseven": Scalar(f"({_HOURS}->>'twentyfourseven')::boolean", _BOOLEAN),
            "regular_hours": Many(
                "regular_hours", _elements(f"{_HOURS}->'regular_hours'", "h"), "h.place"
            ),
            "exceptional_openings": Many(
                "period", _elements(f"{_HOURS}->'exceptional_openings'", "h"), "h.place"
            ),
            "exceptional_closings": Many(
                "period", _elements(f"{_HOURS}->'exceptional_closings'", "h"), "h.place"
            ),
        },
    ),
    "regular_hours": Shape(
        "RegularHours",
        {
            "weekday": Scalar("h.doc->'weekday'", Kind.JSON, required=True),
            **_texts("h.doc", "period_begin period_end"),
        },
    ),
    "period": Shape(
        "Period",
        {
            "begins_at": Scalar("(h.doc->>'period_begin')::timestamptz", _TIME),
            "ends_at": Scalar("(h.doc->>'period_end')::timestamptz", _TIME),
        },
    ),
    "display_text": Shape("DisplayText", _texts("x.doc", "language text")),
    "image": Shape("Image", _texts("x.doc", "url category type")),
    "source": Shape(
        "Source",
        {
            "name": Scalar("src.name", required=True),
            "state": Scalar("src.state", _WORD, required=True),
            "simulated": Scalar("src.simulated", _BOOLEAN, required=True),
            "is_stale": Scalar("src.is_stale", _BOOLEAN, required=True),
            "last_success_at": Scalar("src.last_success_at", _TIME),
            "seen_at": Scalar("src.seen_at", _TIME),
        },
    ),
    "availability": Shape(
        "Availability",
        {
            **{
                name: Scalar(f"a.n_{name}", _NUMBER, required=True)
                for name in ("available", "busy", "out", "unknown", "planned")
            },
            "total": Scalar("a.n_evse", _NUMBER, required=True),
        },
    ),
    "evse": Shape("Evse", _EVSE),
    "status_detail": Shape(
        "StatusDetail",
        {
            "status": Scalar("n.status", _WORD, required=True),
            "last_known_status": Scalar("n.last_known_status", _WORD, required=True),
            "last_changed": Scalar("n.changed_at", _TIME, required=True),
            "last_seen": Scalar("n.last_seen_at", _TIME, required=True),
            "age_seconds": Scalar(
                "greatest(0, floor(extract(epoch FROM now() - n.last_seen_at)))::bigint",
                _NUMBER,
                required=True,
            ),
            "is_stale": Scalar("n.is_stale", _BOOLEAN, required=True),
        },
    ),
    "connector": Shape("Connector", _CONNECTOR),
    "tariff": Shape("Tariff", _TARIFF),
    "min_price": _limit("min_price"),
    "max_price": _limit("max_price"),
    "tariff_element": Shape(
        "TariffElement",
        {
            "price_components": Many(
                "price_component", _elements("el.doc->'price_components'", "pc"), "pc.place"
            ),
            "restrictions": One("restrictions", present="el.doc ? 'restrictions'"),
        },
    ),
    "price_component": Shape(
        "PriceComponent",
        {
            **_texts("pc.doc", "type price vat"),
            "step_size": Scalar("pc.doc->'step_size'", Kind.JSON),
        },
    ),
    "restrictions": Shape("TariffRestrictions", _RESTRICTIONS),
}

FOUND = """
LEFT JOIN source_now src ON src.id = p.source_id
CROSS JOIN LATERAL counters_now(src.is_stale OR p.missing, p.n_evse, p.n_available,
                                p.n_busy, p.n_out, p.n_unknown, p.n_planned) a"""
"""Joins to `p`, rows of `site` with distance_m: what the live fields of found_location need."""

LIVE = {
    "location": ("is_simulated", "source", "availability", "max_power_w", "distance_m"),
    "evse": ("status", "status_detail"),
}
"""Fields that change without a new version of the location. An EVSE's need `n` only."""

FOREIGN = frozenset({"location", "same_id", "tariffs"})
"""Fields that depend on other objects than the location and what belongs to it."""
