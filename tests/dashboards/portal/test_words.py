"""No text of the portal is missing, in either language."""

from __future__ import annotations

import re
import string
from pathlib import Path

import nop_dashboards
from nop_dashboards.portal.language import table

_HOME = Path(nop_dashboards.__file__).parent
_USED = re.compile(r"""\bt(?:exts)?(?:\.count)?\(\s*["']([a-z_.A-Z0-9/]+)["']\s*[,)]""")
_PREFIX = re.compile(r"""\bt(?:\.count|\.of)?\(\s*["']([a-z_.]+?)\.?["'](?:\s*~|,\s*[a-z])""")
_BEGUN = re.compile(
    r"""["'][a-z_.]+[._](?=["']\s*~|\{)|(?:(?<=\.of\()|(?<=told\())["'][a-z_.]+["']"""
)
_SAID = re.compile(r"""(?:Said|ForgedForm)\(\s*["']([a-z_.]+)["']""")


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_text_is_there_in_both_languages_with_the_same_values() -> None:
    for key, (english, hindi) in table().items():
        assert english.strip() and hindi.strip(), key
        assert _fields(english) == _fields(hindi), key
    same = {key for key, (english, hindi) in table().items() if english == hindi}
    assert same <= {"source.kind.ocpi", "probe.version", "power_type.DC"}


def test_every_text_that_a_page_asks_for_is_in_a_table() -> None:
    known = table()
    places = [*_HOME.glob("templates/portal/*.html"), *_HOME.glob("portal/*.py")]
    missing = set()
    for place in places:
        source = place.read_text("utf-8")
        for key in [*_USED.findall(source), *_SAID.findall(source)]:
            if not {key, f"{key}.one"} & known.keys():
                missing.add((place.name, key))
        for prefix in _PREFIX.findall(source):
            if not any(key.startswith(prefix) for key in known):
                missing.add((place.name, prefix))
    assert not missing


def test_every_text_is_asked_for_somewhere() -> None:
    sources = "\n".join(
        path.read_text("utf-8")
        for folder in ("templates/portal", "portal")
        for path in (_HOME / folder).glob("*.*")
        if path.suffix in (".html", ".py")
    )
    made = tuple(found.strip("\"'") for found in _BEGUN.findall(sources))
    unused = {
        key
        for key in table()
        if not re.search(rf"[\"']{re.escape(re.sub(r'[.](one|many)$', '', key))}[\"']", sources)
        and not key.startswith(made)
    }
    assert not unused
