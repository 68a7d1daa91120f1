"""What only many objects together show: ids, parties, times, coordinates, tariffs referred to."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from nop_ingest.normalise.text import as_text
from nop_ingest.ocpi.errors import EndpointMissing
from nop_ingest.ocpi.probe.asking import Said
from nop_ingest.ocpi.probe.reading import Document, data_of, key_of, parts, time_of
from nop_ingest.ocpi.probe.scene import Scene

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,4})?Z?")
_AHEAD = timedelta(minutes=5)
_DECIMALS = {True: re.compile(r"-?\d{1,3}\.\d{6}"), False: re.compile(r"-?\d{1,3}\.\d{5,7}")}


def look_at_objects(scene: Scene) -> None:
    """Everything about the sample that needs no further request."""
    locations, tariffs = scene.locations.documents, scene.tariffs.documents
    if not locations:
        return
    _look_at_ids(scene, locations)
    _look_at_parties(scene, [*locations, *tariffs])
    _look_at_times(scene, [*locations, *tariffs])
    _look_at_parents(scene, locations)
    _look_at_coordinates(scene, locations)
    _look_at_references(scene, locations)


def try_single_objects(scene: Scene) -> None:
    """PU-15: a Location, one of its EVSEs and a Connector by their ids; and one that is not there.

    A location changes between two requests, so only its id is compared.
    """
    base = scene.endpoints["locations"].split("?")[0].rstrip("/")
    path: list[str] = []
    expected = ""
    for location in scene.locations.documents:
        evse = next((e for e in parts(location, "evses") if e.get("uid")), None)
        plug = next(parts(evse, "connectors"), None) if evse else None
        if location.get("id") and evse and plug and plug.get("id"):
            path = [str(location["id"]), str(evse["uid"]), str(plug["id"])]
            break
    if not path:
        scene.book.skipped("single-object", "no location has an EVSE with a connector")
    for depth, field in enumerate(("id", "uid", "id")[: len(path)], 1):
        url = "/".join([base, *(quote(part, safe="") for part in path[:depth])])
        expected = ("a Location", "an EVSE", "a Connector")[depth - 1]
        _judge_single(scene, expected, scene.asker.ask(url), field, path[depth - 1])
    scene.book.passed("single-object", "a Location, an EVSE and a Connector")
    absent = scene.asker.ask(f"{base}/NO-SUCH-LOCATION-0")
    if isinstance(absent.error, EndpointMissing):
        scene.book.passed("absent-object", "HTTP 404")
    else:
        seen = absent.error or "HTTP 200 with success"
        scene.book.warn("absent-object", f"an unknown id gets: {seen}",
                        "answer it with HTTP 404 and status_code 2003")  # fmt: skip


def _judge_single(scene: Scene, what: str, said: Said, field: str, wanted: str) -> None:
    mend = "answer GET {locations}/{id}[/{uid}[/{connector}]] with that object alone"
    if said.error is not None or said.answer is None:
        scene.book.warn("single-object", f"{what} cannot be read: {said.error}", mend)
        return
    data = data_of(said)
    if isinstance(data, list):
        scene.book.warn("single-object", f"{what} comes in a list", mend)
        data = data[0] if data else None
    found = as_text(data.get(field)) if isinstance(data, dict) else None
    if (found or "").casefold() != wanted.casefold():
        scene.book.warn("single-object", f"another object than {what} asked for came", mend)


def _look_at_ids(scene: Scene, locations: list[Document]) -> None:
    contents: dict[Any, list[Document]] = defaultdict(list)
    homes: dict[Any, dict[str, str]] = defaultdict(dict)
    spellings: dict[Any, set[str]] = defaultdict(set)
    longest, long = (39 if scene.is_older else 36), 0
    for location in locations:
        key = key_of(location)
        owner, name = (key.country_code, key.party_id), key.id or ""
        contents[owner, name.casefold()].append(location)
        spellings[owner, name.casefold()].add(name)
        long += len(name) > longest
        for evse in parts(location, "evses"):
            if (uid := as_text(evse.get("uid"))) and evse.get("status") != "REMOVED":
                homes[owner, uid.casefold()][name] = uid
                long += len(uid) > longest
    doubles = [key for key, found in contents.items() if len({_static(one) for one in found}) > 1]
    if doubles:
        scene.book.fail("ids", f"{len(doubles):,} location ids stand for two different objects, "
                        f"such as {doubles[0][1]}", "give every location an id of its own"
                        )  # fmt: skip
    moved = [found for found in homes.values() if len(found) > 1]
    if moved:
        (first, uid), (second, _) = list(moved[0].items())[:2]
        scene.book.fail("ids", f"{len(moved):,} EVSE uids stand under several locations, such as "
                        f"{uid} under {first} and {second}",
                        "never use a uid twice: take the EVSE out of the old location"
                        )  # fmt: skip
    if long:
        scene.book.warn("ids", f"{long} ids are longer than {longest} characters",
                        f"use at most {longest} characters")  # fmt: skip
    if any(len(found) > 1 for found in spellings.values()):
        scene.book.warn("id-case", "ids differ only in upper and lower case",
                        "ids are case-insensitive: make them different")  # fmt: skip
    scene.book.passed("ids", f"{len(contents):,} location ids and {len(homes):,} uids")


def _static(location: Document) -> bytes:
    """What does not change while a list is read."""
    kept = {n: v for n, v in location.items() if n not in ("last_updated", "evses", "status")}
    return msgspec.json.encode(kept, order="deterministic")


def _look_at_parties(scene: Scene, objects: list[Document]) -> None:
    if scene.is_older:
        scene.book.passed("id-case", "2.1.1 objects name no party")
        if scene.parties or scene.quirks.get("party"):
            scene.book.passed("parties", "2.1.1 objects name no party: they are of that one")
        else:
            scene.book.warn("parties", "nobody says whose objects these are",
                            "name country_code and party_id in credentials, or tell us and we set "
                            "the quirk party=IN*TPC")  # fmt: skip
        return
    found: Counter[tuple[str, str]] = Counter()
    small = 0
    for document in objects:
        key = key_of(document)
        if key.country_code and key.party_id:
            found[key.country_code, key.party_id] += 1
            spelt = f"{document.get('country_code')}{document.get('party_id')}"
            small += spelt != spelt.upper()
    if small:
        scene.book.warn("id-case", f"{small:,} objects spell their party in lower case",
                        "write country_code and party_id as agreed, in upper case")  # fmt: skip
    scene.book.passed("id-case", "upper case")
    foreign = {party: count for party, count in found.items() if party not in scene.parties}
    if not scene.parties:
        names = ", ".join("*".join(party) for party in list(found)[:5])
        scene.book.skipped("parties", f"credentials name no parties; objects are of {names}")
    elif foreign:
        names = ", ".join(f"{'*'.join(p)} ({n:,} objects)" for p, n in list(foreign.items())[:5])
        scene.book.warn("parties", f"not in credentials: {names}",
                        "name the party in credentials.roles; until then its objects are kept "
                        "apart")  # fmt: skip
    scene.book.passed("parties", ", ".join("*".join(party) for party in list(found)[:5]))


def _look_at_times(scene: Scene, objects: list[Document]) -> None:
    odd: Counter[str] = Counter()
    example, ahead = "", 0
    ahead_s = max(0.0, scene.observer.peer_ahead_s)
    latest = datetime.now(UTC) + _AHEAD + timedelta(seconds=ahead_s)
    for document in objects:
        for part in (document, *parts(document, "evses")):
            text = part.get("last_updated")
            if text is None:
                continue
            if not isinstance(text, str) or not _TIME.fullmatch(text):
                odd["odd"] += 1
                example = example or str(text)[:40]
            moment = time_of(part)
            ahead += moment is not None and moment > latest
    if odd:
        scene.book.warn("times", f"{odd['odd']:,} times are not OCPI's DateTime, such as {example}",
                        "write 2026-01-31T12:00:00Z: UTC, Z, at most three decimals")  # fmt: skip
    if ahead:
        scene.book.warn("times", f"{ahead:,} last_updated lie in the future",
                        "take the time of the change: a future one blocks what follows"
                        )  # fmt: skip
    scene.book.passed("times", "UTC")


def _look_at_parents(scene: Scene, locations: list[Document]) -> None:
    older, example = 0, ""
    for location in locations:
        own = time_of(location)
        inner = [at for evse in parts(location, "evses") if (at := time_of(evse))]
        if own is not None and inner and own < max(inner):
            older += 1
            example = example or str(location.get("id"))
    if older:
        scene.book.warn(
            "last-updated", f"{older:,} locations are older than one of their EVSEs, such as "
            f"{example}",
            "set a location's last_updated with that of its EVSEs: date_from goes by it",
        )  # fmt: skip
    scene.book.passed("last-updated", "locations are bumped with their EVSEs")


def _look_at_coordinates(scene: Scene, locations: list[Document]) -> None:
    pattern = _DECIMALS[scene.is_older]
    odd: list[object] = []
    for location in locations:
        place = location.get("coordinates")
        if isinstance(place, dict):
            values = [place.get("latitude"), place.get("longitude")]
            odd += [v for v in values if not (isinstance(v, str) and pattern.fullmatch(v))]
    if odd:
        digits = "six" if scene.is_older else "five to seven"
        scene.book.warn("coordinates", f"{len(odd):,} are written otherwise, such as {odd[0]!r}",
                        f'write texts with {digits} decimals, such as "28.613900"')  # fmt: skip
    scene.book.passed("coordinates", "texts with enough decimals")


def _look_at_references(scene: Scene, locations: list[Document]) -> None:
    if "tariffs" not in scene.endpoints or not scene.tariffs.complete:
        scene.book.skipped("tariff-references", "the tariffs were not read to their end")
        return
    known = {_reference(key_of(tariff).party_id, tariff.get("id"))
             for tariff in scene.tariffs.documents}  # fmt: skip
    used: Counter[str] = Counter()
    dangling: Counter[str] = Counter()
    for location in locations:
        party = key_of(location).party_id
        for evse in parts(location, "evses"):
            for plug in parts(evse, "connectors"):
                listed = plug.get("tariff_ids") or [plug.get("tariff_id")]
                for name in listed if isinstance(listed, list) else [listed]:
                    if name is None:
                        continue
                    used["all"] += 1
                    if _reference(party, name) not in known:
                        dangling[str(name)[:40]] += 1
    if dangling:
        examples = ", ".join(dangling)[:100]
        scene.book.warn(
            "tariff-references", f"{dangling.total():,} of {used['all']:,} references lead to no "
            f"tariff of the same party: {examples}",
            "list every tariff that a connector names: else its price is unknown",
        )  # fmt: skip
    scene.book.passed("tariff-references", f"{used['all']:,} references are listed")


def _reference(party: str | None, name: object) -> tuple[str, str]:
    return (party or "").casefold(), str(name).casefold()
