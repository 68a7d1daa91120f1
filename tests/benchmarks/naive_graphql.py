"""The usual stack, for comparison: Strawberry types, SQLAlchemy's ORM, a DataLoader a relation.

Only what the benchmark's query asks for, under the names of our schema. The tables and views are
ours; nothing here is tuned, and nothing is done worse than tutorials do it (performance.md §5.2).
"""

from __future__ import annotations

import base64
import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import strawberry
from sqlalchemy import BigInteger, ForeignKey, Text, func, literal_column, select
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from strawberry.dataloader import DataLoader

from nop_registry.database import sqlalchemy_url


class Base(DeclarativeBase):
    """Of the mapped tables."""


class Location(Base):
    __tablename__ = "location"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    name: Mapped[str | None]
    address: Mapped[str | None]
    city: Mapped[str | None]
    lat: Mapped[float]
    lon: Mapped[float]
    operator_name: Mapped[str | None]
    last_updated: Mapped[dt.datetime | None]


class Site(Base):
    __tablename__ = "site_now"
    location_id: Mapped[int] = mapped_column(ForeignKey(Location.id), primary_key=True)
    n_available: Mapped[int]
    n_evse: Mapped[int]


class Evse(Base):
    __tablename__ = "evse"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    location_id: Mapped[int] = mapped_column(ForeignKey(Location.id))
    position: Mapped[int]
    uid: Mapped[str]
    evse_id: Mapped[str | None]
    physical_reference: Mapped[str | None]
    max_power_w: Mapped[int | None]
    retired_at: Mapped[dt.datetime | None]


class Status(Base):
    __tablename__ = "evse_status_now"
    evse_id: Mapped[int] = mapped_column(ForeignKey(Evse.id), primary_key=True)
    location_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    last_known_status: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[dt.datetime]
    last_seen_at: Mapped[dt.datetime]
    is_stale: Mapped[bool]


class Connector(Base):
    __tablename__ = "connector"
    evse_id: Mapped[int] = mapped_column(ForeignKey(Evse.id), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str]
    standard: Mapped[str]
    format: Mapped[str | None]
    power_type: Mapped[str | None]
    max_electric_power_w: Mapped[int | None]


class Loaders:
    """The DataLoaders of one request."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.sessions = sessions
        self.site = DataLoader(self._sites)
        self.evses = DataLoader(self._evses)
        self.status = DataLoader(self._statuses)
        self.connectors = DataLoader(self._connectors)

    async def _all(self, query: Any) -> Sequence[Any]:
        async with self.sessions() as session:
            return (await session.scalars(query)).all()

    async def _sites(self, keys: list[int]) -> list[Site]:
        rows = await self._all(select(Site).where(Site.location_id.in_(keys)))
        by_key = {row.location_id: row for row in rows}
        return [by_key[key] for key in keys]

    async def _evses(self, keys: list[int]) -> list[list[Evse]]:
        rows = await self._all(
            select(Evse)
            .where(Evse.location_id.in_(keys), Evse.retired_at.is_(None))
            .order_by(Evse.location_id, Evse.position)
        )
        by_key = defaultdict(list)
        for row in rows:
            by_key[row.location_id].append(row)
        return [by_key[key] for key in keys]

    async def _statuses(self, keys: list[int]) -> list[Status]:
        rows = await self._all(select(Status).where(Status.evse_id.in_(keys)))
        by_key = {row.evse_id: row for row in rows}
        return [by_key[key] for key in keys]

    async def _connectors(self, keys: list[int]) -> list[list[Connector]]:
        rows = await self._all(
            select(Connector)
            .where(Connector.evse_id.in_(keys))
            .order_by(Connector.evse_id, Connector.position)
        )
        by_key = defaultdict(list)
        for row in rows:
            by_key[row.evse_id].append(row)
        return [by_key[key] for key in keys]


Info = strawberry.Info[Loaders, None]


def _time(value: dt.datetime) -> str:
    text = value.astimezone(dt.UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


@strawberry.type
class Coordinates:
    lat: float
    lon: float


@strawberry.type
class Operator:
    name: str


@strawberry.type
class Availability:
    available: int
    total: int


@strawberry.type
class StatusDetail:
    last_changed: str
    last_seen: str
    is_stale: bool


@strawberry.type(name="Connector")
class ConnectorType:
    id: str
    standard: str
    format: str | None
    power_type: str | None
    max_electric_power_w: int | None = strawberry.field(name="maxElectricPowerW")


@strawberry.type(name="Evse")
class EvseType:
    row: strawberry.Private[Evse]
    uid: str
    evse_id: str | None
    physical_reference: str | None
    max_power_w: int | None = strawberry.field(name="maxPowerW")

    @strawberry.field
    async def status(self, info: Info) -> str:
        return (await info.context.status.load(self.row.id)).status

    @strawberry.field
    async def status_detail(self, info: Info) -> StatusDetail:
        row = await info.context.status.load(self.row.id)
        return StatusDetail(
            last_changed=_time(row.changed_at),
            last_seen=_time(row.last_seen_at),
            is_stale=row.is_stale,
        )

    @strawberry.field
    async def connectors(self, info: Info) -> list[ConnectorType]:
        return [
            ConnectorType(
                id=row.id,
                standard=row.standard,
                format=row.format,
                power_type=row.power_type,
                max_electric_power_w=row.max_electric_power_w,
            )
            for row in await info.context.connectors.load(self.row.id)
        ]


@strawberry.type(name="Location")
class LocationType:
    row: strawberry.Private[Location]
    id: strawberry.ID
    name: str | None
    address: str | None
    city: str | None

    @strawberry.field
    def coordinates(self) -> Coordinates:
        return Coordinates(lat=self.row.lat, lon=self.row.lon)

    @strawberry.field
    def operator(self) -> Operator | None:
        return Operator(name=self.row.operator_name) if self.row.operator_name else None

    @strawberry.field
    def last_updated(self) -> str | None:
        return _time(self.row.last_updated) if self.row.last_updated else None

    @strawberry.field
    async def availability(self, info: Info) -> Availability:
        row = await info.context.site.load(self.row.id)
        return Availability(available=row.n_available, total=row.n_evse)

    @strawberry.field
    async def evses(self, info: Info) -> list[EvseType]:
        rows = await info.context.evses.load(self.row.id)
        statuses = await info.context.status.load_many([row.id for row in rows])
        return [
            EvseType(
                row=row,
                uid=row.uid,
                evse_id=row.evse_id,
                physical_reference=row.physical_reference,
                max_power_w=row.max_power_w,
            )
            for row, status in zip(rows, statuses, strict=True)
            if status.last_known_status != "REMOVED"
        ]


@strawberry.type
class Edge:
    cursor: str
    node: LocationType


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Connection:
    edges: list[Edge]
    page_info: PageInfo


@strawberry.input
class BBox:
    west: float
    south: float
    east: float
    north: float


@strawberry.type
class Query:
    @strawberry.field
    async def locations(self, info: Info, bbox: BBox, first: int) -> Connection:
        box = func.ST_Transform(
            func.ST_MakeEnvelope(bbox.west, bbox.south, bbox.east, bbox.north, 4326), 3857
        )
        inside = (
            select(Location)
            .join(Site)
            .where(literal_column("site_now.geom").op("&&")(box))
            .order_by(Location.id)
            .limit(first + 1)
        )
        async with info.context.sessions() as session:
            rows = (await session.scalars(inside)).all()
        edges = [
            Edge(
                cursor=_cursor(row.id),
                node=LocationType(
                    row=row,
                    id=strawberry.ID(str(row.id)),
                    name=row.name,
                    address=row.address,
                    city=row.city,
                ),
            )
            for row in rows[:first]
        ]
        last = edges[-1].cursor if edges else None
        return Connection(
            edges=edges, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=last)
        )


def _cursor(number: int) -> str:
    return base64.b64encode(f"i:{number}".encode()).decode()


SCHEMA = strawberry.Schema(query=Query)


def make_engine(database_url: str) -> AsyncEngine:
    """The engine on this database."""
    return create_async_engine(sqlalchemy_url(database_url), pool_size=4)
