"""Answers worth keeping for a few seconds: dear to compute, the same for everybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any


class Recent:
    """Keeps the newest answer of each question; whoever asks meanwhile waits for the same one."""

    def __init__(self, seconds: float, most: int = 64) -> None:
        self._seconds, self._most = seconds, most
        self._kept: dict[Hashable, tuple[float, asyncio.Task[Any]]] = {}

    async def get(self, question: Hashable, ask: Callable[[], Awaitable[Any]]) -> Any:
        """The answer of `ask`, at most `seconds` old. An error is not kept."""
        now = time.monotonic()
        kept = self._kept.get(question)
        if kept is None or now - kept[0] > self._seconds or _failed(kept[1]):
            if len(self._kept) >= self._most:
                self._kept.clear()
            kept = (now, asyncio.ensure_future(_run(ask)))
            self._kept[question] = kept
        return await asyncio.shield(kept[1])  # one caller's cancellation is not the others'


async def _run(ask: Callable[[], Awaitable[Any]]) -> Any:
    return await ask()


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
