"""An operator whose stations change, what it sends of that, and a registry that hears of it.

Time is the story's: a message may be received hours after the moment that it claims.
"""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from operator_server import a_location, an_evse

from nop_ingest import push as door
from nop_ingest.context import Context
from nop_ingest.ocpi.versions import find_version
from nop_ingest.ocpi.versions.v2_2_1 import VERSION
from nop_ingest.pipeline import Module, keep_locations, take_page
from nop_ingest.push_rules import Address, Push
from nop_ingest.push_statuses import Claim, write_claims
from nop_ingest.tally import Tally
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind, Status
from nop_registry.store import deliveries, sources

LOCATION = Address("IN", "TPC", "LOC1")
START = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATUSES = ["AVAILABLE", "CHARGING", "OUTOFORDER", "BLOCKED", "REMOVED"]
KINDS = [
    "name", "status", "status", "floor", "floor and status", "plug", "socket", "evse", "new", "put",
    "drop", "drop", "again", "again", "list again", "no socket",
]  # fmt: skip
MODULE = Module(ObjectKind.LOCATION, VERSION.peek_location, VERSION.to_location, keep_locations)
Document = dict[str, Any]


def minute(number: int) -> datetime:
    """Of the story."""
    return START + timedelta(minutes=number)


def spelt(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Sent(NamedTuple):
    """One push of the operator: method, what it is about, the body, and when it is sent."""

    method: str
    address: Address
    body: Document
    minute: int


class Storyteller:
    """What is true at the operator's, and what it sends when that changes."""

    def __init__(self) -> None:
        self.location = a_location(1, last_updated=spelt(START))
        self.location["evses"] = [an_evse(1, n, last_updated=spelt(START)) for n in (1, 2, 3)]
        self.gone: list[Document] = []
        self.minute = 0
        self.history = [copy.deepcopy(self.location)]
        self.sent = [Sent("PUT", LOCATION, self.history[0], 0)]

    def change(self, kind: str, number: int) -> None:
        """One change, its time and its push. What cannot happen does not."""
        self.minute += 1
        at = spelt(minute(self.minute))
        self.location["last_updated"] = at
        evses = self.location["evses"]
        evse = evses[number % len(evses)]
        if kind == "name":
            self._patch(LOCATION, self.location, {"name": f"Name {self.minute}"})
        elif kind == "status":
            self._patch(_of(evse), evse, {"status": STATUSES[number % 5]})
        elif kind == "floor":
            self._patch(_of(evse), evse, {"floor_level": str(self.minute)})
        elif kind == "floor and status":
            change = {"floor_level": str(self.minute), "status": STATUSES[number % 4]}
            self._patch(_of(evse), evse, change)
        elif kind == "plug":
            evse["last_updated"] = at
            plug = evse["connectors"][number % len(evse["connectors"])]
            address = _of(evse)._replace(connector_id=plug["id"])
            self._patch(address, plug, {"max_amperage": 100 + self.minute})
        elif kind == "socket":
            self._put_socket(evse, at)
        elif kind == "new":
            evses.append(an_evse(1, 10 + self.minute, last_updated=at))
            self._put(_of(evses[-1]), evses[-1])
        elif kind in ("evse", "no socket"):
            if kind == "no socket":
                del evse["connectors"][1:]
            evse |= {"last_updated": at, "status": STATUSES[number % 4]}
            self._put(_of(evse), evse)
        elif kind in ("again", "list again") and self.gone:
            evses.append(self.gone.pop(number % len(self.gone)) | {"last_updated": at})
            if kind == "again":
                self._put(_of(evses[-1]), evses[-1])
            else:
                self._put(LOCATION, self.location)
        else:
            # One that was new stays: see the tests.
            if kind == "drop" and len(evses) > 1 and evse["uid"] in ("1-1", "1-2", "1-3"):
                evses.remove(evse)
                self.gone.append(evse)
            self.location["city"] = f"City {self.minute}"
            if number % 3:
                self._put(LOCATION, self.location)
            else:
                patch = {"city": self.location["city"], "evses": evses}
                self._patch(LOCATION, self.location, patch)
        self.history.append(copy.deepcopy(self.location))

    def _put_socket(self, evse: Document, at: str) -> None:
        evse["last_updated"] = at
        socket = evse["connectors"][0] | {"id": "2", "format": "SOCKET", "last_updated": at}
        evse["connectors"] = [evse["connectors"][0], socket]
        self._put(_of(evse)._replace(connector_id="2"), socket)

    def put_evse(self, evse: Document) -> None:
        """Send it as it is."""
        self._put(_of(evse), evse)

    def _put(self, address: Address, thing: Document) -> None:
        self.sent.append(Sent("PUT", address, copy.deepcopy(thing), self.minute))

    def _patch(self, address: Address, thing: Document, patch: Document) -> None:
        patch = patch | {"last_updated": spelt(minute(self.minute))}
        thing |= patch
        self.sent.append(Sent("PATCH", address, copy.deepcopy(patch), self.minute))


def _of(evse: Document) -> Address:
    return LOCATION._replace(uid=evse["uid"])


class Listener:
    """One source of the registry, which takes what arrives."""

    def __init__(self, connection: Connection, name: str) -> None:
        self.connection = connection
        self.source = sources.add_source(
            connection, name=name, kind="ocpi", country_code="IN",
            versions_url="https://tpc.example",
        )  # fmt: skip

    def take_push(self, sent: Sent, received_at: datetime, *, version: str = "2.2.1") -> str:
        """What became of it."""
        body, spoken = json.dumps(sent.body).encode(), find_version(version)
        assert spoken is not None
        push = Push(self.source.id, self.source.name, spoken, "IN", received_at)
        if sent.body.keys() == {"status", "last_updated"}:
            at = datetime.fromisoformat(sent.body["last_updated"])
            claim = Claim(self.source.id, "2.2.1", sent.address, Status(sent.body["status"]), at)
            return write_claims(self.connection, [claim], received_at)[0]
        act = door.put_location if sent.method == "PUT" else door.patch_location
        return act(self.connection, push, sent.address, body).what

    def take_page(self, location: Document, asked_at: datetime, received_at: datetime) -> None:
        context = Context(country="IN", received_at=received_at, asked_at=asked_at)
        delivery = deliveries.open_delivery(
            self.connection, self.source.id, "locations", "full", ocpi_version="2.2.1"
        )
        raw = json.dumps(location).encode()
        take_page(self.connection, delivery, MODULE, [raw], set(), Tally(), context)

    def document(self) -> Document:
        """The Location as it is held."""
        push = Push(self.source.id, self.source.name, VERSION, "IN", datetime.now(UTC))
        held = door.read_location(self.connection, push, LOCATION)
        assert held is not None
        found: Document = msgspec.json.decode(held)
        return found

    def live(self) -> dict[str, tuple[str, list[str]]]:
        """Status and connectors of each EVSE that is there."""
        rows = self.connection.execute(
            """SELECT e.uid, s.status::text, array_agg(c.id ORDER BY c.id)
               FROM location l JOIN evse e ON e.location_id = l.id AND e.retired_at IS NULL
               JOIN evse_status s ON s.evse_id = e.id JOIN connector c ON c.evse_id = e.id
               WHERE l.source_id = %s AND l.retired_at IS NULL GROUP BY 1, 2""",
            (self.source.id,),
        )
        return {uid: (status, connectors) for uid, status, connectors in rows}
