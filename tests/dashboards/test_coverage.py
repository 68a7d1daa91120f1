"""The regulator's page: figures, drill-down, map and CSV, all without a script."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from nop_dashboards import coverage, security
from nop_dashboards.figures import cell
from nop_registry import settings
from nop_registry.database import Connection, open_pool
from nop_registry.store.sites import refresh_sites

Client = TestClient[Litestar]

_NATION = """
INSERT INTO area (country_code, level, code, name, parent_id, origin, geom)
SELECT 'IN', level, code, name, (SELECT id FROM area WHERE code = parent), 'test outlines',
       ST_Multi(ST_MakeEnvelope(west, 20, east, 22, 4326))
FROM (VALUES (1, 'KA', 'Karnataka', NULL, 70, 72), (1, 'OD', 'Odisha', NULL, 72, 74))
     AS a(level, code, name, parent, west, east);
INSERT INTO area (country_code, level, code, name, parent_id, origin, geom)
SELECT 'IN', 2, '1', '=HYPERLINK("x")', id, 'test outlines', geom FROM area WHERE code = 'KA';
INSERT INTO area_part SELECT id, level, (ST_Dump(geom)).geom FROM area;
INSERT INTO source (name, kind, country_code, simulated, seen_at, last_error, last_error_at)
VALUES ('operator-a', 'ocpi', 'IN', false, now(), NULL, NULL),
       ('demo', 'ocpi', 'IN', true, now() - interval '9 hours', 'HTTP <b>500</b>', now());
INSERT INTO location (id, source_id, country_code, party_id, ocpi_id, publish, lat, lon, country,
    state, operator_name, details, content_hash, version, first_seen_at, received_at)
SELECT n, (SELECT id FROM source WHERE name = source), 'IN', 'AAA', n, true, 21, lon, 'IND', state,
    operator, '{}', '', 1, now(), now()
FROM (VALUES (1, 'operator-a', 70.5, NULL, '@Vidyut'),
             (2, 'operator-a', 72.5, 'Karnataka', '@Vidyut'),
             (3, 'demo', 72.6, NULL, '<script>alert(1)</script>'))
     AS l(n, source, lon, state, operator);
INSERT INTO evse (id, location_id, position, uid, capabilities, parking_restrictions, max_power_w,
    class_mask, details, content_hash)
SELECT l.id * 100000 + n, l.id, n, n, '{}', '{}', 1000000, 1, '{}', ''
FROM location l, generate_series(1, CASE WHEN l.id = 1 THEN 123 ELSE 2 END) n;
INSERT INTO evse_status
    (evse_id, location_id, status, changed_at, claimed_at, received_at, source_id)
SELECT e.id, e.location_id, 'AVAILABLE', now(), now(), now() - interval '9 hours', l.source_id
FROM evse e JOIN location l ON l.id = e.location_id;
"""


@pytest.fixture
def client(connection: Connection, database_url: str) -> Iterator[Client]:
    """The pages over a small nation: 123 + 2 EVSEs of an operator, 2 simulated ones."""
    connection.execute(_NATION)
    refresh_sites(connection, [1, 2, 3])
    connection.commit()

    @asynccontextmanager
    async def with_pool(app: Litestar) -> Any:
        app.state.settings = settings.load({"NOP_COUNTRY": "IN"})
        app.state.pool = open_pool(database_url, size=2)
        await app.state.pool.open()
        yield
        await app.state.pool.close()

    app = Litestar(
        coverage.ROUTES, lifespan=[with_pool], before_send=[security.before_send],
        openapi_config=None,
    )  # fmt: skip
    with TestClient(app) as opened:
        yield opened


@pytest.fixture
def rows(client: Client) -> Callable[[str], dict[str, list[str]]]:
    """The cells of the area table of a page, by code."""

    def read(address: str) -> dict[str, list[str]]:
        table = client.get(address).text.split('id="areas"')[1].split("</table>")[0]
        found = re.findall(r'<tr data-code="(.*?)">(.*?)</tr>', table, re.S)
        return {
            code: [re.sub(r"<.*?>", "", c).strip() for c in re.findall(r"<td.*?</td>", body, re.S)]
            for code, body in found
        }

    return read


def table(client: Client, address: str) -> tuple[list[str], list[dict[str, str]]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    lines = answer.text.splitlines()
    comments = [line for line in lines if line.startswith("#")]
    return comments, list(csv.DictReader(io.StringIO("\n".join(lines[len(comments) :]))))


def test_the_page_shows_the_nations_figures_in_its_own_digit_grouping(client: Client) -> None:
    text = client.get("/coverage").text
    assert "127" in text
    assert 'id="kpi-power_kw"' in text
    assert "1,27,000" in text  # kW of 127 EVSEs of 1 MW
    for metric in ("Definition", "as of", "Regulation (EU) 2023/1804"):
        assert metric in text


def test_states_sum_up_to_the_total_and_link_to_their_districts(
    client: Client, rows: Callable[[str], dict[str, list[str]]]
) -> None:
    states = rows("/coverage")
    assert states["KA"][0] == "123"
    assert states["OD"][0] == "4"
    assert states["total"][0] == "127"
    assert states["OD"][-1] == "1"  # its publisher declared Karnataka
    assert 'href="/coverage/KA"' in client.get("/coverage").text
    assert list(rows("/coverage/KA")) == ["1", "total"]


def test_a_state_without_any_location_has_a_page_of_zeros(
    client: Client, rows: Callable[[str], dict[str, list[str]]]
) -> None:
    assert rows("/coverage/IN-SK")["total"][0] == "0"  # known by name, no outline loaded
    assert "Coverage: Sikkim" in client.get("/coverage/IN-SK").text


def test_the_table_is_sorted_by_the_column_asked_for(
    client: Client, rows: Callable[[str], dict[str, list[str]]]
) -> None:
    assert list(rows("/coverage?sort=evses&order=asc")) == ["OD", "KA", "total"]
    assert list(rows("/coverage?sort=name&order=desc")) == ["OD", "KA", "total"]
    assert client.get("/coverage?sort=nothing").status_code == 400


def test_simulated_data_are_labelled_and_can_be_left_out(
    client: Client, rows: Callable[[str], dict[str, list[str]]]
) -> None:
    page = client.get("/coverage").text
    assert "Simulated data." in page
    assert "demo <small>(simulated)</small>" in page
    without = client.get("/coverage?simulated=0").text
    assert "Simulated data are not counted" in without
    assert "demo <small>" not in without
    assert rows("/coverage?simulated=0")["total"][0] == "125"


def test_the_map_is_drawn_without_a_script_and_says_that_outlines_are_unofficial(
    client: Client,
) -> None:
    page = client.get("/coverage").text
    assert "<script" not in page
    assert " style=" not in page
    assert page.count("<title>Karnataka: 123 EVSE</title>") == 1
    assert "Unofficial outline." in page
    assert "test outlines" in page
    assert "default-src 'none'" in client.get("/coverage").headers["content-security-policy"]


def test_a_silent_source_is_shown_with_its_age_but_not_its_peers_words(client: Client) -> None:
    page = client.get("/coverage").text
    assert "✕ silent" in page
    assert "9 h" in page
    assert "500&lt;/b&gt;" not in page
    assert "500" not in client.get("/coverage.csv?by=source").text


@pytest.mark.parametrize("by", ["state", "operator", "status", "power_class"])
def test_every_csv_table_sums_up_to_the_total(client: Client, by: str) -> None:
    comments, rows = table(client, f"/coverage.csv?by={by}")
    counted = [row for row in rows if row.get("scheme", "afir") == "afir"]
    assert sum(int(row["evses"]) for row in counted if row.get("status") != "PLANNED") == 127
    assert "as of 20" in comments[0]
    assert {row["as_of"][:4] for row in rows} == {comments[0].split("as of ")[1][:4]}


def test_csv_files_explain_their_columns_and_carry_no_formula(client: Client) -> None:
    comments, districts = table(client, "/coverage.csv?by=district")
    assert any("evses (EVSE): Number of EVSEs in service" in line for line in comments)
    assert '\'=HYPERLINK("x")' in [row["name"] for row in districts]
    _, operators = table(client, "/coverage.csv?by=operator")
    assert operators[0]["operator"] == "'@Vidyut"
    _, within = table(client, "/coverage.csv?by=district&area=KA")
    assert [row["evses"] for row in within] == ["123"]
    assert client.get("/coverage.csv?by=planet").status_code == 400


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "  =1", "\r=1", "|x"])
def test_a_text_that_a_spreadsheet_would_run_is_made_plain(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_an_unknown_area_is_not_found(client: Client) -> None:
    answer = client.get("/coverage/XX")
    assert (answer.status_code, "No area 'XX'" in answer.text) == (404, True)
    assert client.get("/coverage/%00").status_code == 404
    assert client.get("/coverage.csv?area=%00").status_code == 404


def test_names_from_publishers_are_escaped(client: Client) -> None:
    assert "<script>alert(1)" not in client.get("/coverage").text


def test_the_stylesheet_refers_to_nothing_outside() -> None:
    sheet = Path(coverage.__file__).parent / "static/coverage/coverage.css"
    assert "url(" not in sheet.read_text()
