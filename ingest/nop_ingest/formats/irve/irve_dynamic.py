"""France: dynamic IRVE data, one row per charging point (schema 2.3): a snapshot, or events.

* Two columns make one status. Out of service (`hors_service`) is OUTOFORDER whatever else is said;
  in service it is the occupancy that counts; of a point in unknown state (`inconnu`) "free" is not
  believed, for no data is never "available", but somebody who charges there is.
* A point whose every plug is out of order is OUTOFORDER: nobody can charge there. The state of a
  single plug has no place in the registry and is remarked on.
* `horodatage` says since when. A snapshot of 2026 spells it in five ways, one without a zone: read
  as UTC and remarked on. Claims need not come in order; the newest one of a point stands.
* Files of events have a further column `horodatage_collecte`, the collector's clock. In a snapshot
  a point should stand once; where it stands twice, both rows are claims.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from nop_ingest.formats.irve.vocabulary import name_columns, roaming_id
from nop_ingest.normalise import timestamps
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.refused import Refused
from nop_ingest.reading.table_rows import Row, about_columns
from nop_ingest.reading.tables import find_bad_cell
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedStatus,
    RefusedRow,
    UploadFormat,
)
from nop_ingest.report import Notice, Rejection
from nop_registry.enums import Severity, Status
from nop_registry.errors import InvalidInput

POINT, STATE, OCCUPANCY = "id_pdc_itinerance", "etat_pdc", "occupation_pdc"
SINCE, COLLECTED = "horodatage", "horodatage_collecte"
REQUIRED = (POINT, STATE, OCCUPANCY, SINCE)
PLUGS = tuple(
    f"etat_prise_{plug}" for plug in ("type_2", "type_combo_ccs", "type_chademo", "type_ef")
)

_BY_OCCUPANCY = {
    "libre": Status.AVAILABLE,
    "occupe": Status.CHARGING,
    "reserve": Status.RESERVED,
    "inconnu": Status.UNKNOWN,
}
_STATUS = {
    **{("en_service", word): status for word, status in _BY_OCCUPANCY.items()},
    **{("hors_service", word): Status.OUTOFORDER for word in _BY_OCCUPANCY},
    **{("inconnu", word): status for word, status in _BY_OCCUPANCY.items()},
    ("inconnu", "libre"): Status.UNKNOWN,
}
_CONTRADICTIONS = {("hors_service", "occupe"), ("hors_service", "reserve")}
_LATE = timedelta(hours=1)
_DIGITS = re.compile(r"\d+")
_ZONE = re.compile(r":.*(?:Z|UTC|[+-]\d{2}(?::?\d{2})?)$", re.IGNORECASE)


class _Claim(NamedTuple):
    """What an earlier row said of a point."""

    row: int
    since: datetime | None
    status: Status


class _Memory(msgspec.Struct):
    """What must be known of the rows before."""

    events: bool
    seen: dict[str, _Claim] = {}
    spellings: dict[str, str] = {}
    """An example of each spelling of a time."""


def sniff(file: ReceivedFile) -> bool:
    """By the columns for state and occupancy in the header row."""
    return file.find_table(_is_header) is not None


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """See the module's text. Raises InvalidInput when a required column is missing."""
    table = file.find_table(_is_header)
    if table is None:
        raise InvalidInput("this is no dynamic IRVE file: etat_pdc or occupation_pdc is missing")
    names = name_columns(table.header)
    if missing := [name for name in REQUIRED if name not in names]:
        raise InvalidInput(f"columns are missing: {', '.join(missing)}")
    for notice in table.notices:
        yield FileNotice(notice)
    yield from about_columns(names, {*REQUIRED, *PLUGS, COLLECTED}, ())
    memory = _Memory(events=COLLECTED in names)
    for number, texts in table.rows:
        row = Row(number, dict(zip(names, texts, strict=False)), [])
        try:
            if bad := find_bad_cell(texts, names):
                raise Refused(bad.code, bad.column, bad.message, bad.value)
            yield _status(row, memory)
        except Refused as why:
            value = why.value or row.cells.get(why.column)
            yield RefusedRow(Rejection(why.code, why.column, why.message, value, number))
    if len(memory.spellings) > 1:
        yield FileNotice(_about_spellings(memory.spellings))


def _is_header(cells: Sequence[str]) -> bool:
    return {POINT, STATE, OCCUPANCY} <= set(name_columns(cells))


def _status(row: Row, memory: _Memory) -> ParsedStatus:
    point = roaming_id(row.cells[POINT])
    if point is None:
        raise Refused("point-id-missing", POINT, "Enter the point's id as in the static data.")
    pair = (_word(row, STATE), _word(row, OCCUPANCY))
    status = _STATUS.get(pair)
    if status is None:
        known = pair[0] in {state for state, _ in _STATUS}
        raise Refused(
            "status-unreadable", OCCUPANCY if known else STATE,
            "Enter libre, occupe, reserve or inconnu." if known
            else "Enter en_service, hors_service or inconnu.",
        )  # fmt: skip
    if pair in _CONTRADICTIONS:
        row.remark(
            "status-contradictory", OCCUPANCY,
            f"With {pair[0]!r} this cannot be; taken as {status}. Correct one of the two.",
        )  # fmt: skip
    elif pair == ("inconnu", "libre"):
        row.remark(
            "state-unknown", STATE,
            "Of a point whose state is unknown it is not believed that it is free; taken as "
            "UNKNOWN. Send its state.",
        )  # fmt: skip
    status = _by_plugs(row, status)
    since = _since(row, memory)
    _compare(row, point, _Claim(row.number, since, status), memory)
    return ParsedStatus(
        row=row.number,
        evse_id=point,
        status=status,
        changed_at=since,
        notices=tuple(row.notices),
    )


def _word(row: Row, column: str) -> str:
    return row.cells[column].strip().casefold().replace("é", "e").replace(" ", "_")


def _by_plugs(row: Row, status: Status) -> Status:
    said = [(name, text) for name in PLUGS if (text := row.cells.get(name))]
    broken = [name for name, text in said if text.strip().casefold() == "hors_service"]
    if not broken or status is Status.OUTOFORDER:
        return status
    if len(broken) == len(said):
        row.remark(
            "plugs-all-out-of-order", broken[0],
            "Every plug is out of order, so the point is taken as OUTOFORDER: correct etat_pdc or "
            "the plugs.", Severity.WARNING,
        )  # fmt: skip
        return Status.OUTOFORDER
    row.remark(
        "plug-out-of-order",
        broken[0],
        "The registry holds the status of a point, not of one plug: this is not published.",
    )
    return status


def _since(row: Row, memory: _Memory) -> datetime | None:
    text = row.cells[SINCE].strip()
    if not text:
        row.remark(
            "timestamp-missing", SINCE, "The time of receipt counts: send when it was so, in UTC.",
            Severity.WARNING,
        )  # fmt: skip
        return None
    since = timestamps.parse(text)
    if since is None:
        raise Refused(
            "timestamp-unreadable", SINCE, "Enter a time as in 2026-08-12T10:01:40Z.", text
        )
    memory.spellings.setdefault(_DIGITS.sub("9", text), text)
    if not _ZONE.search(text):
        row.remark(
            "timestamp-without-zone", SINCE,
            f"Read as UTC: {since:%Y-%m-%dT%H:%M:%SZ}. End it with Z, or with the offset as in "
            "+02:00.", Severity.WARNING,
        )  # fmt: skip
    if memory.events:
        _look_at_delay(row, since)
    return since


def _look_at_delay(row: Row, since: datetime) -> None:
    collected = timestamps.parse(row.cells.get(COLLECTED, ""))
    if collected and collected - since > _LATE:
        row.remark(
            "event-late", SINCE,
            f"Collected {(collected - since) / timedelta(hours=1):.1f} hours after it happened; it "
            "is put in its place, and does not undo what came after it.",
        )  # fmt: skip


def _compare(row: Row, point: str, claim: _Claim, memory: _Memory) -> None:
    if memory.events:
        return  # the same point again is the next event
    first = memory.seen.setdefault(point, claim)
    if first is claim:
        return
    if (first.since, first.status) == (claim.since, claim.status):
        row.remark("point-repeated", POINT, f"Row {first.row} says the same. List each point once.")
    elif first.status is claim.status:
        row.remark(
            "point-repeated", POINT,
            f"Row {first.row} says the same of another time; the newer one counts. List each point "
            "once.",
        )  # fmt: skip
    else:
        row.remark(
            "status-conflict", POINT,
            f"Row {first.row} says {first.status} of the same point; the newer claim counts. List "
            "each point once.", Severity.WARNING,
        )  # fmt: skip
    if claim.since and first.since and claim.since > first.since:
        memory.seen[point] = claim


def _about_spellings(spellings: dict[str, str]) -> Notice:
    return Notice(
        "timestamp-spellings", Severity.INFO, SINCE,
        f"The file spells times in {len(spellings)} ways; all were read. Use one, as in "
        "2026-08-12T10:01:40Z.", "; ".join(spellings.values())[:200],
    )  # fmt: skip


FORMAT = UploadFormat(
    name="irve_dynamic",
    title="France, dynamic IRVE data (schema 2.3)",
    sniff=sniff,
    parse=parse,
    columns={"evses.evse_id": POINT, "evses.last_updated": SINCE},
)
