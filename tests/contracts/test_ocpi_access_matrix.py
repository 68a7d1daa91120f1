"""Every OCPI route, version, method and kind of token: nobody reaches another party's objects.

Two suppliers use the same ids. All that is theirs bears their name, so an answer that holds a name
which its token does not open is a leak, and a changed row of somebody else is a break-in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from application import client_of
from litestar.testing import TestClient
from operator_server import a_location, a_tariff, an_evse

from nop_ingest.ocpi.tokens import token_digest
from nop_registry.database import Connection
from nop_registry.store import handshakes, peer_parties, peers, sources

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
SUPPLIERS = {"alpha": "AAA", "bravo": "BBB", "charlie": "CCC", "delta": "DDD"}
LATER = "2026-11-20T12:00:00Z"

# Below /ocpi: what each route serves, with V for the version and P for a party. The last word says
# whose tokens open it: any that is live (registration too), suppliers', hubs' or consumers'.
ROUTES: dict[str, tuple[str, list[str]]] = {
    "/ocpi/versions": ("live", ["versions"]),
    "/ocpi/cpo/versions": ("live", ["cpo/versions"]),
    "/ocpi/emsp/versions": ("live", ["emsp/versions"]),
    "/ocpi/{version:str}": ("live", ["V"]),
    "/ocpi/cpo/{version:str}": ("live", ["cpo/V"]),
    "/ocpi/emsp/{version:str}": ("live", ["emsp/V"]),
    "/ocpi/{version:str}/credentials": ("live", ["V/credentials"]),
    r"/ocpi/[^/]+/receiver/(locations|tariffs)(/|$)": (
        "supplier",
        [
            "V/receiver/locations",
            "V/receiver/locations/IN/P/LOC1",
            "V/receiver/locations/IN/P/LOC1/1-1",
            "V/receiver/locations/IN/P/LOC1/1-1/1",
            "V/receiver/tariffs",
            "V/receiver/tariffs/IN/P/T1",
        ],
    ),
    "/ocpi/{version:str}/receiver/clientinfo/{country:str}/{party:str}": (
        "hub",
        ["V/receiver/clientinfo/IN/P"],
    ),
    "/ocpi/{version:str}/sender/locations": ("consumer", ["V/sender/locations"]),
    "/ocpi/{version:str}/sender/locations/{rest:path}": (
        "consumer",
        [f"V/sender/locations/{rest}" for rest in ("LOC1", "LOC1/1-1", "LOC1/1-1/1", "P-ONLY")],
    ),
    "/ocpi/{version:str}/sender/tariffs": ("consumer", ["V/sender/tariffs"]),
}


class Caller(NamedTuple):
    """A token, what it opens, and whose names its answers may hold."""

    token: str | None
    opens: frozenset[str] = frozenset()
    own: str | None = None  # whose rows it may change
    sees: frozenset[str] = frozenset()


def _caller(token: str | None, opens: str = "", own: str | None = None, sees: str = "") -> Caller:
    return Caller(token, frozenset(opens.split()), own, frozenset(sees.split()))


OUTSIDERS = {
    "no token": _caller(None),
    "an unknown token": _caller("guess"),
    "an expired token of bravo": _caller("bravo-expired"),
    "a token of one who left": _caller("left-access"),
    "a registration token": _caller("invited-registration", "live", "invited"),
    "an expired registration token": _caller("invited-expired"),
}
READERS = {
    "a consumer of alpha's data": _caller("reader-access", "live consumer", "reader", "alpha"),
    "a consumer of nobody's data": _caller("nobody-access", "live consumer", "nobody"),
}
SENDERS = {
    "supplier alpha": _caller("alpha-access", "live supplier", "alpha", "alpha"),
    "supplier bravo": _caller("bravo-access", "live supplier", "bravo", "bravo"),
    "charlie, who also reads": _caller(
        "charlie-access", "live supplier consumer", "charlie", "charlie"
    ),
    "delta, a hub": _caller("delta-access", "live supplier hub", "delta", "delta"),
}


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient[Any]]:
    """The application."""
    logging.getLogger("httpx").setLevel(logging.WARNING)  # thousands of requests
    with client_of(database_url) as opened:
        yield opened


@pytest.fixture
def nation(connection: Connection, client: TestClient[Any]) -> Connection:
    """Four suppliers with the same ids, two consumers, one who was invited and one who left."""
    with connection.transaction():
        for name, party in SUPPLIERS.items():
            _add_supplier(connection, name, party)
        for name, party in (("reader", "IN-AAA"), ("nobody", "IN-ZZZ")):
            peer = peers.add_peer(
                connection, name=name, purpose="consumer", scope={"parties": [party]},
                requests_per_minute=100_000,
            )  # fmt: skip
            _admit(connection, peer, f"{name}-access")
        invited = peers.add_peer(connection, name="invited", purpose="consumer")
        past = datetime.now(UTC) - timedelta(minutes=1)
        for token, end in (("registration", None), ("expired", past)):
            digest = token_digest(f"invited-{token}")
            peers.add_token(connection, invited, digest, "registration", expires_at=end)
        left = peers.add_peer(connection, name="left", purpose="consumer")
        _admit(connection, left, "left-access")
        handshakes.end(connection, left, "it left")
        bravo = peers.get_peer(connection, "bravo")
        peers.add_token(connection, bravo, token_digest("bravo-expired"), "access", expires_at=past)
    connection.commit()
    for name, party in SUPPLIERS.items():
        for path in ("tariffs/IN/P/T1", "locations/IN/P/LOC1", "locations/IN/P/P-ONLY"):
            url = "/ocpi/2.2.1/receiver/" + path.replace("P-", f"{name}-").replace(
                "/P/", f"/{party}/"
            )
            answer = client.put(url, json=_body(url, name, party), headers=_as(f"{name}-access"))
            assert answer.status_code == 201, answer.text
    return connection


def _add_supplier(connection: Connection, name: str, party: str) -> None:
    source = sources.add_source(
        connection, name=name, kind="ocpi", country_code="IN", allow_loopback=True
    )
    scope = {"parties": [f"IN-{party}"]}
    peer = peers.add_peer(
        connection, name=name, purpose="both" if name == "charlie" else "supplier",
        source_id=source.id, is_hub=name == "delta", scope=scope, requests_per_minute=100_000,
    )  # fmt: skip
    peer_parties.agree(connection, peer, [("IN", party)])
    _admit(connection, peer, f"{name}-access")


def _admit(connection: Connection, peer: peers.Peer, token: str) -> None:
    peers.add_token(connection, peer, token_digest(token), "access")
    connection.execute("UPDATE peer SET state = 'registered' WHERE id = %s", (peer.id,))


def _as(token: str | None, victim: str = "ZZZ", *, addressed: bool = False) -> dict[str, str]:
    """Headers that claim to come from the victim, and to be meant for it."""
    headers = {"OCPI-from-country-code": "IN", "OCPI-from-party-id": victim}
    if addressed:
        headers |= {"OCPI-to-country-code": "IN", "OCPI-to-party-id": victim}
    return headers if token is None else headers | {"Authorization": f"Token {token}"}


def _body(url: str, name: str, party: str) -> dict[str, Any]:
    """A valid object for that URL in any version, which bears the name of who wrote it."""
    if "/clientinfo/" in url:
        return {"country_code": "IN", "party_id": party, "role": "CPO", "status": "CONNECTED",
                "last_updated": LATER}  # fmt: skip
    if "/tariffs/" in url:
        text = {"language": "en", "text": f"Tariff of {name}"}
        return a_tariff(party_id=party, tariff_alt_text=[text], tax_included="NO")
    evse = an_evse(1, 1, physical_reference=name[:16], last_updated=LATER)
    (connector,) = evse["connectors"]
    connector |= {"voltage": 500, "amperage": 120, "tariff_id": "T1", "last_updated": LATER,
                  "terms_and_conditions": f"https://{name}.example/terms"}  # fmt: skip
    words = url.partition("/locations/")[2].split("/")
    if len(words) > 4:
        return dict(connector)
    if len(words) > 3:
        return evse
    location = a_location(
        1, party_id=party, id=words[-1], name=f"Station of {name}", type="ON_STREET",
        last_updated=LATER, evses=[evse],
    )  # fmt: skip
    return location


_OF_EVSE = "JOIN location l ON l.id = t.location_id JOIN source s ON s.id = l.source_id"
_KEPT = {
    "peer": "",
    "source": "",
    "peer_token": "JOIN peer s ON s.id = t.peer_id",
    "peer_party": "JOIN peer s ON s.id = t.peer_id",
    "location": "JOIN source s ON s.id = t.source_id",
    "tariff": "JOIN source s ON s.id = t.source_id",
    "evse": _OF_EVSE,
    "evse_status": _OF_EVSE,
    "connector": "JOIN evse e ON e.id = t.evse_id " + _OF_EVSE.replace("t.", "e.", 1),
}


def _rows(connection: Connection, owner: str) -> dict[str, list[Any]]:
    """Everything that is kept of one connection and of what it delivered."""
    found = {}
    for table, whose in _KEPT.items():
        query = f"SELECT t FROM {table} t {whose} WHERE {'s' if whose else 't'}.name = %s"
        found[table] = sorted(str(row) for (row,) in connection.execute(query, (owner,)))
    connection.commit()
    return found


def _requests(parties: list[str]) -> Iterator[tuple[str, str, str, str]]:
    """Version, what opens it, method and URL; the end of a connection comes last."""
    found = []
    for version in VERSIONS:
        for opened_by, paths in ROUTES.values():
            for path in paths:
                for party in parties if "/P" in path else parties[:1]:
                    name = next(n for n, p in SUPPLIERS.items() if p == party)
                    url = path.replace("V", version, 1) if "V" in path else path
                    url = url.replace("/P-", f"/{name}-").replace("/P", f"/{party}")
                    found += [(version, opened_by, method, f"/ocpi/{url}") for method in METHODS]
    return iter(sorted(found, key=lambda one: (one[2] == "DELETE", "credentials" in one[3])))


def test_every_ocpi_route_has_a_row_in_the_matrix(client: TestClient[Any]) -> None:
    app: Any = client.app
    routed = {route.path for route in app.routes if route.path.startswith("/ocpi")}
    assert routed | {pattern.pattern for pattern, _ in app.direct} == set(ROUTES)


@pytest.mark.parametrize("callers", [OUTSIDERS, READERS, SENDERS], ids=["out", "read", "send"])
def test_no_request_reads_or_writes_what_its_token_does_not_open(
    nation: Connection, client: TestClient[Any], callers: dict[str, Caller]
) -> None:
    """TR-7, TR-13, SE-9, P13, P24: all tokens, parties, versions, methods and routes."""
    owners = [*SUPPLIERS, "reader", "nobody", "invited", "left"]
    for who, caller in callers.items():
        before = {owner: _rows(nation, owner) for owner in owners}
        victim = "AAA" if caller.own == "bravo" else "BBB"
        own = SUPPLIERS.get(caller.own or "", "AAA")
        seen: set[str] = set()
        ended = False
        for version, opened_by, method, url in _requests([victim, own]):
            party = url.split("/IN/")[-1].split("/")[0] if "/IN/" in url else victim
            answer = client.request(
                method, url, headers=_as(caller.token, victim, addressed=version == "2.3.0"),
                json=_body(url, caller.own or "intruder", party)
                if method in ("POST", "PUT", "PATCH") else None,
            )  # fmt: skip
            what = f"{who}: {method} {url} -> {answer.status_code} {answer.text[:300]}"
            seen |= {name for name in SUPPLIERS if name in answer.text.lower()}
            assert seen <= caller.sees, what
            assert answer.status_code < 500, what
            if method not in ("HEAD", "OPTIONS"):  # they tell the methods, to anybody
                _check_status(caller, opened_by, party, answer.status_code, what, ended=ended)
            ended = ended or (
                method == "DELETE" and "credentials" in url and answer.status_code == 200
            )
        assert seen == caller.sees, f"{who} saw less than it may"
        for owner in owners:
            if owner != caller.own:
                assert _rows(nation, owner) == before[owner], f"{who} changed what is {owner}'s"


def _check_status(
    caller: Caller, opened_by: str, party: str, status: int, what: str, *, ended: bool
) -> None:
    if ended:
        assert status == 401 or "/receiver/" in what, what  # remembered for less than a second
    elif not caller.opens:
        assert status == 401, what
    elif opened_by not in caller.opens:
        assert status == (401 if caller.opens == {"live"} else 404), what
    elif opened_by == "supplier" and SUPPLIERS.get(caller.own or "") != party:
        assert status in (404, 405), what
    else:
        assert status != 401, what


@pytest.mark.parametrize("version", VERSIONS)
def test_an_object_of_another_party_cannot_be_slipped_in_under_ones_own_address(
    nation: Connection, client: TestClient[Any], version: str
) -> None:
    """RE-5, RE-6, P13: the body names bravo, the URL alpha."""
    before = _rows(nation, "bravo")
    for path in ("locations/IN/AAA/LOC1", "tariffs/IN/AAA/T1"):
        url = f"/ocpi/{version}/receiver/{path}"
        for method in ("PUT", "PATCH"):
            body = _body(url, "alpha", "BBB") | {"id": path.split("/")[-1]}
            answer = client.request(method, url, json=body, headers=_as("alpha-access"))
            if version != "2.1.1" and answer.status_code != 405:  # bodies of 2.1.1 name no party
                assert answer.json()["status_code"] == 2001, answer.text
    assert _rows(nation, "bravo") == before


ODD_ADDRESSES = [
    "locations/IN/AAA/../BBB/LOC1",
    "locations/IN/AAA/%2e%2e/BBB/LOC1",
    "locations/IN/AAA%2F..%2FBBB/LOC1",
    "locations%2FIN%2FBBB%2FLOC1",
    "locations/in/bbb/loc1",
    "locations//IN//BBB//LOC1",
    "locations/IN/BBB%20/LOC1",
    "locations/IN/%EF%BC%A2%EF%BC%A2%EF%BC%A2/LOC1",  # full-width letters
    "locations/IN/%FF/LOC1",
    "locations/IN/AAA,BBB/LOC1",
    "locations/IN/BBB/LOC1?party_id=AAA",
    "locations",
    "locations/IN",
]


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
def test_odd_spellings_of_an_address_lead_to_no_other_party(
    nation: Connection, client: TestClient[Any], method: str
) -> None:
    """RE-18, P24: each segment is decoded once, and what it then names is what is checked."""
    before = _rows(nation, "bravo")
    for address in ODD_ADDRESSES:
        url = f"/ocpi/2.2.1/receiver/{address}"
        answer = client.request(
            method, url, headers=_as("alpha-access"),
            json=None if method == "GET" else _body("/locations/IN/BBB/LOC1", "alpha", "BBB"),
        )  # fmt: skip
        assert answer.status_code in (400, 404) or answer.json()["status_code"] == 2001, url
        assert "bravo" not in answer.text.lower()
    assert _rows(nation, "bravo") == before


@pytest.mark.parametrize("version", VERSIONS)
def test_the_link_of_another_consumers_page_opens_nothing_more(
    nation: Connection, client: TestClient[Any], version: str, add_reader: Callable[[str], str]
) -> None:
    """SE-9, P24: a cursor is no permission."""
    everything = add_reader("all")
    for module, count in (("locations", 8), ("tariffs", 4)):
        first = client.get(f"/ocpi/{version}/sender/{module}?limit=1", headers=_as(everything))
        assert first.headers["x-total-count"] == str(count)
        url = first.headers["link"].partition("/ocpi/")[2].partition(">")[0]
        answer = client.get(f"/ocpi/{url}", headers=_as("reader-access"))
        assert not any(name in answer.text.lower() for name in ("bravo", "charlie", "delta")), url


@pytest.fixture
def add_reader(nation: Connection) -> Callable[[str], str]:
    """The token of a new consumer who may read everything."""

    def act(name: str) -> str:
        with nation.transaction():
            peer = peers.add_peer(nation, name=name, purpose="consumer")
            _admit(nation, peer, f"{name}-access")
        nation.commit()
        return f"{name}-access"

    return act
