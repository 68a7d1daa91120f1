"""What became of a file: counts that sum to its rows, and what was found, row by row."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from typing import IO

import msgspec

from nop_ingest.formats.upload_format import ParsedLocation, RefusedRow, UploadFormat
from nop_ingest.normalise.text import clean
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Severity
from nop_registry.records import LocationRecord

MAX_FINDINGS = 100_000  # kept in memory; further ones are only counted
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_EVSE_PATH = re.compile(r"evses\[(\d+)\](?:\.connectors\[(\d+)\])?")
_INDEX = re.compile(r"\[\d+\]")
# A cell that begins so is a formula to a spreadsheet, also behind blanks (T26, ASVS 1.2.10).
_FORMULA = re.compile(r"[\s\ufeff\u3000]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")


class Counts(msgspec.Struct):
    """What a commit does, or would do, to objects."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    missing: int = 0
    """Of this source in the registry, and not in the file."""


class RowFinding(msgspec.Struct, frozen=True):
    """One finding. Row 1 is the first data row; None: the file as a whole."""

    row: int | None
    column: str
    value: str | None
    code: str
    severity: Severity
    """ERROR: something was not taken."""
    message: str


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
    format: str | None = None
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
    locations: Counts = msgspec.field(default_factory=Counts)
    evses: Counts = msgspec.field(default_factory=Counts)
    message: str | None = None
    findings: list[RowFinding] = []
    findings_left_off: int = 0

    def shortened(self, findings: int) -> UploadReport:
        """The same report with at most so many findings, the weightiest first."""
        left_off = self.findings_left_off + max(0, len(self.findings) - findings)
        return msgspec.structs.replace(
            self, findings=self.findings[:findings], findings_left_off=left_off
        )


class RowBook:
    """Tells for each row whether it was accepted, flagged or rejected, and why."""

    def __init__(self, file_format: UploadFormat) -> None:
        self._format = file_format
        self._rows = 0
        self._flagged: dict[int, tuple[int, str]] = {}
        self._rejected: dict[int, str] = {}
        self._lacking: dict[str, Finding] = {}
        self._codes: Counter[str] = Counter()
        self._findings: list[RowFinding] = []

    def add_refused(self, refused: RefusedRow) -> None:
        """A row that its format could not read."""
        self._rows += 1
        self._rejected[refused.rejection.row_no or 0] = refused.rejection.code
        self._list(refused.rejection)

    def add_file_notice(self, notice: Notice) -> None:
        """A remark on the file as a whole; it flags no row."""
        self._list(notice)

    def add_location(
        self, parsed: ParsedLocation, record: LocationRecord | None, findings: Iterable[Finding]
    ) -> list[Finding]:
        """Rows of a Location, `record` of which was taken; returns all findings with their rows.

        `findings` are those of normalising and checking, with paths in the record.
        """
        self._rows += len(parsed.rows)
        found: list[Finding] = [*parsed.notices]
        for finding in findings:
            if finding.code in self._format.lacks:
                self._lacking.setdefault(finding.code, finding)
            else:
                found += self._placed(finding, parsed)
        taken = _rows_taken(parsed, record)
        for finding in found:
            self._list(finding)
            row = finding.row_no or 0
            if row in taken:
                severity = Severity.WARNING if isinstance(finding, Rejection) else finding.severity
                rank = (_RANK[severity], finding.code)
                if row not in self._flagged or rank[0] < self._flagged[row][0]:
                    self._flagged[row] = rank
            elif isinstance(finding, Rejection):
                self._rejected.setdefault(row, finding.code)
        for row in parsed.rows:
            if row not in taken:
                self._rejected.setdefault(row, "not-taken")
        return found

    def fill(self, report: UploadReport) -> None:
        """Write counts and findings into the report."""
        for finding in self._lacking.values():
            message = f"In no row, for this format has no column for it: {finding.message}"
            changes = {"message": message, "path": "", "row_no": None, "value": None}
            self._list(msgspec.structs.replace(finding, **changes))
        self._lacking.clear()
        report.rows = self._rows
        report.rejected = len(self._rejected)
        report.flagged = len(self._flagged)
        report.accepted = self._rows - report.rejected - report.flagged
        report.rejected_by_code = _sorted(Counter(self._rejected.values()))
        report.flagged_by_code = _sorted(Counter(code for _, code in self._flagged.values()))
        report.findings_by_code = _sorted(self._codes)
        self._findings.sort(key=lambda f: (_RANK[f.severity], f.row or 0))
        report.findings = self._findings
        report.findings_left_off = self._codes.total() - len(self._findings)

    def _placed(self, finding: Finding, parsed: ParsedLocation) -> list[Finding]:
        """The finding on each row it is about, with the file's column instead of the path."""
        rows: tuple[int, ...] = parsed.rows
        if within := _EVSE_PATH.match(finding.path):
            evse, connector = int(within[1]), within[2]
            if evse < len(parsed.evse_rows):
                rows = parsed.evse_rows[evse]
            if connector and len(rows) > int(connector):
                rows = rows[int(connector) : int(connector) + 1]
        path = _INDEX.sub("", finding.path)
        column = self._format.columns.get(path, path)
        return [msgspec.structs.replace(finding, path=column, row_no=row) for row in rows]

    def _list(self, finding: Finding) -> None:
        self._codes[finding.code] += 1
        if len(self._findings) < MAX_FINDINGS:
            severity = Severity.ERROR if isinstance(finding, Rejection) else finding.severity
            value = finding.value and finding.value[:200]
            self._findings.append(
                RowFinding(
                    finding.row_no, finding.path, value, finding.code, severity, finding.message
                )
            )


def _rows_taken(parsed: ParsedLocation, record: LocationRecord | None) -> set[int]:
    """Rows of which at least one EVSE was taken."""
    if record is None:
        return set()
    kept = {evse.uid.casefold() for evse in record.evses}
    return {
        row
        for evse, rows in zip(parsed.record.evses, parsed.evse_rows, strict=True)
        if (clean(evse.uid) or "").casefold() in kept
        for row in rows
    }


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(counter.most_common())


def write_findings(findings: Iterable[RowFinding], file: IO[str]) -> None:
    """The findings as CSV; texts that a spreadsheet would run as formulas get a leading `'`."""
    writer = csv.writer(file)
    writer.writerow(["row", "column", "value", "code", "severity", "message"])
    for f in findings:
        texts = (f.column, f.value or "", f.code, f.severity.value, f.message)
        writer.writerow([f.row or "", *(neutralised(text) for text in texts)])


def neutralised(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula.

    >>> neutralised("=1+1"), neutralised("Station 1")
    ("'=1+1", 'Station 1')
    """
    return f"'{text}" if _FORMULA.match(text) else text
