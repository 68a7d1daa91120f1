"""The station's sheet says what is known, how old it is, and what is not known."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from small_nation import SmallNation

from nop_dashboards import words


def text_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_sheet_has_a_row_for_each_charging_point(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(
        nation.add_source(),
        1,
        ["AVAILABLE", "CHARGING"],
        plugs=[("IEC_62196_T2_COMBO", 150_000), ("IEC_62196_T2", 7_400)],
        postal_code="560001",
    )
    text = text_of(client.get("/station/1").text)
    assert "Station 1" in text and "Some available" in text and "Tata Power" in text
    assert "1 MG Road Bengaluru 560001" in text
    assert "CCS2 150 kW · cable" in text and "Type 2 7.4 kW · cable" in text
    assert "EVSE-ID IN*TPC*E1*0" in text
    assert re.search(r"Available since \d\d:\d\d IST, confirmed just now", text)


def test_an_unknown_price_is_said_to_be_unknown_and_never_free(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(), 1)
    text = text_of(client.get("/station/1").text).lower()
    assert "price unknown" in text
    assert "free" not in text


def test_a_price_in_force_is_shown_with_its_tax(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(), 1)
    document: dict[str, Any] = {
        "country_code": "IN", "party_id": "TPC", "id": "T1", "currency": "INR",
        "elements": [{"price_components": [{"type": "ENERGY", "price": "15.00", "vat": "18"}]}],
    }  # fmt: skip
    nation.connection.execute(
        """INSERT INTO tariff (id, source_id, country_code, party_id, ocpi_id, currency, document,
               content_hash, version, first_seen_at, received_at)
           VALUES (77, 1, 'IN', 'TPC', 'T1', 'INR', %s, 'x', 1, now(), now())""",
        (json.dumps(document),),
    )
    nation.connection.execute("UPDATE connector SET tariff_numbers = '{77}'")
    nation.connection.commit()
    assert "₹ 17.70 /kWh incl. GST" in text_of(client.get("/station/1").text)


def test_a_stale_status_is_unknown_with_the_last_known_one_beside_it(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(seen_ago_s=7300), 1, ["AVAILABLE", "PLANNED"])
    text = text_of(client.get("/station/1").text)
    day = r"(\d\d? \w+ \d{4} )?"  # when two hours ago was yesterday
    known = rf"Unknown last known: available, {day}\d\d:\d\d IST \(2 h ago\)"
    assert re.search(known, text)
    assert re.search(r"Planned since", text)


def test_opening_hours_are_those_given_and_unknown_otherwise(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    source = nation.add_source()
    week = [{"weekday": day, "period_begin": "09:00", "period_end": "22:00"} for day in range(1, 7)]
    nation.add_station(source, 1, details=json.dumps({"opening_times": {"regular_hours": week}}))
    nation.add_station(source, 2, details=json.dumps({"opening_times": {"twentyfourseven": True}}))
    nation.add_station(source, 3)
    shown = [text_of(client.get(f"/station/{n}").text) for n in (1, 2, 3)]
    assert "Sat 09:00\u201322:00 Sun closed" in shown[0]
    assert "Open 24 hours, every day" in shown[1]
    assert "Opening hours unknown" in shown[2]


def test_open_now_is_said_with_its_end_and_only_where_it_is_known(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    """HO-3, HO-4, HO-5: periods are joined, exceptions listed, and nothing is guessed."""
    source = nation.add_source()
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=3)
    closing = {"period_begin": soon.isoformat(), "period_end": f"{soon + timedelta(days=1):%FT%TZ}"}
    always = {"twentyfourseven": True, "exceptional_closings": [closing]}
    week = [
        {"weekday": day, "period_begin": begin, "period_end": end}
        for day in range(1, 8)
        for begin, end in (("00:00", "13:00"), ("12:00", "24:00"))
    ]
    passing = {"period_begin": "2020-01-01T00:00:00Z", "period_end": closing["period_begin"]}
    shut = {"regular_hours": week, "exceptional_closings": [passing]}
    nation.add_station(source, 1, details=json.dumps({"opening_times": always}))
    nation.add_station(source, 2, details=json.dumps({"opening_times": shut}))
    no_zone = {"opening_times": {"regular_hours": week}}
    nation.add_station(source, 3, details=json.dumps(no_zone), time_zone=None)
    nation.add_station(source, 4)
    shown = [text_of(client.get(f"/station/{n}").text) for n in (1, 2, 3, 4)]
    told = words.clock(soon, "Asia/Kolkata", datetime.now(UTC))
    assert f"Open now, until {told} Open 24 hours, every day Exceptions: {told} \u2013" in shown[0]
    assert f"Closed now, opens {told} Mon 00:00\u201324:00" in shown[1]
    assert "Whether it is open now is not known" in shown[2]
    assert "Opening hours unknown" in shown[3] and "now" not in shown[3].split("Opening hours")[1]
    records = [client.get(f"/station/{n}.json").json()["opening"] for n in (1, 2, 4)]
    assert [record["is_open"] for record in records] == [True, False, None]


def test_a_station_without_a_named_operator_shows_its_partys_name(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    """RT-7, DM-5: on the sheet, in the list and in its filter."""
    nation.add_station(nation.add_source(), 1, operator_name=None)
    assert "IN-TPC" in text_of(client.get("/station/1").text)
    assert "IN-TPC" in text_of(client.get("/stations?bbox=77,12,78,13&operator=IN-TPC").text)


@pytest.mark.parametrize(
    ("website", "is_link"),
    [
        ("https://www.tatapower.com/ev", True),
        ("javascript:alert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//elsewhere.example", False),
        ("http://[", False),
    ],
)
def test_only_web_addresses_become_links(
    client: TestClient[Litestar], nation: SmallNation, website: str, is_link: bool
) -> None:
    details = {"operator": {"name": "Tata", "website": website}, "help_phone": "+91 1800-209 5161"}
    nation.add_station(nation.add_source(), 1, details=json.dumps(details))
    page = client.get("/station/1").text
    assert (f'href="{website}" rel="noopener nofollow"' in page) == is_link
    assert 'href="tel:+9118002095161"' in page
    assert "javascript:" not in page


def test_the_fragment_is_the_sheet_without_the_page(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source(), 1)
    fragment = client.get("/station/1?fragment=1").text
    assert fragment.strip().startswith("<article") and "<html" not in fragment
    assert text_of(fragment) in text_of(client.get("/station/1").text)


def test_the_record_is_there_for_programs(
    client: TestClient[Litestar], nation: SmallNation
) -> None:
    nation.add_station(nation.add_source("statiq", simulated=True), 1, ["CHARGING"], state="KA")
    record = client.get("/station/1.json").json()
    assert (record["id"], record["state"], record["simulated"]) == (1, "KA", True)
    assert record["evses"][0]["status"] == "CHARGING"
    assert record["evses"][0]["connectors"][0]["price"]["is_known"] is False


@pytest.mark.parametrize("name", ["2", "0", "01", "x", "1.xml", "9" * 17, "1/..", "%D9%A1"])
def test_what_is_no_public_station_is_not_found(
    client: TestClient[Litestar], nation: SmallNation, name: str
) -> None:
    nation.add_station(nation.add_source(), 1)
    nation.add_station(1, 2)
    nation.withdraw(2)
    assert client.get(f"/station/{name}").status_code == 404
