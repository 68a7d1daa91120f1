"""One request's view of the registry for the general executor: rows are fetched in batches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, TypeVar

from psycopg_pool import AsyncConnectionPool
from strawberry.dataloader import DataLoader

from nop_graphql.prices import Prices
from nop_graphql.recent import Recent
from nop_registry.database import AsyncConnection
from nop_registry.queries import location_rows as rows

Pool = AsyncConnectionPool[AsyncConnection]
RowDict = dict[str, Any]
_Key = TypeVar("_Key", bound=Hashable)
_List = Callable[[AsyncConnection, Sequence[_Key]], Awaitable[list[RowDict]]]


class Shared:
    """What the requests of one process share, for one database."""

    def __init__(self) -> None:
        self.recent = Recent(seconds=15)
        self.prices = Prices()


class Context:
    """What resolvers get: the pool, and loaders that live as long as the request."""

    def __init__(self, pool: Pool, country: str, shared: Shared) -> None:
        self.pool, self.country, self.shared = pool, country, shared
        self.location: DataLoader[int, RowDict | None] = self._one(rows.list_locations, "id")
        self.availability: DataLoader[int, RowDict | None] = self._one(
            rows.list_availability, "location_id"
        )
        self.source: DataLoader[int, RowDict | None] = self._one(rows.list_public_sources, "id")
        self.tariff: DataLoader[int, RowDict | None] = self._one(rows.list_tariffs, "id")
        self.same_id: DataLoader[str, RowDict | None] = self._one(
            rows.count_same_ids, "evse_id_canonical"
        )
        self.evses: DataLoader[int, list[RowDict]] = self._many(rows.list_evses, "location_id")
        self.connectors: DataLoader[int, list[RowDict]] = self._many(
            rows.list_connectors, "evse_id"
        )

    async def recently(
        self, question: Hashable, ask: Callable[[AsyncConnection], Awaitable[Any]]
    ) -> Any:
        """What `ask` answers, at most some seconds old, the same for all requests."""

        async def run() -> Any:
            async with self.pool.connection() as connection:
                return await ask(connection)

        return await self.shared.recent.get(question, run)

    def _one(self, list_rows: _List[_Key], key: str) -> DataLoader[_Key, RowDict | None]:
        async def load(keys: list[_Key]) -> Sequence[RowDict | None]:
            async with self.pool.connection() as connection:
                found = {row[key]: row for row in await list_rows(connection, keys)}
            return [found.get(wanted) for wanted in keys]

        return DataLoader(load_fn=load)

    def _many(self, list_rows: _List[_Key], key: str) -> DataLoader[_Key, list[RowDict]]:
        async def load(keys: list[_Key]) -> Sequence[list[RowDict]]:
            found: dict[_Key, list[RowDict]] = defaultdict(list)
            async with self.pool.connection() as connection:
                for row in await list_rows(connection, keys):
                    found[row[key]].append(row)
            return [found[wanted] for wanted in keys]

        return DataLoader(load_fn=load)
