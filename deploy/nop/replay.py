"""A tar of files, taken one after another in the order of their names: a day, as it happened."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

import msgspec

from nop_ingest.upload_report import StatusCounts, UploadReport
from nop_registry.errors import InvalidInput, NopError

_ENDINGS = (".tar", ".tar.gz", ".tgz")


class Member(msgspec.Struct, frozen=True):
    """What became of one file of the archive."""

    filename: str
    state: str
    upload_id: int | None
    rows: int
    accepted: int
    flagged: int
    rejected: int


class Replay(msgspec.Struct):
    """What became of the files of an archive, summed. Findings are kept with each upload."""

    filename: str
    files: list[Member] = []
    rows: int = 0
    accepted: int = 0
    flagged: int = 0
    rejected: int = 0
    flagged_by_code: dict[str, int] = {}
    rejected_by_code: dict[str, int] = {}
    statuses: StatusCounts = msgspec.field(default_factory=StatusCounts)

    def add(self, name: str, report: UploadReport) -> Member:
        """One more file is done."""
        member = Member(
            name, report.state, report.upload_id, report.rows, report.accepted, report.flagged,
            report.rejected,
        )  # fmt: skip
        self.files.append(member)
        for field in ("rows", "accepted", "flagged", "rejected"):
            setattr(self, field, getattr(self, field) + getattr(report, field))
        for field in StatusCounts.__struct_fields__:
            more = getattr(report.statuses, field)
            setattr(self.statuses, field, getattr(self.statuses, field) + more)
        for book, page in (
            (self.flagged_by_code, report.flagged_by_code),
            (self.rejected_by_code, report.rejected_by_code),
        ):
            for code, number in page.items():
                book[code] = book.get(code, 0) + number
        return member


def is_archive(file: Path) -> bool:
    """Whether it is named as a tar is."""
    return file.name.lower().endswith(_ENDINGS)


def replay(
    file: Path, take: Callable[[Path], UploadReport], told: Callable[[Member], None]
) -> Replay:
    """Take each file of the archive, by name; a refused one changes nothing and the next follows.

    Raises what `take` raises, with the name of the file at which it stopped: sent again, what is
    already in is passed over.
    """
    done = Replay(file.name)
    for path in _members(file):
        try:
            report = take(path)
        except NopError as error:
            raise InvalidInput(
                f"stopped at {path.name}, after {len(done.files)} files: {error}"
            ) from error
        told(done.add(path.name, report))
    if not done.files:
        raise InvalidInput(f"there is no file in {file.name}")
    return done


def _members(file: Path) -> Iterator[Path]:
    """Each file, unpacked on its own under its own name."""
    try:
        with tarfile.open(file) as archive, tempfile.TemporaryDirectory(prefix="nop-tar-") as into:
            for entry in sorted((e for e in archive if e.isfile()), key=lambda e: e.name):
                name = PurePosixPath(entry.name).name
                stream = archive.extractfile(entry)
                if name.startswith(".") or stream is None:
                    continue  # what operating systems add
                path = Path(into) / name
                with stream, path.open("wb") as out:
                    shutil.copyfileobj(stream, out)
                yield path
                path.unlink()
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InvalidInput(f"the archive {file.name} is damaged: {error}") from None
