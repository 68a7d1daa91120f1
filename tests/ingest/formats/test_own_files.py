"""Our own formats: what is written is read back equal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nop_ingest.formats.catalogue import find_format, recognise
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    ParsedTariff,
    RefusedRow,
)
from nop_ingest.template import workbook, writing
from nop_ingest.template.files import TEMPLATES
from nop_registry import records
from nop_registry.enums import ConnectorFormat, PowerType, Status, TaxIncluded
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    Hours,
    LocationRecord,
    PriceComponent,
    RegularHours,
    TariffElement,
    TariffRecord,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "uploads"
WRITERS = {
    "csv": writing.write_csv,
    "xlsx": workbook.write_workbook,
    "geojson": writing.write_geojson,
    "json": writing.write_json,
}


def parse(path: Path) -> list[Parsed]:
    file = ReceivedFile(path, path.name)
    return list(recognise(file).parse(file))


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_is_taken_whole_and_its_examples_are_told(kind: str, tmp_path: Path) -> None:
    path = tmp_path / TEMPLATES[kind].filename
    path.write_bytes(TEMPLATES[kind].build())

    items = parse(path)

    locations = [i for i in items if isinstance(i, ParsedLocation)]
    tariffs = [i for i in items if isinstance(i, ParsedTariff)]
    assert [i.record.id for i in locations] == ["LOC-1", "LOC-2"]
    assert [(i.record.id, i.record.tax_included) for i in tariffs] == [("DC-FAST", TaxIncluded.YES)]
    assert [i for i in items if isinstance(i, RefusedRow | FileNotice)] == []
    assert {n.code for i in [*locations, *tariffs] for n in i.notices} == {"example-left-in"}
    assert [len(i.notices) for i in locations] == [len(i.rows) for i in locations]


WORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"], exclude_characters=";"),
    min_size=1, max_size=12,
).map(lambda text: "x" + text.strip()).filter(lambda text: text == text.strip())  # fmt: skip
OPTIONAL = st.none() | WORDS
IDS = st.text("ABCxyz0129*-_=", min_size=1, max_size=8).map(lambda text: "0" + text)
MOMENTS = st.none() | st.datetimes(
    datetime(2001, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)
)
LISTS = st.lists(WORDS, max_size=2, unique=True).map(tuple)
LATITUDES = st.integers(-85 * 10**7, 85 * 10**7).map(lambda n: n / 10**7)
LONGITUDES = st.integers(-180 * 10**7, 180 * 10**7).map(lambda n: n / 10**7)
CLOCKS = st.times().map(lambda at: f"{at:%H:%M}")
COMPANIES = st.none() | st.builds(BusinessDetails, name=WORDS, website=OPTIONAL)
HOURS = st.none() | st.builds(
    Hours,
    twentyfourseven=st.none() | st.booleans(),
    regular_hours=st.lists(
        st.builds(RegularHours, weekday=st.integers(1, 7), period_begin=CLOCKS, period_end=CLOCKS),
        min_size=1, max_size=4, unique=True,
    ).map(lambda found: tuple(sorted(found, key=lambda h: (h.weekday, h.period_begin)))),
)  # fmt: skip
WHOLE = st.none() | st.integers(1, 2**31 - 1)
CONNECTORS = st.builds(
    ConnectorRecord, id=IDS, standard=st.sampled_from(["CHADEMO", "IEC_62196_T2", "Plug"]),
    format=st.none() | st.sampled_from(ConnectorFormat), max_voltage=WHOLE, max_amperage=WHOLE,
    power_type=st.none() | st.sampled_from(PowerType), max_electric_power_w=WHOLE,
    tariff_ids=LISTS, terms_and_conditions=OPTIONAL, capabilities=LISTS, last_updated=MOMENTS,
)  # fmt: skip
EVSES = st.builds(
    EvseRecord, uid=IDS, evse_id=OPTIONAL, status=st.sampled_from(Status), last_updated=MOMENTS,
    connectors=st.lists(CONNECTORS, min_size=1, max_size=2, unique_by=lambda c: c.id.casefold())
    .map(tuple),
    capabilities=LISTS, parking_restrictions=LISTS, floor_level=OPTIONAL,
    physical_reference=OPTIONAL, lat=st.none() | LATITUDES, lon=st.none(),
    accepted_service_providers=LISTS,
)  # fmt: skip
LOCATIONS = st.builds(
    LocationRecord, country_code=st.just("IN"), party_id=st.just("ABC"), id=IDS,
    lat=LATITUDES, lon=LONGITUDES, publish=st.booleans(), name=OPTIONAL,
    address=OPTIONAL, city=OPTIONAL, postal_code=OPTIONAL, district=OPTIONAL, state=OPTIONAL,
    country=OPTIONAL, parking_type=OPTIONAL, operator=COMPANIES, suboperator=COMPANIES,
    owner=COMPANIES, facilities=LISTS, time_zone=st.none(), opening_times=HOURS,
    charging_when_closed=st.none() | st.booleans(), help_phone=OPTIONAL, last_updated=MOMENTS,
    evses=st.lists(EVSES, min_size=1, max_size=2, unique_by=lambda e: e.uid.casefold()).map(tuple),
)  # fmt: skip
INVENTORIES = st.lists(LOCATIONS, min_size=1, max_size=3, unique_by=lambda one: one.id.casefold())


@pytest.mark.parametrize("kind", WRITERS)
def test_stations_are_read_back_as_they_were_written(
    kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp(kind) / f"stations.{kind}"

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(INVENTORIES)
    def check(inventory: list[LocationRecord]) -> None:
        path.write_bytes(WRITERS[kind](inventory))

        items = list(find_format(f"nop_{kind}").parse(ReceivedFile(path, path.name)))

        read = [item.record for item in items if isinstance(item, ParsedLocation)]
        assert sorted(read, key=lambda one: one.id) == sorted(inventory, key=lambda one: one.id)
        assert not any(item.notices for item in items if isinstance(item, ParsedLocation))

    check()


PRICES = st.decimals(0, 100, places=3)
COMPONENTS = st.builds(
    PriceComponent, type=st.sampled_from(["ENERGY", "TIME", "FLAT", "PARKING_TIME"]),
    price=PRICES, vat=st.none() | PRICES, step_size=st.none() | st.integers(0, 3600),
)  # fmt: skip
TARIFFS = st.builds(
    TariffRecord, country_code=st.just("IN"), party_id=st.just("ABC"), id=IDS,
    currency=st.just("INR"), tax_included=st.none() | st.sampled_from(TaxIncluded),
    elements=st.lists(
        st.builds(
            TariffElement,
            price_components=st.lists(COMPONENTS, min_size=1, max_size=2).map(tuple),
            restrictions=st.none() | st.builds(
                records.TariffRestrictions, start_time=CLOCKS, max_kwh=PRICES,
                day_of_week=st.just(("MONDAY",)),
            ),
        ),
        min_size=1, max_size=2,
    ).map(tuple),
    min_price=st.none() | st.builds(records.PriceLimit, before_taxes=PRICES),
    start_date_time=MOMENTS, last_updated=MOMENTS,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(TARIFFS, min_size=1, max_size=3))
def test_tariffs_are_read_back_from_json_as_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, tariffs: list[TariffRecord]
) -> None:
    path = tmp_path_factory.getbasetemp() / "tariffs.json"
    path.write_bytes(writing.write_json(tariffs=tariffs))

    assert [item.record for item in parse(path) if isinstance(item, ParsedTariff)] == tariffs


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("tax", [TaxIncluded.YES, TaxIncluded.NO, TaxIncluded.NOT_APPLICABLE])
def test_a_simple_price_is_read_back_from_every_format(
    kind: str, tax: TaxIncluded, tmp_path: Path
) -> None:
    prices = {"ENERGY": "0.49", "TIME": "6.60", "FLAT": "1", "PARKING_TIME": "3"}
    tariff = TariffRecord(
        country_code="DE", party_id="ABC", id="DAY", currency="EUR", type="AD_HOC_PAYMENT",
        tax_included=tax,
        elements=(
            TariffElement(
                price_components=tuple(
                    PriceComponent(type=name, price=Decimal(price), vat=Decimal(19))
                    for name, price in prices.items()
                )
            ),
        ),
    )  # fmt: skip
    plug = ConnectorRecord(id="1", standard="CHADEMO", tariff_ids=("DAY",))
    evses = tuple(EvseRecord(uid=uid, connectors=(plug,)) for uid in ("E1", "E2"))
    location = LocationRecord(
        country_code="DE", party_id="ABC", id="L", lat=52.5, lon=13.4, evses=evses
    )
    path = tmp_path / f"priced.{kind}"
    path.write_bytes(WRITERS[kind]([location], [tariff]))

    items = parse(path)

    assert [i.record for i in items if isinstance(i, ParsedTariff)] == [tariff]
    assert [i.record for i in items if isinstance(i, ParsedLocation)] == [location]


def test_json_holds_every_field_of_a_location(tmp_path: Path) -> None:
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    said = (records.DisplayText(language="en", text="Behind the hall"),)
    picture = records.Image(url="https://abc.example/1.jpg", category="CHARGER", width=640)
    period = records.ExceptionalPeriod(period_begin=at, period_end=at)
    full = LocationRecord(
        country_code="IN", party_id="ABC", id="L", lat=28.6, lon=77.2, directions=said,
        images=(picture,), opening_times=Hours(exceptional_openings=(period,)),
        related_locations=(records.AdditionalGeoLocation(lat=28.6, lon=77.2, name=said[0]),),
        parking_places=(records.Parking(id="P", max_vehicle_height=Decimal("210.5")),),
        operator=BusinessDetails(name="ABC", logo=picture),
        energy_mix=records.EnergyMix(
            is_green_energy=True,
            energy_sources=(records.EnergySource(source="SOLAR", percentage=Decimal("99.9")),),
        ),
        evses=(
            EvseRecord(
                uid="E", directions=said, images=(picture,),
                status_schedule=(records.StatusSchedule(period_begin=at, status=Status.PLANNED),),
                parking=(records.EvseParking(parking_id="P", evse_position="LEFT"),),
                connectors=(
                    ConnectorRecord(
                        id="1", standard="CHADEMO", max_electric_power_w=50_000, power_derived=True
                    ),
                ),
            ),
        ),
    )  # fmt: skip
    path = tmp_path / "one.json"
    path.write_bytes(writing.write_json([full]))

    (item,) = parse(path)

    plug = ConnectorRecord(id="1", standard="CHADEMO")  # our own sum is no claim of an operator
    evse = msgspec.structs.replace(full.evses[0], connectors=(plug,))
    assert isinstance(item, ParsedLocation)
    assert item.record == msgspec.structs.replace(full, evses=(evse,))


NAMES = '"country_code": "IN", "party_id": "ABC", "id": "L", "lat": 28.6, "lon": 77.2'


@pytest.mark.parametrize(
    "text",
    [
        '{"format": "nop-1", "locations": [{%s}]}',
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {%s}}]}',
    ],
    ids=["json", "geojson"],
)
def test_an_evse_left_out_of_json_keeps_what_it_said_before(text: str, tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    evses = '[{"uid": "E1"}, {"status": "AVAILABLE"}]'
    path.write_text(text % f'{NAMES}, "evses": {evses}')

    (item,) = parse(path)

    assert isinstance(item, ParsedLocation) and item.partial
    assert [evse.uid for evse in item.record.evses] == ["E1"]


@pytest.mark.parametrize(
    ("lat", "code"), [('"north"', "field-unusable"), ("null", "field-missing")]
)
def test_a_required_field_that_cannot_be_read_is_not_called_missing(
    lat: str, code: str, tmp_path: Path
) -> None:
    path = tmp_path / "one.json"
    names = NAMES.replace("28.6", lat)
    path.write_text(f'{{"format": "nop-1", "locations": [{{{names}, "evses": []}}]}}')

    (item,) = parse(path)

    assert isinstance(item, RefusedRow)
    assert (item.rejection.code, item.rejection.path) == (code, "lat")


@pytest.mark.parametrize("text", ['{"data": []}', '{"type": "FeatureCollection", "features": []}'])
def test_json_that_lists_nothing_is_not_called_unknown(text: str, tmp_path: Path) -> None:
    path = tmp_path / "empty.json"
    path.write_text(text)

    with pytest.raises(ValueError, match="the file lists nothing"):
        parse(path)


def test_geojson_in_other_coordinates_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "projected.geojson"
    text = (GOLDEN / "nop_geojson" / "stations.geojson").read_text()
    path.write_text(text.replace("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:3857"))

    with pytest.raises(ValueError, match="export again with EPSG:4326"):
        parse(path)
