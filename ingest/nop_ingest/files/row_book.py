"""Tells for each row of a file whether it was accepted, flagged or rejected, and why."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable

import msgspec

from nop_ingest.normalise.text import clean
from nop_ingest.reading.upload_format import (
    ParsedLocation,
    ParsedStatus,
    ParsedTariff,
    RefusedRow,
    UploadFormat,
)
from nop_ingest.report import Finding, Notice, Rejection
from nop_ingest.upload_report import ColumnCount, RowFinding, UploadReport, told_apart
from nop_registry.enums import Severity
from nop_registry.records import LocationRecord

KEPT = 1000
"""Findings of a severity that the report itself holds; all go to whoever calls take_new."""
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_NO_PRICE_COLUMN = frozenset({"last-updated-missing"})
"""What the price columns in rows of Locations cannot say of the Tariff that they make."""
_EVSE_PATH = re.compile(r"evses\[(\d+)\](?:\.connectors\[(\d+)\])?")
_INDEX = re.compile(r"\[\d+\]")


class RowBook:
    """The book of one file."""

    def __init__(self, file_format: UploadFormat) -> None:
        self._format = file_format
        self._rows = 0
        self._flags = _Flags()
        self._rejected: dict[int, str] = {}
        self._lacking: dict[str, Finding] = {}
        self._counts: Counter[tuple[str, str, Severity]] = Counter()
        self._kept: dict[Severity, list[RowFinding]] = {severity: [] for severity in Severity}
        self._new: list[RowFinding] = []

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
        found: list[Finding] = [*parsed.notices]
        for finding in findings:
            if finding.code in self._format.lacks:
                self._lacking.setdefault(finding.code, finding)
            else:
                rows = _rows_of(finding, parsed)
                found += self._placed(finding, rows, _point_of(finding, parsed))
        self._settle(parsed.rows, _rows_taken(parsed, record), found)
        return found

    def add_tariff(
        self, parsed: ParsedTariff, *, taken: bool, findings: Iterable[Finding]
    ) -> list[Finding]:
        """Rows of a Tariff; returns all findings with their rows."""
        found: list[Finding] = [*parsed.notices]
        for finding in findings:
            if parsed.rows or finding.code not in _NO_PRICE_COLUMN:
                found += self._placed(finding, parsed.rows or (None,))
        self._settle(parsed.rows, set(parsed.rows) if taken else set(), found)
        return found

    def add_status(
        self, parsed: ParsedStatus, *, taken: bool, findings: Iterable[Finding] = ()
    ) -> None:
        """A row of a dynamic file."""
        rows = (parsed.row,)
        found = [*parsed.notices]
        placed = [item for finding in findings for item in self._placed(finding, rows)]
        self._settle(rows, set(rows) if taken else set(), [*found, *placed])

    def take_new(self) -> list[RowFinding]:
        """What was found since the last call."""
        new, self._new = self._new, []
        return new

    def fill(self, report: UploadReport) -> None:
        """Write counts and the weightiest findings into the report. Once, at the end."""
        for finding in self._lacking.values():
            wrong, _ = told_apart(finding.message)
            message = f"{wrong}: this format has no column for it; our own has, to add it"
            changes = {"message": message, "path": "", "row_no": None, "value": None}
            self._list(msgspec.structs.replace(finding, **changes))
        self._lacking.clear()
        report.rows = self._rows
        report.rejected = len(self._rejected)
        flagged = self._flags.by_code()
        report.flagged = flagged.total()
        report.accepted = self._rows - report.rejected - report.flagged
        report.rejected_by_code = _sorted(Counter(self._rejected.values()))
        report.flagged_by_code = _sorted(flagged)
        by_code: Counter[str] = Counter()
        for (_, code, _), count in self._counts.items():
            by_code[code] += count
        report.findings_by_code = _sorted(by_code)
        report.findings_by_column = sorted(
            (ColumnCount(*key, count) for key, count in self._counts.items()),
            key=lambda c: (_RANK[c.severity], -c.findings, c.column, c.code),
        )
        kept = [finding for listed in self._kept.values() for finding in listed]
        kept.sort(key=lambda f: (_RANK[f.severity], f.row or 0))
        report.findings = kept[:KEPT]
        report.findings_left_off = self._counts.total() - len(report.findings)

    def _settle(self, rows: tuple[int, ...], taken: set[int], found: list[Finding]) -> None:
        self._rows += len(rows)
        for finding in found:
            self._list(finding)
            row = finding.row_no or 0
            if row in taken:
                severity = Severity.WARNING if isinstance(finding, Rejection) else finding.severity
                self._flags.add(row, _RANK[severity], finding.code)
            elif isinstance(finding, Rejection):
                self._rejected.setdefault(row, finding.code)
        for row in rows:
            if row not in taken:
                self._rejected.setdefault(row, "not-taken")

    def _placed(
        self, finding: Finding, rows: Iterable[int | None], point: str = "1"
    ) -> list[Finding]:
        """The finding on each row it is about, with the file's column instead of the path."""
        path = _INDEX.sub("", finding.path)
        column = self._format.columns.get(path, path).replace("{point}", point)
        return [msgspec.structs.replace(finding, path=column, row_no=row) for row in rows]

    def _list(self, finding: Finding) -> None:
        severity = Severity.ERROR if isinstance(finding, Rejection) else finding.severity
        column = _storable(finding.path)
        self._counts[column, finding.code, severity] += 1
        value = finding.value and _storable(finding.value[:200])
        told = RowFinding(
            finding.row_no, column, value, finding.code, severity, _storable(finding.message)
        )
        self._new.append(told)
        if len(self._kept[severity]) < KEPT:
            self._kept[severity].append(told)


class _Flags:
    """Of each row its weightiest remark: two bytes a row, since a large file has a million."""

    def __init__(self) -> None:
        self._of_row = array("H")  # its place in _known; 0: none
        self._known: list[tuple[int, str]] = [(len(_RANK), "")]
        self._places: dict[tuple[int, str], int] = {}

    def add(self, row: int, rank: int, code: str) -> None:
        """A remark on the row; of equals the first stands."""
        if row >= len(self._of_row):
            self._of_row.extend(bytes(row + 1 - len(self._of_row)))
        if rank >= self._known[self._of_row[row]][0]:
            return
        place = self._places.get((rank, code))
        if place is None:
            place = self._places[rank, code] = len(self._known)
            self._known.append((rank, code))
        self._of_row[row] = place

    def by_code(self) -> Counter[str]:
        """How many rows have each code."""
        rows: Counter[str] = Counter()
        for place, count in Counter(self._of_row).items():
            if place:
                rows[self._known[place][1]] += count
        return rows


def _storable(text: str) -> str:
    return text.replace("\x00", "\ufffd")  # PostgreSQL keeps no NUL, nor in JSON


def _rows_of(finding: Finding, parsed: ParsedLocation) -> tuple[int, ...]:
    rows: tuple[int, ...] = parsed.rows
    if within := _EVSE_PATH.match(finding.path):
        evse, connector = int(within[1]), within[2]
        if evse < len(parsed.evse_rows):
            rows = parsed.evse_rows[evse]
        if connector and len(rows) > int(connector):
            rows = rows[int(connector) : int(connector) + 1]
    return rows


def _point_of(finding: Finding, parsed: ParsedLocation) -> str:
    """Which of its row's points the finding is about; the first, where it does not say."""
    within = _EVSE_PATH.match(finding.path)
    if parsed.evse_points and within and int(within[1]) < len(parsed.evse_points):
        return str(parsed.evse_points[int(within[1])])
    return "1"


def _rows_taken(parsed: ParsedLocation, record: LocationRecord | None) -> set[int]:
    """Rows of which at least one EVSE was taken; all rows of a Location that has none."""
    if record is None:
        return set()
    if not parsed.record.evses:
        return set(parsed.rows)
    kept = {evse.uid.casefold() for evse in record.evses}
    return {
        row
        for evse, rows in zip(parsed.record.evses, parsed.evse_rows, strict=True)
        if (clean(evse.uid) or "").casefold() in kept
        for row in rows
    }


def _sorted(counter: Counter[str]) -> dict[str, int]:
    return dict(counter.most_common())
