"""Answers kept for a few seconds, each made once however many ask for it."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class BriefCache(Generic[T]):
    """A cache of one process. `size` answers at most; the least recently used one goes first."""

    def __init__(self, lifetime_s: float, size: int) -> None:
        self._lifetime_s = lifetime_s
        self._size = size
        self._kept: OrderedDict[object, tuple[float, asyncio.Task[T]]] = OrderedDict()

    def get(self, key: object, make: Callable[[], Coroutine[Any, Any, T]]) -> Awaitable[T]:
        """The answer for `key`, made by `make` unless a fresh one is held or under way."""
        held = self._kept.get(key)
        if held is None or held[0] < time.monotonic() or _failed(held[1]):
            task = asyncio.create_task(make())
            # Nobody may be left to hear of a failure: it is then no unhandled one.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            held = (time.monotonic() + self._lifetime_s, task)
            self._kept[key] = held
        self._kept.move_to_end(key)
        while len(self._kept) > self._size:
            self._kept.popitem(last=False)
        # One reader who goes away must not take the answer from the others.
        return asyncio.shield(held[1])


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
