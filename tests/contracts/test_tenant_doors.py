"""By no door does an operator touch another's rows: API, portal, OCPI push, rollback, tables.

Two operators with the same ids, and one that acts for every party of another country. Each door is
opened by each of them at each of the others: what is not one's own stays as it was, to the last
column. That a refusal is not the test's own clumsiness is shown by the same doors opened at one's
own data: they change it. One that acts for every party of their country changes theirs.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any, NamedTuple

import pytest
from application import client_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from litestar.testing import TestClient
from operator_server import a_location, a_tariff, an_evse
from portal_world import COOKIE, Worker, add_file_source, sign_in

from nop_dashboards.portal import by_hand
from nop_ingest.ocpi.tokens import token_digest
from nop_registry.access import Principal, Role, acting_as, make_key
from nop_registry.database import Connection, connect
from nop_registry.store import api_keys, peer_parties, peers, sources

PARTIES = {"ABC": "IN*ABC", "XYZ": "IN*XYZ", "S63": "FR*"}
"""Whose rows there are, and for whom their operator acts."""
PLACES: dict[str, dict[str, Any]] = {
    "IN": {},
    "FR": {"country": "FRA", "city": "Paris", "time_zone": "Europe/Paris",
           "coordinates": {"latitude": "48.856", "longitude": "2.352"}},
}  # fmt: skip
NATIONAL = "IN*"
_LATER = "2026-11-20T12:00:00Z"


class Operator(NamedTuple):
    """Who opens doors, or whose doors are opened."""

    party: str
    binding: str
    session: str
    csrf: str
    key: str

    @property
    def files(self) -> str:
        """Its source for files."""
        return f"{self.party.lower()}-files"

    @property
    def bearer(self) -> dict[str, str]:
        """Its API key."""
        return {"Authorization": f"Bearer {self.key}"}

    @property
    def country(self) -> str:
        """Of its party."""
        return self.binding[:2]


class World(NamedTuple):
    """Two operators before the platform."""

    client: TestClient[Litestar]
    connection: Connection
    worker: Worker
    operators: dict[str, Operator]

    def post(self, who: Operator, path: str, **sent: Any) -> None:
        """Send a form of the portal as that operator's editor."""
        self.client.cookies.clear()
        self.client.cookies.set(COOKIE, who.session)
        headers = {"X-CSRF-Token": who.csrf, **sent.pop("headers", {})}
        self.client.request(
            sent.pop("method", "POST"), path, headers=headers, follow_redirects=False, **sent
        )

    def number_of(self, whose: Operator, kind: str = "location") -> int:
        """An object of that operator that came by file."""
        row = self.connection.execute(
            f"""SELECT o.id FROM {kind} o JOIN source s ON s.id = o.source_id
                WHERE s.name = %s ORDER BY 1""",
            (whose.files,),
        ).fetchone()
        assert row
        return int(row[0])

    def upload_of(self, whose: Operator) -> int:
        """The newest upload of that operator."""
        row = self.connection.execute(
            """SELECT max(u.id) FROM upload u JOIN source s ON s.id = u.source_id
               WHERE s.name = %s""",
            (whose.files,),
        ).fetchone()
        assert row
        return int(row[0])


Door = Callable[[World, Operator, Operator, str], None]


def a_file(whose: Operator, name: str) -> bytes:
    """An inventory of one station, as OCPI JSON."""
    evse = an_evse(1, 1, evse_id=f"{whose.country}*{whose.party}*E1*1")
    place = {"country_code": whose.country, "party_id": whose.party, **PLACES[whose.country]}
    return json.dumps([a_location(1, **place, name=name, evses=[evse])]).encode()


def send_file_to_source(world: World, who: Operator, whose: Operator, name: str) -> None:
    query = {"source": whose.files, "filename": "f.json", "commit": "true"}
    world.client.cookies.clear()
    world.client.post(
        "/uploads", params=query, content=a_file(whose, name),
        headers={**who.bearer, "Content-Type": "application/octet-stream"},
    )  # fmt: skip


def send_rows_of(world: World, who: Operator, whose: Operator, name: str) -> None:
    query = {"source": who.files, "filename": "f.json", "commit": "true", "whole": "false"}
    world.client.cookies.clear()
    world.client.post(
        "/uploads", params=query, content=a_file(whose, name),
        headers={**who.bearer, "Content-Type": "application/octet-stream"},
    )  # fmt: skip


def send_form(world: World, who: Operator, whose: Operator, name: str) -> None:
    file = ("f.json", a_file(whose, name), "application/json")
    world.post(who, f"/portal/sources/{whose.files}/uploads", files={"file": file})


def commit_upload(world: World, who: Operator, whose: Operator, name: str) -> None:
    if who is whose:  # something that waits for its commit
        send_form(world, who, whose, name)
        world.worker.work()
    number = world.upload_of(whose)
    world.client.cookies.clear()
    world.client.post(f"/uploads/{number}/commit", headers=who.bearer)
    world.post(who, f"/portal/uploads/{number}/commit")


def disturb_upload(world: World, who: Operator, whose: Operator, name: str) -> None:
    if who is whose:
        world.post(
            who, f"/portal/sources/{whose.files}/uploads/begin",
            data={"filename": "f.json", "size": "10"},
        )  # fmt: skip
    number = world.upload_of(whose)
    piece = {"Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    world.client.cookies.clear()
    world.client.patch(f"/uploads/{number}", content=b"[]", headers={**who.bearer, **piece})
    world.client.delete(f"/uploads/{number}", headers=who.bearer)
    world.post(who, f"/portal/uploads/{number}/bytes", method="PATCH", content=b"[]", headers=piece)
    for act in ("finish", "withdraw", "accept-removal"):
        world.post(who, f"/portal/uploads/{number}/{act}")


def edit_station(world: World, who: Operator, whose: Operator, name: str) -> None:
    world.client.cookies.clear()
    world.client.cookies.set(COOKIE, who.session)
    form = _Fields(world.client.get(f"/portal/stations/{world.number_of(who)}/edit").text)
    path = f"/portal/stations/{world.number_of(whose)}/edit"
    world.post(who, path, data={**form.values, "name": name})


def add_station(world: World, who: Operator, whose: Operator, name: str) -> None:
    world.client.cookies.clear()
    world.client.cookies.set(COOKIE, who.session)
    form = _Fields(world.client.get(f"/portal/stations/{world.number_of(who)}/edit").text)
    changed = {"name": name, "party": f"{whose.country}*{whose.party}", "id": f"NEW-{len(name)}"}
    world.post(who, "/portal/stations/new", data={**form.values, **changed})


def roll_back(world: World, who: Operator, whose: Operator, name: str) -> None:
    world.post(who, f"/portal/sources/{whose.files}/roll-back/1")
    world.worker.work()
    world.client.cookies.clear()
    world.client.post(f"/sources/{whose.files}/versions/1/restore", headers=who.bearer)


def push_location(world: World, who: Operator, whose: Operator, name: str) -> None:
    for path_party, body_party in ((whose, whose), (whose, who), (who, whose)):
        body = a_location(1, party_id=body_party.party, name=name, last_updated=_LATER)
        _push(world, who, "PUT", f"locations/{path_party.country}/{path_party.party}/LOC1", body)
    patch = {"status": "BLOCKED", "last_updated": _LATER, "physical_reference": name[:16]}
    _push(world, who, "PATCH", f"locations/{whose.country}/{whose.party}/LOC1/1-1", patch)


def push_tariff(world: World, who: Operator, whose: Operator, name: str) -> None:
    text = [{"language": "en", "text": name}]
    body = a_tariff(party_id=whose.party, tariff_alt_text=text, last_updated=_LATER)
    _push(world, who, "PUT", f"tariffs/{whose.country}/{whose.party}/T1", body)
    _push(world, who, "DELETE", f"tariffs/{whose.country}/{whose.party}/T2", None)


def write_tables(world: World, who: Operator, whose: Operator, name: str) -> None:
    principal = Principal(
        kind="key", name=who.party, role=Role.OPERATOR_EDITOR,
        parties=frozenset({who.binding}),
    )  # fmt: skip
    with acting_as(world.connection, principal):
        world.connection.execute(
            "UPDATE location SET name = %s WHERE party_id = %s", (name, whose.party)
        )


DOORS: dict[str, Door] = {
    door.__name__: door
    for door in (
        send_file_to_source, send_rows_of, send_form, commit_upload, disturb_upload, edit_station,
        add_station, roll_back, push_location, push_tariff, write_tables,
    )
}  # fmt: skip


@pytest.fixture
def world(
    database_url: str, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """Two operators with the same ids: a file source and an OCPI connection each."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # thousands of requests
    monkeypatch.setattr(by_hand, "_WAIT_S", 0.0)
    with client_of(database_url) as client, connect(database_url) as own:
        own.autocommit = True
        operators = {
            party: _operator(client, connection, party, binding)
            for party, binding in PARTIES.items()
        }
        made = World(client, own, Worker(database_url), operators)
        for who in operators.values():
            for name in ("First", "Second"):
                send_file_to_source(made, who, who, f"{name} of {who.party}")
                made.worker.work()
            if who.country != "IN":  # a national file's sender has no OCPI
                continue
            body = a_location(1, party_id=who.party, name=f"Pushed by {who.party}")
            _push(made, who, "PUT", f"locations/IN/{who.party}/LOC1", body)
            for tariff in ("T1", "T2"):
                body = a_tariff(party_id=who.party, id=tariff)
                _push(made, who, "PUT", f"tariffs/IN/{who.party}/{tariff}", body)
        yield made


@given(
    tries=st.lists(
        st.tuples(st.sampled_from(sorted(DOORS)), st.permutations(sorted(PARTIES))),
        min_size=3,
        max_size=6,
    ),
    name=st.text("abcXYZ", min_size=1, max_size=8),
)
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_no_door_leads_to_anothers_rows(
    world: World, tries: list[tuple[str, list[str]]], name: str
) -> None:
    for door, (party, other, _) in tries:
        who, whose = world.operators[party], world.operators[other]
        before = everything_of(world, whose)
        DOORS[door](world, who, whose, f"taken {name}")
        world.worker.work()
        assert everything_of(world, whose) == before, door


def test_the_same_doors_lead_to_ones_own(world: World) -> None:
    who = world.operators["ABC"]
    for name, door in DOORS.items():
        before = everything_of(world, who)
        door(world, who, who, f"mine by {name}")
        world.worker.work()
        assert everything_of(world, who) != before, name


def everything_of(world: World, whose: Operator) -> list[tuple[str, list[Any]]]:
    """All rows of that operator, and what is kept about its sources and uploads."""
    kept = {
        "location": "party_id = %(party)s",
        "tariff": "party_id = %(party)s",
        "evse": "location_id IN (SELECT id FROM location WHERE party_id = %(party)s)",
        "evse_status": "location_id IN (SELECT id FROM location WHERE party_id = %(party)s)",
        "connector": """evse_id IN (SELECT e.id FROM evse e JOIN location l ON l.id = e.location_id
            WHERE l.party_id = %(party)s)""",
        "source": "name LIKE %(source)s",
        "upload": "source_id IN (SELECT id FROM source WHERE name LIKE %(source)s)",
        "source_version": "source_id IN (SELECT id FROM source WHERE name LIKE %(source)s)",
        "source_object": "source_id IN (SELECT id FROM source WHERE name LIKE %(source)s)",
    }
    names = {"party": whose.party, "source": f"{whose.party.lower()}%"}
    return [
        (
            table,
            world.connection.execute(
                f"SELECT t::text FROM {table} t WHERE {own} ORDER BY 1".encode(),
                names,
            ).fetchall(),
        )
        for table, own in kept.items()
    ]


def test_one_who_acts_for_a_country_reaches_its_parties_rows(world: World) -> None:
    who = _operator(world.client, world.connection, "NAT", NATIONAL)
    send_file_to_source(world, who, who, "Of the national file")
    world.worker.work()
    whose = world.operators["ABC"]
    for door in (send_file_to_source, send_form, edit_station, roll_back, write_tables):
        before = everything_of(world, whose)
        door(world, who, whose, f"by the national file, {door.__name__}")
        world.worker.work()
        assert everything_of(world, whose) != before, door.__name__
    before = everything_of(world, who)
    for name, door in DOORS.items():  # a part does not reach the whole
        door(world, whose, who, "taken")
        world.worker.work()
        assert everything_of(world, who) == before, name


def _operator(
    client: TestClient[Litestar], connection: Connection, party: str, binding: str
) -> Operator:
    session = sign_in(connection, Role.OPERATOR_EDITOR, [binding], name=f"Editor {party}")
    add_file_source(connection, f"{party.lower()}-files", [binding])
    made = make_key()
    api_keys.add_key(
        connection, name=party, prefix=made.prefix, digest=made.digest,
        scopes=["upload", "roll_back"], source_id=None, expires_at=None, parties=[binding],
    )  # fmt: skip
    source = sources.add_source(
        connection, name=f"{party.lower()}-ocpi", kind="ocpi", country_code="IN",
        allow_loopback=True,
    )  # fmt: skip
    peer = peers.add_peer(
        connection, name=party.lower(), purpose="supplier", source_id=source.id,
        requests_per_minute=100_000,
    )  # fmt: skip
    peer_parties.agree(connection, peer, [("IN", party)])
    peers.add_token(connection, peer, token_digest(f"{party}-token"), "access")
    connection.execute("UPDATE peer SET state = 'registered' WHERE id = %s", (peer.id,))
    connection.commit()
    client.cookies.clear()
    client.cookies.set(COOKIE, session)
    page = client.get("/portal/account").text
    csrf = page.partition('name="csrf" value="')[2].partition('"')[0]
    return Operator(party, binding, session, csrf, made.key)


def _push(world: World, who: Operator, method: str, path: str, body: Any) -> None:
    world.client.cookies.clear()
    world.client.request(
        method, f"/ocpi/2.2.1/receiver/{path}", json=body,
        headers={"Authorization": f"Token {who.party}-token"},
    )  # fmt: skip


class _Fields(HTMLParser):
    """What a browser would send of a page's forms."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and name:
            if given.get("type") not in ("checkbox", "radio") or "checked" in given:
                self.values[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and ("selected" in given or self._select not in self.values):
            self.values[self._select] = value
