"""ASGI applications on loopback, in a thread of the test's own process."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import uvicorn


class _Server(uvicorn.Server):
    async def main_loop(self) -> None:
        """uvicorn's own looks ten times a second whether it should end, and every test waits."""
        while not await self.on_tick(0):  # noqa: ASYNC110 - it sets `should_exit`, no event
            await asyncio.sleep(0.01)


def listen() -> socket.socket:
    """A socket on a free port; who connects before the application is served, waits."""
    return socket.create_server(("127.0.0.1", 0), backlog=128)


def url_of(listener: socket.socket) -> str:
    """Where the application that is served there begins."""
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextmanager
def serve(app: Any, listener: socket.socket | None = None, **options: Any) -> Iterator[str]:
    """The URL under which the application answers until the block ends. `options`: uvicorn's."""
    with closing(listener or listen()) as used:
        server = _Server(uvicorn.Config(app, **{"log_level": "warning", **options}))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [used]})
        url = url_of(used)
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the application did not start"
                time.sleep(0.005)
            yield url
        finally:
            server.should_exit = True
            thread.join()
