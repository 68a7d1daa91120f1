"""Parse a file in a child process that can take no more than it may.

A workbook of 1.5 KB can ask for 512 GiB, which ends the process that opens it: so that process is a
child with limits on memory, processor time, wall time and output. It has no database, no secrets
in its environment, no network, and one folder of its own to write in, which is gone with it; what
it parsed it writes to an open temporary file as lines of JSON.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from os import SEEK_END
from pathlib import Path
from traceback import format_exc
from typing import IO, Self
from weakref import finalize

import msgspec

from nop_ingest.confinement import confine
from nop_ingest.formats.catalogue import list_formats, parse, recognise
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import FileNotice, Parsed, ParsedLocation, ParsedStatus
from nop_registry.enums import Status
from nop_registry.errors import InvalidInput

_MIB = 1 << 20
_OUT_OF_MEMORY = 77  # exit code of a child whose Python ran out of memory
_LAST_LINE_BYTES = 32_768  # a refusal is shorter
MAX_ITEM_BYTES = 16 * _MIB
"""Of one Location or Tariff with what the file said of it; thousands of EVSEs take less."""


class Limits(msgspec.Struct, frozen=True):
    """What the child may take."""

    memory_bytes: int = 512 * _MIB
    cpu_s: int = 60
    wall_s: int = 120
    output_bytes: int = 1024 * _MIB

    @classmethod
    def of_file(cls, size: int) -> Limits:
        """Of a file of so many bytes, maybe packed: a large one takes longer, not more memory.

        A GiB of OCPI JSON takes 40 s of a fast core, and twice its size on disk when parsed.

        >>> Limits.of_file(1 << 20).cpu_s, Limits.of_file(1 << 30).cpu_s
        (61, 600)
        """
        mib = size // _MIB
        cpu_s = min(600, 60 + mib)
        output_bytes = _MIB * min(4096, 1024 + 12 * mib)
        return cls(cpu_s=cpu_s, wall_s=2 * cpu_s, output_bytes=output_bytes)


class _Started(msgspec.Struct, tag="started"):
    format: str


class _Ended(msgspec.Struct, tag="ended"):
    refusal: str | None = None
    crash: str | None = None
    """Where our own code broke."""
    statuses_as_of: datetime | None = None
    """The newest time that a status has; None: one has none, or there are none."""


_Line = _Started | Parsed | _Ended


class ParsedFile:
    """What the child made of a file."""

    def __init__(self, lines: IO[bytes], format_name: str, statuses_as_of: datetime | None) -> None:
        self._lines = lines
        self.format = format_name
        """Name of the format that was recognised."""
        self.statuses_as_of = statuses_as_of
        """When its statuses were true: the newest time that one has. None: as of its arrival."""
        self.size = lines.seek(0, SEEK_END)
        """Bytes on disk, until it is closed, or nobody has it any more."""
        self.close = finalize(self, lines.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @cached_property
    def items(self) -> int:
        """How many items there are."""
        self._lines.seek(0)
        return sum(1 for _ in self._lines) - 2

    def __iter__(self) -> Iterator[Parsed]:
        """The parsed items, read from disk one by one; can be repeated."""
        self._lines.seek(0)
        decode = msgspec.json.Decoder(_Line).decode
        for line in self._lines:
            item = decode(line)
            if not isinstance(item, _Started | _Ended):
                yield item


def parsed_in_child(path: Path, filename: str, limits: Limits | None = None) -> ParsedFile:
    """Recognise and parse a file. `filename` is the sender's name for it. Whoever calls closes it.

    Raises InvalidInput when it cannot be recognised or used, or takes more than it may.
    """
    limits = limits or Limits.of_file(path.stat().st_size)
    lines = tempfile.TemporaryFile(prefix="nop-parsed-")  # noqa: SIM115 - closed below, or by the caller
    try:
        with tempfile.TemporaryDirectory(prefix="nop-child-") as folder:
            code = _run(path, filename, limits, folder, lines)
        first, last = _ends(lines)
        if isinstance(last, _Ended) and last.crash:
            _tell(last.crash)
            raise InvalidInput(_reason(1, limits))
        if isinstance(last, _Ended) and last.refusal:
            raise InvalidInput(last.refusal)
        if code != 0 or not isinstance(first, _Started) or not isinstance(last, _Ended):
            raise InvalidInput(_reason(code, limits))
        return ParsedFile(lines, first.format, last.statuses_as_of)
    except BaseException:
        lines.close()
        raise


def _run(path: Path, filename: str, limits: Limits, folder: str, lines: IO[bytes]) -> int | None:
    """The child's exit code (negative: the signal that ended it); None: it took too long."""
    command = [sys.executable, "-I", "-B", "-m", "nop_ingest.sandbox"]
    command += [str(path.absolute()), filename, folder, msgspec.json.encode(limits).decode()]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "TMPDIR": folder},
            timeout=limits.wall_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.returncode


def _ends(lines: IO[bytes]) -> tuple[object, object]:
    """The first and the last line, where they are whole."""
    decode = msgspec.json.Decoder(_Line).decode
    size = lines.seek(0, SEEK_END)
    lines.seek(0)
    found: list[object] = []
    for text in (lines.readline(), _last_line(lines, size)):
        try:
            found.append(decode(text))
        except msgspec.DecodeError:
            found.append(None)
    return found[0], found[1]


def _last_line(lines: IO[bytes], size: int) -> bytes:
    lines.seek(max(0, size - _LAST_LINE_BYTES))
    return lines.read().rstrip(b"\n").rpartition(b"\n")[2]


def _tell(crash: str) -> None:
    import structlog  # the child, which loads this module too, has no use for it

    structlog.get_logger(__name__).error("parser_broke", crash=crash)


def _reason(code: int | None, limits: Limits) -> str:
    if code is None or code == -signal.SIGXCPU:
        what = f"it takes more than {limits.cpu_s} s to read"
    elif code in (-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGKILL, _OUT_OF_MEMORY):
        what = f"it needs more than {limits.memory_bytes >> 20} MiB of memory to read"
    elif code == -signal.SIGXFSZ:
        what = f"what it says takes more than {limits.output_bytes >> 20} MiB"
    else:
        what = "its content breaks the reader"
    return (
        f"the file cannot be used: {what}. Send it in parts; of a workbook, copy only the filled "
        "cells into a new one, and send that"
    )


def main(path: str, filename: str, folder: str, limits: Limits) -> int:
    """The child's work."""
    list_formats()  # loads their modules before anything is taken away
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.output_bytes, limits.output_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    confine(Path(folder))
    ended = _Ended()
    try:
        ended.statuses_as_of = _parse(ReceivedFile(Path(path), filename))
    except InvalidInput as error:
        ended.refusal = str(error)[:2000]
    except MemoryError:
        return _OUT_OF_MEMORY
    except RecursionError:
        ended.refusal = "the file's parts are nested too deeply in one another"
    except Exception:
        ended.crash = format_exc()[-4000:]
    _write(ended)
    sys.stdout.flush()
    return 0


def _parse(file: ReceivedFile) -> datetime | None:
    found = recognise(file)
    _write(_Started(found.name))
    rows, is_dated = False, True
    newest: datetime | None = None
    for item in parse(file, found):
        rows = rows or not isinstance(item, FileNotice)
        for claimed_at in _claimed_at(item):
            is_dated = is_dated and claimed_at is not None
            newest = max(filter(None, (newest, claimed_at)), default=None)
        _write(item)
    if not rows:
        raise InvalidInput("the file has no rows below its header, or no objects in its list")
    return newest if is_dated else None


def _claimed_at(item: Parsed) -> Iterator[datetime | None]:
    """The times of the statuses that it says; of EVSEs, of those that go out of date."""
    if isinstance(item, ParsedStatus):
        yield item.changed_at
    elif isinstance(item, ParsedLocation):
        for evse in item.record.evses:
            if evse.status not in (Status.UNKNOWN, Status.PLANNED, Status.REMOVED):
                yield evse.last_updated


_encode = msgspec.json.Encoder().encode


def _write(line: _Line) -> None:
    encoded = _encode(line)
    if len(encoded) > MAX_ITEM_BYTES:
        raise InvalidInput(
            f"one object of the file takes more than {MAX_ITEM_BYTES >> 20} MiB: split it"
        )
    sys.stdout.buffer.write(encoded + b"\n")


if __name__ == "__main__":
    given_path, given_name, own_folder, given_limits = sys.argv[1:]
    sys.exit(
        main(given_path, given_name, own_folder, msgspec.json.decode(given_limits, type=Limits))
    )
