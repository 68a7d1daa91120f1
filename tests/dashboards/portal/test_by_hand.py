"""What is typed is checked and taken like a file: with findings, versions and a way back."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from application import client_of
from litestar import Litestar
from litestar.testing import TestClient
from portal_world import COOKIE, Worker, form_token, sign_in
from small_nation import SmallNation

from nop_registry.database import Connection
from nop_registry.store.source_parties import bind_source


@pytest.fixture
def client(database_url: str, connection: Connection) -> Iterator[TestClient[Litestar]]:
    """A browser in which an operator's administrator is signed in, and a worker that works."""
    with Worker(database_url), client_of(database_url) as opened:
        opened.cookies.set(COOKIE, sign_in(connection))
        yield opened


STATION = {
    "id": "HAND-1", "name": "By hand", "address": "2 Ring Road", "city": "Pune", "country": "IND",
    "lat": "18.52043", "lon": "73.85674", "time_zone": "Asia/Kolkata", "publish": "yes",
    "operator": "ABC Charging", "hours": "always", "evse-0-status": "AVAILABLE",
    "evse-0-evse_id": "IN*ABC*E1*1", "evse-0-plug-0-standard": "IEC_62196_T2_COMBO",
    "evse-0-plug-0-kw": "60", "evse-0-plug-0-power_type": "DC", "evse-0-plug-0-tariff": "DAY",
}  # fmt: skip


def test_from_an_empty_portal_to_a_priced_station_on_the_map_by_hand(
    client: TestClient[Litestar], connection: Connection
) -> None:
    guard = {"csrf": form_token(client)}
    tariff = {**guard, "id": "DAY", "currency": "INR", "vat": "18", "tax": "NO", "rule-0-kwh": "20"}
    assert "₹ 472.00" in client.post("/portal/tariffs/new", data={**tariff, "act": "preview"}).text
    saved = client.post("/portal/tariffs/new", data=tariff)
    assert saved.url.path == "/portal/tariffs"
    assert re.search(r'data-cost="now">₹ 472\.00', saved.text)

    wrong = {"name": "", "evse-0-plug-0-kw": "much"}
    refused = client.post("/portal/stations/new", data={**guard, **STATION, **wrong}).text
    assert ">Name: Please fill this in.<" in refused and ">Power in kW: Write" in refused
    saved = client.post("/portal/stations/new", data={**guard, **STATION})
    assert saved.url.path == "/portal/stations" and "By hand" in saved.text
    assert 'role="status">Saved: ' in saved.text
    row = connection.execute(
        """SELECT l.id, s.status::text, l.source_id FROM site t JOIN location l
           ON l.id = t.location_id JOIN evse_status s ON s.location_id = l.id"""
    ).fetchone()
    connection.commit()
    assert row and row[1] == "AVAILABLE"
    assert "23.60 /kWh incl. GST" in client.get(f"/station/{row[0]}").text
    # Every change is a version, and any of them can be returned to.
    place = f"/portal/stations/{row[0]}/edit"
    changed = {**STATION, "name": "Renamed", "evse-0-status": "OUTOFORDER"}
    assert "saved=1" in str(client.post(place, data={**guard, **changed}).url)
    history = client.get("/portal/sources/in-abc-files/history").text
    assert history.count("by hand</a>") == 3
    diff = client.get("/portal/sources/in-abc-files/diff", params={"a": "2", "b": "3"}).text
    assert re.search(r'<code>name</code>.*before">By hand.*after">Renamed', diff)
    back = client.post("/portal/sources/in-abc-files/roll-back/2", data=guard)
    for _ in range(200):
        if "All is as it was after version 2" in client.get(back.url.path).text:
            break
    names = connection.execute("SELECT name FROM location").fetchall()
    assert names == [("By hand",)]


def test_what_cannot_be_taken_stays_in_the_form_with_the_reason(
    client: TestClient[Litestar], connection: Connection
) -> None:
    guard = {"csrf": form_token(client)}
    typed = {**guard, **STATION, "lat": "0", "lon": "0", "evse-0-plug-0-tariff": ""}
    answer = client.post("/portal/stations/new", data=typed)
    assert answer.status_code == 422
    assert "Not saved" in answer.text and 'value="By hand"' in answer.text
    answer = client.post("/portal/stations/new", data={**typed, "lat": "north"})
    assert 'href="#f-lat"' in answer.text and 'aria-invalid="true"' in answer.text
    assert connection.execute("SELECT count(*) FROM location").fetchone() == (0,)


def test_what_comes_by_ocpi_is_changed_there(
    client: TestClient[Litestar], connection: Connection
) -> None:
    nation = SmallNation(connection)
    source_id = nation.add_source("abc-ocpi")
    nation.add_station(source_id, 7, party_id="ABC")
    bind_source(connection, source_id, ["IN*ABC"])
    connection.commit()
    answer = client.get("/portal/stations/7/edit")
    assert (answer.status_code, "change it there" in answer.text) == (400, True)
    assert "/portal/stations/7/edit" not in client.get("/portal/stations").text
