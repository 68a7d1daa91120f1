from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from handshake_parties import FakeCpo, OurServer, ask, reply, rows

from nop_ingest.ocpi import callback
from nop_registry.database import Connection
from nop_registry.store import peer_parties, sources
from nop_registry.store.peers import get_peer

B2 = "operator-token-B2-112233"


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_an_invited_cpo_registers_and_can_be_pulled_from_at_once(
    ours: OurServer, cpo: FakeCpo, connection: Connection, version: str
) -> None:
    """CR-11, CR-35, CR-1, CR-2: token C back, all of it stored, the pull has what it needs."""
    token_a = ours.invite()
    answer = cpo.send(ours, "POST", token_a, version)

    assert (answer.http, answer.code) == (200, 1000)
    assert answer.data["url"] == ours.versions_url
    assert (answer.data["party_id"] if version == "2.1.1" else answer.data["roles"][0]["role"]) in (
        "NAP",
    )
    with connection.transaction():
        peer, source = get_peer(connection, "tpc"), sources.get_source(connection, "tpc")
    assert (peer.state, peer.version, peer.versions_url) == ("registered", version, cpo.url)
    assert {e["identifier"] for e in peer.endpoints} == {"credentials", "locations", "tariffs"}
    assert peer.roles[0]["party_id"] == "TPC"
    assert peer.token(ours.key) == source.token(ours.key) == "operator-token-B-5566778899"
    assert (source.state, source.versions_url) == ("active", cpo.url)
    assert ask("GET", ours.versions_url, answer.data["token"]).code == 1000
    assert ask("GET", ours.versions_url, token_a).http == 401  # A is gone


def test_the_call_back_asks_for_versions_and_for_details_of_the_same_version(
    ours: OurServer, cpo: FakeCpo
) -> None:
    """CR-10, CR-12: two requests with token B, before the POST is answered."""
    assert cpo.send(ours, "POST", ours.invite(), "2.2.1").code == 1000
    assert [(method, path) for method, path, _ in cpo.requests] == [
        ("GET", "/versions"), ("GET", "/2.2.1"),
    ]  # fmt: skip


def _refuses(http: int, code: int) -> Any:
    return lambda request: reply(request, http, code)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (lambda cpo: cpo.on.update({"/versions": _refuses(500, 3000)}), 3001),
        (lambda cpo: cpo.on.update({"/2.2.1": _refuses(404, 2000)}), 3001),
        (lambda cpo: cpo.stop(), 3001),
        (lambda cpo: setattr(cpo, "url", "http://10.0.0.1/ocpi/versions"), 3001),
        (lambda cpo: setattr(cpo, "url", "file:///etc/passwd"), 3001),
        (lambda cpo: setattr(cpo, "versions", ["2.1.1", "3.0"]), 3002),
        (lambda cpo: setattr(cpo, "modules", [("credentials", "SENDER")]), 3003),
        (lambda cpo: setattr(cpo, "modules", [("locations", "RECEIVER")]), 3003),
    ],
)
def test_a_failed_call_back_is_told_and_leaves_everything_as_it_was(
    ours: OurServer, cpo: FakeCpo, connection: Connection, fault: Any, code: int
) -> None:
    """CR-10: 3001, 3002 or 3003 with HTTP 200; nothing is stored, token A stays valid."""
    token_a = ours.invite()
    before = _state(connection)
    fault(cpo)
    answer = cpo.send(ours, "POST", token_a, "2.2.1")

    assert (answer.http, answer.code) == (200, code)
    assert "data" not in answer.body
    assert _state(connection) == before
    assert ask("GET", ours.versions_url, token_a).http == 200


@pytest.mark.parametrize("fault", ["slow", "large", "redirect"])
def test_a_call_back_has_narrow_limits(
    ours: OurServer, cpo: FakeCpo, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """CR-12: seconds, one MiB, the address that was given; told as 3001."""
    limits = msgspec.structs.replace(callback.CALLBACK_LIMITS, call_s=0.5, read_s=0.5)
    assert (callback.CALLBACK_LIMITS.call_s, limits.decoded_bytes) == (5.0, 1 << 20)
    monkeypatch.setattr(callback, "CALLBACK_LIMITS", limits)

    def misbehave(request: Any) -> bool:
        if fault == "slow":
            time.sleep(1)
        if fault == "redirect":
            request.send_response(307)
            request.send_header("Location", "http://169.254.169.254/latest")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return True
        with contextlib.suppress(ConnectionError):
            reply(request, 200, 1000, ["x" * 2_000_000])
        return True

    cpo.on["/versions"] = misbehave
    began = time.monotonic()
    assert cpo.send(ours, "POST", ours.invite()).code == 3001
    assert time.monotonic() - began < 12  # a busy machine included


def _state(connection: Connection) -> list[tuple[Any, ...]]:
    return rows(
        connection,
        """SELECT p.state, p.version, p.token_sealed, p.endpoints, s.state, s.token_sealed,
                  (SELECT array_agg((digest, kind) ORDER BY digest) FROM peer_token)
           FROM peer p JOIN source s ON s.id = p.source_id""",
    )


def test_after_a_failed_call_back_the_same_token_a_registers(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-10: A stays valid."""
    token_a = ours.invite()
    cpo.versions = []
    assert cpo.send(ours, "POST", token_a).code == 3002
    cpo.versions = ["2.2.1"]
    assert cpo.send(ours, "POST", token_a).code == 1000


def test_a_peer_whose_server_is_busy_meanwhile_is_called_back_later(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-12: with deferred call-back the POST is answered first; the endpoints follow."""
    from nop_ingest.ocpi import handshake
    from nop_registry.store import handshakes

    token_a = ours.invite(deferred_callback=True)
    assert cpo.send(ours, "POST", token_a).code == 1000
    assert cpo.requests == [] and ours.peer().endpoints == []
    assert handshakes.list_callbacks_due(connection) == ["tpc"]
    connection.commit()
    handshake.call_back(connection, ours.peer(), key=ours.key)
    assert len(ours.peer().endpoints) == 3
    assert handshakes.list_callbacks_due(connection) == []


def test_parties_that_were_not_agreed_on_are_quarantined(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-13, CR-3, RO-3: the registration stands, the unknown party waits for a person."""
    cpo.roles = [
        {"role": role, "country_code": "IN", "party_id": party, "business_details": {"name": name}}
        for role, party, name in (
            ("CPO", "TPC", "Test Power"), ("EMSP", "TPC", "Test Power"), ("CPO", "EVL", "Evil"),
        )
    ]  # fmt: skip
    assert cpo.send(ours, "POST", ours.invite()).code == 1000
    found = peer_parties.list_parties(connection, ours.peer())
    assert {p.party_id: p.state for p in found} == {"TPC": "agreed", "EVL": "quarantined"}
    peer_parties.approve(connection, ours.peer(), ("IN", "EVL"))
    states = [p.state for p in peer_parties.list_parties(connection, ours.peer())]
    assert states == ["agreed", "agreed"]


def test_a_registered_peer_may_not_post_and_an_unregistered_one_not_put_or_delete(
    ours: OurServer, cpo: FakeCpo
) -> None:
    """CR-14: HTTP 405, with the methods that are allowed."""
    token_a = ours.invite()
    url = ours.url("2.2.1/credentials")
    for method in ("PUT", "DELETE"):
        answer = ask(method, url, token_a, cpo.credentials("2.2.1", "x" * 20))
        assert (answer.http, answer.headers["allow"]) == (405, "GET, POST")
    token_c = cpo.send(ours, "POST", token_a).data["token"]
    answer = cpo.send(ours, "POST", token_c)
    assert (answer.http, answer.headers["allow"]) == (405, "GET, PUT, DELETE")
    assert ask("PATCH", url, token_c, {}).http == 405


def test_get_repeats_the_token_that_the_caller_uses(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-15, CR-5: our own object with website and logo; A before, C after the registration."""
    token_a = ours.invite()
    url = ours.url("2.2.1/credentials")
    before = ask("GET", url, token_a)
    token_c = cpo.send(ours, "POST", token_a).data["token"]
    after = ask("GET", url, token_c, raw=True)

    assert (before.data["token"], after.data["token"]) == (token_a, token_c)
    business = after.data["roles"][0]["business_details"]
    assert business["website"] and business["logo"]["url"].endswith("mark.svg")
    assert business["logo"]["category"] == "OWNER" and len(business["logo"]["type"]) <= 4


def test_put_renews_both_tokens_and_the_old_one_ends_soon(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-30: the new token is there; the old one lives a minute, or until the new one is used."""
    first = cpo.send(ours, "POST", ours.invite()).data["token"]
    answer = cpo.send(ours, "PUT", first, token_b=B2)
    second = answer.data["token"]

    assert answer.code == 1000 and second != first
    assert ours.peer().token(ours.key) == B2
    assert ask("GET", ours.versions_url, first).http == 200  # a lost answer can be asked for again
    [(left,)] = rows(
        connection,
        "SELECT max(expires_at) - now() < interval '61 s' FROM peer_token WHERE expires_at > now()",
    )
    assert left
    assert ask("GET", ours.versions_url, second).http == 200
    assert ask("GET", ours.versions_url, first).http == 401


def test_put_in_another_version_changes_the_version(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-30, CR-35: the version is that of the endpoint that is called."""
    token = cpo.send(ours, "POST", ours.invite(), "2.1.1").data["token"]
    assert cpo.send(ours, "PUT", token, "2.3.0").code == 1000
    assert ours.peer().version == "2.3.0"


def test_put_tells_that_modules_moved(ours: OurServer, cpo: FakeCpo) -> None:
    """VE-9, CR-30: the details are read anew, and what they list now is what is kept."""
    token = cpo.send(ours, "POST", ours.invite()).data["token"]
    cpo.modules = [("credentials", "SENDER"), ("locations", "SENDER")]
    assert cpo.send(ours, "PUT", token).code == 1000
    assert {e["identifier"] for e in ours.peer().endpoints} == {"credentials", "locations"}


def test_a_failed_put_leaves_the_old_tokens(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-30, CR-10: nothing is stored then."""
    token = cpo.send(ours, "POST", ours.invite()).data["token"]
    cpo.modules = []
    assert cpo.send(ours, "PUT", token, token_b=B2).code == 3003
    assert ours.peer().token(ours.key) == "operator-token-B-5566778899"
    assert ask("GET", ours.versions_url, token).http == 200


def test_delete_ends_both_tokens_and_keeps_the_source(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-32, CR-34: nothing is sent or accepted any more; the data stay, marked."""
    token = cpo.send(ours, "POST", ours.invite()).data["token"]
    answer = ask("DELETE", ours.url("2.2.1/credentials"), token)

    assert (answer.http, answer.code) == (200, 1000) and "data" not in answer.body
    assert ask("GET", ours.versions_url, token).http == 401
    peer = ours.peer()
    assert (peer.state, peer.token_sealed) == ("unregistered", None)
    [found] = rows(connection, "SELECT state, state_reason, token_sealed FROM source")
    assert found == ("disabled", "disconnected: the peer ended it", None)
    assert cpo.send(ours, "POST", ours.invite()).code == 1000  # and back again
    assert rows(connection, "SELECT state FROM source") == [("active",)]


@pytest.mark.parametrize(
    ("body", "http", "code"),
    [
        (b"", 400, 2001),
        (b"{", 400, 2001),
        (b"[]", 400, 2001),
        (b"\xff", 400, 2001),
        (b"{}", 200, 2001),
        (b'{"token": "abc"}', 200, 2001),
        (b'{"token": 7, "url": "http://127.0.0.1/"}', 200, 2001),
        (b'{"token": "a\\u0007b", "url": "http://127.0.0.1/"}', 200, 2001),
    ],
)
def test_a_body_that_is_no_credentials_object_is_refused_with_the_reason(
    ours: OurServer, body: bytes, http: int, code: int
) -> None:
    """CR-23, CR-1: an empty POST and other nonsense."""
    answer = ask("POST", ours.url("2.2.1/credentials"), ours.invite(), body)
    assert (answer.http, answer.code) == (http, code)
    assert answer.body["status_message"]


def test_of_two_posts_with_one_token_a_one_wins(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-11: token A is used up within the transaction, and one handshake is served at a time."""
    token_a = ours.invite()
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: cpo.send(ours, "POST", token_a).http, range(4)))
    assert sorted(answers)[0] == 200 and answers.count(200) == 1
    assert set(answers) <= {200, 405, 401, 429}


def test_an_expired_registration_token_opens_nothing(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """TR-7: as an unknown one."""
    token_a = ours.invite()
    with connection.transaction():
        connection.execute("UPDATE peer_token SET expires_at = now() - interval '1 s'")
    assert cpo.send(ours, "POST", token_a).http == 401


def test_a_peer_that_lost_our_answer_is_invited_again(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-21, CR-34: the new token A registers anew; the tokens of the lost answer end."""
    lost = cpo.send(ours, "POST", ours.invite()).data["token"]
    assert cpo.send(ours, "POST", ours.invite()).code == 1000
    assert ask("GET", ours.versions_url, lost).http == 401


def test_we_present_ourselves_to_one_peer_as_it_can_bear(ours: OurServer, cpo: FakeCpo) -> None:
    """RO-4, RO-1: the role of a setting; 2.1.1 has none."""
    answer = cpo.send(ours, "POST", ours.invite(our_role="EMSP"))
    assert [role["role"] for role in answer.data["roles"]] == ["EMSP"]
    old = ask("GET", ours.url("2.1.1/credentials"), answer.data["token"])
    assert "roles" not in old.data and old.data["party_id"] == "NAP"


def test_a_hub_s_many_parties_are_agreed_on_but_not_those_of_a_neighbour(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-4, RT-5: 2.3.0 lists the reachable parties in roles; a hub takes nobody's objects over."""
    ours.invite("neighbour", parties=(("IN", "ABC"),))
    cpo.roles = [
        {"role": role, "country_code": "IN", "party_id": party, "business_details": {"name": "x"}}
        for role, party in (("HUB", "HUB"), ("CPO", "ABC"), ("CPO", "DEF"))
    ]
    token_a = ours.invite("hub", is_hub=True, parties=())
    assert cpo.send(ours, "POST", token_a, "2.3.0", hub_party_id="INHUB").code == 1000
    found = peer_parties.list_parties(connection, ours.peer("hub"))
    assert {p.party_id: p.state for p in found} == {"ABC": "quarantined", "DEF": "agreed"}
