from __future__ import annotations

import tracemalloc

from nop_ingest.reading.row_groups import RowGroups


def test_rows_come_back_by_group_in_the_order_in_which_the_groups_came() -> None:
    groups: RowGroups[str] = RowGroups()
    for number, key in enumerate(("b", "a", "b", "c", "a"), start=1):
        groups.add(key, number, [key, "é", "", str(number)])

    for _ in range(2):
        assert [(key, [number for number, _ in rows]) for key, rows in groups] == [
            ("b", [1, 3]), ("a", [2, 5]), ("c", [4]),
        ]  # fmt: skip
    assert dict(groups)["a"] == [(2, ["a", "é", "", "2"]), (5, ["a", "é", "", "5"])]


def test_a_million_long_rows_would_not_fill_the_memory() -> None:
    groups: RowGroups[int] = RowGroups()
    tracemalloc.start()
    for number in range(20_000):
        groups.add(number % 5_000, number, ["x" * 1_000])
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert held < 20_000 * 120  # bytes; the rows have 20 MB
    assert sum(len(rows) for _, rows in groups) == 20_000
