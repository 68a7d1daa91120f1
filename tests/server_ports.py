"""Ports for servers that must be told theirs before they start."""

from __future__ import annotations

import itertools
import os
import socket

# Below 32768: from there on the system gives ports to connections that anyone opens meanwhile.
_FIRST, _EACH = 20_000, 500
_numbers = itertools.count(os.getpid())  # another run on this machine begins elsewhere


def take_port() -> int:
    """A port that is free now and that no other test of this run is given."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST + _EACH * (worker % 24)
    for _ in range(_EACH):
        port = first + next(_numbers) % _EACH
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError(f"no port from {first} to {first + _EACH - 1} is free")
