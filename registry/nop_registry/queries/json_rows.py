"""Reading JSON that SQL has written, without decoding it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from psycopg.types.string import ByteaBinaryLoader

from nop_registry.database import AsyncConnection
from nop_registry.shapes.public import SHAPES
from nop_registry.shapes.selection import Pick, object_sql


async def read_json(
    connection: AsyncConnection, sql: str, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """Rows whose text columns are the bytes that the server sent."""
    async with connection.cursor(binary=True) as cursor:
        cursor.adapters.register_loader("text", ByteaBinaryLoader)
        await cursor.execute(sql, values, prepare=True)
        return await cursor.fetchall()


@lru_cache(maxsize=512)
def selected_sql(shape: str, picks: tuple[Pick, ...]) -> str:
    """SQL text of an object of SHAPES with these fields. Raises NotSelectable."""
    return object_sql(SHAPES, shape, picks)


def member(number: int, key: str) -> bytes:
    """What stands before the value of the `number`-th member of an object, 0 being the first."""
    return f'{"," if number else "{"}"{key}":'.encode()
