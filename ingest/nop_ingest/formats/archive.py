"""Look at a zip archive before anything unpacks it: names, methods, sizes, overlaps, ratio."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

from nop_registry.errors import InvalidInput

MAX_ENTRIES = 1000
MAX_UNPACKED_BYTES = 256 << 20
MAX_RATIO = 100
_RATIO_MATTERS_BYTES = 16 << 20  # small files of equal rows pack well and harm nobody
_CHUNK_BYTES = 1 << 20
_ENCRYPTED = 0x1


def check_archive(path: Path) -> None:
    """Raises InvalidInput when the archive is broken or is built to harm its reader.

    Every entry is unpacked as a stream and counted: the sizes that an archive states may lie.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES:
                raise InvalidInput(f"the archive has more than {MAX_ENTRIES} entries")
            _check_layout(entries)
            _check_unpacked_size(archive, entries, path.stat().st_size)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as error:
        raise InvalidInput(f"the archive is damaged: {error}") from None


def _check_layout(entries: list[zipfile.ZipInfo]) -> None:
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


def _check_unpacked_size(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], packed_bytes: int
) -> None:
    unpacked = 0
    for entry in entries:
        with archive.open(entry) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                unpacked += len(chunk)
                if unpacked > MAX_UNPACKED_BYTES:
                    raise InvalidInput(
                        f"the archive unpacks to more than {MAX_UNPACKED_BYTES >> 20} MiB"
                    )
                if unpacked > _RATIO_MATTERS_BYTES and unpacked > MAX_RATIO * packed_bytes:
                    raise InvalidInput(f"the archive unpacks to over {MAX_RATIO} times its size")
