from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from loopback import serve, url_of
from server_ports import take_port

import nop_registry.areas_data
from nop.commands.demo import listen
from nop.demo.live import LiveOperator
from nop.demo.nation import build
from nop.demo.operators import OPERATORS
from nop.demo.registration import register_sources
from nop.demo.server import DemoServer
from nop.demo.statuses import Behaviour, status_at
from nop.demo.tariffs import tariffs_of
from nop_ingest.context import Context
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.versions.v2_2_1 import VERSION
from nop_ingest.report import Finding, Rejection
from nop_registry.areas_data.files import read_outlines
from nop_registry.database import Connection
from nop_registry.enums import KNOWN_CONNECTOR_TYPES, Status
from nop_registry.errors import InvalidInput, SettingsError
from nop_registry.identifiers import canonical_evse_id
from nop_registry.store.sources import get_source

SEED = 7
EVENING = int(datetime(2026, 6, 1, 12, 45, tzinfo=UTC).timestamp())  # 18:15 in India
NIGHT = EVENING + 9 * 3600
DV1 = OPERATORS[0]
MEANT = {"tariff-missing", "vat-missing"}  # one operator each


def documents(locations: int = 600, now: int = EVENING) -> list[dict[str, Any]]:
    lives = [LiveOperator(operator, seed=SEED, locations=locations) for operator in OPERATORS]
    return [json.loads(entry.body) for live in lives for entry in live.entries("locations", now)]


def statuses(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(evse["status"] for location in found for evse in location["evses"])


class TestTheNation:
    def test_the_same_seed_and_clock_give_the_same_nation(self) -> None:
        assert documents(120) == documents(120)

    def test_another_seed_is_another_nation(self) -> None:
        assert build(1, DV1, 120)[0].document != build(2, DV1, 120)[0].document

    def test_it_has_about_five_thousand_locations_and_three_times_as_many_evses(self) -> None:
        started = time.process_time()
        found = documents(5_000)
        built = time.process_time()
        json.loads(json.dumps(found))
        spent, least = built - started, time.process_time() - built
        evses = sum(len(location["evses"]) for location in found)
        assert 4_990 <= len(found) <= 5_010
        assert 13_000 < evses < 18_000
        assert spent < 40 * least, "building it and reading it once must not hold up `nop up`"

    def test_every_place_is_in_india_and_on_land(self) -> None:
        states = _states_of_india()
        outside = []
        for location in documents(1_000):
            lon = float(location["coordinates"]["longitude"])
            lat = float(location["coordinates"]["latitude"])
            assert 68 < lon < 97.5 and 8 < lat < 35.5
            if not any(_contains(box, rings, lon, lat) for box, rings in states):
                outside.append((location["city"], lon, lat))
        assert len(outside) <= 2, "the outline is reduced: a point or two at a creek may miss it"

    def test_everything_that_a_person_reads_says_simulated(self) -> None:
        for location in documents(120):
            assert "(simulated)" in location["name"]
            assert "(simulated)" in location["operator"]["name"]

    def test_it_uses_ocpis_words_and_public_ids(self) -> None:
        found = [evse for location in documents(300) for evse in location["evses"]]
        standards = {c["standard"] for evse in found for c in evse["connectors"]}
        assert standards <= KNOWN_CONNECTOR_TYPES
        assert {
            "IEC_62196_T2_COMBO",
            "IEC_62196_T2",
            "IEC_60309_2_single_16",
            "GBT_DC",
        } <= standards
        ids = [canonical_evse_id(evse["evse_id"]) for evse in found]
        assert None not in ids
        assert len(set(ids)) == len(ids)
        assert {evse["status"] for evse in found} <= set(Status)

    def test_times_of_parents_are_never_older_than_those_of_their_children(self) -> None:
        for location in documents(120):
            assert location["last_updated"] >= max(e["last_updated"] for e in location["evses"])
            for evse in location["evses"]:
                assert evse["last_updated"] >= max(c["last_updated"] for c in evse["connectors"])

    def test_every_connector_refers_to_a_tariff_of_its_operator_or_to_none(self) -> None:
        for operator in OPERATORS:
            known = {tariff["id"] for tariff in tariffs_of(operator)}
            for station in build(SEED, operator, 60):
                for evse in station.document["evses"]:
                    for connector in evse["connectors"]:
                        named = set(connector.get("tariff_ids", ()))
                        assert named <= known
                        assert bool(named) == bool(known)


class TestStatuses:
    def test_few_charge_at_night_and_many_in_the_evening(self) -> None:
        evening, night = statuses(documents(600, EVENING)), statuses(documents(600, NIGHT))
        assert evening["CHARGING"] > 2 * night["CHARGING"] > 0

    def test_there_are_faults_and_lost_connections(self) -> None:
        found = statuses(documents(600))
        total = found.total()
        for status in ("OUTOFORDER", "INOPERATIVE", "UNKNOWN"):
            assert 0.002 * total < found[status] < 0.1 * total

    def test_some_evse_changes_every_few_seconds(self) -> None:
        live = [LiveOperator(operator, seed=SEED) for operator in OPERATORS]
        seen = []
        for second in range(0, 30, 5):
            entries = [e for one in live for e in one.entries("locations", EVENING + second)]
            seen.append([e.last_updated for e in entries])
        moved = [sum(a != b for a, b in zip(x, y, strict=True)) for x, y in pairwise(seen)]
        assert all(5 <= changes <= 60 for changes in moved)

    def test_a_restart_goes_on_where_the_nation_was(self) -> None:
        ran = LiveOperator(DV1, seed=SEED, locations=300)
        for minutes in range(0, 600, 7):
            ran.entries("locations", EVENING + 60 * minutes)
        until = EVENING + 60 * 600
        fresh = LiveOperator(DV1, seed=SEED, locations=300)
        assert [e.body for e in ran.entries("locations", until)] == [
            e.body for e in fresh.entries("locations", until)
        ]

    def test_a_status_lasts_from_its_begin_until_its_end(self) -> None:
        evse = Behaviour(seed=42, group="dc", slot_s=1800, popularity=1.0)
        at = EVENING
        for _ in range(50):
            piece = status_at(evse, at)
            assert piece.begin <= at < piece.end
            assert status_at(evse, piece.end - 1) == piece
            assert status_at(evse, piece.begin).status == piece.status
            assert status_at(evse, piece.begin - 1).status != piece.status
            at = piece.end


@pytest.fixture
def address() -> Iterator[str]:
    """A demo nation behind real HTTP."""
    listener = listen(0)
    nation = [LiveOperator(operator, seed=SEED, locations=1_200) for operator in OPERATORS]
    with serve(DemoServer(nation, url_of(listener)), listener, lifespan="off") as base_url:
        yield base_url


class TestOverHttp:
    def test_our_client_pulls_every_operator_whole(self, address: str) -> None:
        locations = tariffs = 0
        for operator in OPERATORS:
            url = f"{address}/{operator.party_id.lower()}/ocpi/versions"
            with OcpiPeer(url, operator.token, allow_loopback=True) as peer:
                assert peer.discover().version == "2.2.1"
                crawl = peer.pages("locations", limit=50)
                locations += sum(len(page.items) for page in crawl)
                assert crawl.complete
                tariffs += sum(len(page.items) for page in peer.pages("tariffs"))
        assert (locations, tariffs) == (1_200, 33)

    def test_the_platform_understands_every_object(self) -> None:
        context = Context(country="IN", received_at=datetime.fromtimestamp(EVENING, UTC))
        found: list[Finding] = []
        for operator in OPERATORS:
            live = LiveOperator(operator, seed=SEED, locations=300)
            for entry in live.entries("locations", EVENING):
                location, said = VERSION.to_location(entry.body, context)
                assert location is not None
                assert len(location.evses) == len(entry.document["evses"])
                found += said
            for entry in live.entries("tariffs", EVENING):
                tariff, said = VERSION.to_tariff(entry.body, context)
                assert tariff is not None
                found += said
        assert not [finding for finding in found if isinstance(finding, Rejection)]
        assert {finding.code for finding in found} == MEANT

    def test_the_command_serves_until_interrupted(self, tmp_path: Path) -> None:
        environment = {**os.environ, "NOP_DEMO_PORT": str(take_port()), "NOP_HOME": str(tmp_path)}
        command = [
            sys.executable,
            "-m",
            "nop",
            "demo",
            "--no-register",
            "--locations",
            "120",
            "--json",
        ]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            served = json.loads(_until_complete(process.stdout))
            with OcpiPeer(
                served[0]["versions_url"], served[0]["token"], allow_loopback=True
            ) as peer:
                assert peer.discover().version == "2.2.1"
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=120) in (0, -signal.SIGINT, 128 + signal.SIGINT)

    def test_a_port_that_is_taken_is_named(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            with pytest.raises(SettingsError, match="NOP_DEMO_PORT"):
                listen(taken.getsockname()[1])


class TestRegistration:
    KEY = bytes(range(32))

    def test_its_sources_are_simulated_and_registered_once(self, connection: Connection) -> None:
        for _ in range(2):
            register_sources(connection, OPERATORS, base_url="http://127.0.0.1:8100", key=self.KEY)
        count = connection.execute("SELECT count(*) FROM source WHERE simulated").fetchone()
        source = get_source(connection, "demo-vidyut")
        assert count == (len(OPERATORS),)
        assert source.versions_url == "http://127.0.0.1:8100/dv1/ocpi/versions"
        assert (source.token(self.KEY), source.allow_loopback) == (DV1.token, True)

    def test_another_port_is_refused_with_the_one_to_use(self, connection: Connection) -> None:
        register_sources(connection, OPERATORS, base_url="http://127.0.0.1:8100", key=self.KEY)
        with pytest.raises(InvalidInput, match="8100"):
            register_sources(connection, OPERATORS, base_url="http://127.0.0.1:9", key=self.KEY)


def _until_complete(stream: Any) -> bytes:
    """What was printed, up to the end of the JSON list."""
    lines = []
    for line in stream:
        lines.append(line)
        if line.rstrip() == b"]":
            break
    return b"".join(lines)


def _states_of_india() -> list[tuple[tuple[float, float, float, float], list[Any]]]:
    file = Path(nop_registry.areas_data.__file__).with_name("states.topojson.gz")
    states = []
    for outline in read_outlines(file):
        if outline.properties.get("country") == "IN":
            polygons = json.loads(outline.geometry)["coordinates"]
            for rings in polygons:
                xs, ys = [p[0] for p in rings[0]], [p[1] for p in rings[0]]
                states.append(((min(xs), min(ys), max(xs), max(ys)), rings))
    return states


def _contains(
    box: tuple[float, float, float, float], rings: list[Any], lon: float, lat: float
) -> bool:
    west, south, east, north = box
    if not (west <= lon <= east and south <= lat <= north):
        return False
    inside = False
    for ring in rings:
        for (x1, y1), (x2, y2) in pairwise(ring):
            if (y1 > lat) != (y2 > lat) and lon < (x2 - x1) * (lat - y1) / (y2 - y1) + x1:
                inside = not inside
    return inside
