"""Seals over the audit log, as everybody sees them."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from litestar import Litestar
from litestar.testing import TestClient

from nop_dashboards import audit_seals
from nop_registry.access import SYSTEM
from nop_registry.database import Connection
from nop_registry.sealing import load_key
from nop_registry.store import audit
from nop_registry.store.audit_seals import seal_events


def test_everybody_can_keep_the_seals_and_check_their_signatures(
    client: TestClient[Litestar], connection: Connection, monkeypatch
) -> None:
    assert "Nothing has been sealed" in client.get("/audit/seals").text
    key = load_key(client.app.state.settings)
    for number in range(3):
        audit.record(connection, SYSTEM, "invited", f"login:secret{number}@example.in")
        seal_events(connection, key)
        connection.commit()
    monkeypatch.setattr(audit_seals, "_MOST", 2)
    first = client.get("/audit/seals.json").json()
    rest = client.get("/audit/seals.json", params={"after": first["next_after"]}).json()
    seals = first["seals"] + rest["seals"]
    assert [seal["number"] for seal in seals] == [1, 2, 3] and rest["next_after"] is None
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(first["public_key"]))
    for before, seal in zip([None, *seals], seals, strict=False):
        public.verify(bytes.fromhex(seal["signature"]), bytes.fromhex(seal["digest"]))
        assert before is None or seal["previous"] == before["digest"]
    page = client.get("/audit/seals").text
    assert seals[2]["digest"] in page and page.index(seals[2]["digest"]) < page.index(
        seals[1]["digest"]
    )
    assert "secret" not in page + client.get("/audit/seals.json").text
    assert client.get("/audit/seals.json", params={"after": "x"}).status_code == 400
