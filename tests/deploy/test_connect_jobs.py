"""The wizard's errands: a probe, a handshake, an invitation, fixed tokens; secrets stay secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from mock_operator import mock_cpo

from nop import connect_jobs
from nop.mock.tokens import INVITATION, STATIC_TOKEN
from nop_registry import settings as settings_module
from nop_registry.database import Connection
from nop_registry.settings import Settings
from nop_registry.store import connect_runs, handshakes, peers, sources
from nop_registry.store.connect_runs import Act, ConnectRun
from nop_registry.store.source_parties import bind_source, find_owned

KEY = bytes(32)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Of an installation of its own."""
    return settings_module.load({"NOP_HOME": str(tmp_path), "NOP_EGRESS_HTTP": "1"})


@pytest.fixture
def source(connection: Connection) -> int:
    """The source that the wizard made; an administrator let it be on this machine."""
    added = sources.add_source(
        connection, name="abc", kind="ocpi", country_code="IN", allow_loopback=True
    )
    bind_source(connection, added.id, ["IN*ABC"])
    connection.commit()
    return added.id


def carry_out(
    connection: Connection,
    settings: Settings,
    source: int,
    act: Act,
    url: str | None = None,
    token: str | None = None,
) -> ConnectRun:
    run_id = connect_runs.ask(
        connection, source_id=source, act=act, asked_by="Asha", versions_url=url,
        parties=["IN*ABC"], token=token, key=KEY,
    )  # fmt: skip
    connection.commit()
    connect_jobs.do(connection, settings, KEY, run_id)
    connect_jobs.do(connection, settings, KEY, run_id)  # a queue may deliver twice
    run = connect_runs.get_run(connection, run_id)
    connection.commit()
    return run


def test_a_probe_then_fixed_tokens_then_the_source_is_pulled(
    connection: Connection, settings: Settings, source: int
) -> None:
    with mock_cpo("total-missing", locations=3) as mock:
        run = carry_out(connection, settings, source, "probe", mock.versions_url, STATIC_TOKEN)
        assert run.report and (run.state, run.error, run.has_token) == ("done", None, True)
        wrong = {v["check"]: v for v in run.report["verdicts"] if v["outcome"] in ("warn", "fail")}
        assert wrong["paging-total"]["rules"] and wrong["paging-total"]["mend"]
        token = connect_runs.read_token(connection, run, KEY)
        assert token == STATIC_TOKEN
        connection.commit()
        run = carry_out(connection, settings, source, "static", mock.versions_url, token)
    assert (run.state, run.has_token, run.has_secret) == ("done", False, True)
    shown = connect_runs.take_secret(connection, run.id, KEY)
    assert shown and connect_runs.take_secret(connection, run.id, KEY) is None
    found = sources.get_source(connection, "abc")
    assert (found.state, found.token(KEY)) == ("active", STATIC_TOKEN)
    rows = connection.execute("SELECT * FROM connect_run").fetchall()
    assert STATIC_TOKEN not in repr(rows) and shown not in repr(rows)
    owned = find_owned(connection, "abc")
    assert owned and owned.parties == {"IN*ABC"}


def test_a_registration_leaves_its_transcript(
    connection: Connection, settings: Settings, source: int
) -> None:
    with mock_cpo("no-call-back", locations=3) as mock:
        run = carry_out(connection, settings, source, "register", mock.versions_url, INVITATION)
        assert run.report and (run.state, run.report["version"]) == ("done", "2.3.0")
        peer = peers.find_peer_of_source(connection, source)
        assert peer and peer.state == "registered"
        steps = handshakes.list_steps(connection, peer)
        connection.commit()
        assert steps and INVITATION not in repr(steps)
        again = carry_out(connection, settings, source, "probe")  # with the connection's own token
        assert again.state == "done"
    refused = carry_out(connection, settings, source, "register", mock.versions_url, "x")
    assert refused.state == "failed" and refused.error and not refused.has_token


def test_an_invitation_is_shown_once_and_forgotten_after_a_day(
    connection: Connection, settings: Settings, source: int
) -> None:
    run = carry_out(connection, settings, source, "invite")
    assert run.report and run.report["versions_url"].endswith("/ocpi/versions") and run.has_secret
    connection.execute("UPDATE connect_run SET asked_at = now() - interval '25 h'")
    connect_runs.tidy(connection)
    assert connect_runs.take_secret(connection, run.id, KEY) is None
    peer = peers.find_peer_of_source(connection, source)
    assert peer and peer.state == "invited"


def test_an_address_on_this_machine_is_not_called_unless_an_administrator_allowed_it(
    connection: Connection, settings: Settings, source: int
) -> None:
    connection.execute("UPDATE source SET allow_loopback = false")
    connection.commit()
    with mock_cpo(locations=1) as mock:
        run = carry_out(connection, settings, source, "register", mock.versions_url, INVITATION)
    assert run.state == "failed" and "not called from here" in (run.error or "")
