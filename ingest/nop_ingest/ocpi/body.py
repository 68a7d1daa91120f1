"""Read an answer's body without trusting its size, its packing or its speed (T4, T5)."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable

import msgspec

from nop_ingest.ocpi.errors import LimitExceeded, PeerFailing

_PIECE = 1 << 20  # inflate at most this much at a time, so that a bomb is noticed early


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one call to a peer may cost."""

    call_s: float = 60.0
    """The whole call: name, connection, redirects, headers and body."""
    connect_s: float = 10.0
    read_s: float = 30.0
    """Silence between two packets."""
    wire_bytes: int = 20 << 20
    """Headers and body as received."""
    decoded_bytes: int = 100 << 20
    ratio: int = 100
    """Decoded to received, judged beyond the first MiB. Real OCPI pages reach 40."""
    slowest_bytes_per_s: int = 1024
    grace_s: float = 10.0
    """How long a body may be slower than that."""
    redirects: int = 3


def read_body(chunks: Iterable[bytes], encoding: str, limits: Limits) -> tuple[bytes, int]:
    """The decoded body and the number of body bytes received.

    `encoding` is the Content-Encoding. Raises LimitExceeded, or PeerFailing for a cut body.
    """
    inflate = _inflater(encoding)
    pieces: list[bytes] = []
    wire = decoded = 0
    began = time.monotonic()
    for chunk in chunks:
        wire += len(chunk)
        elapsed = time.monotonic() - began
        if elapsed > limits.grace_s and wire < elapsed * limits.slowest_bytes_per_s:
            raise LimitExceeded("The peer sends its answer too slowly; the call was ended.")
        for piece in (chunk,) if inflate is None else inflate.pieces(chunk):
            pieces.append(piece)
            decoded += len(piece)
            if decoded > limits.decoded_bytes:
                raise LimitExceeded("The peer's answer is too large. Ask for smaller pages.")
            if decoded > _PIECE and decoded > limits.ratio * wire:
                raise LimitExceeded("The peer's answer is compressed beyond belief; refused.")
    if inflate is not None and wire:  # proxies label the empty body of a refusal too
        inflate.end()
    return b"".join(pieces), wire


def _inflater(encoding: str) -> _Inflater | None:
    names = [n for n in encoding.lower().replace(" ", "").split(",") if n not in ("", "identity")]
    if not names:
        return None
    if names in (["gzip"], ["x-gzip"]):
        return _Inflater(zlib.MAX_WBITS | 16)
    if names == ["deflate"]:
        return _Inflater(zlib.MAX_WBITS)
    raise LimitExceeded("The peer packs its answers in a way that was not asked for; use gzip.")


class _Inflater:
    """One gzip member or zlib stream, in bounded pieces."""

    def __init__(self, window_bits: int) -> None:
        self._stream = zlib.decompressobj(window_bits)

    def pieces(self, chunk: bytes) -> Iterable[bytes]:
        while chunk:
            try:
                yield self._stream.decompress(chunk, _PIECE)
            except zlib.error:
                raise PeerFailing("The peer's compressed answer is damaged.") from None
            if self._stream.unused_data:
                raise LimitExceeded("The peer's compressed answer has more than one part; refused.")
            chunk = self._stream.unconsumed_tail

    def end(self) -> None:
        if not self._stream.eof:
            raise PeerFailing("The peer's compressed answer was cut short.")
