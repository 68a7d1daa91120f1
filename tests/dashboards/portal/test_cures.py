"""Whatever can be found in a publisher's data is told in both languages: read from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import nop_ingest
from nop_dashboards.portal.language import Texts, meanings
from nop_ingest.ocpi.probe.verdicts import CHECKS
from nop_ingest.reading import received_file

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


def test_every_code_of_a_finding_is_told_in_hindi_and_no_other() -> None:
    told = {key.removeprefix("cure.") for key in meanings() if key.startswith("cure.")}
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
        assert english.check(name, check.title).unescape() == check.title  # as on the console
        assert re.search("[ऀ-ॿ]", hindi.check(name, check.title)), name
        assert re.search("[ऀ-ॿ].*do this", hindi.mend(name, "do this")), name
    assert len([key for key in meanings() if key.startswith(("check.", "mend."))]) == 2 * len(
        CHECKS
    )


_OF_FILES = (
    "formats/**/*.py", "reading/*.py", "files/passes.py", "files/ending.py", "files/rollback.py",
    "sandbox.py", "uploads.py",
)  # fmt: skip
_OF_HANDSHAKES = ("ocpi/*.py", "ocpi_server/*.py")
_ELSEWHERE = {  # on the console, or in the answer to a request
    "another file of 7 is being read now; try again later", "7 is an OCPI source: use `nop pull 7`",
    "there is no format 7", "OCPI 7 is not supported",
    "the file is 7",  # one of a list: below
}  # fmt: skip


def sentences(tree: ast.AST, callee: str) -> Iterator[str]:
    """What is given to the callee, with a 7 for each value that is put in."""
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        name = getattr(called, "id", None) or getattr(called, "attr", None)
        if isinstance(node, ast.Call) and name == callee and node.args:
            parts = getattr(node.args[0], "values", node.args[:1])
            if all(isinstance(part, ast.Constant | ast.FormattedValue) for part in parts):
                yield "".join(str(getattr(part, "value", "")) if isinstance(part, ast.Constant)
                              else "7" for part in parts)  # fmt: skip


def all_said(places: tuple[str, ...], callee: str) -> set[str]:
    trees = [ast.parse(path.read_text("utf-8")) for part in places for path in _HOME.glob(part)]
    return {said for tree in trees for said in sentences(tree, callee)}


def test_why_a_file_is_refused_is_told_in_hindi() -> None:
    hindi = Texts("hi")
    said = all_said(_OF_FILES, "InvalidInput") - _ELSEWHERE
    assert len(said) > 40
    said |= {f"the file is {what}" for _, what in received_file.REFUSED}
    assert [one for one in said if "<span" in hindi.told("refusal", one)] == []
    assert "फ़ाइल में 2 से" in hindi.told("refusal", "the file has more than 2 rows: split it")
    assert Texts("en").told("refusal", "the file is empty") == "the file is empty"


def test_each_step_of_a_handshake_has_a_title_in_hindi() -> None:
    steps = all_said(_OF_HANDSHAKES, "step")
    assert len(steps) > 6
    assert [one for one in steps if "<span" in Texts("hi").told("handshake", one)] == []
