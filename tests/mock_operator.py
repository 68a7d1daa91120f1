"""The mock CPO on a loopback port, for tests of both its sides."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import uvicorn

from nop.mock.server import MockCpo
from nop.mock.switches import Switches

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@contextlib.contextmanager
def mock_cpo(
    *faults: str, versions: tuple[str, ...] = VERSIONS, locations: int = 40, longest_page: int = 500
) -> Iterator[MockCpo]:
    """A running mock with these faults on."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(64)
    mock = MockCpo(
        f"http://127.0.0.1:{listener.getsockname()[1]}",
        versions=versions,
        seed=7,
        locations=locations,
        switches=Switches(faults),
        longest_page=longest_page,
    )
    config = uvicorn.Config(mock, lifespan="off", log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield mock
    finally:
        server.should_exit = True
        thread.join()
        listener.close()
        mock.credentials.close()
