from __future__ import annotations

from typing import Any

import pytest
from handshake_parties import FakeCpo, OurServer, Register, ask, reply, rows
from operator_server import a_location, a_tariff

from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.errors import (
    AuthFailed,
    EgressDenied,
    ModuleMissing,
    NoSupportedVersion,
    OcpiError,
    PeerError,
)
from nop_ingest.ocpi.handshake import AnswerLost, Outcome
from nop_ingest.ocpi.onboarding import Terms, find_or_add_peer
from nop_ingest.pull import pull
from nop_registry.database import Connection, connect
from nop_registry.store import peer_parties, sources


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_we_register_while_the_operator_calls_us_back(
    ours: OurServer, cpo: FakeCpo, register: Register, version: str
) -> None:
    """CR-20, CR-35, CR-5: B opens our door before the POST is answered; C is stored after it."""
    cpo.versions = ["2.0", version, version, "9.9"]  # VE-3
    outcome = register()

    assert outcome == Outcome("tpc", version, [], [])
    assert [said.http for said in cpo.called_back] == [200, 200]
    peer = ours.peer()
    assert (peer.state, peer.version, peer.token(ours.key)) == ("registered", version, cpo.token)
    assert cpo.theirs and ask("GET", ours.versions_url, cpo.theirs).http == 200
    order = [(method, path) for method, path, _ in cpo.requests]
    assert order == [
        ("GET", "/versions"), ("GET", f"/{version}"), ("POST", f"/{version}/credentials"),
        ("GET", "/versions"),
    ]  # fmt: skip
    posted = cpo.requests[2][2]
    assert ("roles" in posted) == (version != "2.1.1")


def test_after_registering_the_pull_reads_the_operator_at_once(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection
) -> None:
    """CR-20, RO-3: the source has versions URL, token and spelling."""
    for version in ("2.3.0", "2.2.1"):
        cpo.on[f"GET /{version}/locations"] = lambda r: reply(r, 200, 1000, [a_location(1)])
        cpo.on[f"GET /{version}/tariffs"] = lambda r: reply(r, 200, 1000, [a_tariff()])
        for module in ("locations", "tariffs"):
            cpo.on[f"GET /{version}/{module}?limit=1000"] = cpo.on[f"GET /{version}/{module}"]
    register(version="2.2.1")
    with connection.transaction():
        source = sources.get_source(connection, "tpc")
    report = pull(connection, source, key=ours.key, country="IN")
    assert [(m.module, m.state) for m in report.modules] == [
        ("tariffs", "complete"), ("locations", "complete"),
    ]  # fmt: skip
    assert rows(connection, "SELECT count(*) FROM location") == [(1,)]


@pytest.mark.parametrize("http", [404, 500])
def test_the_best_common_version_is_chosen_and_a_dead_one_passed_over(
    ours: OurServer, cpo: FakeCpo, register: Register, http: int
) -> None:
    """VE-3: strings are compared exactly; a listed version may have a dead URL."""
    cpo.versions = ["2.1.1", "2.3.0", "2.2.1", "2.3", "2.30"]
    cpo.on["/2.3.0"] = lambda request: reply(request, http, 2000)
    assert register().version == "2.2.1"


def test_without_a_common_version_nothing_is_posted(cpo: FakeCpo, register: Register) -> None:
    """VE-3, CR-20"""
    cpo.versions = ["2.2", "3.0"]
    with pytest.raises(NoSupportedVersion, match=r"2\.2, 3\.0"):
        register()
    assert "POST" not in {method for method, _, _ in cpo.requests}


@pytest.mark.parametrize(
    "modules",
    [
        [("credentials", "SENDER")],
        [("locations", "SENDER")],
        [("credentials", None), ("locations", "RECEIVER")],
    ],
)
def test_without_the_modules_that_we_need_nothing_is_posted(
    ours: OurServer, cpo: FakeCpo, register: Register, modules: Any, connection: Connection
) -> None:
    """CR-20, VE-4"""
    cpo.modules = modules
    with pytest.raises(ModuleMissing, match=r"Nothing was sent"):
        register()
    assert "POST" not in {method for method, _, _ in cpo.requests}
    assert ours.peer().state == "invited"
    assert rows(connection, "SELECT count(*) FROM peer_token") == [(0,)]


def test_module_entries_are_read_tolerantly(
    ours: OurServer, cpo: FakeCpo, register: Register
) -> None:
    """VE-5, VE-6: case, missing roles, credentials twice, modules nobody knows."""
    cpo.modules = [
        ("Credentials", "RECEIVER"), ("CREDENTIALS", "sender"), ("Locations", None),
        ("nltnm-tokens", "SENDER"),
    ]  # fmt: skip
    cpo.on["/2.3.0/Credentials"] = lambda request: reply(request, 500, 3000)
    cpo.versions = ["2.3.0"]
    assert register().version == "2.3.0"
    assert {e["identifier"] for e in ours.peer().endpoints} == {
        "credentials", "locations", "nltnm-tokens",
    }  # fmt: skip


def test_a_url_with_another_port_is_brought_home_and_another_host_refused(
    ours: OurServer, cpo: FakeCpo, register: Register
) -> None:
    """VE-8: proxies name themselves wrongly; the token is sent to nobody else."""
    port = f":{cpo.server.server_port}"
    wrong = [{"version": "2.2.1", "url": f"{cpo.base}/2.2.1".replace(port, ":8")}]
    cpo.on["/versions"] = lambda request: reply(request, 200, 1000, wrong)
    assert register().version == "2.2.1"

    handshake_url = [{"version": "2.2.1", "url": "http://169.254.169.254/2.2.1"}]
    cpo.on["/versions"] = lambda request: reply(request, 200, 1000, handshake_url)
    with connect(ours.database_url) as other:
        fresh = find_or_add_peer(other, "two", Terms(country="IN", allow_loopback=True))
        other.commit()
        with pytest.raises(EgressDenied):
            handshake.register(
                other, fresh, versions_url=cpo.url, token=cpo.token_a, us=ours.us, key=ours.key
            )


@pytest.mark.parametrize("hides", [401, 403, "3000", "empty"])
def test_a_token_refused_in_one_spelling_is_sent_in_the_other(
    ours: OurServer, cpo: FakeCpo, register: Register, hides: Any, connection: Connection
) -> None:
    """TR-2, TR-5: also where HTTP 200 hides the refusal; the spelling is remembered."""
    cpo.raw_only = True

    def refuse(request: Any) -> bool:
        if cpo._admits(request):
            return False
        if hides == "3000":
            return reply(request, 200, 3000, [])
        return reply(request, 200, 1000, []) if hides == "empty" else reply(request, hides, 2000)

    cpo.on["/versions"] = refuse
    register()
    assert rows(connection, "SELECT quirks->>'token_encoding' FROM source") == [("raw",)]


@pytest.mark.parametrize(
    ("change", "token"),
    [
        (lambda c: [c], "C-token-of-the-peer"),
        (lambda c: c | {"token": "  C-token-of-the-peer \n"}, "C-token-of-the-peer"),
        (lambda c: c | {"token": "Token C-token-of-the-peer"}, "C-token-of-the-peer"),
        (lambda c: {"token": c["token"], "url": c["url"]}, "C-token-of-the-peer"),
        (lambda c: c | {"token": "operator-token-A-0123456789"}, "operator-token-A-0123456789"),
        (lambda c: c | {"url": c["url"].replace("versions", "2.2.1")}, "C-token-of-the-peer"),
    ],
)
def test_answers_that_deviate_are_understood(
    ours: OurServer, cpo: FakeCpo, register: Register, change: Any, token: str
) -> None:
    """CR-22, CR-23: 201, no call-back, a list, blanks, C equal to A, no roles, a details URL."""
    cpo.accepted |= {token}
    cpo.versions = ["2.2.1"]
    said = change(cpo.credentials("2.2.1", "C-token-of-the-peer"))
    cpo.on["POST"] = lambda request: reply(request, 201, 1000, said)
    register()
    assert (ours.peer().state, ours.peer().token(ours.key)) == ("registered", token)


def test_422_is_answered_with_explicit_nulls(cpo: FakeCpo, register: Register) -> None:
    """CR-5"""
    seen: list[Any] = []

    def once(request: Any) -> bool:
        seen.append(cpo.requests[-1][2])
        return reply(request, 422, 2001) if len(seen) == 1 else False

    cpo.on["POST"] = once
    register()
    logo = seen[1]["roles"][0]["business_details"]["logo"]
    assert logo["thumbnail"] is None and "thumbnail" not in str(seen[0])


@pytest.mark.parametrize(
    ("answer", "error"),
    [((401, 2001), AuthFailed), ((405, 2000), PeerError), ((200, 3001), PeerError),
     ((400, 2001), PeerError)],
)  # fmt: skip
def test_a_refusal_leaves_everything_as_it_was(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection,
    answer: tuple[int, int], error: type[OcpiError],
) -> None:  # fmt: skip
    """CR-20, CR-14: B opens nothing, and the same token A can be used again."""
    cpo.on["POST"] = lambda request: reply(request, *answer)
    with pytest.raises(error):
        register()
    assert ours.peer().state == "invited"
    assert rows(connection, "SELECT count(*) FROM peer_token") == [(0,)]
    assert rows(connection, "SELECT previous_sealed FROM peer") == [(None,)]
    del cpo.on["POST"]
    assert register().version == "2.3.0"


def _cut(request: Any) -> bool:
    request.wfile.close()
    request.connection.close()
    return True


@pytest.mark.parametrize(
    "lose", [_cut, lambda r: reply(r, 502, 3000), lambda r: reply(r, 200, 1000),
             lambda r: reply(r, 200, 1000, {"url": "x"})],
)  # fmt: skip
def test_after_a_lost_answer_the_next_attempt_goes_on_with_token_a(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection, lose: Any
) -> None:
    """CR-21: B stays acceptable and A is kept sealed, for a day."""
    cpo.on["POST"] = lose
    with pytest.raises(AnswerLost, match=r"may have agreed"):
        register()
    b = cpo.requests[-1][2]["token"]
    assert ours.peer().state == "registering"
    assert ask("GET", ours.versions_url, b).http == 200
    del cpo.on["POST"]
    assert register(token=None).version == "2.3.0"
    assert ours.peer().token(ours.key) == cpo.token
    assert ask("GET", ours.versions_url, b).http == 401
    assert rows(connection, "SELECT previous_sealed FROM peer") == [(None,)]


def test_a_peer_that_did_register_when_its_answer_was_lost_must_be_reset(
    ours: OurServer, cpo: FakeCpo, register: Register
) -> None:
    """CR-21, CR-14: 401 or 405 to the second POST; what it may use to push stays valid."""

    def called_back_then_cut(request: Any) -> bool:
        ask("GET", ours.versions_url, cpo.requests[-1][2]["token"])
        return _cut(request)

    cpo.on["POST"] = called_back_then_cut
    with pytest.raises(AnswerLost, match=r"called us back"):
        register()
    b = cpo.requests[-1][2]["token"]
    cpo.on["POST"] = lambda request: reply(request, 405, 2000)
    with pytest.raises(AnswerLost, match=r"reset the connection"):
        register(token=None)
    assert ask("GET", ours.versions_url, b).http == 200
    assert ours.peer().state == "registering"


def test_swapped_tokens_are_recognised(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection
) -> None:
    """CR-23: the answer holds our own token; or a token that does not open the peer's door."""

    def swapped(request: Any) -> bool:
        return reply(request, 200, 1000, cpo.credentials("2.3.0", cpo.requests[-1][2]["token"]))

    cpo.on["POST"] = swapped
    with pytest.raises(AnswerLost, match=r"the token that we gave it"):
        register()
    [(shown,)] = rows(
        connection, """SELECT step::text FROM handshake_step WHERE step->>'title' LIKE 'POST%%'"""
    )
    assert shown.count("«token B, ours»") == 2
    cpo.on["POST"] = lambda r: reply(r, 200, 1000, cpo.credentials("2.3.0", "opens-no-door-here"))
    assert "does not open" in register(token=None).warnings[0]


def test_a_party_that_was_not_agreed_on_waits(
    ours: OurServer, cpo: FakeCpo, register: Register, connection: Connection
) -> None:
    """CR-13: when we register, too."""
    cpo.roles.append(cpo.roles[0] | {"party_id": "NEW"})
    assert register().quarantined == ["IN*NEW"]
    found = peer_parties.list_parties(connection, ours.peer())
    assert {p.party_id: p.state for p in found} == {"TPC": "agreed", "NEW": "quarantined"}
