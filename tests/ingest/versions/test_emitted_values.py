"""How values are written: lengths, times, places, required fields (SE-12)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from spoken_location import CONTEXT, EVSE, NOON, PLUG, document, say, say_evse, say_plug, version

from nop_registry.enums import PowerType
from nop_registry.records import BusinessDetails, DisplayText, EvseRecord, Hours, RegularHours


def test_a_required_text_that_is_not_known_is_na() -> None:
    """TR-20: and #NA is never shown as a text."""
    for number in ("2.1.1", "2.2.1", "2.3.0"):
        said = document(say(number, address=None, city=None, postal_code=None))
        assert (said["address"], said["city"]) == ("#NA", "#NA")
        assert said.get("postal_code") == ("#NA" if number == "2.1.1" else None)
        back, _ = version(number).to_location(msgspec.json.encode(said), CONTEXT)
        assert back is not None
        assert (back.address, back.city, back.postal_code) == (None, None, None)


def test_prose_that_is_too_long_is_cut_at_the_end_of_a_word() -> None:
    """TR-36"""
    address = "Plot 17, Sector 5, behind the old railway station, Navi Mumbai"
    assert document(say("2.1.1", address=address))["address"] == (
        "Plot 17, Sector 5, behind the old railway"
    )
    assert document(say("2.2.1", address=address))["address"] == address
    assert document(say("2.2.1", city="x" * 50))["city"] == "x" * 45


def test_codes_that_are_too_long_are_left_out_and_not_cut() -> None:
    """TR-36: a part of a telephone number is another number."""
    said = say("2.3.0", help_phone="+91 22 5550 0100 ext. 1234567", postal_code="4100012345678")
    assert "help_phone" not in document(said) and "postal_code" not in document(said)
    assert len(said.dropped) == 2
    said = say_evse("2.2.1", evse_id="IN*TPC*E" + "1" * 50, floor_level="ground")
    assert document(said)["evses"][0].keys() & {"evse_id", "floor_level"} == set()


@pytest.mark.parametrize("length", [36, 37, 39, 40])
def test_an_id_is_never_cut(length: int) -> None:
    for number, longest in (("2.1.1", 39), ("2.2.1", 36), ("2.3.0", 36)):
        for said in (say(number, id="x" * length), say_evse(number, uid="x" * length)):
            assert (said.document is not None) == (length <= longest)
            assert bool(said.dropped) == (length > longest)
        assert (say_plug(number, id="x" * length).document is None) == (length > 36)


def test_of_ids_that_differ_only_in_case_the_newer_is_given_out() -> None:
    """TR-32, P12."""
    old = msgspec.structs.replace(PLUG, id="a", last_updated=NOON - timedelta(days=1))
    new = msgspec.structs.replace(PLUG, id="A")
    for connectors in ((old, new), (new, old)):
        said = say_evse("2.2.1", connectors=connectors)
        assert [c["id"] for c in document(said)["evses"][0]["connectors"]] == ["A"]
        assert len(said.dropped) == 1


def test_a_connector_that_lacks_what_is_required_is_left_out() -> None:
    """SE-12"""
    for gap in ("format", "power_type", "max_voltage", "max_amperage"):
        for number in ("2.1.1", "2.2.1", "2.3.0"):
            said = say_plug(number, **{gap: None})
            assert said.document is None and len(said.dropped) == 3  # connector, EVSE, location


@pytest.mark.parametrize("number", ["2.1.1", "2.2.1", "2.3.0"])
@pytest.mark.parametrize(
    ("power_type", "watts", "given", "told"),
    [
        (PowerType.AC_3_PHASE, 22_000, (None, None), (230, 32)),
        (PowerType.AC_3_PHASE, 22_000, (400, None), (400, 32)),
        (PowerType.AC_3_PHASE, 11_000, (None, 16), (230, 16)),
        (PowerType.AC_1_PHASE, 7_400, (None, None), (230, 32)),
    ],
)
def test_missing_volts_and_amperes_of_the_mains_follow_from_the_watts(
    number: str,
    power_type: PowerType,
    watts: int,
    given: tuple[int | None, int | None],
    told: tuple[int, int],
) -> None:
    """SE-12: they give back the same power, and that they were computed is said."""
    said = say_plug(
        number, power_type=power_type, max_electric_power_w=watts, max_voltage=given[0],
        max_amperage=given[1],
    )  # fmt: skip
    plug = document(said)["evses"][0]["connectors"][0]
    names = ("voltage", "amperage") if number == "2.1.1" else ("max_voltage", "max_amperage")
    assert (plug[names[0]], plug[names[1]]) == told
    assert any("computed from the watts" in sentence for sentence in said.dropped)
    back, _ = version(number).to_location(msgspec.json.encode(said.document), CONTEXT)
    assert back is not None
    assert back.evses[0].connectors[0].max_electric_power_w == pytest.approx(watts, rel=0.01)


@pytest.mark.parametrize("number", ["2.1.1", "2.2.1", "2.3.0"])
@pytest.mark.parametrize(
    ("country", "changes"),
    [
        ("IND", {"power_type": PowerType.DC, "max_voltage": None, "max_amperage": None}),
        ("IND", {"power_type": PowerType.DC, "max_amperage": None}),
        ("USA", {"max_voltage": None, "max_amperage": None}),
        ("NOR", {"max_voltage": None, "max_amperage": None}),
        ("IND", {"max_voltage": None, "max_amperage": 125}),
    ],
)
def test_volts_and_amperes_that_nobody_knows_are_never_made_up(
    number: str, country: str, changes: dict[str, Any]
) -> None:
    """SE-12: DC has a range of volts, other mains other volts, other amperes contradict the watts;
    0 would be a false figure."""
    plug = msgspec.structs.replace(PLUG, max_electric_power_w=45_000, **changes)
    other = msgspec.structs.replace(PLUG, id="2")
    evse = msgspec.structs.replace(EVSE, connectors=(plug, other))
    said = say(number, country=country, evses=(evse,))
    assert [c["id"] for c in document(said)["evses"][0]["connectors"]] == ["2"]
    assert "connector left out: its volts or amperes are not known" in said.dropped


def test_last_updated_is_there_at_all_levels_and_parents_are_no_older() -> None:
    """SE-12, DM-12"""
    late = NOON + timedelta(hours=2)
    plug = msgspec.structs.replace(PLUG, last_updated=late)
    silent = EvseRecord(uid="E2", connectors=(msgspec.structs.replace(PLUG, last_updated=None),))
    evse = msgspec.structs.replace(EVSE, connectors=(plug,))
    said = document(say("2.2.1", evses=(evse, silent)))
    assert said["last_updated"] == "2026-06-01T14:00:00Z"
    assert said["evses"][0]["last_updated"] == "2026-06-01T14:00:00Z"
    assert said["evses"][1]["last_updated"] == "2026-06-01T12:00:00Z"
    assert said["evses"][1]["connectors"][0]["last_updated"] == "2026-06-01T12:00:00Z"
    assert say("2.2.1", last_updated=None, evses=(silent,)).document is None


def test_fractions_of_a_second_are_thousandths_and_none_in_2_1_1() -> None:
    """TR-30"""
    fine = NOON.replace(microsecond=123_456)
    for number, text in (
        ("2.1.1", "2026-06-01T12:00:00Z"), ("2.2.1", "2026-06-01T12:00:00.123Z"),
        ("2.3.0", "2026-06-01T12:00:00.123Z"),
    ):  # fmt: skip
        assert document(say(number, last_updated=fine))["last_updated"] == text


def test_the_end_of_a_day_is_written_as_ocpi_can() -> None:
    """HO-1, HO-2"""
    hours = Hours(
        twentyfourseven=False,
        regular_hours=(RegularHours(weekday=1, period_begin="18:00", period_end="24:00"),),
    )
    said = document(say("2.2.1", opening_times=hours))
    assert said["opening_times"] == {
        "twentyfourseven": False,
        "regular_hours": [{"weekday": 1, "period_begin": "18:00", "period_end": "23:59"}],
    }
    back, _ = version("2.2.1").to_location(msgspec.json.encode(said), CONTEXT)
    assert back is not None and back.opening_times == hours


def test_a_text_of_no_known_language_and_a_link_that_is_none_are_left_out() -> None:
    """TR-34, TR-35"""
    said = say(
        "2.2.1",
        directions=(DisplayText(language="und", text="?"), DisplayText(language="en", text="Left")),
        operator=BusinessDetails(name="A", website="https://a.example/" + "x" * 250),
    )
    assert document(said)["directions"] == [{"language": "en", "text": "Left"}]
    assert document(said)["operator"] == {"name": "A"}


def test_coordinates_are_texts_of_six_decimals() -> None:
    """DM-3"""
    for number in ("2.1.1", "2.2.1", "2.3.0"):
        said = document(say(number, lat=18.123456789, lon=-0.5))
        assert said["coordinates"] == {"latitude": "18.123457", "longitude": "-0.500000"}
