"""The two stations that every template shows. They do not exist."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from nop_ingest.report import Notice
from nop_registry.enums import ConnectorFormat, PowerType, Severity, TaxIncluded
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

TARIFF = TariffRecord(
    country_code="IN",
    party_id="ABC",
    id="DC-FAST",
    currency="INR",
    elements=(
        TariffElement(
            price_components=(
                PriceComponent(type="ENERGY", price=Decimal("18.5"), vat=Decimal(18)),
                PriceComponent(type="PARKING_TIME", price=Decimal(120), vat=Decimal(18)),
            )
        ),
    ),
    type="AD_HOC_PAYMENT",
    tax_included=TaxIncluded.YES,
)

MARKET_SQUARE = LocationRecord(
    country_code="IN",
    party_id="ABC",
    id="LOC-1",
    lat=28.613939,
    lon=77.209023,
    name="Market Square",
    address="1 Station Road",
    city="New Delhi",
    postal_code="110001",
    state="Delhi",
    country="IND",
    parking_type="PARKING_LOT",
    operator=BusinessDetails(name="ABC Charging", website="https://abc.example"),
    facilities=("CAFE", "WIFI"),
    time_zone="Asia/Kolkata",
    opening_times=Hours(twentyfourseven=True),
    help_phone="+91 11 2345 6789",
    evses=(
        EvseRecord(
            uid="LOC-1-1",
            evse_id="IN*ABC*E1*1",
            capabilities=("CREDIT_CARD_PAYABLE", "RFID_READER"),
            connectors=(
                ConnectorRecord(
                    id="1",
                    standard="IEC_62196_T2_COMBO",
                    format=ConnectorFormat.CABLE,
                    power_type=PowerType.DC,
                    max_voltage=1000,
                    max_amperage=150,
                    max_electric_power_w=60_000,
                    tariff_ids=("DC-FAST",),
                ),
                ConnectorRecord(
                    id="2",
                    standard="CHADEMO",
                    format=ConnectorFormat.CABLE,
                    power_type=PowerType.DC,
                    max_voltage=500,
                    max_amperage=125,
                    max_electric_power_w=50_000,
                    tariff_ids=("DC-FAST",),
                ),
            ),
        ),
    ),
)

LIBRARY = LocationRecord(
    country_code="IN",
    party_id="ABC",
    id="LOC-2",
    lat=28.5921,
    lon=77.2295,
    name="Library",
    address="14 Lodhi Road",
    city="New Delhi",
    postal_code="110003",
    state="Delhi",
    country="IND",
    operator=BusinessDetails(name="ABC Charging"),
    time_zone="Asia/Kolkata",
    opening_times=Hours(
        regular_hours=tuple(
            RegularHours(weekday=day, period_begin="08:00", period_end="20:00")
            for day in range(1, 7)
        )
    ),
    evses=(
        EvseRecord(
            uid="LOC-2-1",
            evse_id="IN*ABC*E2*1",
            connectors=(
                ConnectorRecord(
                    id="1",
                    standard="IEC_62196_T2",
                    format=ConnectorFormat.SOCKET,
                    power_type=PowerType.AC_3_PHASE,
                    max_voltage=400,
                    max_amperage=32,
                    max_electric_power_w=22_000,
                ),
            ),
        ),
    ),
)

LOCATIONS = (MARKET_SQUARE, LIBRARY)
TARIFFS = (TARIFF,)


def remarks_on_examples(location: LocationRecord, rows: Iterable[int]) -> tuple[Notice, ...]:
    """A remark on each row where a station of the template was left as it is."""
    if location not in LOCATIONS:
        return ()
    message = "This is an example of the template, which does not exist: take it out."
    return tuple(
        Notice("example-left-in", Severity.WARNING, "location_id", message, location.id, row)
        for row in rows
    )
