from __future__ import annotations

import base64
import json
import logging
import time
from typing import Any

import msgspec
import pytest
from handshake_parties import FakeCpo, OurServer, ask, rows

from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.onboarding import Terms, find_or_add_peer
from nop_ingest.ocpi.transcript import Exchange, Mask, Step, Transcript, as_text
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import handshakes

BASE64_A = base64.b64encode(b"secret-A").decode()


@pytest.fixture
def mask() -> Mask:
    known = Mask()
    known.add("token A", "secret-A")
    return known


def test_a_known_token_is_shown_by_its_name_in_each_spelling(mask: Mask) -> None:
    """TR-8, CR-23"""
    assert mask.text(f"it is secret-A, or {BASE64_A}") == (
        "it is «token A», or «token A, in Base64»"
    )
    headers = mask.headers({"Authorization": f"Token {BASE64_A}", "Cookie": "secret"})
    assert headers == {"Authorization": "Token «token A, in Base64»"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"token": "unheard-of"}',
        b'{"data": {"TOKEN": "unheard-of"}}',
        b'{"data": [{"access_token": "unheard-of"}]}',
        b'{"token": "unheard-of"',
        b'{"token": "unheard\\u002dof"}',
        b'{"note": "secret-A"}',
        b"plain text with secret-A",
        b'{"secret-A": 1}',
    ],
)
def test_no_body_keeps_a_token(mask: Mask, body: bytes) -> None:
    """TR-8: known ones anywhere, unknown ones in fields of that name."""
    shown = mask.body(body) or ""
    assert "unheard" not in shown and "secret-A" not in shown


def test_a_step_that_fails_is_kept_with_the_reason() -> None:
    """CR-23"""
    steps: list[Step] = []
    talk = Transcript(steps.append)
    talk.mask.add("token A", "secret-A")
    with pytest.raises(InvalidInput), talk.step("Try", "CR-1"):
        raise InvalidInput("secret-A is no good")
    assert (steps[0].verdict, steps[0].says) == ("failed", ["«token A» is no good"])
    assert "✕" in as_text(steps[0]) and "[CR-1: failed]" in as_text(steps[0])


def test_a_person_reads_what_was_said_in_both_directions(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-23: requests, answers, verdicts with their rules; tokens by name."""
    cpo.send(ours, "POST", ours.invite())
    with connection.transaction():
        kept = handshakes.list_steps(connection, ours.peer())
        connection.execute("DELETE FROM handshake_step")
    steps = sorted((msgspec.convert(k.step, Step) for k in kept), key=lambda s: s.at)
    text = "\n".join(map(as_text, steps))
    assert "← POST /ocpi/2.2.1/credentials" in text and "→ HTTP 200" in text
    assert f"→ GET {cpo.url}" in text and "Authorization: Token «token B, theirs" in text
    assert '"token": "«token C, ours»"' in text and "[CR-11: passed]" in text
    assert steps[0].direction == "received"

    with connection.transaction():
        peer = find_or_add_peer(connection, "we", Terms(country="IN", allow_loopback=True))
    handshake.register(
        connection, peer, versions_url=cpo.url, token=cpo.token_a, us=ours.us, key=ours.key
    )
    with connection.transaction():
        kept = handshakes.list_steps(connection, peer)
    text = "\n".join(as_text(msgspec.convert(k.step, Step)) for k in kept)
    assert '"token": "«token B, ours»"' in text and '"token": "«token C, theirs»"' in text
    assert "Chosen: 2.3.0." in text


def test_no_token_appears_in_clear_in_any_table_transcript_or_log(
    ours: OurServer, cpo: FakeCpo, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """TR-8: nor in Base64; after registering, renewing, failing and leaving in both directions."""
    caplog.set_level(logging.DEBUG)
    secrets = [cpo.token_a, cpo.token, "operator-token-B-5566778899"]
    token_a = ours.invite()
    secrets.append(token_a)
    cpo.modules.pop(1)
    cpo.send(ours, "POST", token_a)
    cpo.modules.insert(1, ("locations", "SENDER"))
    secrets.append(cpo.send(ours, "POST", token_a).data["token"])
    secrets.append(cpo.send(ours, "PUT", secrets[-1]).data["token"])
    ask("POST", ours.url("2.2.1/credentials"), secrets[-1], {"token": "tok-in-405", "url": "x"})
    with connection.transaction():
        peer = find_or_add_peer(connection, "we", Terms(country="IN", allow_loopback=True))
    for act in (
        lambda: handshake.register(
            connection, peer, versions_url=cpo.url, token=cpo.token_a, us=ours.us, key=ours.key
        ),
        lambda: handshake.rotate(connection, ours.peer("we"), us=ours.us, key=ours.key),
    ):
        act()
        secrets.append(cpo.theirs or "")
    cpo.on["PUT"] = lambda request: bool(request.connection.close()) or True
    with pytest.raises(handshake.AnswerLost) as lost:
        handshake.rotate(connection, ours.peer("we"), us=ours.us, key=ours.key)
    secrets += [cpo.requests[-1][2]["token"], "tok-in-405"]
    dump = _dump(connection) + caplog.text + str(lost.value) + repr(ours.peer("we"))
    assert len(set(secrets)) == 10 and all(secrets)
    for secret in secrets:
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
        assert secret not in dump and encoded not in dump
        assert secret.encode().hex() not in dump
    assert rows(connection, "SELECT count(*) > 15 FROM handshake_step") == [(True,)]


def _dump(connection: Connection) -> str:
    tables = rows(
        connection,
        """SELECT table_name::text FROM information_schema.tables
           WHERE table_schema = 'public' AND table_type = 'BASE TABLE'""",
    )
    found: list[Any] = []
    for (table,) in tables:
        found += rows(connection, f'SELECT row_to_json(t)::text FROM "{table}" t')
    return json.dumps(found, ensure_ascii=False)


def test_a_body_made_to_be_slow_to_search_is_masked_at_once(mask: Mask) -> None:
    """TR-8: a megabyte of the word in quotes, or of numbers, costs no more than its reading."""
    began = time.process_time()
    for body in (b'"' + b"token" * 200_000, b"[" + b"0," * 500_000 + b"0]", b"[" * 100_000):
        assert "characters in all" in (mask.body(body) or "")
    assert time.process_time() - began < 1


def test_of_a_long_body_no_half_of_a_token_is_kept(mask: Mask) -> None:
    """TR-8: known tokens are masked before the cut."""
    for length in range(63_980, 64_010):
        assert "secret" not in (mask.body(b"x" * length + b"secret-A" + b"y" * 9000) or "")
    assert "a8" not in (mask.body(b'{"token": "a\\"a8", "b": ') or "")


def test_what_a_peer_says_cannot_write_to_the_terminal_nor_break_the_record(
    connection: Connection, ours: OurServer
) -> None:
    """CR-23: escape sequences, NUL and lone surrogates are replaced; the step is kept."""
    ours.invite()
    peer = ours.peer()
    steps: list[Step] = []
    talk = Transcript(steps.append)
    with talk.step("Ask", "CR-20") as step:
        one = Exchange("GET", "https://a.example", {}, answer_headers={"Server": "\x9b2J"})
        one.answer_body = talk.mask.body(b'{"a": "\\u0000\\ud800\\u202e", "b": "\xc2\x9b2J"}')
        one.request_body = talk.mask.body(b"\x1b[2J not JSON")
        step.exchanges.append(one)
        step.says.append("Offered: 2.2.1\x00\x1b[2J.")
    with connection.transaction():
        handshakes.record_step(connection, peer, "sent", msgspec.to_builtins(steps[0]))
        kept = handshakes.list_steps(connection, peer)[-1]
    assert not set("\x00\x1b\x9b\ud800\u202e") & set(as_text(msgspec.convert(kept.step, Step)))
