from __future__ import annotations

from typing import Any

import pytest

from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import sources

COUNT = 40


def add(connection: Connection, name: str, **options: Any) -> sources.Source:
    usual = {"versions_url": "https://a.example/versions"}
    return sources.add_source(
        connection, name=name, kind="ocpi", country_code="IN", **{**usual, **options}
    )


def due(connection: Connection, since: str) -> int:
    connection.execute(f"UPDATE source SET last_attempt_at = now() - interval '{since}'")
    return len(sources.list_sources_to_pull(connection))


def test_peers_are_not_asked_in_step(connection: Connection) -> None:
    """PU-8: each source has its own splay of ten per cent."""
    for n in range(COUNT):
        add(connection, f"s{n}", pull_every_s=1000)
    assert due(connection, "899 s") == 0 and due(connection, "1101 s") == COUNT
    assert 0 < due(connection, "1000 s") < COUNT


def test_a_failing_peer_is_asked_less_and_less_but_every_hour(connection: Connection) -> None:
    """PU-8, TR-14 (1)."""
    source = add(connection, "s", pull_every_s=100)
    for _ in range(3):
        sources.note_failure(connection, source, "no answer")
    assert due(connection, "700 s") == 0 and due(connection, "900 s") == 1
    for _ in range(20):
        sources.note_failure(connection, source, "no answer")
    assert due(connection, "3200 s") == 0 and due(connection, "4000 s") == 1


def test_a_rest_is_granted_for_a_day_at_most(connection: Connection) -> None:
    """PU-10: a peer cannot take itself out of the register for ever."""
    source = add(connection, "s")
    sources.note_failure(connection, source, "busy", wait_s=1e9)
    row = connection.execute("SELECT not_before <= now() + interval '1 day' FROM source").fetchone()
    assert row == (True,)


def test_what_is_learnt_is_added_to_what_is_known(connection: Connection) -> None:
    source = add(connection, "s", quirks={"party": "IN*TPC"})
    sources.note_failure(connection, source, "x", quirks={"token_encoding": "raw"})
    assert sources.get_source(connection, "s").quirks == {
        "party": "IN*TPC", "token_encoding": "raw"
    }  # fmt: skip
    changed = sources.change_quirks(connection, "s", {"version": "2.1.1"}, ["token_encoding"])
    assert changed.quirks == {"party": "IN*TPC", "version": "2.1.1"}


def test_an_open_feed_is_added_once(connection: Connection) -> None:
    """P22."""
    urls = {"locations": "https://a.example/locations.json"}
    for _ in range(2):
        source = add(connection, "s", versions_url=None, module_urls=urls)
    assert source.module_urls == urls
    with pytest.raises(InvalidInput, match="another address"):
        add(connection, "s", versions_url=None, module_urls={"locations": "https://b.example/"})
