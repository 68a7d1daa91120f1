"""Monitoring hears whether the process lives, can serve, and how the data is doing."""

from __future__ import annotations

import re

import pytest
from application import client_of
from litestar import Litestar
from litestar.testing import TestClient
from small_nation import SmallNation

from nop_registry.database import migrate
from nop_registry.store.tiles import roll_up


def metric(text: str, name: str) -> float | None:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else None


def test_a_process_on_a_migrated_database_is_live_and_ready(client: TestClient[Litestar]) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")


@pytest.mark.parametrize("revision", [None, "0005"])
def test_a_database_at_another_schema_is_not_ready_and_says_what_to_do(
    empty_database_url: str, revision: str | None
) -> None:
    if revision:
        migrate(empty_database_url)
        migrate(empty_database_url, revision)
    with client_of(empty_database_url) as client:
        answer = client.get("/health/ready")
        assert answer.status_code == 503
        assert "nop migrate" in answer.json()["reason"]
        assert client.get("/health/live").status_code == 200


def test_an_unreachable_database_is_not_ready_while_the_process_lives() -> None:
    nowhere = "postgresql://nop@/nop?host=/nonexistent&connect_timeout=1"
    with client_of(nowhere) as client:
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/ready").status_code == 503
        assert metric(client.get("/metrics").text, "nop_database_up") == 0


def test_metrics_tell_freshness_statuses_deliveries_and_findings(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source("tata", seen_ago_s=120)
    nation.add_source("silent", seen_ago_s=86_400)
    nation.add_station(source, 1, ["AVAILABLE", "CHARGING", "CHARGING"])
    nation.connection.execute(
        """INSERT INTO delivery (source_id, module, mode, state)
           VALUES (%s, 'locations', 'full', 'complete') RETURNING id""",
        (source,),
    )
    nation.connection.execute(
        """INSERT INTO finding (delivery_id, source_id, object_kind, object_key, outcome, severity,
               code, path, message)
           SELECT id, source_id, 'location', 'L1', 'rejected', 'ERROR', 'evse-no-uid', 'evses[0]',
               'x' FROM delivery"""
    )
    nation.connection.commit()
    roll_up(nation.connection)
    text = client.get("/metrics").text
    assert 115 < (metric(text, 'nop_source_age_seconds{source="tata"}') or 0) < 180
    assert metric(text, 'nop_source_stale{source="silent"}') == 1
    assert metric(text, 'nop_evses{state="available"}') == 1
    assert metric(text, 'nop_evses{state="busy"}') == 2
    labels = 'mode="full",module="locations",source="tata",state="complete"'
    assert metric(text, f"nop_deliveries{{{labels}}}") == 1
    codes = 'code="evse-no-uid",outcome="rejected",severity="ERROR"'
    assert metric(text, f"nop_findings{{{codes}}}") == 1
    assert metric(text, 'nop_change_lag_seconds{follower="tiles"}') == 0


def test_metrics_count_requests_by_route_not_by_address(client: TestClient[Litestar]) -> None:
    for x in range(3):
        client.get(f"/tiles/locations/4/{x}/0.mvt")
    text = client.get("/metrics").text
    assert 'path="/tiles/locations/{z}/{x}/{name}"' in text
    assert 'path="/tiles/locations/4' not in text
