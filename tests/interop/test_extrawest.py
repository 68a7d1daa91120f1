"""OCPI with an implementation that we did not write: the PyPI package `extrawest-ocpi`.

Handshake with call-back in both directions, full pull, push, renewal and end, in 2.1.1 and 2.2.1.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from operator_server import a_location, a_tariff

from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.onboarding import Terms, agree_by_hand, find_or_add_peer, invite
from nop_ingest.pull import pull
from nop_registry.store import peers, sources

Start = Callable[..., Any]
VERSIONS = ("2.1.1", "2.2.1")
TOKEN_A = "token-a-of-the-operator"
NOON = "2026-11-20T12:00:00Z"


def objects(version: str, locations: int = 3) -> dict[str, list[dict[str, Any]]]:
    """An operator's objects as that version spells them."""
    found = {"locations": [a_location(n, party_id="XTR") for n in range(1, locations + 1)],
             "tariffs": [a_tariff(party_id="XTR")]}  # fmt: skip
    if version == "2.1.1":
        for location in found["locations"]:
            _as_2_1_1(location)
        for tariff in found["tariffs"]:
            for name in ("country_code", "party_id", "type"):
                del tariff[name]
            del tariff["elements"][0]["price_components"][0]["vat"]
    return found


def _as_2_1_1(location: dict[str, Any]) -> None:
    for name in ("country_code", "party_id", "publish"):
        del location[name]
    location["type"] = "ON_STREET"
    for evse in location["evses"]:
        for connector in evse["connectors"]:
            connector["voltage"] = connector.pop("max_voltage")
            connector["amperage"] = connector.pop("max_amperage")
            (connector["tariff_id"],) = connector.pop("tariff_ids")
            del connector["max_electric_power"]


def terms(**more: Any) -> Terms:
    return Terms(parties=(("IN", "XTR"),), country="IN", allow_loopback=True, **more)


def register_there(platform: Any, operator: Any) -> handshake.Outcome:
    """We register with the operator, which calls us back meanwhile."""
    peer = find_or_add_peer(platform.connection, "extra", terms())
    return handshake.register(
        platform.connection, peer, versions_url=operator.versions_url, token=TOKEN_A,
        us=platform.us, key=platform.key,
    )  # fmt: skip


def register_here(platform: Any, operator: Any, **more: Any) -> dict[str, Any]:
    """The operator registers with us, and we call it back meanwhile."""
    peer = find_or_add_peer(platform.connection, "extra", terms(**more))
    token, _ = invite(platform.connection, peer, expires_in=timedelta(days=1))
    done: dict[str, Any] = operator.drive(
        "register", versions_url=platform.us.versions_url, token=token
    )
    return done


def pull_all(platform: Any) -> Any:
    source = sources.get_source(platform.connection, "extra")
    return pull(platform.connection, source, key=platform.key, country="IN", full=True)


def held(platform: Any) -> dict[str, Any]:
    """What the registry holds: public locations and statuses by EVSE."""
    names = platform.connection.execute(
        "SELECT l.name FROM site s JOIN location l ON l.id = s.location_id"
    )
    statuses = platform.connection.execute(
        "SELECT e.uid, s.status FROM evse e JOIN evse_status s ON s.evse_id = e.id"
    )
    return {"names": {name for (name,) in names}, "statuses": dict(statuses.fetchall())}


@pytest.mark.parametrize("version", VERSIONS)
def test_we_register_pull_renew_and_leave(
    platform: Any, start_extrawest: Start, version: str
) -> None:
    """CR-20, CR-30, CR-32, PU-1, TR-5, P2, P4, P12: every step with the package's own server."""
    operator = start_extrawest(version, objects(version, locations=105), TOKEN_A)
    outcome = register_there(platform, operator)
    assert outcome.version == version and outcome.quarantined == []
    (partner,) = operator.partners().values()
    assert partner["credentials"]["url"] == platform.us.versions_url

    report = pull_all(platform)
    assert {m.module: m.tally.objects for m in report.modules} == {"tariffs": 1, "locations": 105}
    found = held(platform)
    assert len(found["names"]) == 105 and set(found["statuses"].values()) == {"AVAILABLE"}

    (before,) = operator.partners()
    renewed = handshake.rotate(
        platform.connection, peers.get_peer(platform.connection, "extra"), us=platform.us,
        key=platform.key,
    )  # fmt: skip
    (after,) = operator.partners()
    assert renewed.version == version and after != before
    assert pull_all(platform).modules[1].tally.unchanged == 105

    ended = handshake.unregister(
        platform.connection, peers.get_peer(platform.connection, "extra"), key=platform.key
    )
    assert operator.partners() == {} and ended.warnings == []
    assert len(held(platform)["names"]) == 105  # what it delivered stays


@pytest.mark.parametrize("version", VERSIONS)
def test_the_operator_registers_pushes_and_leaves(
    platform: Any, start_extrawest: Start, version: str
) -> None:
    """CR-10, CR-11, RE-1, RE-4, CR-32: it pushes with the package's own push module."""
    fixtures = objects(version)
    operator = start_extrawest(version, fixtures)
    assert register_here(platform, operator) == {"http": 200, "status_code": 1000}
    assert peers.get_peer(platform.connection, "extra").version == version

    http, body = operator.push("tariffs", "T1")
    assert (http, body["status_code"]) == (201, 1000), body
    for number in (1, 2, 3):
        http, body = operator.push("locations", f"LOC{number}")
        assert (http, body["status_code"]) == (201, 1000), body
    assert held(platform)["names"] == {"Station 1", "Station 2", "Station 3"}

    changed = fixtures["locations"]
    changed[0]["evses"][0] |= {"status": "CHARGING", "last_updated": NOON}
    changed[0]["last_updated"] = NOON
    operator.replace("locations", changed)
    http, body = operator.push("locations", "LOC1")
    assert (http, body["status_code"]) == (200, 1000), body
    assert sorted(held(platform)["statuses"].values()).count("CHARGING") == 1

    assert operator.drive("unregister") == {"http": 200, "status_code": 1000}
    assert peers.get_peer(platform.connection, "extra").state == "unregistered"
    assert len(held(platform)["names"]) == 3


@pytest.mark.parametrize("version", VERSIONS)
def test_what_we_send_is_understood_by_the_packages_own_classes(
    platform: Any, start_extrawest: Start, pull_now: Callable[..., Any], version: str
) -> None:
    """SE-1, SE-12, TR-40: a reader whose classes refuse whatever breaks the version's tables."""
    pull_now(full=True)
    reader = find_or_add_peer(
        platform.connection, "reader", Terms(purpose="consumer", country="IN")
    )
    token = agree_by_hand(
        platform.connection, reader, they_send=None, we_send=None, versions_url=None,
        key=platform.key,
    )  # fmt: skip
    reading = start_extrawest(version, {})
    read = {
        module: reading.drive(
            "read", url=f"{platform.url}/ocpi/{version}/sender/{module}?limit=2", token=token,
            module=module,
        )
        for module in ("locations", "tariffs")
    }  # fmt: skip
    assert {one["name"] for one in read["locations"]} == {"Station 1", "Station 2", "Station 3"}
    assert [len(one["evses"]) for one in read["locations"]] == [2, 2, 2]
    (tariff,) = read["tariffs"]
    assert tariff["elements"][0]["price_components"][0]["price"] == 17.0
