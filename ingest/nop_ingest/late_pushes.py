"""What a push still says that comes late: the rule, in one place.

An operator's queue delivers hours after the fact, and not always in order. When a message is
received means nothing; its claim (`last_updated`) does, against what is known of each part:

- A Location and its EVSEs, an EVSE and its Connectors: each has a clock of its own, the newest
  claim heard of it (RE-8). An EVSE's status has another one: it counts by itself (store.statuses).
- A whole object also says which parts there are. Of that the object remembers the newest claim,
  `told_whole_at`. A whole object from before that says nothing any more.
- A whole object from after that, but older than some part: the newer parts stay, with their words
  and though it does not list them; all else goes by it. A status patched by itself proves nothing
  of the list: many a peer does not bump a Location that loses an EVSE which still sends its status.
- A part that is gone comes back by a message newer than `told_whole_at`. So a message that is sent
  again brings nothing back, and one that was late all the same does. Not what dropped this one part
  decides but the newest list: it lacks the part too, or the part would be there.
- An EVSE that nobody ever heard of is taken however old it calls itself: peers put a bare Location
  and then its EVSEs with the times of their own. Connectors leave nothing behind when they go, so
  the same is granted to those of an EVSE without any.

A page tells its Locations whole, as of its newest claim (a peer may bump the EVSEs alone), or as of
the request for it when it has none. It counts only if nothing newer is held (PU-13), so what was
received before it claims no more than it does: equal is not newer, and a peer that bumps nothing
when an EVSE goes does not get it back by a replay.

Fields have no clock of their own: a PATCH that is older than what is held at its level is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from nop_ingest import documents
from nop_ingest.documents import Fields
from nop_ingest.push_rules import Address, Push, Stale, known_at, said_at
from nop_registry.database import Connection
from nop_registry.store.held import Held, LiveStatus, PartClocks
from nop_registry.store.statuses import StatusWrite


class Told(NamedTuple):
    """What a push of a Location or of a part says, besides the words that are stored."""

    at: datetime | None
    """Its claim: of a Location the newest of it and its EVSEs, for not all bump the parent (P6)."""
    statuses: dict[int, datetime | None] | None
    """The EVSEs, by number, whose status it says, and as of when; None: all that are stored."""
    whole: tuple[Literal["location", "evse"], int] | None
    """What it tells with all its parts."""

    def choose(self, _: Connection, claims: list[StatusWrite]) -> list[StatusWrite]:
        """Of all statuses in what is stored, those that were sent."""
        if self.statuses is None:
            return claims
        return [
            claim._replace(at=self.statuses[claim.evse_number])
            for claim in claims
            if claim.evse_number in self.statuses
        ]


def tell_parts(push: Push, address: Address, sent: Fields) -> Told:
    """What a push says."""
    at = said_at(push, sent)
    if address.connector_id is not None:
        return Told(at, {}, None)
    if address.uid is not None:
        evse = address.evse_number(push.source_id)
        statuses = {evse: at} if "status" in sent else {}
        return Told(at, statuses, ("evse", evse) if "connectors" in sent else None)
    statuses = {}
    for raw in documents.list_items(sent, "evses"):
        fields = documents.open_stored(raw)
        if uid := documents.text_of(fields, "uid"):
            number = address._replace(uid=uid).evse_number(push.source_id)
            statuses[number] = said_at(push, fields)
    at = _newest(at, *statuses.values())
    number = address.number(push.source_id)
    return Told(at, statuses, ("location", number) if "evses" in sent else None)


class Scene(NamedTuple):
    """What a Location is when a push of it comes."""

    source_id: int
    address: Address
    held: Held
    live: dict[int, LiveStatus]
    clocks: dict[int, PartClocks]

    def lacks(self, uid: str | None, at: datetime | None) -> bool:
        """An EVSE that is not there stays away: it is gone, by a word that is no older."""
        clocks = self.clocks.get(self._number(uid)) if uid else None
        return clocks is not None and clocks.gone and _covers(self.held.told_whole_at, at)

    def lacks_connector(self, uid: str, held: Fields, at: datetime | None) -> bool:
        """The same of a Connector of an EVSE that is there."""
        told_at = _newest(self.held.told_whole_at, self.evse_told_whole_at(uid))
        return bool(documents.list_items(held, "connectors")) and _covers(told_at, at)

    def evse_told_whole_at(self, uid: str | None) -> datetime | None:
        """By a message of its own."""
        clocks = self.clocks.get(self._number(uid)) if uid else None
        return clocks.told_whole_at if clocks else None

    def own_clock(self, held: Fields) -> datetime | None:
        return known_at(held, self.held.stored_at)

    def clock(self, evse: Fields) -> datetime | None:
        """Of an EVSE with its Connectors."""
        plugs = documents.list_items(evse, "connectors")
        clocks = [self.own_clock(documents.open_stored(plug)) for plug in plugs]
        return _newest(self.own_clock(evse), *clocks)

    def _number(self, uid: str) -> int:
        return self.address._replace(uid=uid).evse_number(self.source_id)


def join_location(scene: Scene, sent: Fields, held: Fields, at: datetime) -> Fields:
    """A whole Location, or some fields with its EVSEs, that is older than a part of what is held.

    Raises Stale when it says nothing any more.
    """
    own = scene.own_clock(held)
    is_newer = own is None or at >= own
    lists = "evses" in sent and not _is_past(scene.held.told_whole_at, at)
    if not is_newer and not lists:
        raise Stale
    joined = dict(sent if is_newer else held)
    if not lists:
        joined["evses"] = held.get("evses", documents.NO_ITEMS)
        return joined

    def join(one: Fields, other: Fields) -> Fields:
        return _join_listed_evse(scene, one, other, at)

    items = _join_items(
        sent, held, "evses", "uid", join,
        admits=lambda evse: not scene.lacks(documents.text_of(evse, "uid"), at),
        stays=lambda evse: _is_past(scene.clock(evse), at),
    )  # fmt: skip
    joined["evses"] = items
    return joined


def join_evse(scene: Scene, sent: Fields, held: Fields, at: datetime) -> Fields:
    """An EVSE, or some fields of it, older than the one held. Raises Stale, as above."""
    uid = documents.text_of(held, "uid")
    told_at = _newest(scene.held.told_whole_at, scene.evse_told_whole_at(uid))
    live = scene.live.get(scene.address.evse_number(scene.source_id))
    joined = dict(held)
    if "status" in sent and (live is None or at >= live.claimed_at):
        joined["status"] = sent["status"]
    elif "connectors" not in sent or _is_past(told_at, at):
        raise Stale
    if "connectors" in sent and not _is_past(told_at, at):
        joined["connectors"] = _join_connectors(scene, sent, held, at)
    return joined


def _join_listed_evse(scene: Scene, sent: Fields, held: Fields, at: datetime) -> Fields:
    """An EVSE of a list with that claim. Its status counts by itself: the document may say it."""
    if not _is_past(scene.clock(held), at):
        return sent
    joined = dict(held if _is_past(scene.own_clock(held), at) else sent)
    told_at = scene.evse_told_whole_at(documents.text_of(held, "uid"))
    if _is_past(told_at, at):
        joined["connectors"] = held.get("connectors", documents.NO_ITEMS)
    else:
        joined["connectors"] = _join_connectors(scene, sent, held, at)
    if "status" in sent:
        joined["status"] = sent["status"]
    return joined


def _join_connectors(scene: Scene, sent: Fields, held: Fields, at: datetime) -> msgspec.Raw:
    def is_newer(plug: Fields) -> bool:
        return _is_past(scene.own_clock(plug), at)

    return _join_items(
        sent, held, "connectors", "id", lambda one, other: other if is_newer(other) else one,
        admits=lambda _: True, stays=is_newer,
    )  # fmt: skip


def _join_items(
    sent: Fields,
    held: Fields,
    name: str,
    key: str,
    join: Callable[[Fields, Fields], Fields],
    *,
    admits: Callable[[Fields], bool],
    stays: Callable[[Fields], bool],
) -> msgspec.Raw:
    """A list that was sent with what is held of it.

    `join`: an item that is in both. `admits`: one that only was sent. `stays`: one only held.
    """
    others = [documents.open_stored(raw) for raw in documents.list_items(held, name)]
    joined: list[Fields] = []
    for raw in documents.list_items(sent, name):
        item = documents.open_stored(raw)
        other = _take(others, key, documents.text_of(item, key))
        if other is not None:
            joined.append(join(item, other))
        elif admits(item):
            joined.append(item)
    joined += [other for other in others if stays(other)]
    return msgspec.Raw(documents.encode(joined))


def _take(items: list[Fields], key: str, wanted: str | None) -> Fields | None:
    for place, item in enumerate(items):
        if documents.is_same(documents.text_of(item, key), wanted):
            return items.pop(place)
    return None


def _is_past(clock: datetime | None, at: datetime) -> bool:
    return clock is not None and at < clock


def _covers(told_at: datetime | None, at: datetime | None) -> bool:
    return told_at is not None and at is not None and at <= told_at


def _newest(*moments: datetime | None) -> datetime | None:
    return max((moment for moment in moments if moment is not None), default=None)
