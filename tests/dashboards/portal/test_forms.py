"""The forms of a station and a tariff: what they do not show stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from nop_dashboards.portal import station_form, tariff_form
from nop_registry.enums import ConnectorFormat, PowerType, Status, TaxIncluded
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    Hours,
    Image,
    LocationRecord,
    PriceComponent,
    RegularHours,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)

_AT = datetime(2026, 11, 1, tzinfo=UTC)
STATION = LocationRecord(
    country_code="IN", party_id="ABC", id="L1", lat=28.6139, lon=77.209, name="Market",
    address="1 Road", city="Delhi", facilities=("CAFE",), images=(Image(url="https://a.in/1.png"),),
    operator=BusinessDetails(name="ABC", website="https://abc.in"), time_zone="Asia/Kolkata",
    opening_times=Hours(
        twentyfourseven=False,
        regular_hours=(
            RegularHours(weekday=1, period_begin="08:00", period_end="12:00"),
            RegularHours(weekday=1, period_begin="14:00", period_end="20:00"),
        ),
    ),
    evses=(
        EvseRecord(
            uid="E1", evse_id="IN*ABC*E1", status=Status.AVAILABLE, last_updated=_AT,
            capabilities=("RFID_READER",),
            connectors=(
                ConnectorRecord(
                    id="1", standard="IEC_62196_T2", format=ConnectorFormat.SOCKET,
                    power_type=PowerType.AC_3_PHASE, max_voltage=230, max_amperage=32,
                    max_electric_power_w=22080, power_derived=True, tariff_ids=("A", "B"),
                ),
                ConnectorRecord(id="2", standard="CHADEMO", max_electric_power_w=50_000),
            ),
        ),
        EvseRecord(uid="E2", last_updated=_AT, connectors=(
            ConnectorRecord(id="1", standard="IEC_62196_T2"),)),
    ),
)  # fmt: skip


def test_a_station_that_nobody_changed_comes_back_the_same() -> None:
    record, errors = station_form.read(station_form.values_of(STATION), STATION, is_new=False)
    assert errors == {}
    assert msgspec.structs.replace(record, last_updated=None) == STATION


def test_only_what_was_typed_changes() -> None:
    typed = station_form.values_of(STATION) | {
        "name": "  New   name ", "lat": "28,70001", "evse-0-status": "OUTOFORDER",
        "evse-0-plug-0-kw": "7.4", "evse-0-plug-1-standard": "", "evse-1-status": "REMOVED",
        "evse-2-plug-0-standard": "IEC_62196_T2_COMBO", "evse-2-plug-0-kw": "60",
        "hours": "always",
    }  # fmt: skip
    record, errors = station_form.read(typed, STATION, is_new=False)
    assert errors == {}
    assert (record.name, record.lat, record.images) == ("New name", 28.70001, STATION.images)
    assert record.opening_times == Hours(twentyfourseven=True)
    first, new = record.evses
    assert (first.uid, first.status, first.capabilities) == (
        "E1", Status.OUTOFORDER, ("RFID_READER",),
    )  # fmt: skip
    assert first.last_updated and first.last_updated > _AT
    (plug,) = first.connectors
    assert (plug.max_electric_power_w, plug.power_derived, plug.tariff_ids) == (
        7400, False, ("A", "B"),
    )  # fmt: skip
    assert (new.uid, new.connectors[0].max_electric_power_w) == ("L1-3", 60_000)


def test_what_cannot_be_read_is_told_at_its_field() -> None:
    typed = station_form.values_of(STATION) | {
        "name": "", "lat": "२८", "lon": "181", "evse-0-plug-0-kw": "much", "id": "a b",
        "hours": "weekly", "open-2": "25:00", "shut-2": "",
    }  # fmt: skip
    _, errors = station_form.read(typed, STATION, is_new=True)
    assert set(errors) == {"name", "lat", "lon", "evse-0-plug-0-kw", "id", "open-2"}


def _tariff(*elements: TariffElement) -> TariffRecord:
    return TariffRecord(
        country_code="IN", party_id="ABC", id="T1", currency="INR", elements=elements,
        tax_included=TaxIncluded.NO,
    )  # fmt: skip


def _element(kwh: str, **limits: object) -> TariffElement:
    part = PriceComponent(type="ENERGY", price=Decimal(kwh), vat=Decimal(18), step_size=1)
    return TariffElement(
        price_components=(part,), restrictions=msgspec.convert(limits, TariffRestrictions)
        if limits else None,
    )  # fmt: skip


def test_the_reference_session_costs_what_the_bill_would_say() -> None:
    # Delhi, Saturday 21 November, 11:30 UTC = 17:00; evening and Saturday have prices of their own
    tariff = _tariff(
        _element("10", start_time="18:00", end_time="22:00"),
        _element("5", day_of_week=["SATURDAY", "SUNDAY"]),
        _element("20"),
    )
    now = datetime(2026, 11, 20, 11, 30, tzinfo=UTC)
    costs = tariff_form.reference_costs(tariff, now, "Asia/Kolkata", "en")
    assert [(c.when, c.cost.incl_tax) for c in costs] == [
        ("now", Decimal("472")), ("evening", Decimal("236")), ("weekend", Decimal("118")),
    ]  # fmt: skip
    assert "GST सहित" in tariff_form.reference_costs(tariff, now, "Asia/Kolkata", "hi")[0].text


def test_a_tariff_that_says_more_than_the_form_is_not_simple() -> None:
    assert tariff_form.is_simple(_tariff(_element("10", start_time="18:00", end_time="22:00")))
    assert not tariff_form.is_simple(_tariff(_element("10", min_power=50)))
    assert not tariff_form.is_simple(_tariff(_element("10", day_of_week=["MONDAY"])))


@hypothesis_settings(max_examples=25)
@given(
    st.lists(
        st.tuples(
            st.decimals("0", "999", places=2), st.sampled_from(["all", "weekdays", "weekend"])
        ),
        min_size=1, max_size=4,
    )
)  # fmt: skip
def test_a_simple_tariff_comes_back_the_same(rules: list[tuple[Decimal, str]]) -> None:
    form = {"id": "T1", "currency": "INR", "vat": "18", "tax": "NO"}
    for n, (price, days) in enumerate(rules):
        form |= {f"rule-{n}-kwh": f"{price}", f"rule-{n}-days": days}
    first, errors = tariff_form.read(form, _tariff(), is_new=False)
    assert errors == {} and len(first.elements) == len(rules)
    again, _ = tariff_form.read(tariff_form.values_of(first), first, is_new=False)
    assert again.elements == first.elements
