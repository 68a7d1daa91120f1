"""Written JSON is used again under its own stamp only, and takes no more room than allowed."""

from __future__ import annotations

from nop_registry.queries.fragments import Fragments, stamp_sql
from nop_registry.queries.selection import Pick


def test_only_what_was_written_under_the_same_stamp_is_found() -> None:
    kept = Fragments()
    kept.keep("fields", 1, "old", b"A")
    kept.keep("fields", 1, "new", b"B")

    assert kept.find("fields", 1, "new") == b"B"
    assert kept.find("fields", 1, "old") is None
    assert kept.find("other fields", 1, "new") is None
    assert kept.find("fields", 2, "new") is None


def test_what_was_used_longest_ago_goes_first() -> None:
    kept = Fragments(most_bytes=4000)
    for number in range(3):
        kept.keep("fields", number, "s", b"x" * 1000)
    kept.find("fields", 0, "s")

    kept.keep("fields", 3, "s", b"x" * 1000)

    assert [n for n in range(4) if kept.find("fields", n, "s")] == [0, 2, 3]


def test_what_depends_on_the_moment_or_on_other_objects_is_not_kept() -> None:
    name, age = Pick("n", "name"), Pick("a", "age_seconds")
    detail = Pick("s", "status_detail", (age,))

    assert stamp_sql((name,)) == "concat_ws(' ', l.xmin)"
    assert stamp_sql((name, Pick("e", "evses", (detail,)))) is None
    assert stamp_sql((Pick("d", "distance_m"),)) is None
