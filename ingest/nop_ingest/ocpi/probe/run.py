"""Play the whole contract, in the order in which a standard client would meet it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from nop_ingest.ocpi.addresses import Resolver, resolve
from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.egress import Guard
from nop_ingest.ocpi.errors import OcpiError
from nop_ingest.ocpi.probe.access import (
    read_credentials,
    try_compression,
    try_slashes,
    try_unknown_token,
)
from nop_ingest.ocpi.probe.asking import Asker, Exchange, OutOfTime
from nop_ingest.ocpi.probe.contact import make_contact, meet_open_feed
from nop_ingest.ocpi.probe.dates import Dates
from nop_ingest.ocpi.probe.delivery import Delivery, rehearse
from nop_ingest.ocpi.probe.lists import Paging
from nop_ingest.ocpi.probe.objects import look_at_objects, try_single_objects
from nop_ingest.ocpi.probe.observing import Observer
from nop_ingest.ocpi.probe.reading import key_of
from nop_ingest.ocpi.probe.scene import CannotGoOn, Sample, Scene
from nop_ingest.ocpi.probe.verdicts import Book, Outcome, Verdict
from nop_ingest.ocpi.quirks import party_in
from nop_ingest.ocpi.retrying import Patience

TIME_S = 45.0
SLOW_S = 1.0
_CALL_S = 12.0
_FOR_LISTS = 0.55
"""Share of the time after which no further page of the sample is asked for."""
_MOST_OBJECTS = 100_000


class ProbeReport(msgspec.Struct):
    """What the probe found."""

    url: str
    """The versions URL, or that of an open feed's locations."""
    at: datetime
    seconds: float
    offered: list[str]
    version: str | None
    """The OCPI version that was spoken; None: none."""
    verdicts: list[Verdict]
    deliveries: list[Delivery]
    exchanges: list[Exchange]
    """Every request, without the token."""
    why_ended: str | None = None
    """Why checks were not reached; None: all were."""

    def count(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(verdict.outcome is outcome for verdict in self.verdicts)


def probe(
    versions_url: str | None,
    token: str | None,
    *,
    country: str,
    module_urls: Mapping[str, str] | None = None,
    allow_loopback: bool = False,
    quirks: Mapping[str, Any] | None = None,
    time_s: float = TIME_S,
    slow_s: float = SLOW_S,
    progress: Callable[[str], None] = lambda doing: None,
    resolver: Resolver = resolve,
) -> ProbeReport:
    """Hold an operator's server against the contract. Reads only, and never raises for a peer.

    `country`: of the nation served (ISO 3166 alpha-2). `module_urls`: the lists of an open feed,
    which has no versions and no token (P22). `quirks`: what a person has set for this
    peer. `time_s`: after which nothing more is asked; the last call may take some seconds more.
    """
    began = time.monotonic()
    at = datetime.now(UTC)
    book = Book()
    observer = Observer(book, slow_s=slow_s)
    limits = Limits(call_s=_CALL_S, connect_s=5.0, read_s=_CALL_S)
    guard = Guard(allow_loopback=allow_loopback, limits=limits, resolver=resolver)
    lists = dict(module_urls or {})
    home = versions_url or lists["locations"]
    asker = Asker(
        guard, token, book, deadline=began + time_s, observe=observer.see, bare=bool(lists)
    )
    scene = Scene(home, asker, book, observer, dict(quirks or {}), endpoints=lists)
    deliveries: list[Delivery] = []
    why: str | None = None
    try:
        _play(scene, token, began + time_s * _FOR_LISTS, country, deliveries, progress, {
            "allow_loopback": allow_loopback, "limits": limits, "resolver": resolver,
        })  # fmt: skip
    except OutOfTime:
        why = f"no time was left ({time_s:g} s)"
    except (CannotGoOn, OcpiError) as error:
        why = str(error)
    finally:
        guard.close()
    observer.conclude()
    _conclude_stability(book, asker)
    return ProbeReport(
        url=asker.conceal(home),
        at=at,
        seconds=round(time.monotonic() - began, 1),
        offered=scene.offered,
        version=scene.spoken or None,
        verdicts=book.verdicts(why or "there was nothing to look at"),
        deliveries=deliveries,
        exchanges=asker.exchanges,
        why_ended=why,
    )


def _play(
    scene: Scene,
    token: str | None,
    lists_until: float,
    country: str,
    deliveries: list[Delivery],
    progress: Callable[[str], None],
    options: Mapping[str, Any],
) -> None:
    progress("versions and details")
    if scene.endpoints:
        meet_open_feed(scene)
    else:
        make_contact(scene)
    read_credentials(scene)
    progress("pages")
    paging = Paging(scene)
    paging.look()
    samples = {"tariffs": scene.tariffs, "locations": scene.locations}
    is_open = not scene.offered
    peer = OcpiPeer(
        None if is_open else scene.versions_url, token,
        module_urls=scene.endpoints if is_open else None, quirks=_quirks_of_crawl(scene),
        patience=Patience(attempts=3, longest_wait_s=3.0, spacing_s=0.25), **options,
    )  # fmt: skip
    with peer:
        for module, sample in samples.items():
            if module in scene.endpoints:
                progress(f"reading {module}")
                _read(scene, peer, module, sample, lists_until)
    for module, sample in samples.items():
        if module in scene.endpoints:
            deliveries.append(rehearse(scene, module, sample, country, _owner(scene)))
    look_at_objects(scene)
    progress("single objects, dates, limits")
    paging.look_again()
    distinct = len({key_of(document) for document in scene.locations.documents})
    paging.look_at_end(distinct if scene.locations.complete else scene.locations.total or 0)
    _judge_totals(scene, distinct)
    Dates(scene).look()
    try_single_objects(scene)
    try_compression(scene)
    try_slashes(scene)
    paging.try_wrong_limit()
    try_unknown_token(scene)


def _quirks_of_crawl(scene: Scene) -> dict[str, Any]:
    known = dict(scene.quirks) | {"version": scene.spoken}
    if scene.asker.has_token:
        known["token_encoding"] = scene.asker.spelling
    return known


def _owner(scene: Scene) -> tuple[str, str] | None:
    """Whose objects those are that name no party."""
    return party_in(scene.quirks, "party") or next(iter(sorted(scene.parties)), None)


def _read(scene: Scene, peer: OcpiPeer, module: str, sample: Sample, until: float) -> None:
    """Read a list with the client that a pull uses, for as long as there is time."""
    try:
        crawl = peer.pages(module)
        for page in crawl:
            sample.pages += 1
            sample.total = page.total if page.total is not None else sample.total
            sample.add(page.items)
            if time.monotonic() > until or len(sample.raws) >= _MOST_OBJECTS:
                break
        sample.complete, sample.reason = crawl.complete, crawl.reason
    except OcpiError as error:
        sample.reason = str(error)
    requests = "request" if sample.pages == 1 else "requests"
    count = f"{len(sample.raws):,} {module} in {sample.pages:,} {requests}"
    if sample.complete:
        scene.book.passed("whole-list", count)
    elif sample.reason == "not all pages were taken":
        of = f" of {sample.total:,}" if sample.total else ""
        scene.book.skipped("whole-list", f"the time was enough for {count}{of}")
    else:
        scene.book.fail(
            "whole-list", f"{module}: {sample.reason} (after {count})",
            "see the checks of lists and stability: one of them says why",
        )  # fmt: skip


def _judge_totals(scene: Scene, distinct: int) -> None:
    """TR-40, PU-4: as many different objects as X-Total-Count said."""
    sample = scene.locations
    said = "the list was not read to its end"
    if sample.total is not None and (sample.complete or sample.reason is not None):
        said = f"X-Total-Count is {sample.total:,}, and {distinct:,} different objects came"
        is_whole = sample.complete or "says it has" in (sample.reason or "")
        if is_whole and distinct != sample.total:
            scene.book.fail("paging-total", said, "count what the list will give, each object once")
    if not scene.book.has("paging-total"):
        scene.book.passed("paging-total", said)


def _conclude_stability(book: Book, asker: Asker) -> None:
    """No request had to be made again."""
    if asker.exchanges and not book.has("stability"):
        book.passed("stability", f"{len(asker.exchanges)} requests, none made twice")
