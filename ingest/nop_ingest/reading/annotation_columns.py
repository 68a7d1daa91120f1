"""The columns that the annotated copy of a file has more: what was found in each row.

A copy that was mended is sent as it is: its readers do not see these columns, and take back the
mark by which a text is kept from being run as a formula.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

RESULT, WRONG, MEND = "nop: result", "nop: what is wrong", "nop: what to do"
ANNOTATION_COLUMNS = (RESULT, WRONG, MEND)
# A cell that begins so is a formula to a spreadsheet, also behind blanks (T26, ASVS 1.2.10).
_FORMULA = re.compile(r"[\s\ufeff\u3000]*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-][0-9]{1,30}(?:[.,][0-9]{1,30})?", re.ASCII)


def neutralised(text: str) -> str:
    """The text as a cell that no spreadsheet takes for a formula.

    >>> neutralised("=1+1"), neutralised("Station 1")
    ("'=1+1", 'Station 1')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def neutralised_cell(text: str) -> str:
    """The same for a cell of the sender's own table, where a plain number with a sign stays.

    >>> neutralised_cell("-33.86"), neutralised_cell("-1+1")
    ('-33.86', "'-1+1")
    """
    return text if _NUMBER.fullmatch(text) else neutralised(text)


def plain_cell(text: str) -> str:
    """What the sender wrote in a cell that `neutralised_cell` gave.

    >>> plain_cell("'-1+1"), plain_cell("'s-Hertogenbosch")
    ('-1+1', "'s-Hertogenbosch")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def annotated_from(header: Sequence[str]) -> int | None:
    """Index of the first column that we added; None: this is no annotated copy."""
    folded = [" ".join(name.split()).casefold() for name in header]
    width = len(folded)
    while width and (not folded[width - 1] or folded[width - 1] in ANNOTATION_COLUMNS):
        width -= 1
    return width if set(folded[width:]) & set(ANNOTATION_COLUMNS) else None
