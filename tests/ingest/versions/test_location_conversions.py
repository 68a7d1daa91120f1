"""Locations from one version to another (ocpi.md §10): what cannot be said is told."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from spoken_location import (
    CONTEXT,
    EVSE,
    LOCATION,
    NOON,
    PLUG,
    document,
    plug_of,
    say,
    say_plug,
    version,
)

from nop_ingest.normalise.time_zones import zone_at
from nop_ingest.ocpi.wire.tariff_choice import put_chosen_first
from nop_registry.enums import PowerType, Status
from nop_registry.records import (
    BusinessDetails,
    EnergyMix,
    EnvironmentalImpact,
    EvseParking,
    Image,
    Parking,
    TariffRecord,
)


@pytest.mark.parametrize(
    ("parking_type", "location_type"),
    [
        ("ON_STREET", "ON_STREET"), ("PARKING_GARAGE", "PARKING_GARAGE"),
        ("UNDERGROUND_GARAGE", "UNDERGROUND_GARAGE"), ("PARKING_LOT", "PARKING_LOT"),
        ("ALONG_MOTORWAY", "OTHER"), ("ON_DRIVEWAY", "OTHER"), ("ROOF", "OTHER"), (None, "UNKNOWN"),
    ],
)  # fmt: skip
def test_the_kind_of_parking_becomes_a_location_type(
    parking_type: str | None, location_type: str
) -> None:
    assert document(say("2.1.1", parking_type=parking_type))["type"] == location_type
    raw = msgspec.json.encode(document(say("2.1.1", parking_type=parking_type)))
    back, _ = version("2.1.1").to_location(raw, CONTEXT)
    says_something = location_type not in ("OTHER", "UNKNOWN")
    assert back is not None
    assert back.parking_type == (location_type if says_something else None)


def test_an_unknown_kind_of_parking_is_left_out_where_the_list_is_closed() -> None:
    said = say("2.2.1", parking_type="ROOF")
    assert "parking_type" not in document(said) and len(said.dropped) == 1
    assert document(say("2.3.0", parking_type="ROOF"))["parking_type"] == "ROOF"


def test_volts_amperes_and_tariffs_have_each_version_s_names() -> None:
    for number in ("2.2.1", "2.3.0"):
        plug = plug_of(say_plug(number, max_electric_power_w=22_000, tariff_ids=("A", "B")))
        assert (plug["max_voltage"], plug["max_amperage"]) == (230, 32)
        assert (plug["max_electric_power"], plug["tariff_ids"]) == (22_000, ["A", "B"])
    old = say_plug("2.1.1", max_electric_power_w=22_000, tariff_ids=("A", "B"))
    plug = plug_of(old)
    assert (plug["voltage"], plug["amperage"], plug["tariff_id"]) == (230, 32, "A")
    assert "max_electric_power" not in plug and len(old.dropped) == 2


def test_watts_that_we_computed_are_not_said_to_be_the_publisher_s() -> None:
    plug = plug_of(say_plug("2.2.1", max_electric_power_w=22_080, power_derived=True))
    assert "max_electric_power" not in plug


def test_a_tariff_that_is_not_given_out_is_not_referred_to() -> None:
    """DM-10"""
    evse = msgspec.structs.replace(
        EVSE, connectors=(msgspec.structs.replace(PLUG, tariff_ids=("A", "B")),)
    )
    for number, field, expected in (
        ("2.1.1", "tariff_id", "B"), ("2.2.1", "tariff_ids", ["B"]), ("2.3.0", "tariff_ids", ["B"]),
    ):  # fmt: skip
        said = say(number, lambda label: label == "B", evses=(evse,))
        assert plug_of(said)[field] == expected
        assert any("tariff" in sentence for sentence in said.dropped)
        assert field not in plug_of(say(number, lambda _: False, evses=(evse,)))


def test_the_one_tariff_of_2_1_1_is_the_one_that_is_shown() -> None:
    tariffs = {
        label: TariffRecord(
            country_code="IN", party_id="TPC", id=label, currency="INR", elements=(), type=kind
        )
        for label, kind in (("ROAM", "REGULAR"), ("ANY", None), ("ADHOC", "AD_HOC_PAYMENT"))
    }
    plug = msgspec.structs.replace(PLUG, tariff_ids=("ROAM", "GONE", "ANY", "ADHOC"))
    evse = msgspec.structs.replace(EVSE, connectors=(plug,))
    location = msgspec.structs.replace(LOCATION, evses=(evse,))
    chosen = put_chosen_first(location, tariffs.get, NOON)
    said = version("2.1.1").from_location(chosen, lambda label: label != "ROAM")
    assert plug_of(said)["tariff_id"] == "ADHOC"


def test_an_environmental_impact_is_called_source_in_2_1_1_and_category_since() -> None:
    impact = EnvironmentalImpact(category="CARBON_DIOXIDE", amount=Decimal("12.5"))
    mix = EnergyMix(is_green_energy=True, environ_impact=(impact,))
    for number, name in (("2.1.1", "source"), ("2.2.1", "category"), ("2.3.0", "category")):
        found = document(say(number, energy_mix=mix))["energy_mix"]["environ_impact"]
        assert found == [{name: "CARBON_DIOXIDE", "amount": 12.5}]
        raw = msgspec.json.encode(document(say(number, energy_mix=mix)))
        for reader in ("2.1.1", "2.2.1", "2.3.0"):  # both names are read everywhere
            back, _ = version(reader).to_location(raw, CONTEXT)
            assert back is not None and back.energy_mix == mix


def test_a_2_1_1_object_belongs_to_the_party_of_its_connection() -> None:
    raw = msgspec.json.encode(document(say("2.1.1")))
    assert b"country_code" not in raw and b"party_id" not in raw
    back, _ = version("2.1.1").to_location(raw, CONTEXT)
    assert back is not None and (back.country_code, back.party_id) == ("IN", "TPC")


def test_a_2_1_1_object_names_its_owner() -> None:
    """SE-3: nothing else in it does."""
    assert document(say("2.1.1"))["operator"] == {"name": "IN-TPC"}
    known = say("2.1.1", operator=BusinessDetails(name="Test Power"))
    assert document(known)["operator"] == {"name": "Test Power"}
    assert "operator" not in document(say("2.2.1"))


@pytest.mark.parametrize(
    ("country", "lat", "lon", "zone"),
    [
        ("IND", 18.5, 73.8, "Asia/Kolkata"), ("NL", 52.1, 5.1, "Europe/Amsterdam"),
        ("USA", 34.0, -118.2, "America/Los_Angeles"), ("US", 40.7, -74.0, "America/New_York"),
        ("DE", 47.99, 7.85, "Europe/Berlin"), ("DEU", 48.14, 11.58, "Europe/Berlin"),
        ("ES", 28.1, -15.4, "Atlantic/Canary"), ("ES", 36.1, -5.4, "Europe/Madrid"),
        ("US", 33.4, -112.1, "America/Phoenix"), ("US", 39.8, -86.2, "America/New_York"),
        ("Atlantis", 0.0, 0.0, None),
    ],
)  # fmt: skip
def test_a_missing_time_zone_is_derived_from_country_and_place(
    country: str, lat: float, lon: float, zone: str | None
) -> None:
    assert zone_at(country, lat, lon) == zone


def test_a_derived_time_zone_is_said_to_be_so() -> None:
    raw = msgspec.json.encode(document(say("2.1.1", time_zone=None)))
    assert b"time_zone" not in raw  # optional in 2.1.1
    back, findings = version("2.1.1").to_location(raw, CONTEXT)
    assert back is not None and back.time_zone == "Asia/Kolkata"
    assert "time-zone-derived" in [found.code for found in findings]
    for number in ("2.2.1", "2.3.0"):  # required there
        said = say(number, time_zone=None)
        assert document(said)["time_zone"] == "Asia/Kolkata"
        assert any("derived" in sentence for sentence in said.dropped)


@pytest.mark.parametrize("standard", ["MCS", "SAE_J3400", "CHAOJI", "GBT_DC", "NEMA_5_20", "X9"])
def test_a_connector_that_a_version_has_no_word_for_is_left_out(standard: str) -> None:
    other = msgspec.structs.replace(PLUG, id="2", standard=standard)
    second = msgspec.structs.replace(EVSE, uid="E2", connectors=(other,))
    both = msgspec.structs.replace(EVSE, connectors=(PLUG, other))
    since_2_2 = standard in ("CHAOJI", "GBT_DC", "NEMA_5_20")
    for number, has_word in (("2.1.1", False), ("2.2.1", since_2_2), ("2.3.0", True)):
        said = say(number, evses=(both, second))
        connectors = [len(evse["connectors"]) for evse in document(said)["evses"]]
        assert connectors == ([2, 1] if has_word else [1])  # connector, then EVSE
        assert bool(said.dropped) != has_word
        assert (say(number, evses=(second,)).document is not None) == has_word  # then location


def test_words_that_a_version_does_not_have_are_left_out_of_its_lists() -> None:
    """RE-9: 2.3.0 left its lists open, so what is new there is passed on."""
    evse = msgspec.structs.replace(
        EVSE,
        capabilities=("RFID_READER", "PED_TERMINAL", "X_RAY"),
        parking_restrictions=("EV_ONLY", "TAXIS"),
    )
    image = Image(url="https://a.example/a.jpg", category="SELFIE", type="jpg")
    changes = {"evses": (evse,), "facilities": ("WIFI", "TRAM_STOP", "POOL"), "images": (image,)}
    expected = {
        "2.1.1": (["RFID_READER"], ["EV_ONLY"], ["WIFI"], "OTHER"),
        "2.2.1": (["RFID_READER", "PED_TERMINAL"], ["EV_ONLY"], ["WIFI", "TRAM_STOP"], "OTHER"),
        "2.3.0": (
            ["RFID_READER", "PED_TERMINAL", "X_RAY"], ["EV_ONLY", "TAXIS"],
            ["WIFI", "TRAM_STOP", "POOL"], "SELFIE",
        ),
    }  # fmt: skip
    for number, words in expected.items():
        said = document(say(number, **changes))
        first = said["evses"][0]
        picture = said["images"][0]
        assert picture["type"] == "jpeg"
        assert words == (
            first["capabilities"], first["parking_restrictions"], said["facilities"],
            picture["category"],
        )  # fmt: skip


def test_two_phases_are_said_as_one_in_2_1_1_and_never_as_three() -> None:
    for power_type in (PowerType.AC_2_PHASE, PowerType.AC_2_PHASE_SPLIT):
        assert plug_of(say_plug("2.1.1", power_type=power_type))["power_type"] == "AC_1_PHASE"
        assert plug_of(say_plug("2.2.1", power_type=power_type))["power_type"] == power_type


def test_an_unknown_status_is_unknown() -> None:
    said = document(say("2.2.1"))
    said["evses"][0]["status"] = "WORKING"
    back, findings = version("2.2.1").to_location(msgspec.json.encode(said), CONTEXT)
    assert back is not None and back.evses[0].status is Status.UNKNOWN
    assert "unknown-status" in [found.code for found in findings]


def test_a_private_location_is_not_said_at_all_in_2_1_1() -> None:
    """RE-11, DM-11: 2.1.1 has no `publish`, so everything that is sent is public."""
    assert say("2.1.1", publish=False).document is None
    assert "publish" not in document(say("2.1.1"))
    assert document(say("2.2.1", publish=False))["publish"] is False


def test_what_is_new_in_2_3_0_is_only_said_there() -> None:
    """DM-8, DM-9"""
    place = Parking(
        id="P1", vehicle_types=("VAN",), restricted_to_type=True, reservation_required=False
    )
    vague = Parking(id="P2", vehicle_types=("VAN",))
    evse = msgspec.structs.replace(
        EVSE,
        parking=(EvseParking(parking_id="p1", evse_position="LEFT"), EvseParking(parking_id="P2")),
        accepted_service_providers=("ChargeNet",),
        connectors=(msgspec.structs.replace(PLUG, capabilities=("ISO_15118_2_PLUG_AND_CHARGE",)),),
    )
    changes = {"evses": (evse,), "parking_places": (place, vague), "help_phone": "112"}
    new = document(say("2.3.0", **changes))
    first = new["evses"][0]
    assert [p["id"] for p in new["parking_places"]] == ["P1"]  # P2 lacks what is required
    assert first["parking"] == [{"parking_id": "p1", "evse_position": "LEFT"}]
    assert first["accepted_service_providers"] == ["ChargeNet"]
    assert first["connectors"][0]["capabilities"] == ["ISO_15118_2_PLUG_AND_CHARGE"]
    assert new["help_phone"] == "112"
    for number in ("2.1.1", "2.2.1"):
        said = say(number, **changes)
        text = msgspec.json.encode(document(said))
        for word in (b"parking", b"ChargeNet", b"15118", b"112"):
            assert word not in text.replace(b"parking_", b"")
        assert len(said.dropped) == 5
