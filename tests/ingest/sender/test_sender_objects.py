"""The objects that consumers get: owners, licences, tombstones, ids (SE-2, SE-3, SE-8, SE-10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from operator_server import Operator, a_location, a_tariff, an_evse

from nop_ingest.pull import PullReport
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.store.emissions import withhold_fields
from nop_registry.store.party_names import show_name

Pull = Callable[..., PullReport]
TO_ABC = {"OCPI-to-country-code": "IN", "OCPI-to-party-id": "ABC"}
FROM_APP = {"OCPI-from-country-code": "DE", "OCPI-from-party-id": "APP"}


def routing(answer: Any) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("ocpi-")}


@pytest.fixture
def namesakes(operator: Operator) -> Operator:
    """A second owner has a location of the same id."""
    operator.locations.append(a_location(1, party_id="ABC", name="Of ABC"))
    operator.tariffs.append(a_tariff(party_id="ABC"))
    return operator


def test_one_location_evse_or_connector_is_found_in_any_spelling(consumer: Any) -> None:
    """SE-1, TR-32, P12: ids do not differ by their case alone."""
    assert consumer.data("locations/loc2")["name"] == "Station 2"
    assert consumer.data("locations/LOC2/2-1")["evse_id"] == "IN*TPC*E2*1"
    assert consumer.data("locations/LOC2/2-1/1")["standard"] == "IEC_62196_T2_COMBO"
    for missing in ("locations/LOC9", "locations/LOC2/9-9", "locations/LOC2/2-1/7"):
        assert consumer.refused(missing) == (404, 2003)


def test_an_id_may_hold_a_slash(operator: Operator, consumer: Any, pull_now: Pull) -> None:
    """RE-18: each part of the URL is decoded once."""
    operator.locations.append(a_location(7, id="A/B*7%2F"))
    pull_now(full=True)
    assert consumer.data("locations/A%2FB*7%252F")["name"] == "Station 7"


def test_an_id_of_two_owners_is_ambiguous_until_one_is_addressed(
    namesakes: Operator, consumer: Any
) -> None:
    """SE-2."""
    assert consumer.refused("locations/LOC1") == (200, 2001)
    assert consumer.data("locations/LOC1", headers=TO_ABC)["name"] == "Of ABC"
    assert consumer.data("locations/LOC2")["name"] == "Station 2"


def test_owners_keep_their_objects(namesakes: Operator, consumer: Any) -> None:
    """SE-3: country_code and party_id stay the operator's, never ours."""
    for version in ("2.2.1", "2.3.0"):
        for module in ("locations", "tariffs"):
            owners = {(o["country_code"], o["party_id"]) for o in consumer.data(module, version)}
            assert owners == {("IN", "TPC"), ("IN", "ABC")}


def test_in_2_1_1_the_operator_is_always_named(
    operator: Operator, consumer: Any, pull_now: Pull, connection: Connection
) -> None:
    """SE-3, DM-5: 2.1.1 objects name no owner. What is learnt later is told as a change."""
    operator.locations = [a_location(1), a_location(2, party_id="ABC", evses=[an_evse(2, 1)])]
    operator.locations[1]["evses"][0]["evse_id"] = "IN*ABC*E2"
    for one in operator.locations:
        del one["operator"]
    pull_now(full=True)
    before = {one["id"]: one for one in consumer.data("locations", "2.1.1")}
    connection.execute("UPDATE location_emission SET emitted_at = emitted_at - interval '1 hour'")
    connection.execute(
        """INSERT INTO peer_party (peer_id, country_code, party_id, state, name)
           SELECT id, 'IN', 'TPC', 'agreed', 'Test Power' FROM peer LIMIT 1
           ON CONFLICT (peer_id, country_code, party_id) DO UPDATE SET name = excluded.name"""
    )
    connection.commit()
    show_name(connection, "IN", "TPC")
    after = {one["id"]: one for one in consumer.data("locations", "2.1.1")}
    assert before["LOC1"]["operator"] == {"name": "IN-TPC"}
    assert after["LOC1"]["operator"] == {"name": "Test Power"}
    assert after["LOC2"]["operator"] == {"name": "IN-ABC"}
    assert after["LOC1"]["last_updated"] >= before["LOC1"]["last_updated"]
    assert after["LOC2"]["last_updated"] < before["LOC2"]["last_updated"]
    assert "party_id" not in consumer.data("locations/LOC1", "2.1.1")


def test_in_2_1_1_ids_can_be_told_apart_by_a_prefix(
    namesakes: Operator, consumer: Any, add_consumer: Callable[..., Any], pull_now: Pull
) -> None:
    """SE-3: an option of the consumer; an id that would be too long is left out, never cut."""
    namesakes.locations.append(a_location(5, id="L" * 36))
    pull_now(full=True)
    careful = add_consumer("careful", scope={"prefix_ids": True})
    ids = set(careful.ids("locations", "2.1.1"))
    assert {"IN*TPC*LOC1", "IN*ABC*LOC1"} <= ids and not any("LLL" in name for name in ids)
    found = careful.data("locations/IN*ABC*LOC1", "2.1.1")
    assert found["name"] == "Of ABC"
    assert found["evses"][0]["connectors"][0]["tariff_id"] == "IN*ABC*T1"
    assert set(careful.ids("tariffs", "2.1.1")) == {"IN*TPC*T1", "IN*ABC*T1"}
    assert "LOC2" in careful.ids("locations", "2.2.1")


def test_the_answer_goes_back_to_who_asked(namesakes: Operator, consumer: Any) -> None:
    """RT-1, RT-2: from and to are swapped; absent ones are accepted; 2.1.1 has none."""
    answer = consumer.ask("locations", headers=FROM_APP | TO_ABC)
    assert routing(answer) == {
        "ocpi-from-country-code": "IN", "ocpi-from-party-id": "ABC",
        "ocpi-to-country-code": "DE", "ocpi-to-party-id": "APP",
    }  # fmt: skip
    answer = consumer.ask("locations", headers=FROM_APP)
    assert routing(answer)["ocpi-from-party-id"] == "NAP"
    assert routing(consumer.ask("locations")) == {}
    assert routing(consumer.ask("locations", "2.1.1", headers=FROM_APP)) == {}


def test_whom_a_client_addresses_by_mistake_is_no_reason_to_refuse(consumer: Any) -> None:
    """SE-10, RT-2: some put their own party into OCPI-to; some put nonsense."""
    own = {"OCPI-to-country-code": "DE", "OCPI-to-party-id": "APP"}
    assert len(consumer.data("locations", headers=own)) == 3
    assert consumer.data("locations/LOC1", headers=own)["id"] == "LOC1"
    odd = {"OCPI-to-country-code": "Deutschland", "OCPI-to-party-id": "?"}
    assert len(consumer.data("locations", headers=odd)) == 3
    assert routing(consumer.ask("locations", headers=odd)) == {}


def test_an_owner_who_may_be_a_person_is_not_named(
    operator: Operator, consumer: Any, pull_now: Pull
) -> None:
    """SE-8."""
    operator.locations[0]["owner"] = {"name": "Asha Rao"}
    operator.locations[1]["owner"] = {"name": "Mall Ltd", "website": "https://mall.example"}
    operator.locations[2]["owner"] = {"name": "Test Power"}
    pull_now(full=True)
    owners = {one["id"]: one.get("owner", {}).get("name") for one in consumer.data("locations")}
    assert owners == {"LOC1": None, "LOC2": "Mall Ltd", "LOC3": "Test Power"}


def test_what_a_licence_keeps_back_is_not_sent_on(
    operator: Operator, consumer: Any, pull_now: Pull, connection: Connection
) -> None:
    """SE-8; SE-5: the correction is told."""
    operator.locations[0]["directions"] = [{"language": "en", "text": "Behind the hall"}]
    pull_now(full=True)
    assert "directions" in consumer.data("locations/LOC1")
    before = connection.execute("SELECT now()").fetchone()
    assert before
    withhold_fields(connection, "tpc", ["directions", "tariff_ids"])
    connection.commit()
    found = consumer.data("locations/LOC1")
    assert "directions" not in found
    assert "tariff_ids" not in found["evses"][0]["connectors"][0]
    since = before[0].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert len(consumer.ids(f"locations?date_from={since}")) == 3
    with pytest.raises(InvalidInput, match="directions"):
        withhold_fields(connection, "tpc", ["address"])
    with pytest.raises(NotFound):
        withhold_fields(connection, "nobody", ["images"])


def test_a_connector_points_only_to_a_price_that_the_consumer_can_read(
    operator: Operator, consumer: Any, pull_now: Pull
) -> None:
    """SE-12: a tariff that 2.1.1 cannot say without a falsehood is not referred to there."""
    operator.tariffs = [a_tariff(max_price={"excl_vat": 20})]
    pull_now(full=True)
    plug = consumer.data("locations/LOC1")["evses"][0]["connectors"][0]
    assert plug["tariff_ids"] == ["T1"]
    old = consumer.data("locations/LOC1", "2.1.1")["evses"][0]["connectors"][0]
    assert "tariff_id" not in old and consumer.data("tariffs", "2.1.1") == []
