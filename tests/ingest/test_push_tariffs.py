"""What pushed Tariffs do to the registry (ocpi.md section 6)."""

from __future__ import annotations

from typing import Any

import pytest
from operator_server import a_location, a_tariff
from pusher import LATER, LATEST, LOC, Pusher, as_version, one

from nop_registry.database import Connection


@pytest.mark.parametrize(
    "component", [{"type": "BOOKING_FEE", "price": 1}, {"type": "ENERGY", "price": "cheap"}]
)
def test_a_tariff_whose_price_could_be_misread_is_refused(
    any_version: Pusher, registry: Connection, component: dict[str, Any]
) -> None:
    """RE-9; the last good version stays, and the finding with it."""
    good = as_version(any_version.version, a_tariff())
    any_version.send("PUT", "/tariffs/IN/TPC/T1", good)
    bad = good | {"elements": [{"price_components": [component]}], "last_updated": LATER}
    answer = any_version.send("PUT", "/tariffs/IN/TPC/T1", bad)
    assert (answer.status_code, answer.json()["status_code"]) == (200, 2001)
    assert "price_components[0]" in answer.json()["data"][0]["field"]
    assert any_version.get("/tariffs/IN/TPC/T1")["elements"] == good["elements"]
    assert one(registry, "SELECT count(*) FROM finding WHERE outcome = 'rejected'") == 1


def test_a_deleted_tariff_leaves_dangling_references(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-16, TR-13: DELETE is for tariffs; a second one finds nothing."""
    any_version.send("PUT", "/tariffs/IN/TPC/T1", as_version(any_version.version, a_tariff()))
    any_version.send("PUT", LOC, as_version(any_version.version, a_location(1)))
    assert any_version.code("DELETE", "/tariffs/IN/TPC/T1") == (200, 1000)
    again = any_version.send("DELETE", "/tariffs/IN/TPC/T1")
    assert (again.status_code, again.json()["status_code"]) == (404, 2001)
    said = "there is no such Tariff here, so nothing was deleted"
    assert again.json()["status_message"] == said
    assert any_version.code("GET", "/tariffs/IN/TPC/T1") == (404, 2001)
    assert one(registry, "SELECT DISTINCT tariff_ids FROM connector") == ["T1"]


def test_a_put_from_before_the_delete_does_not_revive_the_tariff(
    any_version: Pusher, registry: Connection
) -> None:
    """RE-8, RE-15, RE-16: not newer than what was deleted, it can only be a message sent again."""
    tariff = as_version(any_version.version, a_tariff())
    any_version.send("PUT", "/tariffs/IN/TPC/T1", tariff | {"last_updated": LATER})
    any_version.send("DELETE", "/tariffs/IN/TPC/T1")
    for before in (tariff, tariff | {"last_updated": LATER}):
        answer = any_version.send("PUT", "/tariffs/IN/TPC/T1", before)
        assert (answer.status_code, answer.json()["status_code"]) == (200, 1000)
        assert "not applied" in answer.json()["status_message"]
        assert any_version.code("GET", "/tariffs/IN/TPC/T1") == (404, 2001)
    newer = tariff | {"last_updated": LATEST}
    assert any_version.code("PUT", "/tariffs/IN/TPC/T1", newer) == (201, 1000)
    assert any_version.get("/tariffs/IN/TPC/T1")["last_updated"] == LATEST
    assert one(registry, "SELECT report->'stale' FROM delivery WHERE module = 'tariffs'") == 2


def test_a_delete_that_is_sent_again_takes_the_newer_tariff_too(any_version: Pusher) -> None:
    """RE-16: it carries no time, so it cannot be told from a new one; a newer PUT mends it."""
    tariff = as_version(any_version.version, a_tariff())
    any_version.send("PUT", "/tariffs/IN/TPC/T1", tariff)
    any_version.send("DELETE", "/tariffs/IN/TPC/T1")
    any_version.send("PUT", "/tariffs/IN/TPC/T1", tariff | {"last_updated": LATER})
    assert any_version.code("DELETE", "/tariffs/IN/TPC/T1") == (200, 1000)
    replay = tariff | {"last_updated": LATER}
    assert any_version.code("PUT", "/tariffs/IN/TPC/T1", replay) == (200, 1000)
    assert any_version.code("GET", "/tariffs/IN/TPC/T1") == (404, 2001)
    newer = tariff | {"last_updated": LATEST}
    assert any_version.code("PUT", "/tariffs/IN/TPC/T1", newer) == (201, 1000)


def test_a_tariff_is_replaced_whole(any_version: Pusher, registry: Connection) -> None:
    """RE-17: what is left out is gone."""
    tariff = as_version(any_version.version, a_tariff())
    limit = {"excl_vat": 5} if any_version.version != "2.3.0" else {"before_taxes": 5}
    any_version.send("PUT", "/tariffs/IN/TPC/T1", tariff | {"min_price": limit})
    tariff["last_updated"] = LATER
    assert any_version.code("PUT", "/tariffs/IN/TPC/T1", tariff) == (200, 1000)
    assert "min_price" not in any_version.get("/tariffs/IN/TPC/T1")
    assert one(registry, "SELECT document ? 'min_price' FROM tariff") is False
    older = tariff | {"currency": "EUR", "last_updated": "2026-11-20T10:30:00Z"}
    assert any_version.code("PUT", "/tariffs/IN/TPC/T1", older) == (200, 1000)
    assert one(registry, "SELECT currency FROM tariff") == "INR"  # RE-8


def test_tariffs_are_patched_in_2_1_1_only(any_version: Pusher) -> None:
    """RE-2, TR-13."""
    any_version.send("PUT", "/tariffs/IN/TPC/T1", as_version(any_version.version, a_tariff()))
    answer = any_version.send("PATCH", "/tariffs/IN/TPC/T1", {"currency": "EUR"})
    if any_version.version == "2.1.1":
        assert answer.status_code == 200
        assert any_version.get("/tariffs/IN/TPC/T1")["currency"] == "EUR"
        assert any_version.code("PATCH", "/tariffs/IN/TPC/T9", {"currency": "EUR"}) == (404, 2001)
    else:
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PUT, DELETE")
