"""What the worker does for the portal's wizard: probe an operator's server, or connect with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import structlog
from procrastinate import App

from nop_ingest.agreement import find_agreement
from nop_ingest.ocpi import handshake
from nop_ingest.ocpi.credentials_object import our_party
from nop_ingest.ocpi.onboarding import Terms, agree_by_hand, find_or_add_peer, invite, parties_of
from nop_ingest.ocpi.probe.run import probe
from nop_ingest.ocpi.quirks import QUIRKS
from nop_registry.database import Connection, connect
from nop_registry.errors import InvalidInput, NopError
from nop_registry.sealing import load_key
from nop_registry.settings import Settings
from nop_registry.store import connect_runs, sources
from nop_registry.store.connect_runs import ConnectRun
from nop_registry.store.peers import Peer
from nop_registry.store.sources import Source

log = structlog.get_logger()
INVITED_FOR = timedelta(days=30)
_OWN_FAULT = "The platform itself failed. Nothing was changed at your side; please try again."
_SHOWN_EXCHANGES = 60


def add_task(jobs: App, url: str, settings: Settings) -> None:
    """Teach the queue the task `connect`."""
    key = load_key(settings)

    @jobs.task(name="connect", queue="connect")
    def carry_out(run_id: int) -> None:
        with connect(url) as connection:
            do(connection, settings, key, run_id)


def do(connection: Connection, settings: Settings, key: bytes, run_id: int) -> None:
    """Carry out what was asked. Whatever goes wrong is told in the run."""
    with connection.transaction():
        run = connect_runs.begin(connection, run_id)
    if run is None:
        return
    try:
        with connection.transaction():
            source = sources.get_source(connection, run.source)
            token = connect_runs.read_token(connection, run, key)
        done = _ACTS[run.act](_Work(connection, settings, key, run, source, token))
    except NopError as error:
        connection.rollback()
        log.warning("connecting failed", source=run.source, act=run.act, reason=str(error))
        done = {"error": str(error)}
    except Exception:
        connection.rollback()
        with connection.transaction():
            connect_runs.finish(connection, run_id, error=_OWN_FAULT)
        raise
    with connection.transaction():
        connect_runs.finish(connection, run_id, key=key, **done)


class _Work(msgspec.Struct):
    connection: Connection
    settings: Settings
    key: bytes
    run: ConnectRun
    source: Source
    token: str | None

    def peer(self) -> Peer:
        """The connection of the source, on the terms of the run."""
        terms = Terms(
            parties=parties_of(self.run.parties),
            country=self.source.country_code,
            allow_loopback=self.source.allow_loopback,
        )
        with self.connection.transaction():
            return find_or_add_peer(self.connection, self.source.name, terms)


def _probe(work: _Work) -> dict[str, Any]:
    run, source = work.run, work.source
    address, token = run.versions_url, work.token
    quirks: dict[str, Any] = {}
    if address is None:  # a connection there is: as it will be pulled
        address, token = source.versions_url, source.token(work.key)
        with work.connection.transaction():
            known = find_agreement(work.connection, source, work.settings.country)
        quirks = {n: v for n, v in known.quirks(source.quirks).items()
                  if n in QUIRKS and not QUIRKS[n].found}  # fmt: skip
    if address is None and not source.module_urls:
        raise InvalidInput("There is no address yet: connect first, or give the versions URL.")

    def progress(doing: str) -> None:
        with work.connection.transaction():
            connect_runs.note_doing(work.connection, run.id, doing)

    report = probe(
        address, token, country=work.settings.country, module_urls=source.module_urls,
        allow_loopback=source.allow_loopback, quirks=quirks, progress=progress,
    )  # fmt: skip
    report.exchanges = report.exchanges[:_SHOWN_EXCHANGES]
    return {"report": msgspec.to_builtins(report), "keep_token": True}


def _static(work: _Work) -> dict[str, Any]:
    peer = work.peer()
    with work.connection.transaction():
        made = agree_by_hand(
            work.connection, peer, they_send=None, we_send=work.token,
            versions_url=work.run.versions_url, key=work.key,
        )  # fmt: skip
    return {"secret": made, "report": {"versions_url": our_party(work.settings).versions_url}}


def _register(work: _Work) -> dict[str, Any]:
    if work.run.versions_url is None:
        raise InvalidInput("Give the versions URL of your server.")
    outcome = handshake.register(
        work.connection, work.peer(), versions_url=work.run.versions_url, token=work.token,
        us=our_party(work.settings), key=work.key,
    )  # fmt: skip
    return {"report": msgspec.to_builtins(outcome)}


def _invite(work: _Work) -> dict[str, Any]:
    peer = work.peer()
    with work.connection.transaction():
        token, expires_at = invite(work.connection, peer, expires_in=INVITED_FOR)
    report = {
        "versions_url": our_party(work.settings).versions_url,
        "expires_at": expires_at.isoformat(),
    }
    return {"report": report, "secret": token}


_ACTS = {"probe": _probe, "static": _static, "register": _register, "invite": _invite}
