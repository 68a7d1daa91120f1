from __future__ import annotations

import base64
import time
from types import SimpleNamespace
from typing import Any

import pytest
from handshake_parties import FakeCpo, OurServer, ask, rows
from litestar.testing import RequestFactory

from nop_ingest.ocpi.tokens import new_token, token_digest
from nop_ingest.ocpi_server import failures
from nop_ingest.ocpi_server.doorkeeper import candidates
from nop_ingest.ocpi_server.failures import Failures
from nop_registry.database import Connection
from nop_registry.store import peers


def identifiers(details: Any) -> set[str]:
    return {f"{e['identifier']} {e.get('role', '')}".strip() for e in details["endpoints"]}


def test_versions_lead_to_details_and_both_need_a_token(ours: OurServer) -> None:
    """VE-1, VE-2, TR-7, TR-46: our own base URL, whatever the Host header says."""
    token = ours.invite()
    offers = ask("GET", ours.versions_url, token, Host="evil.example")

    assert [o["version"] for o in offers.data] == ["2.3.0", "2.2.1", "2.1.1"]
    for offer in offers.data:
        assert offer["url"].startswith(ours.settings.public_url + "/ocpi/")
        assert ask("GET", offer["url"], token).data["version"] == offer["version"]
        assert ask("GET", offer["url"], None).http == 401
    nobody = ask("GET", ours.versions_url, "nop_" + "x" * 43)
    assert (nobody.http, nobody.code) == (401, 2001) and "data" not in nobody.body


@pytest.mark.parametrize(
    ("purpose", "modules"),
    [
        ("supplier", {"locations RECEIVER", "tariffs RECEIVER"}),
        ("consumer", {"locations SENDER", "tariffs SENDER"}),
        ("both", {"locations RECEIVER", "tariffs RECEIVER", "locations SENDER", "tariffs SENDER"}),
    ],
)
def test_since_2_2_one_list_with_roles_says_what_a_connection_may_use(
    ours: OurServer, purpose: str, modules: set[str]
) -> None:
    """RO-1, RO-2, RO-3, VE-4, VE-6: credentials are listed once, as SENDER."""
    token = ours.invite(purpose=purpose)
    for version in ("2.2.1", "2.3.0"):
        details = ask("GET", ours.url(version), token).data
        assert identifiers(details) == modules | {"credentials SENDER"}
        assert len(details["endpoints"]) == len(modules) + 1


def test_in_2_1_1_a_list_speaks_for_one_side(ours: OurServer) -> None:
    """RO-2, CR-35: by the connection's purpose, and by two versions endpoints."""

    def urls(path: str, token: str) -> dict[str, str]:
        details = ask("GET", ours.url(path), token, raw=True).data
        assert all("role" not in e for e in details["endpoints"])
        return {e["identifier"]: e["url"] for e in details["endpoints"]}

    supplier, consumer = ours.invite(), ours.invite("reader", purpose="consumer")
    both = ours.invite("both", purpose="both")
    assert urls("2.1.1", supplier)["locations"] == ours.url("2.1.1/receiver/locations/")
    assert urls("2.1.1", consumer)["locations"] == ours.url("2.1.1/sender/locations")
    assert urls("cpo/2.1.1", both)["locations"] == ours.url("2.1.1/sender/locations")
    assert urls("emsp/2.1.1", both)["locations"] == ours.url("2.1.1/receiver/locations/")
    assert set(urls("cpo/2.1.1", supplier)) == {"credentials"}
    for side in ("cpo", "emsp"):
        offers = ask("GET", ours.url(f"{side}/versions"), both, raw=True).data
        assert offers[-1] == {"version": "2.1.1", "url": ours.url(f"{side}/2.1.1")}
        assert offers[0]["url"] == ours.url("2.3.0")


def test_only_a_hub_is_offered_hubclientinfo(ours: OurServer) -> None:
    """RO-1, RT-4"""
    hub = ours.invite("hub", is_hub=True)
    assert "hubclientinfo RECEIVER" in identifiers(ask("GET", ours.url("2.2.1"), hub).data)
    assert "hubclientinfo" not in str(ask("GET", ours.url("2.1.1"), hub).data)
    assert "hubclientinfo" not in str(ask("GET", ours.url("2.2.1"), ours.invite()).data)


def test_an_unknown_version_and_an_undefined_method_are_told(ours: OurServer) -> None:
    """VE-3, TR-13: 404 with 3002; 405 with Allow, in the envelope."""
    token = ours.invite()
    for path in ("2.0", "3.0", "2.2.1x", "2.2"):
        answer = ask("GET", ours.url(path), token)
        assert (answer.http, answer.code) == (404, 3002)
    answer = ask("DELETE", ours.versions_url, token)
    assert (answer.http, answer.headers["allow"], answer.code) == (405, "GET", 2000)


def test_a_trailing_slash_is_accepted_without_a_redirect(ours: OurServer) -> None:
    """VE-7: nor does a doubled one matter."""
    token = ours.invite()
    for path in ("versions/", "2.2.1/", "2.2.1/credentials/", "cpo/2.1.1/", "/versions"):
        assert ask("GET", ours.url(path), token).http == 200


def test_versions_is_cheap_and_changes_nothing(ours: OurServer, connection: Connection) -> None:
    """VE-10: asked again and again as a sign of life, it writes nothing."""
    token = ours.invite()
    ask("GET", ours.versions_url, token)  # the first use of a token is noted
    sql = "SELECT t.xmin::text, p.xmin::text FROM peer_token t, peer p"
    before = rows(connection, sql)
    for _ in range(3):
        assert ask("GET", ours.versions_url, token).http == 200
    assert rows(connection, sql) == before
    assert rows(connection, "SELECT count(*) FROM handshake_step") == [(0,)]


@pytest.mark.parametrize(
    "spell",
    [
        lambda t: f"Token {t}",
        lambda t: f"token {t}",
        lambda t: "TOKEN " + base64.b64encode(t.encode()).decode(),
        lambda t: "Token " + base64.b64encode(t.encode()).decode().rstrip("="),
        lambda t: "Token " + base64.b64encode(t.encode() + b"\n").decode(),
        lambda t: "Token " + base64.urlsafe_b64encode(t.encode()).decode(),
    ],
)
def test_a_token_may_be_spelled_as_servers_do(ours: OurServer, spell: Any) -> None:
    """TR-1, TR-2, TR-3: raw or Base64, with a newline, without padding, url-safe."""
    header = spell(ours.invite())
    for version in ("2.1.1", "2.2.1"):
        assert ask("GET", ours.url(version), None, Authorization=header).http == 200


@pytest.mark.parametrize(
    "header", ["", "Token", "Token ", "Basic {}", "Bearer {}", "{}", "Tokén {}"]
)
def test_anything_else_is_no_token(ours: OurServer, header: str) -> None:
    """TR-1, TR-7"""
    value = header.format(ours.invite())
    assert ask("GET", ours.versions_url, None, Authorization=value).http == 401


def test_our_tokens_are_printable_short_and_no_base64_of_another() -> None:
    """TR-4, TR-6: at most 64 characters U+0021 to U+007E, and one meaning each."""
    tokens = [new_token() for _ in range(200)]
    assert len(set(tokens)) == 200
    for token in tokens:
        assert len(token) <= 64 and all("!" <= c <= "~" for c in token)
        assert [c for c in candidates(f"Token {token}") if c.startswith("nop_")] == [token]


def test_token_a_opens_versions_and_credentials_only(ours: OurServer) -> None:
    """TR-7"""
    token = ours.invite("hub", is_hub=True)
    assert ask("GET", ours.url("2.2.1/credentials"), token).http == 200
    assert ask("GET", ours.url("2.2.1/receiver/clientinfo/IN/ABC"), token).http == 401


def test_a_token_is_kept_as_its_digest_only(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """TR-8, RO-3"""
    answer = cpo.send(ours, "POST", ours.invite())
    assert rows(connection, "SELECT length(digest) FROM peer_token") == [(32,)]
    dump = str(rows(connection, "SELECT p.*, t.* FROM peer p, peer_token t"))
    assert answer.data["token"] not in dump


def test_a_header_that_would_open_two_connections_opens_none(
    ours: OurServer, connection: Connection
) -> None:
    """TR-4: tokens agreed by hand, of which one is the other in Base64."""
    encoded = base64.b64encode(b"agreed-by-hand").decode()
    for token, http in (("agreed-by-hand", 200), (encoded, 401)):
        peer = peers.add_peer(connection, name=f"peer-{http}", purpose="consumer")
        peers.add_token(connection, peer, token_digest(token), "access")
        connection.commit()
        assert ask("GET", ours.versions_url, encoded, raw=True).http == http
    assert ask("GET", ours.versions_url, "agreed-by-hand", raw=True).http == 200


def test_who_keeps_knocking_with_wrong_tokens_must_wait() -> None:
    """TR-8: failures are counted by address; this machine, a proxy, is not."""
    failures = Failures(per_minute=3)
    for number in range(3):
        assert not failures.too_many("203.0.113.9")
        failures.note("203.0.113.9", f"wrong-{number}")
        failures.note("127.0.0.1")
    assert failures.too_many("203.0.113.9") and failures.too_many("::ffff:203.0.113.9")
    assert not failures.too_many("203.0.113.10") and not failures.too_many("127.0.0.1")


def test_after_many_wrong_tokens_the_answer_is_429(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TR-8, TR-13: before any look into the tables, with Retry-After."""
    from nop_ingest.ocpi_server.doorkeeper import require_admission
    from nop_ingest.ocpi_server.envelope import OcpiRefusal

    now = time.monotonic()  # all within one minute
    monkeypatch.setattr(failures, "time", SimpleNamespace(monotonic=lambda: now))
    answers = []
    for number in range(62):
        header = f"Token wrong-{number}"
        request = RequestFactory().get("/", headers={"Authorization": header})
        request.scope["client"] = ("203.0.113.77", 5)
        with pytest.raises(OcpiRefusal) as refused:
            require_admission(connection, request)
        answers.append((refused.value.http, refused.value.headers.get("Retry-After")))
    assert answers[0] == (401, None) and answers[-1] == (429, "60")


def test_failures_are_counted_by_network_and_a_repeated_token_once() -> None:
    """TR-8: IPv6 customers have 2^64 addresses; an ended connection must not lock its platform."""
    failures = Failures(per_minute=3)
    for number in range(3):
        failures.note(f"2001:db8:1:2::{number}", f"wrong-{number}")
        failures.note("203.0.113.9", "ended")
    assert failures.too_many("2001:db8:1:2:ffff::1") and not failures.too_many("2001:db8:1:3::1")
    assert not failures.too_many("203.0.113.9")
