"""Look at a packed file before it is unpacked, and unpack the one file in it, within limits."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nop_registry.errors import InvalidInput

MAX_ENTRIES = 1000
MAX_UNPACKED_BYTES = 256 << 20
"""Of a workbook, which is read in memory."""
MAX_SPOOLED_BYTES = 1 << 30
"""Of one packed file, which is unpacked on disk."""
MAX_RATIO = 100
_RATIO_MATTERS_BYTES = 16 << 20  # small files of equal rows pack well and harm nobody
_CHUNK_BYTES = 1 << 20
_ENCRYPTED = 0x1
_DAMAGED = (
    zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, NotImplementedError, EOFError, OSError,
    RuntimeError,
)  # fmt: skip
_NOT_DATA = ("__macosx/", "desktop.ini", "thumbs.db")


def check_archive(path: Path) -> None:
    """Raises InvalidInput when the archive is broken or is built to harm its reader.

    Every entry is unpacked as a stream and counted: the sizes that an archive states may lie.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _checked_entries(archive)
            chunks = (chunk for entry in entries for chunk in _chunks(archive, entry))
            for _ in _limited(chunks, path.stat().st_size, MAX_UNPACKED_BYTES):
                pass
    except _DAMAGED as error:
        raise InvalidInput(f"the archive is damaged: {error}") from None


def list_entries(path: Path) -> list[str]:
    """The names of a zip archive's files, without what operating systems add to them.

    Raises InvalidInput when the archive is broken or is built to harm its reader.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = [e.filename for e in _checked_entries(archive) if not e.is_dir()]
    except _DAMAGED as error:
        raise InvalidInput(f"the archive is damaged: {error}") from None
    return [n for n in names if not _is_hidden(n)]


def unpack_zip(path: Path, name: str, into: IO[bytes]) -> None:
    """One file of an archive that `list_entries` has looked at. Raises InvalidInput."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(name)
            for chunk in _limited(_chunks(archive, entry), entry.compress_size, MAX_SPOOLED_BYTES):
                into.write(chunk)
    except _DAMAGED as error:
        raise InvalidInput(f"the archive is damaged: {error}") from None


def unpack_gzip(path: Path, into: IO[bytes]) -> None:
    """What a gzip file holds. Raises InvalidInput."""
    try:
        with gzip.open(path) as stream:
            chunks = iter(lambda: stream.read(_CHUNK_BYTES), b"")
            for chunk in _limited(chunks, path.stat().st_size, MAX_SPOOLED_BYTES):
                into.write(chunk)
    except _DAMAGED as error:
        raise InvalidInput(f"the gzip file is damaged or cut off: {error}") from None


def _is_hidden(name: str) -> bool:
    folded = name.lower()
    return folded.startswith(_NOT_DATA) or folded.rpartition("/")[2].startswith(".")


def _checked_entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise InvalidInput(f"the archive has more than {MAX_ENTRIES} entries")
    end, names = 0, set()
    for entry in sorted(entries, key=lambda e: e.header_offset):
        name = entry.filename
        odd = name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/")
        if odd or ":" in name or not name.isprintable() or name.lower() in names:
            raise InvalidInput(f"the archive has an entry with a forbidden name: {name[:80]!r}")
        names.add(name.lower())
        if entry.flag_bits & _ENCRYPTED:
            raise InvalidInput("the file is protected by a password: save it without one")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InvalidInput(f"the archive packs {name[:80]!r} in an unusual way; save it anew")
        if entry.header_offset < end:
            raise InvalidInput("the archive has entries that overlap")
        end = entry.header_offset + entry.compress_size
    return entries


def _chunks(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK_BYTES):
            yield chunk


def _limited(chunks: Iterator[bytes], packed_bytes: int, most: int) -> Iterator[bytes]:
    unpacked = 0
    for chunk in chunks:
        unpacked += len(chunk)
        if unpacked > most:
            raise InvalidInput(f"the archive unpacks to more than {most >> 20} MiB")
        if unpacked > _RATIO_MATTERS_BYTES and unpacked > MAX_RATIO * packed_bytes:
            raise InvalidInput(f"the archive unpacks to over {MAX_RATIO} times its size")
        yield chunk
