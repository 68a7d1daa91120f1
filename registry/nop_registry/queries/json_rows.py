"""Reading JSON that SQL has written, without decoding it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


async def read_json_at_once(
    connection: AsyncConnection, columns: Sequence[str], rows: str, values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """The same for `SELECT columns rows`, sent as one row of arrays.

    A message for each row would wake this process several times for one page.
    """
    names = [f"c{number}" for number in range(len(columns))]
    arrays = ", ".join(f"array_agg({name})" for name in names)
    [row] = await read_json(
        connection,
        f"""SELECT {arrays}
            FROM (SELECT {", ".join(columns)} {rows}) AS page ({", ".join(names)})""",  # noqa: S608 - our own column names
        values,
    )
    return [] if row[0] is None else list(zip(*row, strict=True))


@lru_cache(maxsize=512)
def selected_sql(shape: str, picks: tuple[Pick, ...]) -> str:
    """SQL text of an object of SHAPES with these fields. Raises NotSelectable."""
    return object_sql(SHAPES, shape, picks)


def member(number: int, key: str) -> bytes:
    """What stands before the value of the `number`-th member of an object, 0 being the first."""
    return f'{"," if number else "{"}"{key}":'.encode()
