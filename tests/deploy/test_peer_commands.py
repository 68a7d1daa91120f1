from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from handshake_parties import FakeCpo, OurServer, ask
from typer.testing import CliRunner

from nop import handshake_jobs
from nop.cli import build
from nop_ingest.ocpi.egress import Guard
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound

LOOPBACK = "--allow-loopback"


@pytest.fixture(autouse=True)
def _environment(ours: OurServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOP_DATABASE_URL", ours.database_url)
    monkeypatch.setenv("NOP_HOME", str(tmp_path))
    monkeypatch.setenv("NOP_PUBLIC_URL", ours.settings.public_url)
    monkeypatch.setenv("COLUMNS", "200")


def run(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(build(), ["peer", *words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def said(*words: str) -> Any:
    return msgspec.json.decode(run(*words, "--json").stdout)


def test_an_operator_is_invited_registers_and_is_shown(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-10, CR-13, CR-23: token A once; quarantine, approval and transcript by commands."""
    text = run("invite", "tpc", "--parties", "IN*TPC", LOOPBACK).stdout
    assert ours.versions_url in text
    invitation = said("invite", "tpc")  # again: another token
    assert invitation["token"] not in text and invitation["versions_url"] == ours.versions_url
    cpo.roles.append(cpo.roles[0] | {"party_id": "EVL"})
    token = cpo.send(ours, "POST", invitation["token"]).data["token"]

    shown = said("show", "tpc")
    assert (shown["state"], shown["version"]) == ("registered", "2.2.1")
    assert {p["party_id"]: p["state"] for p in shown["parties"]} == {
        "TPC": "agreed", "EVL": "quarantined",
    }  # fmt: skip
    run("approve", "tpc", "IN*EVL")
    assert {p["state"] for p in said("show", "tpc")["parties"]} == {"agreed"}
    assert said("withdraw", "tpc", "IN*EVL") == {"name": "tpc", "withdrawn": "IN*EVL"}
    assert [p["state"] for p in said("show", "tpc")["parties"]] == ["quarantined", "agreed"]
    with pytest.raises(NotFound, match="IN\\*EVL is not agreed on"):
        run("withdraw", "tpc", "IN*EVL")
    transcript = run("transcript", "tpc").stdout
    assert "The peer sends POST credentials" in transcript and "IN*EVL" in transcript
    everything = transcript + str(said("transcript", "tpc")) + str(shown) + run("list").stdout
    assert token not in everything and invitation["token"] not in everything


def test_we_register_rotate_and_unregister(ours: OurServer, cpo: FakeCpo) -> None:
    """CR-20, CR-30, CR-32"""
    outcome = said(
        "register", "tpc", cpo.url, "--token", cpo.token_a, "--version", "2.2.1", LOOPBACK
    )
    assert outcome == {"peer": "tpc", "version": "2.2.1", "quarantined": ["IN*TPC"], "warnings": []}
    cpo.token = "operator-token-C2-24681012"
    assert "in OCPI 2.3.0" in run("rotate", "tpc").stdout
    assert "ended the connection" in run("unregister", "tpc").stdout
    assert [p["state"] for p in said("list")] == ["unregistered"]
    assert ask("GET", ours.versions_url, cpo.theirs).http == 401


def test_a_static_connection_and_a_consumer_with_terms(ours: OurServer) -> None:
    """CR-34, SE-9, RO-4"""
    made = said("static", "reader", "--purpose", "consumer", "--scope", '{"countries":["IN"]}',
                "--requests-per-minute", "60")  # fmt: skip
    assert ask("GET", ours.versions_url, made["token"]).http == 200
    shown = said("show", "reader")
    assert (shown["state"], shown["requests_per_minute"]) == ("static", 60)
    assert shown["scope"] == {"countries": ["IN"]}
    agreed = "token-agreed-by-telephone"
    assert said("static", "pusher", "--token-they-send", agreed)["token"] is None
    assert ask("GET", ours.versions_url, agreed).http == 200


def test_one_that_only_pushes_counts_as_a_source_and_may_be_labelled_as_simulated(
    ours: OurServer, connection: Connection
) -> None:
    """CR-34: it is not "not registered yet", and not silent; a mock is seen to be one."""
    said("static", "pusher", "--simulated")
    said("invite", "invited", "--simulated")
    rows = connection.execute(
        "SELECT name, state, state_reason, simulated FROM source ORDER BY name"
    ).fetchall()
    assert rows == [
        ("invited", "disabled", "not registered yet", True), ("pusher", "active", None, True)
    ]  # fmt: skip
    listed = CliRunner().invoke(build(), ["source", "list"]).stdout
    assert "registered" in listed and "pusher" in listed and "…" not in listed


def test_what_cannot_be_done_is_said(ours: OurServer) -> None:
    for words, error in (
        (("show", "nobody"), NotFound),
        (("invite", "tpc", "--parties", "INDIAN"), InvalidInput),
        (("invite", "tpc", "--scope", "{"), InvalidInput),
        (("invite", "tpc", "--scope", '{"colour":"red"}'), InvalidInput),
        (("static", "tpc", "--token-they-send", "guess"), InvalidInput),
        (("rotate", "nobody"), NotFound),
    ):
        with pytest.raises(error):
            run(*words)


def test_tokens_are_renewed_by_the_worker_only_if_that_is_set(
    ours: OurServer, cpo: FakeCpo, connection: Connection
) -> None:
    """CR-31: each registered connection after so many days; never a static one."""
    run("static", "by-hand", "--token-we-send", "operator-token", "--versions-url", cpo.url)
    run("register", "tpc", cpo.url, "--token", cpo.token_a, LOOPBACK)
    with connection.transaction():
        connection.execute("UPDATE peer SET rotated_at = now() - interval '31 days'")
    monthly = msgspec.structs.replace(ours.settings, rotate_days=30)

    with connection.transaction():
        assert handshake_jobs.list_due(connection, ours.settings) == []
        assert handshake_jobs.list_due(connection, monthly) == [("tpc", "rotate")]
    old, cpo.token = cpo.theirs, "operator-token-C2-24681012"
    handshake_jobs.do(connection, monthly, ours.key, "tpc", "rotate")
    assert cpo.theirs != old and ours.peer().token(ours.key) == cpo.token
    with connection.transaction():
        assert handshake_jobs.list_due(connection, monthly) == []


def test_what_failed_is_tried_again_later(
    ours: OurServer, cpo: FakeCpo, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CR-12, CR-31: a peer that is away is not called at each beat."""
    run("register", "tpc", cpo.url, "--token", cpo.token_a, LOOPBACK)
    with connection.transaction():
        connection.execute(
            "UPDATE peer SET callback_due = now(), rotated_at = now() - interval '31 days'"
        )
    monthly = msgspec.structs.replace(ours.settings, rotate_days=30)
    cpo.stop()
    calls: list[str] = []
    get = Guard.get
    monkeypatch.setattr(Guard, "get", lambda *a, **k: calls.append(a[1]) or get(*a, **k))
    with connection.transaction():
        due = handshake_jobs.list_due(connection, monthly)
    assert due == [("tpc", "call_back"), ("tpc", "rotate")]
    for name, act in due:
        handshake_jobs.do(connection, monthly, ours.key, name, act)
    assert calls
    with connection.transaction():
        assert handshake_jobs.list_due(connection, monthly) == []
    assert ours.peer().state == "registered"


def test_tokens_can_be_typed_instead_of_given_on_the_command_line(
    ours: OurServer, cpo: FakeCpo
) -> None:
    """TR-8: other users of a machine see command lines, and shells keep them."""
    words = ["peer", "register", "tpc", cpo.url, "--token", "-", LOOPBACK]
    result = CliRunner().invoke(build(), words, input=f"{cpo.token_a}\n")
    assert result.exit_code == 0 and cpo.token_a not in result.output
    assert ours.peer().state == "registered"
    with pytest.raises(InvalidInput, match="token A"):
        CliRunner().invoke(build(), words, input="\n", catch_exceptions=False)


def test_exceptions_that_were_granted_can_be_taken_back(ours: OurServer) -> None:
    """RO-3: and what is not said stays as it was."""
    run("invite", "tpc", "--hub", LOOPBACK, "--role", "EMSP", "--requests-per-minute", "5")
    run("invite", "tpc", "--no-hub")
    shown = said("show", "tpc")
    assert (shown["is_hub"], shown["allow_loopback"], shown["our_role"]) == (False, True, "EMSP")
    run("invite", "tpc", "--no-allow-loopback", "--role", "NAP", "--requests-per-minute", "600")
    shown = said("show", "tpc")
    assert (shown["allow_loopback"], shown["our_role"]) == (False, "NAP")
    assert shown["requests_per_minute"] == 600
