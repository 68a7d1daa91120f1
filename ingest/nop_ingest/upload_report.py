"""What became of a file: counts that sum to its rows, and what was found, row by row."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import IO

import msgspec

from nop_ingest.reading.annotation_columns import neutralised
from nop_registry.enums import Severity

# What is wrong, then what to do: "… is not one of ours: use AC or DC", "It is empty. Enter …".
_MENDING = re.compile(r"(?::|[.;!?])\s+(?=\S)")


class Counts(msgspec.Struct):
    """What a commit does, or would do, to objects."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    """Of this source in the registry, and not in the file."""


class StatusCounts(msgspec.Struct):
    """What the rows of a dynamic file do, or would do, to the statuses of EVSEs."""

    changed: int = 0
    unchanged: int = 0
    older: int = 0
    """Something newer is known."""
    unknown: int = 0
    """No EVSE of that id is held."""


class ColumnCount(msgspec.Struct, frozen=True):
    """How often something was found in a column."""

    column: str
    code: str
    severity: Severity
    findings: int


class RowFinding(msgspec.Struct, frozen=True):
    """One finding. Row 1 is the first data row; None: the file as a whole."""

    row: int | None
    column: str
    value: str | None
    code: str
    severity: Severity
    """ERROR: something was not taken."""
    message: str

    @property
    def what_to_do(self) -> str:
        """How to mend it: the second half of the message, or all of it."""
        return told_apart(self.message)[1]


class UploadReport(msgspec.Struct, kw_only=True):
    """What became of a file. `accepted` + `flagged` + `rejected` = `rows`."""

    source: str
    filename: str
    sha256: str
    state: str
    """preview, committed, held (committed, removals wait for a person), already-committed, or
    refused (no row could be used; nothing was changed)."""
    parser: str = ""
    """Version of our reading: the same file read differently is not the same upload."""
    upload_id: int | None = None
    version: int | None = None
    """The source's version that it became."""
    format: str | None = None
    whole: bool = True
    """The whole inventory: what it does not list is missing."""
    rows: int = 0
    accepted: int = 0
    """Rows taken without remark."""
    flagged: int = 0
    """Rows taken with a remark."""
    rejected: int = 0
    """Rows of which nothing was taken."""
    flagged_by_code: dict[str, int] = {}
    """Each flagged row once, under its weightiest remark: sums to `flagged`."""
    rejected_by_code: dict[str, int] = {}
    """Each rejected row once: sums to `rejected`."""
    findings_by_code: dict[str, int] = {}
    """All findings; a row may have several."""
    findings_by_column: list[ColumnCount] = []
    """The same by column; the weightiest, then the most frequent first."""
    locations: Counts = msgspec.field(default_factory=Counts)
    evses: Counts = msgspec.field(default_factory=Counts)
    tariffs: Counts = msgspec.field(default_factory=Counts)
    statuses: StatusCounts = msgspec.field(default_factory=StatusCounts)
    removal_held: bool = False
    """So much is missing that a person must accept it; until then nothing is retired."""
    message: str | None = None
    findings: list[RowFinding] = []
    """The weightiest; all of them are kept with the upload."""
    findings_left_off: int = 0

    def shortened(self, findings: int) -> UploadReport:
        """The same report with at most so many findings, the weightiest first."""
        left_off = self.findings_left_off + max(0, len(self.findings) - findings)
        return msgspec.structs.replace(
            self, findings=self.findings[:findings], findings_left_off=left_off
        )


def told_apart(message: str) -> tuple[str, str]:
    """What is wrong, and how to mend it; a message that is not both is given twice.

    >>> told_apart("this is not a number: write it with digits")
    ('this is not a number', 'write it with digits')
    """
    found = _MENDING.search(message)
    return (message[: found.start()], message[found.end() :]) if found else (message, message)


FINDING_COLUMNS = ("row", "column", "value", "code", "severity", "message", "what_to_do")


def write_findings(findings: Iterable[RowFinding], file: IO[str], *, header: bool = True) -> None:
    """The findings as CSV; texts that a spreadsheet would run as formulas get a leading `'`."""
    writer = csv.writer(file)
    if header:
        writer.writerow(FINDING_COLUMNS)
    for f in findings:
        texts = (
            f.column, f.value or "", f.code, f.severity.value, f.message, f.what_to_do,
        )  # fmt: skip
        writer.writerow([f.row or "", *(neutralised(text) for text in texts)])
