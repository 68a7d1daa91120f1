from __future__ import annotations

import pytest

from nop_registry.database import Connection
from nop_registry.queries.source_health import CodeCount, count_findings
from nop_registry.store import deliveries, sources
from nop_registry.store.findings import FindingRow, replace_findings


def finding(object_id: int | None, key: str, code: str, severity: str = "WARNING") -> FindingRow:
    return FindingRow(object_id, "location", key, "notice", severity, code, "", None, code, None)


@pytest.fixture
def ids(connection: Connection) -> list[int]:
    """Two sources with findings."""
    numbers = []
    for name, rows in (
        ("one", [finding(1, "a", "name"), finding(1, "a", "name"), finding(2, "b", "name"),
                 finding(None, "row 1", "place", "ERROR"), finding(None, "row 1", "place", "ERROR"),
                 finding(None, "row 2", "place", "ERROR"), finding(3, "c", "place", "ERROR")]),
        ("two", [finding(4, "a", "name"), finding(4, "a", "hours", "INFO")]),
    ):  # fmt: skip
        source = sources.add_source(connection, name=name, kind="upload", country_code="IN")
        delivery = deliveries.open_delivery(connection, source.id, "upload", "file")
        replace_findings(connection, delivery, [], rows)
        numbers.append(source.id)
    return numbers


def test_findings_are_counted_by_code_with_their_objects_the_weightiest_first(
    connection: Connection, ids: list[int]
) -> None:
    assert count_findings(connection, ids) == [
        CodeCount("place", "ERROR", 4, 3, "place"),
        CodeCount("name", "WARNING", 4, 3, "name"),
        CodeCount("hours", "INFO", 1, 1, "hours"),
    ]
    assert [(c.code, c.findings) for c in count_findings(connection, ids[1:])] == [
        ("name", 1), ("hours", 1),
    ]  # fmt: skip
    assert count_findings(connection, []) == []
