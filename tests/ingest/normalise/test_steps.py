"""The door for records that other formats build."""

from __future__ import annotations

from datetime import UTC, datetime
from math import nan

from nop_ingest.context import Context
from nop_ingest.normalise.steps import normalise_location
from nop_ingest.report import Rejection
from nop_registry.enums import PowerType
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord

CONTEXT = Context(country="IN", received_at=datetime(2026, 6, 1, tzinfo=UTC))


def location(*evses: EvseRecord, **fields: object) -> LocationRecord:
    usual = {"country_code": "IN", "party_id": "TPC", "id": "1", "lat": 28.61394, "lon": 77.20902}
    return LocationRecord(**(usual | fields), evses=evses)  # type: ignore[arg-type]


def test_a_record_built_elsewhere_takes_the_same_steps() -> None:
    plug = ConnectorRecord(
        id="1", standard="type 2", power_type=PowerType.AC_3_PHASE, max_voltage=400, max_amperage=32
    )
    record, findings = normalise_location(
        location(EvseRecord(uid="A", connectors=(plug,)), name=" Depot\n2 ", country="India"),
        CONTEXT,
    )
    assert record is not None
    assert (record.name, record.country) == ("Depot 2", "IND")
    settled = record.evses[0].connectors[0]
    assert (settled.standard, settled.max_electric_power_w) == ("IEC_62196_T2", 22170)
    assert {"country-spelling", "connector-standard-spelling", "power-derived"} <= {
        found.code for found in findings
    }


def test_a_settled_record_takes_the_steps_again_without_a_change() -> None:
    first, _ = normalise_location(
        location(EvseRecord(uid="A", connectors=(ConnectorRecord(id="1", standard="CHADEMO"),))),
        CONTEXT,
    )
    assert first is not None
    again, _ = normalise_location(first, CONTEXT)
    assert again is first


def test_a_location_without_a_place_or_an_id_is_refused() -> None:
    for broken, code in (
        (location(lat=nan), "coordinates-missing"),
        (location(id=" "), "id-missing"),
        (location(id="x" * 300), "id-unusable"),
        (location(party_id=""), "party-missing"),
        (location(country_code="I1"), "party-unusable"),
    ):
        record, findings = normalise_location(broken, CONTEXT)
        assert record is None
        assert code in [found.code for found in findings if isinstance(found, Rejection)]


def test_a_code_appears_once_per_evse_however_many_plugs_share_it() -> None:
    plugs = tuple(ConnectorRecord(id=str(n), standard="NEW_PLUG") for n in range(4))
    _, findings = normalise_location(
        location(EvseRecord(uid="A", connectors=plugs), EvseRecord(uid="B", connectors=plugs)),
        CONTEXT,
    )
    unknown = [found.path for found in findings if found.code == "connector-standard-unknown"]
    assert unknown == [f"evses[{n}].connectors[0].standard" for n in (0, 1)]


def test_what_was_left_out_is_not_called_missing_too() -> None:
    _, findings = normalise_location(location(country="Atlantis", time_zone="Nowhere"), CONTEXT)
    codes = [found.code for found in findings]
    assert "country-unknown" in codes and "country-missing" not in codes
    assert "time-zone-unknown" in codes and "time-zone-missing" not in codes
