"""The simulated operators' OCPI answers, with the clock in the test's hand."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from nop.demo.live import LiveOperator
from nop.demo.operators import OPERATORS
from nop.demo.server import DemoServer

SEED = 7
EVENING = int(datetime(2026, 6, 1, 12, 45, tzinfo=UTC).timestamp())
DV1 = OPERATORS[0]


class Clock:
    now = float(EVENING)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> DemoServer:
    nation = [LiveOperator(operator, seed=SEED, locations=600) for operator in OPERATORS]
    return DemoServer(nation, "http://127.0.0.1:8100", clock)


def get(
    server: DemoServer, path: str, *, token: str = DV1.token, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], dict[str, Any]]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asked = {"authorization": f"Token {token}"} | headers
    address, _, query = path.partition("?")
    scope = {
        "type": "http", "method": method, "path": address, "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in asked.items()],
    }  # fmt: skip
    asyncio.run(server(scope, receive, send))
    answered = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    body = sent[1]["body"]
    body = gzip.decompress(body) if answered.get("content-encoding") == "gzip" else body
    return sent[0]["status"], answered, json.loads(body)


LOCATIONS = "/dv1/ocpi/2.2.1/locations"


class TestTheServer:
    def test_versions_lead_to_details_and_details_to_the_lists(self, server: DemoServer) -> None:
        _, _, versions = get(server, "/dv1/ocpi/versions")
        assert versions["data"] == [
            {"version": "2.2.1", "url": "http://127.0.0.1:8100/dv1/ocpi/2.2.1"}
        ]
        _, _, details = get(server, "/dv1/ocpi/2.2.1")
        assert {(e["identifier"], e["role"]) for e in details["data"]["endpoints"]} == {
            ("locations", "SENDER"), ("tariffs", "SENDER"),
        }  # fmt: skip

    def test_the_token_is_taken_raw_and_in_base64(self, server: DemoServer) -> None:
        encoded = base64.b64encode(DV1.token.encode()).decode()
        assert [get(server, LOCATIONS, token=t)[0] for t in (DV1.token, encoded)] == [200, 200]

    def test_other_tokens_are_refused(self, server: DemoServer) -> None:
        tokens = (OPERATORS[1].token, "", "é", "Zm9v")
        assert [get(server, LOCATIONS, token=t)[0] for t in tokens] == [401] * 4

    def test_pages_lead_through_all_locations(self, server: DemoServer) -> None:
        url, ids = f"{LOCATIONS}?limit=40", []
        while url:
            _, headers, answer = get(server, url)
            ids += [location["id"] for location in answer["data"]]
            link = headers.get("link", "")
            url = link.partition(">")[0].removeprefix("<http://127.0.0.1:8100")
        assert len(ids) == len(set(ids)) == int(headers["x-total-count"]) == 108
        assert headers["x-limit"] == "500"

    def test_date_from_gives_only_what_changed(self, server: DemoServer, clock: Clock) -> None:
        get(server, LOCATIONS)
        clock.now += 60
        since = datetime.fromtimestamp(EVENING, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        _, headers, answer = get(server, f"{LOCATIONS}?date_from={since}")
        assert 0 < int(headers["x-total-count"]) < 54
        assert all(location["last_updated"] >= since for location in answer["data"])
        _, headers, _ = get(server, f"{LOCATIONS}?date_to={since}")
        assert 54 < int(headers["x-total-count"]) < 108

    def test_a_page_of_changes_keeps_its_dates(self, server: DemoServer) -> None:
        _, headers, _ = get(
            server, f"{LOCATIONS}?date_from=2025-01-01T00%3A00%3A00%2B05%3A30&limit=5"
        )
        assert "date_from=2025-01-01T00%3A00%3A00%2B05%3A30" in headers["link"]

    def test_answers_are_compressed_when_asked(self, server: DemoServer) -> None:
        _, headers, answer = get(server, LOCATIONS, accept_encoding="gzip, br")
        assert headers["content-encoding"] == "gzip"
        assert len(answer["data"]) == 100

    @pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "date_from=yesterday"])
    def test_a_wrong_parameter_is_named(self, server: DemoServer, query: str) -> None:
        status, _, answer = get(server, f"{LOCATIONS}?{query}")
        assert (status, answer["status_code"]) == (200, 2001)
        assert query.partition("=")[0] in answer["status_message"]

    def test_nothing_else_is_there(self, server: DemoServer) -> None:
        assert get(server, "/dv1/ocpi/2.2.1/cdrs")[0] == 404
        assert get(server, "/xxx/ocpi/versions")[0] == 404
        assert get(server, LOCATIONS, method="POST")[0] == 405

    def test_requests_keep_their_ids(self, server: DemoServer) -> None:
        _, headers, _ = get(server, LOCATIONS, x_request_id="r1", x_correlation_id="c1")
        assert (headers["x-request-id"], headers["x-correlation-id"]) == ("r1", "c1")
