"""A socket that says what it is told to whoever connects, and never speaks HTTP by itself."""

from __future__ import annotations

import socket
import ssl
import threading
import time

LONGEST_S = 6.0  # a hanging test machine included


class Hostile:
    """A socket that says these bytes to whoever connects, then `more` for as long as it may."""

    def __init__(
        self,
        said: bytes = b"",
        more: bytes = b"",
        *,
        every_s: float = 0.0,
        keep_open: bool = False,
        reset: bool = False,
        seen: list[bytes] | None = None,
        wrap: ssl.SSLContext | None = None,
    ) -> None:
        self._said, self._more, self._every_s = said, more, every_s
        self._keep_open, self._reset, self._seen, self._wrap = keep_open, reset, seen, wrap
        self._stopping, self._hang_up = threading.Event(), threading.Event()
        self._hung_up = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        scheme = "http" if self._wrap is None else "https"
        return f"{scheme}://127.0.0.1:{self._socket.getsockname()[1]}/a"

    def __enter__(self) -> Hostile:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._hang_up.set()
        with socket.socket() as knock:
            knock.connect_ex(self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def hang_up(self) -> None:
        """Close the connection that is kept open; it is closed when this returns."""
        self._hang_up.set()
        assert self._hung_up.wait(30)

    def _serve(self) -> None:
        while True:
            client, _ = self._socket.accept()
            if self._stopping.is_set():
                client.close()
                return
            try:
                self._talk(client)
            except OSError:
                pass
            finally:
                client.close()
                self._hung_up.set()

    def _talk(self, client: socket.socket) -> None:
        client.settimeout(0.5)
        if self._wrap is not None:
            client = self._wrap.wrap_socket(client, server_side=True)
        asked = client.recv(65536)
        if self._seen is not None:
            while b"\r\n\r\n" in asked and len(asked.split(b"\r\n\r\n", 1)[1]) < _length(asked):
                asked += client.recv(65536)
            self._seen.append(asked)
        client.sendall(self._said)
        ends_at = time.monotonic() + LONGEST_S
        while self._more and time.monotonic() < ends_at and not self._stopping.wait(self._every_s):
            client.sendall(self._more)
        if self._keep_open:
            self._hang_up.wait(LONGEST_S)
        if self._reset:
            linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _length(request: bytes) -> int:
    for line in request.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0
