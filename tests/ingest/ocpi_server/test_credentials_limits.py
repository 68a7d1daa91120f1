from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from handshake_parties import FakeCpo, OurServer, ask, rows

from nop_ingest.agreement import find_agreement
from nop_registry.database import Connection
from nop_registry.store import peer_parties, sources

B2 = "operator-token-B2-112233"


@pytest.mark.parametrize(
    ("body", "http"),
    [
        (b"[" * 100_000, 400),
        (b'{"roles":' * 100_000, 400),
        (b'{"token": "\\ud800"}', 400),
        (b'{"token": "operator-token-B", "url": "https://a.example/\\u0000"}', 200),
        (b'"' + b"token" * 200_000, 400),
    ],
)
def test_a_body_made_to_break_us_is_refused_and_written_down(
    ours: OurServer, connection: Connection, body: bytes, http: int
) -> None:
    """TR-13, CR-23: deep, with lone surrogates or NUL, slow to search."""
    began = time.monotonic()
    answer = ask("POST", ours.url("2.2.1/credentials"), ours.invite(), body)
    assert (answer.http, answer.code) == (http, 2001)
    assert time.monotonic() - began < 12  # a busy machine included
    assert rows(connection, "SELECT count(*) FROM handshake_step") == [(1,)]


def test_odd_characters_in_names_and_modules_cost_only_themselves(
    ours: OurServer, cpo: FakeCpo
) -> None:
    """CR-5, VE-5: NUL in a name, a role, a module; the rest is registered."""
    cpo.roles[0]["business_details"] = {"name": "Test\x00 Power"}
    cpo.roles.append(cpo.roles[0] | {"role": "C\x00PO", "party_id": "EVL"})
    cpo.modules.append(("odd\x00", "SENDER"))
    assert cpo.send(ours, "POST", ours.invite()).code == 1000
    assert ours.peer().roles[0]["name"] == "Test Power"
    assert {e["identifier"] for e in ours.peer().endpoints} == {
        "credentials", "locations", "tariffs",
    }  # fmt: skip


def test_while_a_call_back_is_slow_the_peer_has_no_second_one(
    ours: OurServer, cpo: FakeCpo
) -> None:
    """CR-12: 429 with Retry-After; other peers and other requests are served meanwhile."""
    waiting, go_on = threading.Event(), threading.Event()

    def wait(request: Any) -> None:
        waiting.set()
        go_on.wait(4)

    cpo.on["/versions"] = wait
    token_a = ours.invite()
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(cpo.send, ours, "POST", token_a)
        assert waiting.wait(4)
        second = cpo.send(ours, "POST", token_a)
        assert ask("GET", ours.versions_url, token_a).http == 200
        go_on.set()
        assert first.result().code == 1000
    assert (second.http, second.code, second.headers["retry-after"]) == (429, 2000, "10")


def test_a_peer_has_few_handshakes_a_minute(ours: OurServer, connection: Connection) -> None:
    """TR-13: each is written down, so that a loop must not fill the registry."""
    token_a = ours.invite()
    url = ours.url("2.2.1/credentials")
    answers = [ask("POST", url, token_a, b"no JSON").http for _ in range(22)]
    assert answers[:20] == [400] * 20 and answers[20:] == [429] * 2
    assert rows(connection, "SELECT count(*) FROM handshake_step") == [(20,)]


def test_a_put_off_call_back_still_needs_a_url(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-12: what can never be called is refused at once."""
    cpo.url = "file:///etc/passwd"
    token_a = ours.invite(deferred_callback=True)
    assert cpo.send(ours, "POST", token_a).code == 3001
    assert ours.peer().state == "invited"


def test_a_hub_does_not_take_over_the_parties_of_a_feed(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """RT-5: also of one that is read without a connection."""
    with connection.transaction():
        connection.execute("INSERT INTO emission_count VALUES (4711, 'IN', 'TPC', 3)")
    cpo.send(ours, "POST", ours.invite("hub", is_hub=True, parties=()))
    found = peer_parties.list_parties(connection, ours.peer("hub"))
    assert {p.party_id: p.state for p in found} == {"TPC": "quarantined"}


def test_a_hub_is_asked_in_the_name_that_it_gave_itself(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-4, RT-3: 2.3.0 says it in hub_party_id, 2.2.1 by its role HUB; nobody need set it."""
    for name, version, changes in (
        ("new", "2.3.0", {"hub_party_id": "INHUB"}),
        ("old", "2.2.1", {"roles": [cpo.roles[0] | {"role": "HUB", "party_id": "OLD"}]}),
    ):
        cpo.send(ours, "POST", ours.invite(name, is_hub=True, parties=()), version, **changes)
    with connection.transaction():
        ways = {
            name: find_agreement(connection, sources.get_source(connection, name), "IN").routing
            for name in ("new", "old")
        }
    assert (ways["new"].hub, ways["old"].hub) == (("IN", "HUB"), ("IN", "OLD"))
    assert ways["new"].ways("2.3.0", {})[0] == "hub"
    assert ways["new"].headers("hub")["OCPI-to-party-id"] == "HUB"
