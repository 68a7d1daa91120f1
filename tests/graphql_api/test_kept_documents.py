"""What a process keeps of documents: within its budget of memory, and never what is outdated."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from tests.graphql_api.conftest import NOW, Nation, evse, location

from nop_graphql.execution import GraphQLRequest, answer
from nop_graphql.loaders import Context
from nop_registry.queries import prepared
from nop_registry.queries.kept_texts import KeptTexts
from nop_registry.shapes.selection import Pick

MOST = 1 << 20


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A small budget, with nothing in it."""
    monkeypatch.setattr(prepared, "KEPT", KeptTexts[tuple[int, int], Any](most_bytes=MOST))
    prepared.prepared_nodes.cache_clear()
    yield
    prepared.prepared_nodes.cache_clear()


async def ask(context: Context, fields: str) -> list[dict[str, Any]]:
    query = f"{{ locations(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}"
    fresh = Context(context.pool, context.country, context.shared)
    body = (await answer(GraphQLRequest(query, {}), fresh)).body
    return [edge["node"] for edge in msgspec.json.decode(body)["data"]["locations"]["edges"]]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("fields", ["id", "evses { id }", "name evses { uid connectors { id } }"])
def test_many_selections_of_many_locations_stay_within_the_budget(
    nation: Nation, with_context: Callable[..., Any], fields: str
) -> None:
    nation.add(
        *(location(f"L{n}", evses=tuple(evse(f"L{n}-{m}") for m in range(4))) for n in range(40))
    )

    async def grow(context: Context) -> int:
        for n in range(10):
            await ask(context, f"before{n}: __typename {fields}")
        prepared.KEPT.clear()
        gc.collect()
        tracemalloc.start()
        try:
            for n in range(60):
                await ask(context, f"a{n}: __typename {fields}")
            prepared.prepared_nodes.cache_clear()  # bounded by its own number
            gc.collect()
            return sum(
                trace.size
                for trace in tracemalloc.take_snapshot().traces
                if "nop_registry" in trace.traceback[0].filename
            )
        finally:
            tracemalloc.stop()

    assert with_context(grow) < 1.3 * MOST


@pytest.mark.usefixtures("kept")
def test_what_is_kept_does_not_keep_its_selection_alive(
    nation: Nation, with_context: Callable[..., Any]
) -> None:
    nation.add(location("ONE"))

    async def show(context: Context) -> weakref.ref[prepared.Nodes]:
        await ask(context, "id")
        return weakref.ref(prepared.prepared_nodes((Pick("id", "id"),)))

    selection = with_context(show)
    prepared.prepared_nodes.cache_clear()
    gc.collect()
    assert selection() is None


def test_requests_at_the_same_time_as_writers_never_show_what_was_replaced(
    nation: Nation, with_context: Callable[..., Any]
) -> None:
    def write(n: int) -> None:
        at = NOW + timedelta(seconds=n)
        nation.add(location("MOVES", name=f"{n} %b", evses=(evse("E", floor_level=str(n)),)), at=at)

    async def race(context: Context) -> None:
        for n in range(1, 10):
            nodes = (ask(context, "name evses { floorLevel }") for _ in range(6))
            _, *told = await asyncio.gather(asyncio.to_thread(write, n), *nodes)
            allowed = [{"name": f"{m} %b", "evses": [{"floorLevel": str(m)}]} for m in (n - 1, n)]
            assert all(node in allowed for [node] in told)
            assert await ask(context, "name evses { floorLevel }") == allowed[1:]

    write(0)
    with_context(race)
