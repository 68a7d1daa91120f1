"""Whatever can be found in a publisher's data is told in both languages: read from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nop_ingest
from nop_dashboards.portal.language import Texts, table
from nop_ingest.ocpi.probe.verdicts import CHECKS

_HOME = Path(nop_ingest.__file__).parent
_WITHOUT_FINDINGS = ("ocpi_server", "upload_api", "template", "ocpi/probe")
_CODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)+")
_NO_CODES = {
    "already-committed", "list-moved", "unchanged-since-rejected",  # states of deliveries
    "nema5-20", "non-networked", "nop-1", "nop-single-byte", "rfid-karte",  # words of formats
    "utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-8", "utf-8-sig",
}  # fmt: skip
_COMPOSED = {
    "{}-missing": {"id-missing", "uid-missing"},
    "{}-unreadable": {"location-unreadable", "tariff-unreadable"},
    "{}-null": {"*-null"},
    "unknown-{}": {"unknown-*"},
}


def _trees() -> Iterator[ast.Module]:
    for path in _HOME.rglob("*.py"):
        place = path.relative_to(_HOME).as_posix()
        # Of the OCPI client only what reads objects writes findings.
        is_client = place.startswith("ocpi/") and not place.startswith(("ocpi/wire", "ocpi/versi"))
        if not is_client and not place.startswith(_WITHOUT_FINDINGS):
            yield ast.parse(path.read_text("utf-8"))


def _patterns(tree: ast.Module) -> Iterator[str]:
    """Codes that a program puts together: `{}` for what is put in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [p.value if isinstance(p, ast.Constant) else "{}" for p in node.values]
            if re.fullmatch(r"\{\}(-[a-z]+)+|([a-z]+-)+\{\}", text := "".join(map(str, parts))):
                yield text


def codes() -> set[str]:
    """Every code of a finding that the program can write."""
    found = set()
    for tree in _trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= {node.value} if _CODE.fullmatch(node.value) else set()
        for pattern in _patterns(tree):
            found |= _COMPOSED[pattern]
    return found - _NO_CODES


def test_every_code_of_a_finding_is_told_in_both_languages_and_no_other() -> None:
    told = {key.removeprefix("cure.") for key in table() if key.startswith("cure.")}
    assert sorted(codes() ^ told) == []


def test_a_finding_says_in_hindi_what_it_means_and_then_what_was_seen() -> None:
    hindi = Texts("hi")
    assert "शीर्षक पंक्ति" in hindi.cure("header-repeated", "the header stands here again")
    assert "OCPI में यहाँ ऐसा शब्द" in hindi.cure("unknown-capability", "no such capability")
    assert "हटाया नहीं जा सकता" in hindi.cure("publish-null", "required by OCPI")
    assert '<span lang="en">&lt;b&gt;</span>' in hindi.cure("cell-unusable", "<b>")
    assert Texts("en").cure("cell-unusable", "<b>") == "&lt;b&gt;"


def test_every_check_of_a_server_is_told_in_both_languages() -> None:
    english, hindi = Texts("en"), Texts("hi")
    for name, check in CHECKS.items():
        assert english.check(name, "") == english.check(name, check.title)  # said as on the console
        assert f"check.{name}" in table() and table()[f"check.{name}"][0] == check.title
        assert re.search("[ऀ-ॿ]", hindi.check(name, check.title)), name
        assert re.search("[ऀ-ॿ].*do this", hindi.mend(name, "do this")), name
    assert len([key for key in table() if key.startswith(("check.", "mend."))]) == 2 * len(CHECKS)
