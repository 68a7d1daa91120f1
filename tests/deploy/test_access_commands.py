"""`nop account`, `nop key`, `nop audit` and `nop source bind`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nop import cli
from nop_registry import settings
from nop_registry.access import Principal, Role
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.sealing import load_key
from nop_registry.store import accounts, api_keys, audit, invitations, providers, sources


class Nop:
    """The command line on this test's database."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *words: str, code: int = 0) -> Any:
        done = CliRunner().invoke(cli.build(), [*words, "--json"])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return json.loads(done.output)

    def text(self, *words: str) -> str:
        done = CliRunner().invoke(cli.build(), words, env={"COLUMNS": "200"})
        assert done.exit_code == 0, done.output
        return done.output


@pytest.fixture
def nop(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nop:
    monkeypatch.setenv("NOP_DATABASE_URL", database_url)
    monkeypatch.setenv("NOP_HOME", str(tmp_path))
    monkeypatch.setenv("NOP_PUBLIC_URL", "https://charging.example")
    return Nop(tmp_path)


def test_the_first_administrator_is_invited_here(nop: Nop, connection: Connection) -> None:
    link = nop("account", "invite", "Minister@Example.in")["link"]
    assert link.startswith("https://charging.example/portal/invitation/")
    found = invitations.find_open(connection, link.rpartition("/")[2])
    assert found is not None and (found.login, found.role) == ("minister@example.in", "admin")
    with pytest.raises(InvalidInput):
        nop("account", "invite", "a@b.in", "--role", "operator_admin")
    assert "https://charging.example/portal/" in nop.text("account", "invite", "b@c.in")
    assert [event.action for event in audit.list_events(connection)] == ["invited", "invited"]


def test_accounts_are_listed_changed_locked_and_recovered(nop: Nop, connection: Connection) -> None:
    accounts.add_account(
        connection, login="asha@example.in", name="Asha", role=Role.OPERATOR_EDITOR,
        parties=["IN*ABC"],
    )  # fmt: skip
    connection.commit()
    nop("account", "role", "asha@example.in", "operator_admin", "--party", "IN-XYZ")
    nop("account", "disable", "asha@example.in")
    (listed,) = nop("account", "list")
    assert (listed["role"], listed["parties"]) == ("operator_admin", ["IN*XYZ"])
    assert listed["disabled_at"] is not None and "locked" in nop.text("account", "list")
    nop("account", "enable", "asha@example.in")
    link = nop("account", "recover", "asha@example.in", "--forget-second-factor")["link"]
    found = invitations.find_open(connection, link.rpartition("/")[2])
    assert found is not None and found.forget_totp and found.account_id is not None
    with pytest.raises(NotFound, match="nop account list"):
        nop("account", "disable", "nobody@example.in")


def test_a_providers_secret_is_kept_sealed(nop: Nop, connection: Connection) -> None:
    made = nop(
        "account", "add-provider", "state-id", "--issuer", "https://id.example", "--client-id",
        "nop", "--client-secret", "between us", "--label", "State ID", "--strong", "mfa",
    )  # fmt: skip
    assert made["redirect_uri"] == "https://charging.example/portal/sign-in/with/state-id/callback"
    provider = providers.get_provider(connection, "state-id")
    assert provider.secret(load_key(settings.load())) == "between us"
    assert b"between us" not in (provider.secret_sealed or b"")
    nop("account", "remove-provider", "state-id")
    connection.rollback()
    assert providers.list_providers(connection) == []


def test_a_key_for_parties_is_made_renewed_and_revoked(nop: Nop, connection: Connection) -> None:
    made = nop("key", "add", "prog", "--scope", "upload", "--party", "IN-ABC")
    renewed = nop("key", "rotate", made["prefix"], "--overlap-hours", "1")
    for key in (made["key"], renewed["key"]):
        principal = api_keys.principal_of_key(connection, [f"Bearer {key}"])
        assert principal.parties == frozenset({"IN*ABC"})
    connection.commit()
    nop("key", "revoke", made["prefix"])
    states = {key["prefix"]: key["state"] for key in nop("key", "list")}
    assert states == {made["prefix"]: "revoked", renewed["prefix"]: "valid"}
    assert "IN*ABC" in nop.text("key", "list")
    actions = [event.action for event in audit.list_events(connection)]
    assert actions == ["key_revoked", "key_rotated", "key_made"]


def test_a_source_is_bound_to_parties(nop: Nop, connection: Connection) -> None:
    sources.add_source(connection, name="abc", kind="upload", country_code="IN")
    connection.commit()
    assert nop("source", "bind", "abc", "IN-ABC", "in*xyz")["parties"] == ["IN*ABC", "IN*XYZ"]


def test_the_log_is_sealed_verified_and_found_out(nop: Nop, connection: Connection) -> None:
    someone = Principal(kind="account", name="[Asha]", role=Role.ADMIN, parties=None)
    audit.record(connection, someone, "uploaded", "source:bee")
    connection.commit()
    assert nop("audit", "verify") == {"seals": 0, "events": 0, "unsealed": 1, "problems": []}
    assert nop("audit", "seal") == {"sealed": 1, "number": 1}
    assert nop("audit", "seal") == {"sealed": 0, "number": None}
    assert len((nop.home / "audit-seals.jsonl").read_text().splitlines()) == 1
    assert nop("audit", "verify")["problems"] == []
    (nop.home / "audit-seals.jsonl").unlink()  # as if the disk had been full
    nop("audit", "seal")
    assert len((nop.home / "audit-seals.jsonl").read_text().splitlines()) == 1
    assert nop("audit", "list")[0]["action"] == "uploaded"
    assert "[Asha]" in nop.text("audit", "list")
    connection.execute("SET session_replication_role = replica")
    connection.execute("DELETE FROM audit_event")
    connection.execute("DELETE FROM audit_seal")
    connection.commit()
    (problem,) = nop("audit", "verify", code=1)["problems"]
    assert problem.startswith("seal 1 ") and "the database has lost it" in problem
