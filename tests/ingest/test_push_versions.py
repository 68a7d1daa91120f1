"""A push in another OCPI version than what is held changes what it names, and nothing else."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from operator_server import a_location, a_tariff, an_evse
from pusher import as_version

from nop_ingest import push as door
from nop_ingest.ocpi.versions import find_version
from nop_ingest.push_rules import Address, Push
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.queries.records import read_locations, read_tariffs
from nop_registry.records import TariffRecord
from nop_registry.store import sources
from nop_registry.store.held import find_held

Document = dict[str, Any]
VERSIONS = ["2.1.1", "2.2.1", "2.3.0"]
SINCE_2_2 = VERSIONS[1:]
PAIRS = [pair for pair in itertools.product(VERSIONS, VERSIONS) if pair[0] != pair[1]]
LATER = "2026-11-20T12:00:00Z"
_numbers = itertools.count(1)

# Level, versions, field, values: each with the record's field and what it is then.
FIELDS = [
    ("location", VERSIONS, "name", {"New": ("name", "New"), None: ("name", None)}),
    ("location", VERSIONS, "charging_when_closed", {True: ("charging_when_closed", True)}),
    (
        "location", ["2.1.1"], "type",
        {name: ("parking_type", name) for name in ("ON_STREET", "PARKING_LOT")},
    ),
    (
        "location", SINCE_2_2, "parking_type",
        {"ON_STREET": ("parking_type", "ON_STREET"), None: ("parking_type", None)},
    ),
    ("location", ["2.3.0"], "help_phone", {"+9111": ("help_phone", "+9111")}),
    ("evse", VERSIONS, "floor_level", {"3": ("floor_level", "3"), None: ("floor_level", None)}),
    ("evse", VERSIONS, "status", {"BLOCKED": ("status", "BLOCKED")}),
    ("evse", ["2.3.0"], "accepted_service_providers", {}),
    ("connector", ["2.1.1"], "voltage", {450: ("max_voltage", 450)}),
    ("connector", ["2.1.1"], "amperage", {90: ("max_amperage", 90)}),
    ("connector", ["2.1.1"], "tariff_id", {"T9": ("tariff_ids", ("T9",))}),
    ("connector", SINCE_2_2, "max_voltage", {450: ("max_voltage", 450)}),
    ("connector", SINCE_2_2, "max_electric_power", {7000: ("max_electric_power_w", 7000)}),
    ("connector", VERSIONS, "format", {"SOCKET": ("format", "SOCKET")}),
]  # fmt: skip
CONSEQUENCES = {"last_updated", "power_derived"}


def a_rich_location(version: str) -> Document:
    """With what only that version can say, what no version can say, and a field of the vendor."""
    evse = an_evse(1, 1, floor_level="1", capabilities=["RFID_READER"])
    unsayable = evse["connectors"][0] | {"id": "2", "max_voltage": None}  # no volts: not valid
    evse["connectors"].append(unsayable)
    location = as_version(version, a_location(1, evses=[evse, an_evse(1, 2)], x_vendor=[1]))
    if version == "2.1.1":
        location["type"] = "UNDERGROUND_GARAGE"
        del location["time_zone"]  # derived
        for plug in (plug for one in location["evses"] for plug in one["connectors"]):
            for old, new in (("voltage", "max_voltage"), ("amperage", "max_amperage")):
                plug[old] = plug.pop(new)
            plug["tariff_id"] = plug.pop("tariff_ids")[0]
            del plug["max_electric_power"]
        return location
    location |= {"parking_type": "ALONG_MOTORWAY", "state": "Delhi"}
    evse["connectors"][0]["tariff_ids"] = ["T1", "T2"]
    if version == "2.3.0":
        location |= {"help_phone": "+91 11 1234", "parking_places": [{"id": "P1", "roofed": True}]}
        evse |= {"parking": [{"parking_id": "P1"}], "accepted_service_providers": ["Roam"]}
        evse["connectors"][0]["capabilities"] = ["ISO_15118_2_PLUG_AND_CHARGE"]
    return location


class Station:
    """A Location of a source of its own, and pushes about it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        name = f"tpc-{next(_numbers)}"
        self.source = sources.add_source(
            connection, name=name, kind="ocpi", country_code="IN",
            versions_url="http://127.0.0.1:9/versions", allow_loopback=True,
        )  # fmt: skip
        self.address = Address("IN", "TPC", "LOC1")
        self.levels = {
            "location": self.address,
            "evse": self.address._replace(uid="1-1"),
            "connector": self.address._replace(uid="1-1", connector_id="1"),
        }

    def push(self, act: Any, version: str, address: Address, body: Document) -> None:
        spoken = find_version(version)
        assert spoken
        push = Push(self.source.id, self.source.name, spoken, "IN", datetime.now(UTC))
        outcome = act(self.connection, push, address, json.dumps(body).encode())
        assert outcome.what == "taken", outcome

    def show(self) -> dict[tuple[str, str], Any]:
        """Every field of every level."""
        number = self.address.number(self.source.id)
        record = read_locations(self.connection, [number])[number]
        parts = {"location": record}
        for evse in record.evses:
            parts[f"evse {evse.uid}"] = evse
            parts |= {f"connector {evse.uid} {plug.id}": plug for plug in evse.connectors}
        return {
            (part, name): value
            for part, record in parts.items()
            for name, value in msgspec.structs.asdict(record).items()
            if name not in ("evses", "connectors")
        }

    def changes(self, before: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
        """What is not as before, but for the clocks."""
        after = self.show()
        assert after.keys() == before.keys()
        return {
            (part.split(" ")[0], name): value
            for (part, name), value in after.items()
            if before[part, name] != value and name not in CONSEQUENCES
        }


@pytest.mark.parametrize(("held", "pushed"), PAIRS)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_patch_in_another_version_changes_what_it_names(
    connection: Connection, held: str, pushed: str, data: st.DataObject
) -> None:
    """RE-2, DM-1: what that version has no word for stays, and so does what it names otherwise."""
    station = Station(connection)
    station.push(door.put_location, held, station.address, a_rich_location(held))
    before = station.show()
    level = data.draw(st.sampled_from(["location", "evse", "connector"]))
    fields = [(name, said) for at, which, name, said in FIELDS if at == level and pushed in which]
    chosen = data.draw(st.lists(st.sampled_from(fields), min_size=1, unique_by=lambda f: f[0]))
    patch: Document = {"last_updated": LATER}
    expected: dict[tuple[str, str], Any] = {}
    for name, said in chosen:
        value = data.draw(st.sampled_from([*said])) if said else ["Other"]
        patch[name] = value
        becomes, then = said[value] if said else (name, ("Other",))
        expected[level, becomes] = then
    station.push(door.patch_location, pushed, station.levels[level], patch)
    changed = station.changes(before)
    if "connector" in level and "max_electric_power_w" not in {name for _, name in expected}:
        changed.pop(("connector", "max_electric_power_w"), None)  # derived from volts and amperes
    assert changed == expected


@pytest.mark.parametrize(("held", "pushed"), PAIRS)
def test_a_null_in_another_version_removes_a_field_of_the_vendor_and_none_that_it_lacks(
    connection: Connection, held: str, pushed: str
) -> None:
    """RE-2: no version says what the vendor added, so nobody could mean that it is so already."""
    station = Station(connection)
    station.push(door.put_location, held, station.address, a_rich_location(held))
    before = station.show()
    patch = {"name": "New", "x_vendor": None, "parking_places": None, "last_updated": LATER}
    station.push(door.patch_location, pushed, station.address, patch)
    number = station.address.number(station.source.id)
    kept = find_held(connection, ObjectKind.LOCATION, number)
    assert kept is not None and b"x_vendor" not in kept.raw
    assert station.changes(before) == {("location", "name"): "New"}


@pytest.mark.parametrize("held", SINCE_2_2)
def test_what_2_1_1_says_of_more_than_it_can_say_is_no_change(
    connection: Connection, held: str
) -> None:
    """RE-2, P14: an echo. One tariff of two, OTHER for a motorway, EVSEs without what is newer."""
    station = Station(connection)
    station.push(door.put_location, held, station.address, a_rich_location(held))
    before = station.show()
    old = find_version("2.1.1")
    assert old
    push = Push(station.source.id, station.source.name, old, "IN", datetime.now(UTC))
    for level in ("connector", "evse", "location"):
        read = door.read_location(connection, push, station.levels[level])
        assert read
        echo = json.loads(read)
        echo["last_updated"] = LATER
        if level == "location":
            assert (echo["type"], echo["evses"][0]["connectors"][0]["tariff_id"]) == ("OTHER", "T1")
        station.push(door.patch_location, "2.1.1", station.levels[level], echo)
        assert {name for _, name in station.changes(before)} <= {"address", "operator"}
    patch = {"tariff_id": "T2", "last_updated": LATER}
    station.push(door.patch_location, "2.1.1", station.levels["connector"], patch)
    assert station.changes(before)["connector", "tariff_ids"] == ("T2",)


@pytest.mark.parametrize(("held", "pushed"), PAIRS)
def test_an_evse_put_in_another_version_leaves_the_rest_of_the_location(
    connection: Connection, held: str, pushed: str
) -> None:
    """RE-1: a PUT replaces what its URL names, whole."""
    station = Station(connection)
    station.push(door.put_location, held, station.address, a_rich_location(held))
    before = station.show()
    evse = a_rich_location(pushed)["evses"][1] | {"floor_level": "7", "last_updated": LATER}
    station.push(door.put_location, pushed, station.address._replace(uid="1-2"), evse)
    assert station.changes(before).pop(("evse", "floor_level")) == "7"
    assert {part for part, _ in station.changes(before)} <= {"evse", "connector"}
    said = find_version("2.3.0")
    assert said
    push = Push(station.source.id, station.source.name, said, "IN", datetime.now(UTC))
    read = door.read_location(connection, push, station.levels["connector"])
    assert read and json.loads(read)["max_voltage"] == 500


def a_rich_tariff(version: str) -> Document:
    """With a validity, a minimum, and restrictions that 2.1.1 has no word for."""
    energy = {"type": "ENERGY", "price": 11.8, "vat": 18.0, "step_size": 1}
    elements = [
        {"price_components": [energy], "restrictions": {"max_current": 32}},
        {
            "price_components": [energy | {"price": 5}],
            "restrictions": {"reservation": "RESERVATION"},
        },
        {"price_components": [energy | {"price": 17.7}]},
    ]  # fmt: skip
    new = version == "2.3.0"
    limit = {"before_taxes" if new else "excl_vat": 10}
    taxed = {"tax_included": "YES"} if new else {}
    return a_tariff(
        elements=elements, min_price=limit, end_date_time="2030-01-01T00:00:00Z", **taxed
    )


@pytest.mark.parametrize("held", SINCE_2_2)
def test_a_tariff_patched_in_2_1_1_keeps_its_restrictions_and_prices(
    connection: Connection, held: str
) -> None:
    """RE-2, TA-3: what is not named stays; prices of 2.1.1 are without tax."""
    station = Station(connection)
    address = Address("IN", "TPC", "T1")
    station.push(door.put_tariff, held, address, a_rich_tariff(held))
    number = address.number(station.source.id, ObjectKind.TARIFF)

    def read() -> TariffRecord:
        return read_tariffs(connection, [number])[number]

    before = read()
    patch: Document = {"tariff_alt_url": "https://tpc.example/prices", "last_updated": LATER}
    station.push(door.patch_tariff, "2.1.1", address, patch)
    at = datetime.fromisoformat(LATER)
    renamed = {"tariff_alt_url": patch["tariff_alt_url"], "last_updated": at}
    assert read() == msgspec.structs.replace(before, **renamed)
    patch = {"elements": [{"price_components": [{"type": "ENERGY", "price": 20, "step_size": 1}]}]}
    station.push(door.patch_tariff, "2.1.1", address, patch | {"last_updated": LATER})
    after = read()
    assert [float(e.price_components[0].price) for e in after.elements] == [20]
    assert after.tax_included == "NO"  # else 20 would be read as a price with its tax
    assert (after.min_price, after.end_date_time) == (before.min_price, before.end_date_time)
