"""A small nation with everything a field can hold, and a client of `/graphql` on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from nop_graphql.loaders import Context, Shared
from nop_graphql.routes import ROUTES, lifespan
from nop_registry import settings as settings_module
from nop_registry.database import Connection, open_pool
from nop_registry.enums import ConnectorFormat, PowerType, Status
from nop_registry.identifiers import object_number
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    DisplayText,
    EvseRecord,
    ExceptionalPeriod,
    Hours,
    Image,
    LocationRecord,
    PriceComponent,
    PriceLimit,
    RegularHours,
    TariffElement,
    TariffRecord,
    TariffRestrictions,
)
from nop_registry.store.deliveries import Delivery, open_delivery
from nop_registry.store.locations import LocationWrite, evse_number, store_locations
from nop_registry.store.sites import refresh_sites
from nop_registry.store.statuses import StatusWrite, store_statuses
from nop_registry.store.tariffs import TariffWrite, store_tariffs

_Result = TypeVar("_Result")
NOW = datetime.now(UTC)


class Nation:
    """Writes to the registry as the pipeline does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.sources = {
            name: self._add_source(name, simulated)
            for name, simulated in (("tata", False), ("copy", True))
        }
        self._deliveries = {
            name: open_delivery(connection, number, "locations", "full")
            for name, number in self.sources.items()
        }
        connection.commit()

    def _add_source(self, name: str, simulated: bool) -> int:
        row = self._connection.execute(
            """INSERT INTO source (name, kind, country_code, simulated, seen_at, last_success_at)
               VALUES (%s, 'ocpi', 'IN', %s, now(), now()) RETURNING id""",
            (name, simulated),
        ).fetchone()
        assert row
        return int(row[0])

    def number(self, record: LocationRecord, source: str = "tata") -> int:
        """The location's public number."""
        return object_number(
            "location", self.sources[source], record.country_code, record.party_id, record.id
        )

    def add(self, *records: LocationRecord, source: str = "tata", at: datetime = NOW) -> list[int]:
        """Store locations with the statuses of their EVSEs; returns their numbers."""
        delivery: Delivery = self._deliveries[source]
        writes = [LocationWrite(self.number(r, source), r, b"{}", False) for r in records]
        store_locations(self._connection, delivery, writes, at)
        statuses = [
            StatusWrite(
                evse_number(delivery.source_id, record, evse.uid), write.number, evse.status,
                evse.last_updated or at,
            )
            for write, record in zip(writes, records, strict=True)
            for evse in record.evses
        ]  # fmt: skip
        store_statuses(self._connection, delivery.source_id, statuses, at)
        numbers = [write.number for write in writes]
        refresh_sites(self._connection, numbers)
        self._connection.commit()
        return numbers

    def add_tariffs(self, *records: TariffRecord, source: str = "tata") -> None:
        """Store tariffs."""
        delivery = self._deliveries[source]
        numbers = [
            object_number("tariff", delivery.source_id, r.country_code, r.party_id, r.id)
            for r in records
        ]
        writes = [TariffWrite(n, r, b"{}") for n, r in zip(numbers, records, strict=True)]
        store_tariffs(self._connection, delivery, writes, NOW)
        self._connection.commit()

    def execute(self, sql: str, *values: object) -> None:
        """Anything else."""
        self._connection.execute(sql, values)  # type: ignore[arg-type]
        self._connection.commit()


def location(id: str, lat: float = 19.0, lon: float = 72.8, **fields: Any) -> LocationRecord:
    """A location of party IN-TPC with one free 22 kW Type 2 EVSE, unless `fields` say otherwise."""
    given: dict[str, Any] = {
        "country_code": "IN",
        "party_id": "TPC",
        "country": "IND",
        "name": f"Station {id}",
        "evses": (evse(f"{id}-1"),),
    }
    return LocationRecord(id=id, lat=lat, lon=lon, **(given | fields))


def evse(uid: str, *connectors: ConnectorRecord, **fields: Any) -> EvseRecord:
    """An EVSE, AVAILABLE unless `fields` say otherwise."""
    given = {"status": Status.AVAILABLE, "evse_id": f"IN*TPC*E{uid.replace('-', '*')}"}
    return EvseRecord(uid=uid, connectors=connectors or (plug(),), **(given | fields))


def plug(standard: str = "IEC_62196_T2", kw: float | None = 22, **fields: Any) -> ConnectorRecord:
    """A connector; DC when its standard is a DC one."""
    is_dc = standard in ("IEC_62196_T2_COMBO", "CHADEMO")
    given: dict[str, Any] = {
        "id": "1",
        "power_type": PowerType.DC if is_dc else PowerType.AC_3_PHASE,
        "max_electric_power_w": None if kw is None else int(kw * 1000),
    }
    return ConnectorRecord(standard=standard, **(given | fields))


AWKWARD = 'Tata "Power" \\ \u2028 नमस्ते \t 100 % {0}'
RICH = location(
    "RICH",
    19.0760,
    72.8777,
    name=AWKWARD,
    address="1 Marine Drive",
    city="Mumbai",
    postal_code="400001",
    district="Mumbai City",
    state="Maharashtra",
    parking_type="ON_STREET",
    operator=BusinessDetails(name="Tata Power", website="https://tata.example/"),
    suboperator=BusinessDetails(name="Sub"),
    owner=BusinessDetails(name=AWKWARD, website="https://owner.example/"),
    directions=(DisplayText("en", AWKWARD), DisplayText("hi", "मॉल के पीछे")),
    facilities=("MALL", "RESTAURANT"),
    time_zone="Asia/Kolkata",
    opening_times=Hours(
        twentyfourseven=False,
        regular_hours=(RegularHours(1, "08:00", "20:00"), RegularHours(7, "10:00", "18:00")),
        exceptional_openings=(ExceptionalPeriod(NOW, NOW + timedelta(hours=1)),),
    ),
    charging_when_closed=True,
    images=(Image("https://img.example/1.png", "OWNER", "png"), Image("https://img.example/2")),
    help_phone="+91 22 5550100",
    last_updated=datetime(2026, 11, 1, 10, 30, 0, 250000, tzinfo=UTC),
    evses=(
        evse(
            "RICH-1",
            plug("IEC_62196_T2_COMBO", 180, id="a", format=ConnectorFormat.CABLE,
                 max_voltage=920, max_amperage=300, tariff_ids=("FAST", "missing"),
                 terms_and_conditions="https://terms.example/", last_updated=NOW),
            plug("CHADEMO", 50, id="b", power_derived=True),
            physical_reference="P1",
            floor_level="-1",
            capabilities=("RFID_READER", "REMOTE_START_STOP_CAPABLE"),
            parking_restrictions=("EV_ONLY",),
            directions=(DisplayText("en", "Left"),),
            images=(Image("https://img.example/3"),),
            lat=19.0761,
            lon=72.8778,
        ),
        evse("RICH-2", plug("weird \"plug\"", None, power_type=None), status=Status.CHARGING),
        evse("RICH-3", status=Status.REMOVED),
        evse("RICH-4", evse_id=None, status=Status.OUTOFORDER),
        evse("RICH-5", status=Status.PLANNED),
    ),
)  # fmt: skip
FAST = TariffRecord(
    country_code="IN",
    party_id="TPC",
    id="FAST",
    currency="INR",
    type="AD_HOC_PAYMENT",
    tariff_alt_text=(DisplayText("en", AWKWARD),),
    tariff_alt_url="https://tariff.example/",
    min_price=PriceLimit(before_taxes=Decimal("10.50")),
    max_price=PriceLimit(before_taxes=Decimal("1000"), after_taxes=Decimal("1180.00")),
    start_date_time=NOW - timedelta(days=1),
    end_date_time=NOW + timedelta(days=1),
    last_updated=NOW,
    elements=(
        TariffElement(
            (PriceComponent("ENERGY", Decimal("17.10"), vat=Decimal("18"), step_size=1),),
            TariffRestrictions(
                start_time="00:00", end_time="23:59", min_power=Decimal("0.5"), min_duration=0,
                day_of_week=("MONDAY", "SUNDAY"), unknown=("moon_phase",),
            ),
        ),
        TariffElement((PriceComponent("FLAT", Decimal("5")),)),
    ),
)  # fmt: skip
PLAIN = LocationRecord(
    country_code="IN", party_id="TPC", id="PLAIN", lat=28.6, lon=77.2,
    evses=(EvseRecord(uid="p1", connectors=()),),
)  # fmt: skip


@pytest.fixture
def nation(connection: Connection) -> Nation:
    """An empty nation with two sources; `copy` is simulated."""
    return Nation(connection)


@pytest.fixture
def rich_nation(nation: Nation) -> Nation:
    """One location with every field, one with none, one that nobody may see, and a copy."""
    nation.add_tariffs(FAST)
    nation.add(RICH, PLAIN, location("HIDDEN", publish=False))
    nation.add(
        location(
            "RICH-COPY", evses=(evse("RICH-1", evse_id="in-tpc".replace("-", "") + "erich1"),)
        ),
        source="copy",
        at=NOW - timedelta(minutes=5),
    )
    nation.execute("UPDATE source SET seen_at = now() - interval '1 day' WHERE name = 'copy'")
    return nation


@pytest.fixture
def app(database_url: str, nation: Nation) -> Litestar:
    """This door alone, on the nation's database."""

    @asynccontextmanager
    async def with_pool(app: Litestar) -> AsyncIterator[None]:
        app.state.settings = settings_module.load({"NOP_COUNTRY": "IN"})
        app.state.pool = open_pool(database_url, size=4)
        await app.state.pool.open()
        try:
            yield
        finally:
            await app.state.pool.close()

    return Litestar(ROUTES, lifespan=[with_pool, lifespan], openapi_config=None)


@pytest.fixture
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    """A client of the application."""
    with TestClient(app) as opened:
        yield opened


@pytest.fixture
def ask(client: TestClient[Litestar]) -> Callable[..., Any]:
    """Ask a query with variables; the data, after asserting that there is no error."""

    def _ask(query: str, **variables: Any) -> Any:
        response = client.post("/graphql", json={"query": query, "variables": variables})
        body = response.json()
        assert response.status_code == 200 and "errors" not in body, body
        return body["data"]

    return _ask


@pytest.fixture
def with_context(database_url: str) -> Callable[[Callable[[Context], Awaitable[Any]]], Any]:
    """Run a coroutine function with an execution context of its own."""

    def run(use: Callable[[Context], Awaitable[_Result]]) -> _Result:
        async def main() -> _Result:
            pool = open_pool(database_url, size=4)
            await pool.open()
            try:
                return await use(Context(pool, "IN", Shared()))
            finally:
                await pool.close()

        return asyncio.run(main())

    return run
