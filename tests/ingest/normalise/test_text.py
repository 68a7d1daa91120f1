from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nop_ingest.normalise.text import LONGEST, as_text, clean, clean_words


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("  Depot ", "Depot"),
        ("two\r\nlines\ttab", "two lines tab"),
        ("<p>Gate <b>4</b></p>", "Gate 4"),
        ("Rock &amp; Roll", "Rock & Roll"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;", "alert(1)"),
        ("3 < 5 kW & more", "3 < 5 kW & more"),
        ("a\u0000b", "a b"),
        ("\u202eevil\u202c", "evil"),
        ("no\u00a0break", "no break"),
        ("\ud800", None),
        ("क्‍ष", "क्‍ष"),  # a joiner that Devanagari needs stays
        ("#NA", None),
        (" \n ", None),
        ("", None),
    ],
)
def test_a_text_is_fit_to_be_shown(given_text: str, shown: str | None) -> None:
    assert clean(given_text) == shown


@given(st.text(alphabet=st.characters(), max_size=60))
def test_a_cleaned_text_is_printable_and_encodable(given_text: str) -> None:
    shown = clean(given_text)
    if shown is not None:
        assert shown.encode()
        assert shown.replace("\u200c", "").replace("\u200d", "").isprintable()


def test_an_endless_text_is_cut() -> None:
    assert len(clean("x" * 1_000_000) or "") == LONGEST


@pytest.mark.parametrize(
    ("value", "shown"),
    [(249, "249"), (249.0, "249"), (2.5, "2.5"), (Decimal("1E+999999999"), "1E+999999999"),
     (True, None), (None, None), ([], None), (10**50, None)],
)  # fmt: skip
def test_a_scalar_becomes_a_text(value: object, shown: str | None) -> None:
    assert as_text(value) == shown


def test_words_lose_blanks_and_repetitions() -> None:
    assert clean_words(("RFID_READER", " RFID_READER", "", "#NA", "X<br>")) == ("RFID_READER", "X")
    usual = ("EV_ONLY", "PLUGGED")
    assert clean_words(usual) is usual
