"""Reading JSON that SQL has written, without decoding it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from psycopg.abc import Buffer
from psycopg.adapt import Loader

from nop_registry.database import AsyncConnection
from nop_registry.queries.public_shapes import SHAPES
from nop_registry.queries.selection import Pick, object_sql


async def read_json(
    connection: AsyncConnection, sql: str, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Rows whose text columns are the bytes that the server sent."""
    async with connection.cursor() as cursor:
        cursor.adapters.register_loader("text", _Bytes)
        await cursor.execute(sql, values, prepare=True)
        return await cursor.fetchall()


class _Bytes(Loader):
    def load(self, data: Buffer) -> bytes:
        return bytes(data)


@lru_cache(maxsize=512)
def selected_sql(shape: str, picks: tuple[Pick, ...]) -> str:
    """SQL text of an object of public_shapes with these fields. Raises NotSelectable."""
    return object_sql(SHAPES, shape, picks)


def member(number: int, key: str) -> bytes:
    """What stands before the value of the `number`-th member of an object, 0 being the first."""
    return f'{"," if number else "{"}"{key}":'.encode()
